package station

import (
	"context"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// directory is who and what the log tells of: patients, devices and
// consultations with all their versions. It follows the log by a cursor, from
// the first time that somebody asks. It is made of the log alone, so that every
// reading gives the same versions.
type directory struct {
	mu            sync.Mutex
	cursor        uint64
	patients      history[fhirmap.Patient]
	devices       history[fhirmap.Device]
	consultations history[Consultation]

	removed map[string][]deletedID // by the message key of the entry that tells of it
}

func newDirectory() *directory {
	return &directory{
		patients: newPatients(), devices: newDevices(), removed: map[string][]deletedID{},
		consultations: history[Consultation]{known: map[string]*lineage[Consultation]{}},
	}
}

// reset forgets all: the log is another.
func (d *directory) reset() {
	fresh := newDirectory()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cursor, d.patients, d.devices, d.consultations = 0, fresh.patients, fresh.devices, fresh.consultations
}

// remove notes who is meant by the entry of that message key, which tells of the
// deletion of a patient and which will come.
func (d *directory) remove(key string, ids []deletedID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.removed[key] = ids
}

// readTo reads the log up to number, piece by piece, so that others get their
// turn. A record that cannot be read is logged and passed over: what it told of
// is known from the next that does.
func (d *directory) readTo(ctx context.Context, s *Station, number uint64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err := d.readOn(s, number); done || err != nil {
			return err
		}
	}
}

func (d *directory) readOn(s *Station, number uint64) (done bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cursor >= number {
		return true, nil
	}
	d.cursor = max(d.cursor, s.store.First()-1)
	records, err := s.store.Read(d.cursor+1, followRecords, followBytes)
	for _, r := range records {
		e, unreadable := decode(r)
		if unreadable != nil {
			s.log.Error("a record cannot be read for the lists of patients, devices and consultations", "record", r.First, "error", unreadable)
		} else {
			d.take(r, e)
		}
		d.cursor = r.Last()
	}
	if d.cursor >= number {
		return true, nil
	}
	return len(records) == 0, err
}

// take takes over what one record tells.
func (d *directory) take(r localstore.Record, e *entry) {
	switch r.Kind {
	case kindConsultationStart:
		d.consultation(r.First, e.Received, e.Consultation)
		if e.Consultation != nil {
			d.patient(r.First, e.Received, e.Consultation.Patient, false)
		}
	case kindConsultationEnd:
		d.consultation(r.First, e.Received, e.Consultation)
	case kindAlerts:
		for i := range e.Alerts {
			a := &e.Alerts[i].Alert
			d.patient(r.First+uint64(i), e.Received, a.Patient, a.Test)
			d.device(r.First+uint64(i), e.Received, &a.Device, a.Test)
		}
	case kindRecording:
		d.patient(r.First, e.Received, e.Recording.Subject, e.Recording.Test)
		d.device(r.First, e.Received, &e.Recording.Device, e.Recording.Test)
	case kindCorrection:
		d.patient(r.First, e.Received, e.Correction.Subject, false)
	case kindDeletion:
		for i, gone := range d.removed[e.Key] {
			seq := r.First + uint64(i)
			if gone.consultation {
				d.consultations.remove(gone.id, seq, e.Received)
			} else {
				d.patients.remove(gone.id, seq, e.Received)
			}
		}
	case kindReport, kindDetail:
		last := &recordedEntry{}
		e.each(r, func(seq, _ uint64, m *recordedEntry) { // which most often says the same as the one before
			if m.Subject != last.Subject || m.Test != last.Test {
				d.patient(seq, e.Received, m.Subject, m.Test)
			}
			if m.Device != last.Device || m.Test != last.Test {
				d.device(seq, e.Received, &m.Device, m.Test)
			}
			last = m
		})
	}
}

func (d *directory) patient(seq uint64, received time.Time, said *fhirmap.Patient, test bool) {
	if key := said.Key(); key != "" {
		d.patients.describe(key, Version[fhirmap.Patient]{Seq: seq, Received: received, Test: test}, said)
	}
}

func (d *directory) device(seq uint64, received time.Time, said *fhirmap.Device, test bool) {
	d.devices.describe(said.ID, Version[fhirmap.Device]{Seq: seq, Received: received, Test: test}, said)
}

// consultation takes over a start or an end. One that goes on under the same id,
// since the EHR or the program was away, began when it first did.
func (d *directory) consultation(seq uint64, received time.Time, c *Consultation) {
	if c == nil {
		return
	}
	key, full := fhirmap.EncounterID(c.ID), *c
	if before, ok := d.consultations.newest(key); ok && before.What.Patient.Key() == c.Patient.Key() {
		full.Start = before.What.Start
	}
	d.consultations.add(key, Version[Consultation]{Seq: seq, Received: received, What: full})
}

// WaitVersions returns as soon as the log has something behind after and the
// versions of patients, devices and consultations that it holds there are known.
// The first call reads the whole log. Errors are those of ctx and the store.
func (s *Station) WaitVersions(ctx context.Context, after uint64) error {
	if err := s.Wait(ctx, after); err != nil {
		return err
	}
	return s.directory.readTo(ctx, s, after+1)
}

// PatientsBehind is the versions of patients whose numbers are above after, in
// log order, at most so many, and the number up to which there are no others:
// the next call continues behind that. It does not wait, so what it knows is
// what WaitVersions has waited for.
func (s *Station) PatientsBehind(after uint64, most int) (list []Version[fhirmap.Patient], upTo uint64) {
	return behind(s.directory, &s.directory.patients, after, most)
}

// DevicesBehind is PatientsBehind for devices, those of measurements and of
// alarms.
func (s *Station) DevicesBehind(after uint64, most int) (list []Version[fhirmap.Device], upTo uint64) {
	return behind(s.directory, &s.directory.devices, after, most)
}

// ConsultationsBehind is PatientsBehind for consultations: a version at the
// start, and one at the end.
func (s *Station) ConsultationsBehind(after uint64, most int) (list []Version[Consultation], upTo uint64) {
	return behind(s.directory, &s.directory.consultations, after, most)
}

func behind[T comparable](d *directory, h *history[T], after uint64, most int) ([]Version[T], uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return h.behind(after, max(after, d.cursor), most)
}

// PatientByKey is the newest version of the patient whose FHIR id is key
// (fhirmap.Patient.Key); not found when the log names nobody of that id. The
// first look-up reads the whole log. Errors are those of ctx and the store.
func (s *Station) PatientByKey(ctx context.Context, key string) (v Version[fhirmap.Patient], found bool, err error) {
	return find(ctx, s, &s.directory.patients, key)
}

// DeviceByID is PatientByKey for the device of that id.
func (s *Station) DeviceByID(ctx context.Context, id string) (v Version[fhirmap.Device], found bool, err error) {
	return find(ctx, s, &s.directory.devices, id)
}

// ConsultationByID is PatientByKey for the consultation whose FHIR id is id
// (fhirmap.EncounterID).
func (s *Station) ConsultationByID(ctx context.Context, id string) (v Version[Consultation], found bool, err error) {
	return find(ctx, s, &s.directory.consultations, id)
}

// Patients is the newest version of each patient that the log names by an id,
// in the order of these versions. Errors are those of PatientByKey.
func (s *Station) Patients(ctx context.Context) ([]Version[fhirmap.Patient], error) {
	return list(ctx, s, &s.directory.patients)
}

// Devices is Patients for devices.
func (s *Station) Devices(ctx context.Context) ([]Version[fhirmap.Device], error) {
	return list(ctx, s, &s.directory.devices)
}

// Consultations is Patients for consultations.
func (s *Station) Consultations(ctx context.Context) ([]Version[Consultation], error) {
	return list(ctx, s, &s.directory.consultations)
}

func find[T comparable](ctx context.Context, s *Station, h *history[T], key string) (v Version[T], found bool, err error) {
	d := s.directory
	if err := d.readTo(ctx, s, s.Head()); err != nil {
		return v, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, found = h.newest(key)
	return v, found, nil
}

func list[T comparable](ctx context.Context, s *Station, h *history[T]) ([]Version[T], error) {
	d := s.directory
	if err := d.readTo(ctx, s, s.Head()); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return h.all(), nil
}
