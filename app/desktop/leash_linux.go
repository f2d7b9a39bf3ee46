package desktop

import (
	"os"
	"os/exec"
	"syscall"
)

// A leash ends the child when this process ends, however it ends. The kernel
// does it.
type leash struct{}

func newLeash() (*leash, error) { return &leash{}, nil }

func (*leash) prepare(child *exec.Cmd) {
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

func (*leash) hold(*os.Process) error { return nil }
func (*leash) close()                 {}

// Leashed makes this process, the child of a Supervisor, end with it.
func Leashed() {}

func ask(child *os.Process) { child.Signal(syscall.SIGTERM) }
