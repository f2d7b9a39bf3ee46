//go:build unix

package desktop

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// Endings are the signals that ask the program to end. A hang-up is one, when a
// session or a terminal closes, unless whoever started the program wants it to
// outlive that (nohup).
func Endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// AttachConsole gives the program the console that it was started from, which
// all systems but Windows do themselves.
func AttachConsole() {}

// independent keeps what ends a session of a terminal from a program beside.
func independent(other *exec.Cmd) { other.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
