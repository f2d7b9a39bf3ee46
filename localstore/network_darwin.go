package localstore

import "golang.org/x/sys/unix"

// OnNetwork tells whether path lies on the disk of another computer, where locks
// and flushes may mean nothing.
func OnNetwork(path string) bool {
	var about unix.Statfs_t
	return unix.Statfs(path, &about) == nil && about.Flags&unix.MNT_LOCAL == 0
}
