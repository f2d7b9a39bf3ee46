package hl7link

import (
	"errors"
	"syscall"
)

// shareAddress lets several programs hear the broadcasts to one port.
func shareAddress(_, _ string, raw syscall.RawConn) error {
	var err error
	if failed := raw.Control(func(fd uintptr) {
		err = errors.Join(
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEPORT, 1),
		)
	}); failed != nil {
		return failed
	}
	return err
}

// passing tells of an error that only concerns one datagram.
func passing(error) bool { return false }
