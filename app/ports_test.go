package main

import (
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"

	"vitalien/app/cli"
)

// TestPortTaken: whoever starts the program is told which other program has the
// port.
func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{
		{"--listen", taken.Addr().String()},
		{"--listen", "localhost:0", "--hl7-listen", taken.Addr().String()},
	} {
		args := append([]string{"--headless", "--data-dir", t.TempDir()}, flags...)
		output, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != cli.Failed || !strings.Contains(string(output), "se nomme «\u00a0app.test") {
			t.Errorf("%v: %v, %s", flags, err, output)
		}
	}
}
