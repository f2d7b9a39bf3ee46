package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/desktop"
)

// program builds the program once, without a window, for the tests that kill
// or watch a process of its own.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "vitalien")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "vitalien")
	output, err := exec.Command("go", "build", "-tags", "headless", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cli.CheckStore {
		main() // the child of a test that opens a log
	}
	os.Setenv(desktop.KeyringVar, "off") // of the developer's own session
	status := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(status)
}

// A process is the program in a process of its own.
type process struct {
	command   *exec.Cmd
	url, mllp string
	output    io.ReadCloser
}

// launch starts the program without a window, behind wrapper if there is one,
// and waits until it is ready.
func launch(t *testing.T, folder string, wrapper ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	command := commandOf(t, path, folder, wrapper...)
	command.Stderr = testLog{t}
	return ready(t, command)
}

func commandOf(t *testing.T, path, folder string, wrapper ...string) *exec.Cmd {
	words := append(wrapper, path, "--headless", "--data-dir", folder, "--listen", "localhost:0", "--hl7-listen", "127.0.0.1:0")
	return exec.CommandContext(t.Context(), words[0], words[1:]...)
}

// ready starts a command that is the program and waits until it is ready.
func ready(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{command: command}
	var err error
	if p.output, err = p.command.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := lineScanner(p.output); p.mllp == ""; {
		if !scanner.Scan() {
			p.command.Wait()
			t.Fatal("the program ended before it was ready")
		}
		if at, ok := strings.CutPrefix(scanner.Text(), "ready mllp "); ok {
			p.mllp = at
		} else if at, ok := strings.CutPrefix(scanner.Text(), "ready "); ok {
			p.url = at
		} else {
			t.Fatalf("standard output has %q", scanner.Text())
		}
	}
	return p
}

// kill ends the process as a power cut would, without a last word.
func (p *process) kill() {
	p.command.Process.Kill()
	io.Copy(io.Discard, p.output)
	p.command.Wait()
}

// stop ends the process as a logoff does, and demands that it ends well.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(p.output)
	if err := p.command.Wait(); err != nil || len(rest) > 0 {
		t.Errorf("ended with %v, and %q on standard output", err, rest)
	}
}
