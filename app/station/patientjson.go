package station

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// A patient's file is made of parts: the log is read backwards, and what is
// found of each patient waits in memory until it is this much in all.
const partsInMemory = 4 << 20

// patientRecord is one reading, all of it texts.
type patientRecord struct {
	Timestamp        string
	ObservationID    string
	ObservationValue string
	Units            string
	ReferenceRange   string
	AbnormalFlags    string
}

func recordOf(m *fhirmap.Recorded, r *fhirmap.Reading) patientRecord {
	return patientRecord{
		Timestamp: m.Effective().Format(time.RFC3339), ObservationID: observationID(r), ObservationValue: text(r.Value),
		Units: r.Unit.Label, ReferenceRange: referenceRange(r), AbnormalFlags: cautions(m, r),
	}
}

// observationID is the code as HL7 v2 OBX-3 has it: LOINC, or else MDC.
func observationID(r *fhirmap.Reading) string {
	vital, _ := fhirmap.Lookup(r.Type)
	code, system := vital.MDC, "MDC"
	if r.MDC != (fhirmap.Code{}) {
		code = r.MDC
	}
	if codes := vital.LOINCFor(r.Unit); len(codes) > 0 {
		code, system = codes[0], "LN"
	}
	return code.Code + "^" + code.Display + "^" + system
}

// referenceRange is the limits as HL7 v2 OBX-7 has them.
func referenceRange(r *fhirmap.Reading) string {
	switch {
	case r.Low != nil && r.High != nil:
		return r.Low.String() + "-" + r.High.String()
	case r.Low != nil:
		return ">" + r.Low.String()
	case r.High != nil:
		return "<" + r.High.String()
	}
	return ""
}

// cautions are the device's own flags, and why the value is not to be taken for
// a good one: the form has no other place for that.
func cautions(m *fhirmap.Recorded, r *fhirmap.Reading) string {
	list := []string{flags(r)}
	for _, caution := range [...]struct {
		holds bool
		word  string
	}{
		{m.Implausible, "implausible"}, {m.Status == fhirmap.StatusPreliminary, "preliminary"}, {m.Test, "test"},
	} {
		if caution.holds {
			list = append(list, caution.word)
		}
	}
	return strings.TrimPrefix(strings.Join(list, "~"), "~")
}

func flags(r *fhirmap.Reading) string {
	list := make([]string, len(r.Interpretation))
	for i, code := range r.Interpretation {
		list[i] = string(code)
	}
	return strings.Join(list, "~")
}

func text(d *fhirmap.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func yes(b bool) string { return strconv.FormatBool(b) }

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// patientFile is the file of one patient while it is being made.
type patientFile struct {
	patient fhirmap.Patient // what was said of them last
	part    string          // file with the records so far
	buffer  bytes.Buffer    // and those that follow
	oldest  time.Time       // record so far
	mixed   bool            // some are newer than one before them
}

// patientFiles are all of them.
type patientFiles struct {
	folder string // of the parts
	all    map[string]*patientFile
	names  map[string]string // whose each name of a file is: a key of a patient, or ofSeveral
	size   int               // of all buffers
}

const ofSeveral = "?"

// exportPatients writes patient_<id>.json for each patient: who it is, and the
// records, newest first.
func (s *Station) exportPatients(ctx context.Context, o ExportOptions) (done Exported, err error) {
	parts, err := os.MkdirTemp(o.Dir, ".export") // mode 0700
	if err != nil {
		return Exported{}, err
	}
	defer os.RemoveAll(parts)
	files := &patientFiles{folder: parts, all: map[string]*patientFile{}, names: map[string]string{}}
	var failed error
	err = s.store.Backward(func(r localstore.Record) bool {
		if failed = ctx.Err(); failed == nil {
			failed = s.collect(r, &o, files, &done)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return Exported{}, err
	}
	done.Files, err = files.finish(o.Dir)
	return done, err
}

func (s *Station) collect(r localstore.Record, o *ExportOptions, files *patientFiles, done *Exported) error {
	events, err := s.events(r)
	if err != nil {
		return err
	}
	for i := range events {
		for j := range slices.Backward(events[i].Measurements) {
			m := &events[i].Measurements[j]
			files.name(m.Subject)
			switch {
			case !o.wants(m.Subject, m.Effective()):
			case m.Discarded: // which the form cannot say
				done.Discarded++
			case m.Subject.Key() == "":
				done.Unassigned++
			default:
				done.Measurements++
				if err := files.add(m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// name notes who could have the file of an id, of all whom the log knows: a
// second export into the same folder must not replace one person's file by
// another's.
func (p *patientFiles) name(who *fhirmap.Patient) {
	key := who.Key()
	if key == "" {
		return
	}
	name := strings.ToLower(fileName(who.ID)) // as disks of Windows and macOS compare
	if owner, known := p.names[name]; known && owner != key {
		key = ofSeveral
	}
	p.names[name] = key
}

func (p *patientFiles) add(m *fhirmap.Recorded) error {
	key := m.Subject.Key()
	file := p.all[key]
	if file == nil {
		file = &patientFile{patient: *m.Subject, part: filepath.Join(p.folder, key)}
		p.all[key] = file
	}
	file.known(m.Subject)
	before := file.buffer.Len()
	for i := range m.Readings {
		r := &m.Readings[i]
		if r.Value == nil {
			continue
		}
		line, err := json.Marshal(recordOf(m, r))
		if err != nil {
			return err
		}
		file.buffer.Write(line)
		file.buffer.WriteByte('\n')
		file.mixed = file.mixed || !file.oldest.IsZero() && m.Effective().After(file.oldest)
		file.oldest = m.Effective()
	}
	if p.size += file.buffer.Len() - before; p.size < partsInMemory {
		return nil
	}
	return p.flush()
}

// known takes over what an older record said of the patient and no newer one.
func (f *patientFile) known(older *fhirmap.Patient) {
	if f.patient.Family+f.patient.Given == "" {
		f.patient.Family, f.patient.Given = older.Family, older.Given
	}
	f.patient.BirthDate = cmp.Or(f.patient.BirthDate, older.BirthDate)
	f.patient.Sex = cmp.Or(f.patient.Sex, older.Sex)
}

// flush moves what waits to the parts.
func (p *patientFiles) flush() error {
	for _, file := range p.all {
		if file.buffer.Len() == 0 {
			continue
		}
		if err := file.flush(); err != nil {
			return err
		}
	}
	p.size = 0
	return nil
}

func (f *patientFile) flush() error {
	out, err := os.OpenFile(f.part, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(f.buffer.Bytes())
	f.buffer = bytes.Buffer{}
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}

// finish makes the files of the parts. Where two sources have the same id, both
// files carry the source's mark.
func (p *patientFiles) finish(dir string) (list []string, err error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(p.all)) {
		file := p.all[key]
		name := fileName(file.patient.ID)
		if p.names[strings.ToLower(name)] == ofSeveral {
			name += "-" + key[:8]
		}
		path := filepath.Join(dir, "patient_"+name+".json")
		if err := wholeFile(path, file.write); err != nil {
			return nil, err
		}
		list = append(list, path)
	}
	return list, nil
}

// fileName is id as part of a file's name. What could mean something to a file
// system is replaced, and a mark added, by which such ids are told apart.
func fileName(id string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, id[:min(len(id), 64)])
	if safe == id {
		return id
	}
	return safe + "-" + fhirmap.DeviceID("file name", id)[:8]
}

func (f *patientFile) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	head, err := json.Marshal(struct {
		ID          string `json:"id"`
		System      string `json:"system,omitempty"`
		Name        string `json:"name"`
		Surname     string `json:"surname"`
		Sex         string `json:"sex"`
		DateOfBirth string `json:"date_of_birth"`
	}{f.patient.ID, f.patient.System, f.patient.Given, f.patient.Family, f.patient.Sex, f.patient.BirthDate})
	if err != nil {
		return err
	}
	out.Write(head[:len(head)-1])
	out.WriteString(`,"records":[`)
	part, err := os.Open(f.part)
	if err != nil {
		return err
	}
	defer part.Close()
	separator := "\n"
	err = f.newestFirst(part, func(line []byte) {
		out.WriteString(separator)
		out.Write(line)
		separator = ",\n"
	})
	out.WriteString("\n]}\n")
	return errors.Join(err, out.Flush())
}

// newestFirst calls fn with each record of part, by its time. They are in that
// order already unless some came late, as what a device had stored does.
func (f *patientFile) newestFirst(part *os.File, fn func(line []byte)) error {
	if !f.mixed {
		return eachLine(part, fn)
	}
	type span struct {
		at   int64
		from int64
		size int
	}
	var all []span
	from := int64(0)
	err := eachLine(part, func(line []byte) {
		all = append(all, span{timestampOf(line), from, len(line)})
		from += int64(len(line)) + 1
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Compare(b.at, a.at) })
	var line []byte
	for _, s := range all {
		line = slices.Grow(line[:0], s.size)[:s.size]
		if _, err := part.ReadAt(line, s.from); err != nil {
			return err
		}
		fn(line)
	}
	return nil
}

func eachLine(r io.Reader, fn func(line []byte)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20) // a record has six short texts
	for lines.Scan() {
		fn(lines.Bytes())
	}
	return lines.Err()
}

// timestampOf reads the time of a record, its first member, in seconds.
func timestampOf(line []byte) int64 {
	text, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte(`{"Timestamp":"`)), []byte(`"`))
	at, _ := time.Parse(time.RFC3339, string(text))
	return at.Unix()
}
