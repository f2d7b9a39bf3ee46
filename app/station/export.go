package station

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// An ExportFormat is a form in which records leave the program as files.
type ExportFormat string

// The formats of the contract, and one more.
const (
	ExportFHIR        ExportFormat = "fhir"         // observations.ndjson: FHIR R4 Observations, one a line
	ExportPatientJSON ExportFormat = "patient-json" // patient_<id>.json for each patient
	ExportCSV         ExportFormat = "csv"          // observations.csv: one reading a line
	ExportBundle      ExportFormat = "bundle"       // bundle.json: all of one patient, a FHIR R4 Bundle (collection)
)

// ExportOptions say what is exported, and where to.
type ExportOptions struct {
	Dir     string // made when it does not exist
	Format  ExportFormat
	Patient string    // id, of whatever source; empty: everybody
	Since   time.Time // of measurements; zero: all
}

// An Exported is what an export has made.
type Exported struct {
	Files        []string
	Measurements int // written
	Recordings   int // written, as Observations whose sound is left out
	Discarded    int // measurements recorded in error, which patient-json leaves out
	Unassigned   int // measurements of nobody who has an id, which patient-json leaves out
}

// Export writes records to files in o.Dir, which hold patient data. A file gets
// its name once it is whole, in place of one that is there. The log is read
// bit by bit, up to its end of now. Errors are Faults: bad_request, not_found (a
// Bundle of nobody), disk_full, export_failed, and those of the store.
func (s *Station) Export(ctx context.Context, o ExportOptions) (Exported, error) {
	write := map[ExportFormat]func(context.Context, ExportOptions) (Exported, error){
		ExportFHIR: s.exportFHIR, ExportPatientJSON: s.exportPatients, ExportCSV: s.exportCSV, ExportBundle: s.exportBundle,
	}[o.Format]
	if write == nil {
		return Exported{}, &fhirmap.Fault{
			Code: "bad_request", English: "the format of an export is fhir, patient-json, csv or bundle",
			French: "Ce format d’export n’existe pas. Choisissez fhir, patient-json, csv ou bundle.",
		}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return Exported{}, exportFault(err)
	}
	done, err := write(ctx, o)
	if err != nil {
		return Exported{}, exportFault(err)
	}
	s.auditExport(o.Dir, o.Format, o.Patient, done.Measurements)
	return done, nil
}

func (s *Station) auditExport(place string, format ExportFormat, patient string, measurements int) {
	s.audit(AuditExported, place, fmt.Sprintf("%s, patient %q, %d measurements", format, patient, measurements))
}

// ExportFile has write make a file of what a patient's key, or "" for nobody,
// stands for, and notes it in the audit log. The file gets its name once it is
// whole, in place of one that is there. write tells how many measurements are in
// it. Errors are those of Export and of write.
func (s *Station) ExportFile(path string, format ExportFormat, patient string, write func(io.Writer) (measurements int, err error)) error {
	var measurements int
	err := wholeFile(path, func(w io.Writer) (err error) {
		measurements, err = write(w)
		return err
	})
	if err != nil {
		return exportFault(err)
	}
	s.auditExport(path, format, patient, measurements)
	return nil
}

func exportFault(err error) error {
	if _, ok := errors.AsType[*fhirmap.Fault](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	if localstore.DiskFull(err) {
		return &fhirmap.Fault{
			Code: localstore.CodeDiskFull, English: "no space left for the export", Cause: err, Temporary: true,
			French: "Le disque est plein\u00a0: l’export n’a pas été écrit. Libérez de l’espace ou choisissez un autre disque, puis recommencez.",
		}
	}
	return &fhirmap.Fault{
		Code: "export_failed", English: "the export could not be written", Cause: err, Temporary: true,
		French: "L’export n’a pas pu être écrit. Vérifiez le dossier choisi et l’espace libre du disque, puis recommencez.",
	}
}

// wants tells whether what was taken of somebody then is to be exported.
func (o *ExportOptions) wants(who *fhirmap.Patient, taken time.Time) bool {
	if !o.Since.IsZero() && taken.Before(o.Since) {
		return false
	}
	return o.Patient == "" || who != nil && (who.ID == o.Patient || who.Key() == o.Patient)
}

// eachMeasurement calls fn with all that o wants, in log order.
func (s *Station) eachMeasurement(ctx context.Context, o *ExportOptions, fn func(*fhirmap.Recorded) error) error {
	return s.eachEvent(ctx, func(e *Event) error {
		for i := range e.Measurements {
			if m := &e.Measurements[i]; o.wants(m.Subject, m.Effective()) {
				if err := fn(m); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eachEvent calls fn with all events up to the end of the log of now.
func (s *Station) eachEvent(ctx context.Context, fn func(*Event) error) error {
	for cursor, head := s.store.First()-1, s.Head(); cursor < head; {
		if err := ctx.Err(); err != nil {
			return err
		}
		events, err := s.Follow(cursor)
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			if err := fn(&events[i]); err != nil {
				return err
			}
		}
		cursor = events[len(events)-1].Last
	}
	return nil
}

// wholeFile has fn write a file that gets its name once it is on the disk.
func wholeFile(path string, fn func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".export") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	out := bufio.NewWriterSize(f, 64<<10)
	err = fn(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (s *Station) exportFHIR(ctx context.Context, o ExportOptions) (done Exported, err error) {
	done.Files = []string{filepath.Join(o.Dir, "observations.ndjson")}
	err = wholeFile(done.Files[0], func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		return s.eachEvent(ctx, func(e *Event) error {
			for i := range e.Measurements {
				if m := &e.Measurements[i]; o.wants(m.Subject, m.Effective()) {
					done.Measurements++
					for _, observation := range fhirmap.R4(m) {
						if err := lines.Encode(observation); err != nil {
							return err
						}
					}
				}
			}
			if r := e.Recording; r != nil && o.wants(r.Subject, r.Start) {
				done.Recordings++
				return lines.Encode(fhirmap.R4Recording(r))
			}
			return nil
		})
	})
	return done, err
}

var csvColumns = []string{
	"time", "received", "patient_system", "patient_id", "family", "given", "consultation", "bed", "device", "device_type",
	"measurement", "reading", "code", "value", "unit", "low", "high", "flags", "absent", "status", "implausible", "test", "origin", "seq",
}

func (s *Station) exportCSV(ctx context.Context, o ExportOptions) (done Exported, err error) {
	done.Files = []string{filepath.Join(o.Dir, "observations.csv")}
	err = wholeFile(done.Files[0], func(w io.Writer) error {
		table := csv.NewWriter(w)
		if err := table.Write(csvColumns); err != nil {
			return err
		}
		err := s.eachMeasurement(ctx, &o, func(m *fhirmap.Recorded) error {
			done.Measurements++
			return table.WriteAll(csvRows(m))
		})
		table.Flush()
		return errors.Join(err, table.Error())
	})
	return done, err
}

// csvRows is a row for each reading.
func csvRows(m *fhirmap.Recorded) [][]string {
	who := m.Subject
	if who == nil {
		who = &fhirmap.Patient{}
	}
	rows := make([][]string, 0, len(m.Readings))
	for i := range m.Readings {
		r := &m.Readings[i]
		row := []string{
			m.Effective().Format(time.RFC3339Nano), m.Received.Format(time.RFC3339Nano),
			who.System, who.ID, who.Family, who.Given, m.Consultation, m.Bed, m.Device.ID, string(m.Device.Type),
			string(m.Type), string(r.Type), observationID(r), text(r.Value), r.Unit.Label, text(r.Low), text(r.High),
			flags(r), string(r.Absent), csvStatus(m), yes(m.Implausible), yes(m.Test), string(m.Origin), number(m.Seq),
		}
		for j := range row {
			row[j] = inert(row[j])
		}
		rows = append(rows, row)
	}
	return rows
}

// csvStatus is what the device said, or what people corrected.
func csvStatus(m *fhirmap.Recorded) string {
	if m.Version > 1 {
		return m.VersionStatus()
	}
	return string(m.Status)
}

// inert keeps a spreadsheet from running a text that a device or an EHR gave
// as a formula (OWASP, CSV injection). Numbers stay what they are.
func inert(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := fhirmap.ParseDecimal(cell); err == nil {
		return cell
	}
	return "'" + cell
}
