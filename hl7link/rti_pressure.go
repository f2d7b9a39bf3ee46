package hl7link

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// An rtiHistory is what outlives the connections to a monitor: after each one
// it says again what it measured last and what was typed at admission. It is
// for one goroutine.
type rtiHistory struct {
	owner     *fhirmap.Patient
	typed     map[fhirmap.Type]string // of owner
	pressures []rtiPast
	// recorded gives a measurement as it was recorded in an earlier run; nil: it
	// was not. May be nil: nothing was.
	recorded func(*fhirmap.Measurement) *fhirmap.Measurement
}

func (h *rtiHistory) earlier(m *fhirmap.Measurement) *fhirmap.Measurement {
	if h.recorded == nil {
		return nil
	}
	return h.recorded(m)
}

// An rtiPast is a cuff measurement that was told of, and whose it was.
type rtiPast struct {
	key   string
	owner *fhirmap.Patient
}

// maxPast bounds how many cuff measurements are remembered: a monitor repeats
// the last one.
const maxPast = 64

// own says whose the readings are from now on.
func (h *rtiHistory) own(patient *fhirmap.Patient) {
	if h.typed == nil || !samePerson(h.owner, patient) {
		h.owner, h.typed = patient, map[fhirmap.Type]string{}
	}
}

// typedBefore tells whether m, which was typed at admission, says nothing new
// of its owner, and remembers it.
func (h *rtiHistory) typedBefore(m fhirmap.Measurement) bool {
	now := signature(&m)
	last, heard := h.typed[m.Type]
	h.typed[m.Type] = now
	return last == now || !heard && h.earlier(&m) != nil
}

// past finds a measurement, nil if it is new.
func (h *rtiHistory) past(m *fhirmap.Measurement) *rtiPast {
	if h == nil {
		return nil
	}
	key := pressureKey(m)
	if i := slices.IndexFunc(h.pressures, func(p rtiPast) bool { return p.key == key }); i >= 0 {
		return &h.pressures[i]
	}
	if earlier := h.earlier(m); earlier != nil {
		h.note(rtiPast{key, earlier.Patient})
		return &h.pressures[len(h.pressures)-1]
	}
	return nil
}

func (h *rtiHistory) note(p rtiPast) {
	h.pressures = append(h.pressures, p)
	h.pressures = slices.Delete(h.pressures, 0, max(0, len(h.pressures)-maxPast))
}

// remember notes measurements that are told of now.
func (s *rtiSession) remember(told []fhirmap.Measurement) {
	h := s.history
	if h == nil {
		return
	}
	for i := range told {
		h.note(rtiPast{pressureKey(&told[i]), s.subject()})
	}
}

// signature is the values of m.
func signature(m *fhirmap.Measurement) string {
	var b strings.Builder
	b.WriteString(string(m.Type))
	for i := range m.Readings {
		if r := &m.Readings[i]; r.Value != nil {
			b.WriteString(" " + string(r.Type) + " " + r.Value.String() + " " + r.Unit.UCUM)
		}
	}
	return b.String()
}

// pressureKey tells the cuff measurements of a monitor apart: by their time,
// or by their values where it has none.
func pressureKey(m *fhirmap.Measurement) string {
	if m.Time.IsZero() {
		return signature(m)
	}
	return string(m.Type) + " " + m.Time.UTC().Format(time.RFC3339Nano)
}

// takePressure reads message 503: a cuff measurement, told once however often
// the monitor repeats it. One that was somebody else's is not even shown.
func (s *rtiSession) takePressure(m *Message) []trouble {
	found, troubles := s.readings(m, "")
	for _, o := range found {
		s.bound(o)
	}
	var fresh []fhirmap.Measurement
	for _, measurement := range s.measurements(found) {
		past := s.history.past(&measurement)
		switch {
		case past == nil:
			fresh = append(fresh, measurement)
		case !s.waiting() && !samePerson(past.owner, s.subject()):
			return troubles
		}
	}
	if len(fresh) > 0 && s.cuff != pressureKey(&fresh[0]) { // the doubts were of another one
		s.cuff = pressureKey(&fresh[0])
		for id := range rtiCuff {
			delete(s.doubted, id)
		}
	}
	if s.waiting() {
		s.hold(fhirmap.Report{Measurements: fresh})
		return troubles
	}
	s.pressure, s.measured, s.fresh = s.values(m), stamp{}, fresh
	for _, o := range found {
		s.measured = stamp{time: o.time}
	}
	if len(fresh) == 0 || s.doubtsPressure() {
		s.showPressure()
	}
	return troubles
}

// rtiCuff are the parameters of a cuff measurement.
var rtiCuff = set("170", "171", "172")

// doubtsPressure tells whether the monitor doubts the last cuff measurement,
// which it says (504) of one of its parameters.
func (s *rtiSession) doubtsPressure() bool {
	for id := range rtiCuff {
		if s.doubted[id] {
			return true
		}
	}
	return false
}

// tellPressure tells of a cuff measurement behind which its state had time to
// come. One that the monitor doubts waits until it no longer does.
func (s *rtiSession) tellPressure() {
	if len(s.fresh) == 0 || s.doubtsPressure() {
		return
	}
	fresh := s.fresh
	s.fresh = nil
	s.remember(fresh)
	s.tell(fhirmap.Report{Key: s.key(fresh), Measurements: fresh})
}

// showPressure tells what the screen shows of the last cuff measurement.
func (s *rtiSession) showPressure() {
	if s.waiting() || len(s.pressure) == 0 {
		return
	}
	s.tell(fhirmap.Report{Live: s.live(s.measured.time, s.shown(s.pressure, nil))})
}

// maxHeld bounds what waits for the patient.
const maxHeld = 16

// hold keeps the readings and alarms of r until it is known whose they are.
func (s *rtiSession) hold(r fhirmap.Report) {
	h := &s.held
	for _, m := range r.Measurements {
		again := func(o fhirmap.Measurement) bool { return pressureKey(&o) == pressureKey(&m) }
		if !slices.ContainsFunc(h.Measurements, again) {
			h.Measurements = append(h.Measurements, m)
		}
	}
	if len(h.Measurements) > maxHeld {
		s.release() // better nobody's than lost
	}
	for _, a := range r.Alarms {
		h.Alarms = slices.DeleteFunc(h.Alarms, func(o fhirmap.Alarms) bool { return slices.Equal(o.Complete, a.Complete) })
		h.Alarms = append(h.Alarms, a)
	}
}

// key is that of a report of cuff measurements: after a restart of the program
// the monitor repeats the last one, and a message sent again is known by it.
func (s *rtiSession) key(fresh []fhirmap.Measurement, more ...string) string {
	h := sha256.New()
	h.Write([]byte(strings.Join(append(more, s.device.ID, s.patient.Key()), "\x00")))
	for i := range fresh {
		h.Write([]byte("\x00" + pressureKey(&fresh[i]) + "\x00" + signature(&fresh[i])))
	}
	return hex.EncodeToString(h.Sum(nil))
}
