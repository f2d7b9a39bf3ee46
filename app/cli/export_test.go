package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
	"vitalien/hl7link"
	"vitalien/localstore"
)

// ward is a store with two measurements of a patient, one of nobody, and a
// message that was refused.
func ward(t *testing.T, folder string) *station.Station {
	t.Helper()
	s, err := station.Open(folder, station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	patient := &fhirmap.Patient{System: "urn:ward", ID: "P-7", Family: "Lefèvre", Given: "Éloïse"}
	for i, who := range []*fhirmap.Patient{patient, patient, nil} {
		value := fhirmap.NewDecimal(int64(70+i), 0)
		m := fhirmap.Measurement{
			Type: fhirmap.HeartRate, Device: fhirmap.Device{ID: "d", Type: fhirmap.PatientMonitor}, Patient: who,
			Time:     time.Date(2026, 11, 18+i, 9, 0, 0, 0, time.Local),
			Readings: []fhirmap.Reading{{Type: fhirmap.HeartRate, Value: &value, Unit: fhirmap.BeatsPerMinute}},
		}
		if _, err := s.Record(t.Context(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{m}}); err != nil {
			t.Fatal(err)
		}
	}
	refused := hl7link.Rejected{Link: "hl7", Peer: "192.0.2.7", Reason: "no\tMSH", Message: []byte("PID|||P-7||Lefèvre")}
	if err := s.Reject(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExport_WithAndWithoutTheProgram: both ways write the same files, in the
// folder of who asks.
func TestExport_WithAndWithoutTheProgram(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			folder := t.TempDir()
			s := ward(t, folder)
			if running {
				defer s.Close()
				serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error {
					return Execute(ctx, s, words, out)
				})
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			do := func(words ...string) run { return start(t, "", append(words, "--data-dir", folder)...) }
			wd, _ := os.Getwd()

			patient := filepath.Join(wd, "out", "patient_P-7.json")
			if r := do("export", "--out", "out", "--format", "patient-json"); r.status != Done || r.stderr != "" ||
				!strings.HasPrefix(r.stdout, patient+"\n# 1 ") {
				t.Errorf("%+v", r)
			}
			text, err := os.ReadFile(patient)
			if err != nil || !bytes.Contains(text, []byte("Lefèvre")) || bytes.Count(text, []byte("ObservationID")) != 2 {
				t.Errorf("%s, %v", text, err)
			}
			if r := do("export", "--out", "out", "--since", "2026-11-19", "--patient", "P-7"); r.status != Done || strings.Count(r.stdout, "\n") != 1 {
				t.Errorf("%+v", r)
			}
			if text, err := os.ReadFile(filepath.Join("out", "observations.ndjson")); err != nil || bytes.Count(text, []byte("\n")) != 1 || !bytes.Contains(text, []byte(`"value":71`)) {
				t.Errorf("%s, %v", text, err)
			}
			if r := do("export", "--out", "out", "--format=csv"); r.status != Done || strings.Count(r.stdout, "\n") != 1 {
				t.Errorf("%+v", r)
			}
			if text, err := os.ReadFile(filepath.Join("out", "observations.csv")); err != nil || bytes.Count(text, []byte("\n")) != 4 {
				t.Errorf("%s, %v", text, err)
			}
			if r := do("export", "--out", "out", "--format=bundle", "--patient=P-7"); r.status != Done || r.stdout != filepath.Join(wd, "out", "bundle.json")+"\n" {
				t.Errorf("%+v", r)
			}
			var bundle struct {
				Type  string
				Entry []struct{ Resource struct{ ResourceType string } }
			}
			if text, err := os.ReadFile(filepath.Join("out", "bundle.json")); err != nil || json.Unmarshal(text, &bundle) != nil || bundle.Type != "collection" || len(bundle.Entry) != 5 {
				t.Errorf("%s, %v", text, err)
			}
			do("export", "--out", "out", "--format=bundle").wantOneLine(t, Wrong)
			do("export", "--out", "out", "--format=bundle", "--patient=nobody").wantOneLine(t, Failed)
			do("export", "--out", patient).wantOneLine(t, Failed) // a file

			if r := do("quarantine", "list"); r.status != Done || strings.Count(r.stdout, "\t") != 4 ||
				!strings.HasSuffix(r.stdout, "\thl7\t192.0.2.7\t19\tno MSH\n") {
				t.Errorf("%+v", r)
			}
			if r := do("quarantine", "export", "q.jsonl"); r.status != Done || r.stdout != filepath.Join(wd, "q.jsonl")+"\t1 messages\n" {
				t.Errorf("%+v", r)
			}
			wantRejection(t, "q.jsonl")
			for file, code := range map[string]string{"q.jsonl": "file_exists", "missing/q.jsonl": "export_failed"} {
				r := do("quarantine", "export", file)
				r.wantOneLine(t, Failed)
				if !strings.Contains(r.stderr, code) {
					t.Errorf("%s: %s", file, r.stderr)
				}
			}
			if files, _ := filepath.Glob(".export*"); len(files) > 0 {
				t.Errorf("left behind %v", files)
			}
		})
	}
}

// TestQuarantine_WithAnotherKey: nothing can be read, and it is said why.
func TestQuarantine_WithAnotherKey(t *testing.T) {
	folder := t.TempDir()
	if err := ward(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, localstore.KeyFile), bytes.Repeat([]byte{7}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "", "quarantine", "list", "--data-dir", folder)
	r.wantOneLine(t, Failed)
	if !strings.Contains(r.stderr, localstore.CodeKey) || !strings.Contains(r.stderr, localstore.KeyFile) {
		t.Error(r.stderr)
	}
}

func wantRejection(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Peer, Text string
		Message    []byte
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Peer != "192.0.2.7" || r.Text != "PID|||P-7||Lefèvre" || string(r.Message) != r.Text {
		t.Errorf("%s, %v", text, err)
	}
}

// TestExport_OfNothing says so, and makes no store.
func TestExport_OfNothing(t *testing.T) {
	folder := t.TempDir()
	for _, words := range [][]string{{"export", "--out", "out"}, {"quarantine", "export", "q"}} {
		r := start(t, "", append(words, "--data-dir", folder)...)
		r.wantOneLine(t, Failed)
		if !strings.Contains(r.stderr, folder) {
			t.Errorf("does not say where: %s", r.stderr)
		}
	}
	if r := start(t, "", "quarantine", "list", "--data-dir", folder); r.status != Done || r.stdout+r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if station.Exists(folder) {
		t.Error("it made a store")
	}
}

func TestReadTime(t *testing.T) {
	paris := time.FixedZone("", 3600)
	for text, want := range map[string]time.Time{
		"2026-11-20":                time.Date(2026, 11, 20, 0, 0, 0, 0, time.Local),
		"2026-11-20T14:05":          time.Date(2026, 11, 20, 14, 5, 0, 0, time.Local),
		"2026-11-20 14:05:06":       time.Date(2026, 11, 20, 14, 5, 6, 0, time.Local),
		"2026-11-20T14:05:06+01:00": time.Date(2026, 11, 20, 14, 5, 6, 0, paris),
	} {
		if have, err := readTime(text); err != nil || !have.Equal(want) {
			t.Errorf("%s: %v, %v", text, have, err)
		}
	}
	if _, err := readTime("20/11/2026"); err == nil {
		t.Error("took a date that can be read in two ways")
	}
}

// TestServeControl_Unhurried: who waits for an export is not cut off, and one
// who gives up ends it.
func TestServeControl_Unhurried(t *testing.T) {
	folder := t.TempDir()
	asked, ended := make(chan struct{}), make(chan error, 1)
	serving(t, folder, func(ctx context.Context, _ []string, _ io.Writer) error {
		close(asked)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	called := make(chan error)
	go func() { called <- Call(ctx, folder, []string{"export", "d", "csv", "", ""}, io.Discard) }()
	<-asked
	cancel()
	if err := <-called; fhirmap.FaultOf(err).Code != "no_answer" {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
