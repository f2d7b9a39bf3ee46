package station

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"vitalien/fhirmap"
)

// bundleBase is under which addresses the resources of a Bundle stand, so that
// their references to each other resolve within it (FHIR R4, bundle.html#references):
// those of the local server at its usual port.
const bundleBase = "http://localhost:63336/fhir/"

// pageOfExport is how many Observations an export reads at once.
const pageOfExport = 500

// A bundle writes a FHIR R4 Bundle of the type collection, resource by resource.
// Devices and consultations that were named come last.
type bundle struct {
	out           io.Writer
	station       *Station
	who           string // key
	entries       int
	measurements  map[uint64]bool
	devices       map[string]bool
	consultations map[string]bool // FHIR ids
}

type bundleEntry struct {
	FullURL  string `json:"fullUrl"`
	Resource any    `json:"resource"`
}

func (s *Station) newBundle(ctx context.Context, out io.Writer, who string) (*bundle, error) {
	b := &bundle{out: out, station: s, who: who, measurements: map[uint64]bool{}, devices: map[string]bool{}, consultations: map[string]bool{}}
	_, err := io.WriteString(out, `{"resourceType":"Bundle","type":"collection","timestamp":"`+fhirmap.Instant(s.now())+`","entry":[`)
	if err != nil {
		return nil, err
	}
	return b, b.patient(ctx)
}

func (b *bundle) add(kind, id string, resource any) error {
	separator := ",\n"
	if b.entries == 0 {
		separator = "\n"
	}
	b.entries++
	if _, err := io.WriteString(b.out, separator); err != nil {
		return err
	}
	lines := json.NewEncoder(b.out)
	lines.SetEscapeHTML(false)
	return lines.Encode(bundleEntry{bundleBase + kind + "/" + id, resource})
}

// patient is the person by what is known of them last.
func (b *bundle) patient(ctx context.Context) error {
	v, found, err := b.station.PatientByKey(ctx, b.who)
	if err != nil || !found {
		return err
	}
	return b.add("Patient", b.who, fhirmap.R4Patient(&v.What, v.Test))
}

func (b *bundle) observation(m *fhirmap.Recorded, o fhirmap.Observation) error {
	b.measurements[m.Seq] = true
	b.names(m.Device.ID, m.Consultation)
	return b.add("Observation", o.ID, o)
}

func (b *bundle) names(device, consultation string) {
	b.devices[device] = true
	if consultation != "" {
		b.consultations[fhirmap.EncounterID(consultation)] = true
	}
}

// end writes what was named, and the end.
func (b *bundle) end(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(b.devices)) {
		v, found, err := b.station.DeviceByID(ctx, id)
		if err == nil && found {
			err = b.add("Device", id, fhirmap.R4Device(&v.What, v.Test))
		}
		if err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.consultations)) {
		v, found, err := b.station.ConsultationByID(ctx, id)
		if c := &v.What; err == nil && found && b.theirs(c.Patient) {
			err = b.add("Encounter", id, fhirmap.R4Encounter(c.ID, c.Patient, c.Start, c.End))
		}
		if err != nil {
			return err
		}
	}
	if len(b.devices) > 0 {
		gateway := fhirmap.R4Gateway(b.station.ID(), "")
		if err := b.add("Device", gateway.ID, gateway); err != nil {
			return err
		}
	}
	_, err := io.WriteString(b.out, "]}\n")
	return err
}

// theirs tells whether a consultation tells of nobody else: a measurement that was
// attributed anew keeps that of the person it was first given to.
func (b *bundle) theirs(p *fhirmap.Patient) bool { return p == nil || b.who != "" && p.Key() == b.who }

// WriteBundle writes the Observations of one patient that q finds as a FHIR R4
// Bundle of the type collection, oldest first, with the Patient, the Devices and
// the Encounters that they refer to, and tells how many measurements they are.
// q.Patients is the one key, or "" for what is assigned to nobody. progress is
// told how many Observations are written. Errors are those of out and of Search.
func (s *Station) WriteBundle(ctx context.Context, out io.Writer, q Search, progress func(done int)) (measurements int, err error) {
	b, err := s.newBundle(ctx, out, q.Patients[0])
	if err != nil {
		return 0, err
	}
	q.OldestFirst, q.Limit = true, pageOfExport
	for done := 0; ; {
		found, next, err := s.Search(ctx, q)
		if err != nil {
			return 0, err
		}
		for i := range found {
			f := &found[i]
			if err := b.observation(&f.Recorded, fhirmap.R4(&f.Recorded)[f.Nth]); err != nil {
				return 0, err
			}
		}
		if done += len(found); progress != nil {
			progress(done)
		}
		if q.Page = next; next == nil {
			break
		}
	}
	return len(b.measurements), b.end(ctx)
}

// exportBundle writes all that is kept of one patient since o.Since, recordings
// without their sound.
func (s *Station) exportBundle(ctx context.Context, o ExportOptions) (done Exported, err error) {
	if o.Patient == "" {
		return done, &fhirmap.Fault{
			Code: "bad_request", English: "a Bundle is of one patient; say whose",
			French: "Un Bundle ne contient qu’un patient. Indiquez lequel.",
		}
	}
	who, err := s.FindErasable(ctx, o.Patient)
	if err != nil {
		return done, err
	}
	o.Patient = who.Key()
	done.Files = []string{filepath.Join(o.Dir, "bundle.json")}
	err = wholeFile(done.Files[0], func(w io.Writer) error {
		b, err := s.newBundle(ctx, w, o.Patient)
		if err == nil {
			err = s.eachEvent(ctx, func(e *Event) error { return b.event(e, &o, &done) })
		}
		if err != nil {
			return err
		}
		return b.end(ctx)
	})
	return done, err
}

func (b *bundle) event(e *Event, o *ExportOptions, done *Exported) error {
	for i := range e.Measurements {
		m := &e.Measurements[i]
		if m.Subject.Key() != o.Patient || !o.wants(m.Subject, m.Effective()) {
			continue
		}
		done.Measurements++
		for _, observation := range fhirmap.R4(m) {
			if err := b.observation(m, observation); err != nil {
				return err
			}
		}
	}
	if r := e.Recording; r != nil && r.Subject.Key() == o.Patient && o.wants(r.Subject, r.Start) {
		done.Recordings++
		b.names(r.Device.ID, r.Consultation)
		observation := fhirmap.R4Recording(r)
		return b.add("Observation", observation.ID, observation)
	}
	return nil
}
