//go:build !windows

package localstore

import (
	"os"
	"syscall"
)

// EFBIG is the limit of the file system or of the user (ulimit -f).
var (
	diskFullErrors = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	readOnlyErrors = []error{syscall.EROFS}
)

// syncFolder makes a new name in a folder survive a power cut.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// unlock releases bbolt's lock on f. Closing f alone would not: a map that is
// left behind keeps the lock.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
