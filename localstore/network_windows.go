package localstore

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// OnNetwork tells whether path lies on the disk of another computer, where locks
// and flushes may mean nothing.
func OnNetwork(path string) bool {
	full, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(full) + `\`)
	return err == nil && windows.GetDriveType(root) == windows.DRIVE_REMOTE
}
