//go:build linux

package bluezdouble

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Bus starts a private message bus and has the test, and the processes that it
// starts, take it for the system's.
func Bus(t *testing.T) {
	t.Helper()
	daemon := exec.CommandContext(t.Context(), "dbus-daemon", "--session", "--print-address", "--nofork")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("%v (make test-deps installs dbus)", err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
	t.Cleanup(func() {
		daemon.Process.Kill()
		daemon.Wait()
	})
}

func objectName(format string, args ...any) string {
	return strings.ReplaceAll(fmt.Sprintf(format, args...), ":", "_")
}
