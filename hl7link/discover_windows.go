package hl7link

import (
	"errors"
	"syscall"
)

// shareAddress lets several programs hear the broadcasts to one port.
func shareAddress(_, _ string, raw syscall.RawConn) error {
	var err error
	if failed := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	}); failed != nil {
		return failed
	}
	return err
}

// Of Winsock: a datagram that the buffer does not hold, and the echo of one
// that could not be delivered.
const (
	wsaeMsgSize   = syscall.Errno(10040)
	wsaeConnReset = syscall.Errno(10054)
)

// passing tells of an error that only concerns one datagram.
func passing(err error) bool { return errors.Is(err, wsaeMsgSize) || errors.Is(err, wsaeConnReset) }
