package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitalien/app/cli"
)

// TestREST_FHIRKitClient has a client of another project read what a monitor
// sent, and validators of other projects look at every answer.
func TestREST_FHIRKitClient(t *testing.T) {
	a, folder := start(t, cli.Flags{}), t.TempDir()
	device := dial(t, a.monitor.Addr().String())
	const messages = 20
	for i := range messages {
		send(t, device, oru(fmt.Sprintf("M%04d", i), 60+i))
	}
	command := exec.CommandContext(t.Context(), "node", filepath.Join(clients, "fhir.mjs"), a.server.URL()+"/fhir", folder)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	// Of each message a pulse, and a saturation with a pulse.
	if got := strings.TrimSpace(string(output)); got != fmt.Sprint(3*messages) {
		t.Errorf("%s Observations", got)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) < 3*messages/7+3 {
		t.Fatalf("%d answers, %v", len(files), err)
	}
	if findings, valid := validate(t, files...); !valid {
		t.Error(findings)
	}
}
