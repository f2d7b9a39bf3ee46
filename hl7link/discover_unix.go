//go:build unix && !darwin

package hl7link

import "syscall"

// shareAddress lets several programs hear the broadcasts to one port.
func shareAddress(_, _ string, raw syscall.RawConn) error {
	var err error
	if failed := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	}); failed != nil {
		return failed
	}
	return err
}

// passing tells of an error that only concerns one datagram.
func passing(error) bool { return false }
