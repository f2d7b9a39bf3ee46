package station

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

func (d *desk) export(o ExportOptions) Exported {
	d.t.Helper()
	done, err := d.Export(d.t.Context(), o)
	if err != nil {
		d.t.Fatal(err)
	}
	return done
}

func of(who *fhirmap.Patient, m fhirmap.Measurement) fhirmap.Measurement {
	m.Patient = who
	return m
}

type patientJSON struct {
	ID, Name, Surname, Sex string
	DateOfBirth            string              `json:"date_of_birth"`
	Records                []map[string]string // every field is a text
}

func readPatient(t *testing.T, path string) (p patientJSON) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err, string(text))
	}
	return p
}

func TestExport_PatientJSON(t *testing.T) {
	d := newDesk(t)
	high := pulse("140.0")
	high.Readings[0].Low, high.Readings[0].High = new(fhirmap.MustDecimal("50")), new(fhirmap.MustDecimal("120"))
	high.Readings[0].Interpretation = []fhirmap.Interpretation{"H", "N"}
	d.record(report(of(claire(), pulse("72"))))
	d.clock.advance(time.Minute)
	d.record(report(of(denis(), pulse("61")), of(claire(), high), pulse("55")))
	named := claire()
	named.Given, named.Sex, named.BirthDate = "Claire", "female", "1980-03-12"
	d.clock.advance(time.Minute)
	d.record(report(of(named, pulse("73"))))

	dir := filepath.Join(t.TempDir(), "out")
	done := d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON})
	if done.Measurements != 4 || done.Unassigned != 1 || len(done.Files) != 2 {
		t.Fatalf("%+v", done)
	}
	p := readPatient(t, filepath.Join(dir, "patient_2.json"))
	if p.ID != "2" || p.Name != "Claire" || p.Surname != "Lefèvre" || p.Sex != "female" || p.DateOfBirth != "1980-03-12" {
		t.Errorf("%+v", p)
	}
	want := map[string]string{
		"Timestamp": "2026-11-20T09:01:00+01:00", "ObservationID": "8867-4^Heart rate^LN", "ObservationValue": "140.0",
		"Units": "bpm", "ReferenceRange": "50-120", "AbnormalFlags": "H~N",
	}
	if len(p.Records) != 3 || fmt.Sprint(p.Records[1]) != fmt.Sprint(want) {
		t.Errorf("%v\nwant %v", p.Records, want)
	}
	if p.Records[0]["ObservationValue"] != "73" || p.Records[2]["ObservationValue"] != "72" {
		t.Errorf("not newest first: %v", p.Records)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("%v are left, %v", left, err)
	}

	again := d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON, Patient: "3", Since: morning.Add(time.Minute)})
	if again.Measurements != 1 || !slices.Equal(again.Files, []string{filepath.Join(dir, "patient_3.json")}) {
		t.Errorf("%+v", again)
	}
}

// An id is what a device or an EHR gave. It leaves the folder by no name.
// What comes late stands where its time is, and what only an older record says
// of the patient is said.
func TestExport_PatientJSONByTime(t *testing.T) {
	d := newDesk(t)
	at := func(value string, ago time.Duration) fhirmap.Measurement {
		m := pulse(value)
		m.Time = morning.Add(-ago)
		return m
	}
	bare := claire()
	bare.Family, bare.Given = "", ""
	d.record(report(of(claire(), at("72", time.Minute))))
	d.record(report(of(bare, at("75", 0)), of(bare, at("70", 3*time.Hour)), of(bare, at("71", 2*time.Hour))))
	d.record(report(of(bare, at("73", 30*time.Second))))
	dir := t.TempDir()
	d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON})
	p := readPatient(t, filepath.Join(dir, "patient_2.json"))
	var got []string
	for _, r := range p.Records {
		got = append(got, r["ObservationValue"])
	}
	if want := []string{"75", "73", "72", "71", "70"}; !slices.Equal(got, want) || p.Surname != claire().Family {
		t.Errorf("%v of %q, want %v", got, p.Surname, want)
	}
}

func TestExport_FileNames(t *testing.T) {
	d := newDesk(t)
	ids := []string{"../../evil", "a/b", "a\\b", "CON", "x:y", ".", "é", "A", "a", strings.Repeat("9", 200)}
	for i, id := range ids {
		d.record(report(of(&fhirmap.Patient{System: ehr, ID: id, Family: fmt.Sprint(i)}, pulse("72"))))
	}
	d.record(report(of(&fhirmap.Patient{System: "urn:monitor", ID: "CON"}, pulse("72"))))
	dir := t.TempDir()
	done := d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(ids)+1 || len(done.Files) != len(files) {
		t.Fatalf("%d files, %+v, %v", len(files), done, err)
	}
	lower := map[string]bool{}
	for _, f := range files {
		name := strings.ToLower(f.Name())
		if lower[name] || !strings.HasPrefix(name, "patient_") || len(name) > 120 || strings.ContainsAny(name, `\/:é`) {
			t.Errorf("file %q", f.Name())
		}
		lower[name] = true
		if p := readPatient(t, filepath.Join(dir, f.Name())); len(p.Records) != 1 {
			t.Errorf("%q: %+v", f.Name(), p)
		}
	}
}

// What does not fit in memory goes through parts, in the same order.
func TestExport_ALongLog(t *testing.T) {
	d := newDesk(t)
	const each, reports = 100, 400
	for i := range reports {
		var list []fhirmap.Measurement
		for j := range each {
			who := claire()
			if j%2 == 1 {
				who = denis()
			}
			list = append(list, of(who, pulse(fmt.Sprint(i*each+j))))
		}
		d.record(report(list...))
	}
	dir := t.TempDir()
	if done := d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON}); done.Measurements != each*reports {
		t.Fatalf("%+v", done)
	}
	for i, name := range []string{"patient_2.json", "patient_3.json"} {
		records := readPatient(t, filepath.Join(dir, name)).Records
		if len(records) != each*reports/2 {
			t.Fatalf("%d records", len(records))
		}
		for j, r := range records {
			if want := fmt.Sprint(each*reports - 2 - 2*j + i); r["ObservationValue"] != want {
				t.Fatalf("record %d of %s: %s instead of %s", j, name, r["ObservationValue"], want)
			}
		}
	}
}

func TestExport_FHIRAndCSV(t *testing.T) {
	d := newDesk(t)
	pressure := pulse("72")
	pressure.Type, pressure.Bed = fhirmap.BloodPressure, `=HYPERLINK("x")`
	pressure.Readings = append(pressure.Readings,
		fhirmap.Reading{Type: fhirmap.Systolic, Value: new(fhirmap.MustDecimal("128")), Unit: fhirmap.MillimetreOfMercury},
		fhirmap.Reading{Type: fhirmap.Diastolic, Absent: fhirmap.AbsentError, Unit: fhirmap.MillimetreOfMercury})
	d.start("c-1", claire())
	d.record(report(pressure, pulse("61")))
	dir := t.TempDir()
	done := d.export(ExportOptions{Dir: dir, Format: ExportFHIR})
	text, err := os.ReadFile(done.Files[0])
	if err != nil || done.Measurements != 2 {
		t.Fatal(err, done)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		var o fhirmap.Observation
		if err := json.Unmarshal(line, &o); err != nil || o.ResourceType != "Observation" || o.Subject.Identifier.Value != "2" {
			t.Errorf("%v %s", err, line)
		}
	}
	done = d.export(ExportOptions{Dir: dir, Format: ExportCSV})
	text, err = os.ReadFile(done.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatal(rows, err)
	}
	column := func(row int, name string) string { return rows[row][slices.Index(rows[0], name)] }
	if column(2, "value") != "128" || column(3, "value") != "" || column(3, "absent") != "error" || column(2, "code") != "8480-6^Systolic blood pressure^LN" ||
		column(1, "bed") != `'=HYPERLINK("x")` || column(1, "family") != "Lefèvre" || column(1, "consultation") != "c-1" {
		t.Errorf("%v", rows)
	}
}

func TestExport_Refuses(t *testing.T) {
	d := newDesk(t)
	d.record(report(of(claire(), pulse("72"))))
	_, err := d.Export(t.Context(), ExportOptions{Dir: t.TempDir(), Format: "xml"})
	wantFault(t, err, "bad_request")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = d.Export(t.Context(), ExportOptions{Dir: file, Format: ExportFHIR})
	wantFault(t, err, "export_failed")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range []ExportFormat{ExportFHIR, ExportPatientJSON, ExportCSV} {
		dir := t.TempDir()
		if _, err := d.Export(ended, ExportOptions{Dir: dir, Format: format}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", format, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s left %v", format, left)
		}
	}
}

// The form has one place that says whether a value is good.
func TestExport_PatientJSONSaysWhatIsNotToBeBelieved(t *testing.T) {
	d := newDesk(t)
	early := of(claire(), pulse("72"))
	early.Status = fhirmap.StatusPreliminary
	high := of(claire(), pulse("999"))
	high.Test, high.Readings[0].Interpretation = true, []fhirmap.Interpretation{"HH"}
	d.record(report(early, high, of(claire(), pulse("73"))))
	done := d.export(ExportOptions{Dir: t.TempDir(), Format: ExportPatientJSON})
	have := []string{}
	for _, r := range readPatient(t, done.Files[0]).Records {
		have = append(have, r["ObservationValue"]+" "+r["AbnormalFlags"])
	}
	if want := []string{"73 ", "999 HH~implausible~test", "72 preliminary"}; !slices.Equal(have, want) {
		t.Errorf("%q, want %q", have, want)
	}
}

// An id of two sources is two persons, also where an export holds but one.
func TestExport_NoFileIsReplacedByAnotherPersons(t *testing.T) {
	d := newDesk(t)
	d.record(report(of(claire(), pulse("72"))))
	d.clock.advance(time.Hour)
	d.record(report(of(&fhirmap.Patient{System: "urn:monitor", ID: claire().ID}, pulse("61"))))
	dir := t.TempDir()
	for _, since := range []time.Time{{}, morning.Add(time.Minute)} {
		d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON, Since: since})
	}
	whose := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(dir, "patient_*.json"))
	for _, file := range files {
		whose[file] = readPatient(t, file).Records[0]["ObservationValue"]
	}
	if len(whose) != 2 {
		t.Errorf("%v", whose)
	}
}
