package main

import (
	"strings"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/station"
)

// TestDemo: the demonstration has three beds and devices that name no patient.
// Both monitors are connected to by themselves, and everything that is recorded
// tells that it is simulated.
func TestDemo(t *testing.T) {
	a := start(t, cli.Flags{Demo: true})
	a.awaitStation(t, "three beds and a spot check are recorded", func() bool {
		beds := map[string]bool{}
		for _, r := range recorded(t, a) {
			beds[r.Bed] = true
			if !strings.Contains(strings.ToLower(r.Device.Name), "simulé") && !r.Test {
				t.Fatalf("nothing tells that it is simulated: %+v", r.Measurement)
			}
			if r.Subject != nil && r.Subject.Family != "Démonstration" {
				t.Fatalf("a patient named %q", r.Subject.Family)
			}
		}
		connected := 0
		for _, m := range a.station.Monitors() {
			if m.State == station.LinkConnected {
				connected++
			}
		}
		return beds["1"] && beds["2 (simulé)"] && beds["3 (simulé)"] && beds[""] && connected == 2
	})
}
