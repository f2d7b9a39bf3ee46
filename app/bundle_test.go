package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/station"
)

// TestExport_BundlePassesTheValidators: what is kept of one patient, with the
// consultation, the device and a correction.
func TestExport_BundlePassesTheValidators(t *testing.T) {
	a := start(t, cli.Flags{})
	device := dial(t, a.monitor.Addr().String())
	send(t, device, oru("P1", 72))
	send(t, device, oru("P1", 74))
	if _, err := a.station.Discard(t.Context(), 1, "mauvais patient"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	done, err := a.station.Export(t.Context(), station.ExportOptions{Dir: dir, Format: station.ExportBundle, Patient: "P1"})
	if err != nil || done.Measurements == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	text, err := os.ReadFile(done.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(text, &bundle); err != nil || len(bundle.Entry) < 5 {
		t.Fatalf("%v: %s", err, text)
	}
	var resources []json.RawMessage // each by its own profile, too
	for _, e := range bundle.Entry {
		resources = append(resources, e.Resource)
	}
	apart := filepath.Join(dir, "resources.json")
	if text, err = json.Marshal(resources); err == nil {
		err = os.WriteFile(apart, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if findings, valid := validate(t, done.Files[0], apart); !valid {
		t.Error(findings)
	}
}
