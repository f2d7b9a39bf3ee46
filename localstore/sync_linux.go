package localstore

import (
	"errors"
	"os"
	"syscall"
)

// syncData flushes the content of f, and of its metadata what reading it needs.
func syncData(f *os.File) error {
	connection, err := f.SyscallConn()
	if err != nil {
		return err
	}
	failed := connection.Control(func(fd uintptr) {
		for {
			if err = syscall.Fdatasync(int(fd)); err != syscall.EINTR {
				return
			}
		}
	})
	if err != nil {
		err = &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return errors.Join(failed, err)
}
