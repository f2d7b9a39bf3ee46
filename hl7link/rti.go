package hl7link

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// patientGrace is how long readings wait for the monitor to say whose they
// are, which it does first of all.
const patientGrace = 5 * time.Second

// An rtiSession is what a Mindray monitor has said since it was connected: RTI
// spreads over many messages what belongs together. It is for one goroutine.
//
// Values that come in one go are read together (see flush), because the state
// of a value follows it in a message of its own.
type rtiSession struct {
	origin
	zone    *time.Location
	device  fhirmap.Device
	named   string // what people call the monitor where no bed is known
	history *rtiHistory

	bed, department string

	// guest: it is the monitor that calls (see rtiWard). One that we call is
	// ours: its readings are nobody's but of whom it names, never of whose
	// consultation is open.
	guest    bool
	from     sender // of the message, for a guest
	opened   time.Time
	known    bool // whose the readings are, or that this is not to be known
	admitted bool // message 103 has come
	patient  *fhirmap.Patient

	limits  map[string]bounds // by parameter, as what follows
	doubted map[string]bool
	module  map[string]string

	batch    rtiBatch
	pressure []rtiValue // of the last cuff measurement, and when it was
	measured stamp
	cuff     string                        // its key
	fresh    []fhirmap.Measurement         // it, until the monitor vouches for it
	told     map[fhirmap.AlarmKind]rtiSaid // what was last said of the alarms
	settings rtiSettings
	held     fhirmap.Report // until it is known whose it is

	test    bool             // the message is no earnest (MSH-11)
	reports []fhirmap.Report // of what is being read
}

// bounds are alarm limits; nil: none.
type bounds struct{ low, high *fhirmap.Decimal }

// newRTISession begins a connection at now. The monitor is known by id, which
// stays the same over connections, and to people by its name.
func newRTISession(id, name, peer string, zone *time.Location, history *rtiHistory, now time.Time) *rtiSession {
	s := &rtiSession{
		origin: origin{peer: peer, manufacturer: "Mindray", mindray: true},
		zone:   zone, named: name, history: history, opened: now,
		device: fhirmap.Device{
			ID: fhirmap.DeviceID("hl7", "rti", id), Type: fhirmap.PatientMonitor, Name: name, Manufacturer: "Mindray",
		},
		told: map[fhirmap.AlarmKind]rtiSaid{}, settings: newRTISettings(),
	}
	s.forget()
	return s
}

// forget drops what was said of the patient who was there.
func (s *rtiSession) forget() {
	s.limits, s.doubted, s.module = map[string]bounds{}, map[string]bool{}, map[string]string{}
	s.batch, s.pressure, s.measured, s.cuff, s.fresh = rtiBatch{}, nil, stamp{}, "", nil
	clear(s.told)
}

// read takes one message and gives what is to be told of it now. What waits
// for the messages that came with it is given by flush.
func (s *rtiSession) read(m *Message, now time.Time) (reports []fhirmap.Report, troubles []trouble) {
	if !s.known && now.Sub(s.opened) >= patientGrace {
		s.settle()
	}
	s.test = m.isTest()
	switch m.Header().Text(10) {
	case rtiPatient:
		s.flushBatch()
		troubles = s.admit(m, now)
	case rtiPeriodic:
		troubles = s.collect(m)
	case rtiValueState:
		s.state(m)
	case rtiPressure:
		s.flushBatch()
		troubles = s.takePressure(m)
	case rtiPressureState:
		s.state(m)
		s.tellPressure()
		s.showPressure()
	case rtiLimits:
		s.limit(m)
	case rtiSwitches:
		s.switchAlarms(m)
	case rtiLevelsSet:
		s.level(m)
	case rtiSystem:
		s.flushBatch()
		s.alarmSystem(m, now)
	case rtiPhysiological:
		s.flushBatch()
		s.alarm(m, fhirmap.Physiological, now)
	case rtiTechnical:
		s.flushBatch()
		s.alarm(m, fhirmap.Technical, now)
	case rtiModuleOff:
		s.flushBatch()
		s.unplug(m)
	}
	return s.take(), troubles
}

// flush gives what has waited for messages that would have come with it.
func (s *rtiSession) flush() []fhirmap.Report {
	s.flushBatch()
	return s.take()
}

// close gives what was still held when the connection ended.
func (s *rtiSession) close() []fhirmap.Report {
	s.flushBatch()
	s.settle()
	return s.take()
}

func (s *rtiSession) take() []fhirmap.Report {
	reports := s.reports
	s.reports = nil
	return reports
}

func (s *rtiSession) tell(r fhirmap.Report) {
	r.Link, r.Peer = "hl7", s.peer
	if len(r.Measurements)+len(r.Live)+len(r.Alarms) > 0 {
		s.reports = append(s.reports, r)
	}
}

// settle stops waiting for the patient: the readings are nobody's.
func (s *rtiSession) settle() {
	s.known = true
	s.release()
}

// release tells what was held, of the patient as known now.
func (s *rtiSession) release() {
	held := s.held
	s.held = fhirmap.Report{}
	held.Measurements = slices.DeleteFunc(held.Measurements, func(m fhirmap.Measurement) bool {
		return s.doubtsPressure() && pressureKey(&m) == s.cuff
	})
	for i := range held.Measurements {
		m := &held.Measurements[i]
		m.Device, m.Patient, m.Bed = s.device, s.subject(), s.bed
	}
	held.Measurements = slices.DeleteFunc(held.Measurements, func(m fhirmap.Measurement) bool { return s.history.past(&m) != nil })
	if len(held.Measurements) > 0 {
		held.Key = s.key(held.Measurements)
	}
	s.remember(held.Measurements)
	for i := range held.Alarms {
		a := &held.Alarms[i]
		a.Device, a.Patient, a.Bed = s.device, s.subject(), s.bed
	}
	s.tell(held)
}

// waiting tells whether it is not yet known whose the readings are.
func (s *rtiSession) waiting() bool { return !s.known }

// subject is whose the readings are. Of a monitor of ours, nobody is a patient
// without an id, so that no open consultation inherits them.
func (s *rtiSession) subject() *fhirmap.Patient {
	if s.patient == nil && !s.guest {
		return &fhirmap.Patient{System: "urn:hl7:mindray:" + url.PathEscape(s.peer)}
	}
	return s.patient
}

// admit reads message 103: who the patient is, and where.
func (s *rtiSession) admit(m *Message, now time.Time) []trouble {
	patient, bed := s.from.patient, s.from.bed
	if !s.guest {
		patient, bed = s.origin.patient(m), s.origin.bed(m)
	}
	patient, wrong := identified(patient)
	if s.admitted && !samePerson(patient, s.patient) {
		s.forget()
	}
	s.patient, s.bed = ownTexts(patient), strings.Clone(shorten(bed, maxBedName))
	s.department = strings.Clone(shorten(value(m.First("PV1").At(3, 1, 3, 1)), maxBedName))
	if s.device.Name = s.named; s.bed != "" {
		s.device.Name = bedName(s.bed)
	}
	s.known, s.admitted = true, true
	s.release()
	found, troubles := s.readings(m, fhirmap.OriginAdmission)
	typed := s.measurements(found)
	if !s.guest {
		s.history.own(s.patient)
		typed = slices.DeleteFunc(typed, s.history.typedBefore)
	}
	if len(typed) > 0 {
		// It may be typed again as it was before: the key is of this time.
		s.tell(fhirmap.Report{Key: s.key(typed, strconv.FormatInt(now.UnixNano(), 10)), Measurements: typed})
	}
	return append(wrong, troubles...)
}

// readings reads the observations of a message that are of that origin.
func (s *rtiSession) readings(m *Message, origin fhirmap.Origin) ([]*observation, []trouble) {
	r := reader{zone: s.zone, dialects: rtiDialects}
	r.read(m, s.device)
	if r.sequence > maxObservations {
		r.troubles = append(r.troubles, trouble{errInternal, "OBX", maxObservations + 1, 1, "too many observations"})
	}
	found := slices.DeleteFunc(r.found, func(o *observation) bool {
		long := o.reading.Value != nil && len(integral(o.reading.Value.String())) > maxNumber
		if long {
			r.complain(trouble{code: errDataType, field: 5, text: "value is too long"}, "OBX", r.sequence)
		}
		return long || o.origin != origin
	})
	return found, r.troubles
}

const (
	maxNumber  = 18   // digits of a value that is one
	maxNaming  = 1024 // bytes of what names a patient
	maxBedName = 64
)

// identified is the patient whom message 103 names, unless in texts that no
// record can hold: who is meant is not known then.
func identified(p *fhirmap.Patient) (*fhirmap.Patient, []trouble) {
	if p == nil || max(len(p.ID), len(p.System), len(p.Family), len(p.Given)) <= maxNaming {
		return p, nil
	}
	return nil, []trouble{{errDataType, "PID", 1, 3, "patient's texts are too long"}}
}

// ownTexts is p with texts of its own: those that were read share the memory of
// their message, which would be kept as long as they are.
func ownTexts(p *fhirmap.Patient) *fhirmap.Patient {
	if p == nil {
		return nil
	}
	return &fhirmap.Patient{
		System: strings.Clone(p.System), ID: strings.Clone(p.ID), Family: strings.Clone(p.Family), Given: strings.Clone(p.Given),
		BirthDate: strings.Clone(p.BirthDate), Sex: p.Sex,
	}
}

// measurements are those of the patient as known now.
func (s *rtiSession) measurements(found []*observation) []fhirmap.Measurement {
	var all []fhirmap.Measurement
	for _, g := range groups(found) {
		m, has := g.measurement(make([]fhirmap.Reading, len(g.members)))
		m.Device, m.Patient, m.Bed, m.Test = s.device, s.subject(), s.bed, s.test
		if has && m.Validate() == nil {
			all = append(all, m)
		}
	}
	return all
}

func (s *rtiSession) live(at time.Time, values []fhirmap.LiveValue) []fhirmap.Live {
	if len(values) == 0 {
		return nil
	}
	return []fhirmap.Live{{Device: s.device, Bed: s.bed, Patient: s.subject(), Time: at, Values: values}}
}

// samePerson tells whether two patients are one, or both nobody.
func samePerson(a, b *fhirmap.Patient) bool {
	if a.Key() != "" || b.Key() != "" {
		return a.Same(b)
	}
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
