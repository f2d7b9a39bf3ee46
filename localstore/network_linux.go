package localstore

import "syscall"

// networks are the file systems of other computers (statfs(2), linux/magic.h).
var networks = map[int64]string{
	0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x5346414f: "AFS", 0x00c36400: "Ceph",
}

// OnNetwork tells whether path lies on the disk of another computer, where locks
// and flushes may mean nothing.
func OnNetwork(path string) bool {
	var about syscall.Statfs_t
	if syscall.Statfs(path, &about) != nil {
		return false
	}
	return networks[int64(about.Type)&0xffffffff] != ""
}
