package station

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// readBundle gives the full URLs of a Bundle and holds what all must be: a
// collection, each resource once, and each reference to one that is in it.
func readBundle(t *testing.T, text []byte, absent ...string) (urls []string) {
	t.Helper()
	var b struct {
		ResourceType, Type, Timestamp string
		Entry                         []struct {
			FullURL  string
			Resource json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &b); err != nil || b.ResourceType != "Bundle" || b.Type != "collection" || b.Timestamp == "" {
		t.Fatalf("%v: %s", err, text)
	}
	for _, e := range b.Entry {
		urls = append(urls, strings.TrimPrefix(e.FullURL, bundleBase))
	}
	if sorted := slices.Sorted(slices.Values(urls)); len(slices.Compact(sorted)) != len(urls) {
		t.Errorf("something stands twice: %v", urls)
	}
	for _, found := range regexp.MustCompile(`"reference":"([^"]+)"`).FindAllSubmatch(text, -1) {
		if reference := string(found[1]); !slices.Contains(urls, reference) && !slices.Contains(absent, reference) {
			t.Errorf("%s is not there: %v", reference, urls)
		}
	}
	return urls
}

func kindsOf(urls []string) string {
	for i := range urls {
		urls[i], _, _ = strings.Cut(urls[i], "/")
	}
	return strings.Join(urls, " ")
}

func TestBundle_OfOnePatient(t *testing.T) {
	d := newDesk(t)
	who := claire()
	if _, err := d.StartConsultation(t.Context(), Consultation{ID: "c-1", Patient: who}); err != nil {
		t.Fatal(err)
	}
	d.record(report(pulse("72")))
	strange := d.record(report(pulse("64"))) // taken for claire's, and denis's in truth
	if err := d.EndConsultation(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.clock.advance(time.Hour)
	d.record(report(of(denis(), pulse("61")), of(who, pulse("75")), pulse("58")))
	d.assign(strange.Seq, Attribution{Patient: denis()})

	dir := t.TempDir()
	done := d.export(ExportOptions{Dir: dir, Format: ExportBundle, Patient: who.ID})
	text, err := os.ReadFile(filepath.Join(dir, "bundle.json"))
	if err != nil || done.Measurements != 2 || !slices.Equal(done.Files, []string{filepath.Join(dir, "bundle.json")}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := kindsOf(readBundle(t, text)); got != "Patient Observation Observation Device Encounter Device" {
		t.Error(got)
	}
	if _, err := d.Export(t.Context(), ExportOptions{Dir: dir, Format: ExportBundle}); fhirmap.FaultOf(err).Code != "bad_request" {
		t.Errorf("of everybody: %v", err)
	}
	if _, err := d.Export(t.Context(), ExportOptions{Dir: dir, Format: ExportBundle, Patient: "none"}); fhirmap.FaultOf(err).Code != "not_found" {
		t.Errorf("of nobody: %v", err)
	}

	// denis's tells nothing of claire, whose consultation his measurement was in.
	var out bytes.Buffer
	told := 0
	n, err := d.WriteBundle(t.Context(), &out, Search{Patients: []string{denis().Key()}}, func(done int) { told = done })
	if err != nil || n != 2 || told != 2 {
		t.Fatalf("%d, told %d, %v", n, told, err)
	}
	if got := kindsOf(readBundle(t, out.Bytes(), "Encounter/c-1")); got != "Patient Observation Observation Device Device" {
		t.Error(got)
	}
	if strings.Contains(out.String(), who.Family) {
		t.Error("names somebody else")
	}

	// Nobody's.
	out.Reset()
	if n, err := d.WriteBundle(t.Context(), &out, Search{Patients: []string{""}}, nil); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if got := kindsOf(readBundle(t, out.Bytes())); got != "Observation Device Device" {
		t.Error(got)
	}
}

// TestExportFile_IsWholeOrNotThere, and the audit log tells of it.
func TestExportFile_IsWholeOrNotThere(t *testing.T) {
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "releve.csv")
	broken := errors.New("broken")
	if err := d.ExportFile(path, ExportCSV, "who", func(w io.Writer) (int, error) {
		io.WriteString(w, "half")
		return 1, broken
	}); !errors.Is(err, broken) || fhirmap.FaultOf(err).Code != "export_failed" {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	if err := d.ExportFile(path, ExportCSV, "who", func(w io.Writer) (int, error) {
		_, err := io.WriteString(w, "whole")
		return 3, err
	}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "whole" {
		t.Errorf("%s, %v", text, err)
	}
	var noted []string
	if _, err := d.Audit(t.Context(), func(e AuditEntry) bool {
		noted = append(noted, string(e.Action)+" "+e.Subject+" "+e.Detail)
		return true
	}); err != nil || !slices.Equal(noted, []string{"exported " + path + ` csv, patient "who", 3 measurements`}) {
		t.Errorf("%q, %v", noted, err)
	}
}
