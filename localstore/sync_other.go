//go:build !linux

package localstore

import "os"

// syncData flushes f: with F_FULLFSYNC on macOS, FlushFileBuffers on Windows.
func syncData(f *os.File) error { return f.Sync() }
