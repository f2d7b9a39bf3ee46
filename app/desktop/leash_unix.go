//go:build unix && !linux

package desktop

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// A leash ends the child when this process ends, however it ends: the child
// reads a pipe that has its end then.
type leash struct{ read, write *os.File }

// leashFile is the child's end of the pipe.
const leashFile = 3

func newLeash() (*leash, error) {
	read, write, err := os.Pipe()
	return &leash{read, write}, err
}

func (l *leash) prepare(child *exec.Cmd) { child.ExtraFiles = []*os.File{l.read} }

func (*leash) hold(*os.Process) error { return nil }

func (l *leash) close() {
	l.read.Close()
	l.write.Close()
}

// Leashed makes this process, the child of a Supervisor, end with it.
func Leashed() {
	pipe := os.NewFile(leashFile, "supervisor")
	syscall.CloseOnExec(leashFile)
	go func() {
		io.Copy(io.Discard, pipe)
		os.Exit(1)
	}()
}

func ask(child *os.Process) { child.Signal(syscall.SIGTERM) }
