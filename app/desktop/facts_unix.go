//go:build unix

package desktop

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// System is the operating system with its version. The name of the computer,
// which may be a person's, is left out.
func System() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	kernel := strings.Join([]string{unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:])}, " ")
	release, _ := os.ReadFile("/etc/os-release") // os-release(5)
	for line := range strings.Lines(string(release)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"'`) + ", " + kernel
		}
	}
	return kernel
}

// Free is how many bytes the user can still write where folder is.
func Free(folder string) (uint64, error) {
	var disk unix.Statfs_t
	err := unix.Statfs(folder, &disk)
	return uint64(disk.Bavail) * uint64(disk.Bsize), err
}
