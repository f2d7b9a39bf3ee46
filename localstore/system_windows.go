package localstore

import (
	"os"

	"golang.org/x/sys/windows"
)

var (
	diskFullErrors = []error{
		windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED,
		windows.ERROR_FILE_TOO_LARGE,
	}
	readOnlyErrors = []error{windows.ERROR_WRITE_PROTECT}
)

// syncFolder has nothing to do: NTFS journals names, and a folder cannot be
// flushed.
func syncFolder(string) error { return nil }

// unlock has nothing to do: closing a handle releases its locks.
func unlock(*os.File) {}
