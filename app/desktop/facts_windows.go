package desktop

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// System is the operating system with its version. The name of the computer,
// which may be a person's, is left out.
func System() string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("Windows %d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}

// Free is how many bytes the user can still write where folder is.
func Free(folder string) (free uint64, err error) {
	path, err := windows.UTF16PtrFromString(folder)
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(path, &free, nil, nil)
	}
	return free, err
}
