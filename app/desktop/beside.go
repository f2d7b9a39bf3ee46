package desktop

import (
	"os"
	"os/exec"
)

// StartBeside starts a program that goes on when this one ends, with the
// standard error of this one, where there is one.
func StartBeside(program string, args ...string) error {
	other := exec.Command(program, args...)
	if exists(os.Stderr) {
		other.Stderr = os.Stderr
	}
	independent(other)
	if err := other.Start(); err != nil {
		return err
	}
	go other.Wait() // so that it leaves nothing behind
	return nil
}
