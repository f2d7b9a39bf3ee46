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
	known := h.typed[m.Type] == now
	h.typed[m.Type] = now
	return known
}

// past finds the measurement with that key, nil if it is new.
func (h *rtiHistory) past(key string) *rtiPast {
	if h == nil {
		return nil
	}
	for i := range h.pressures {
		if h.pressures[i].key == key {
			return &h.pressures[i]
		}
	}
	return nil
}

// remember notes measurements that are told of now.
func (s *rtiSession) remember(told []fhirmap.Measurement) {
	h := s.history
	if h == nil {
		return
	}
	for i := range told {
		h.pressures = append(h.pressures, rtiPast{pressureKey(&told[i]), s.patient})
	}
	h.pressures = slices.Delete(h.pressures, 0, max(0, len(h.pressures)-maxPast))
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
		key := pressureKey(&measurement)
		past := s.history.past(key)
		switch {
		case past == nil:
			fresh = append(fresh, measurement)
		case !s.waiting() && !samePerson(past.owner, s.patient):
			return troubles
		}
	}
	if s.waiting() {
		s.hold(fhirmap.Report{Measurements: fresh})
		return troubles
	}
	s.pressure, s.measured = s.values(m), stamp{}
	for _, o := range found {
		s.measured = o.stamp
	}
	if len(fresh) == 0 {
		s.showPressure()
		return troubles
	}
	for _, v := range s.pressure {
		delete(s.doubted, v.id)
	}
	s.remember(fresh)
	s.tell(fhirmap.Report{Key: s.key(fresh), Measurements: fresh})
	return troubles
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
func (s *rtiSession) key(fresh []fhirmap.Measurement) string {
	h := sha256.New()
	h.Write([]byte(s.device.ID + "\x00" + s.patient.Key()))
	for i := range fresh {
		h.Write([]byte("\x00" + pressureKey(&fresh[i]) + "\x00" + signature(&fresh[i])))
	}
	return hex.EncodeToString(h.Sum(nil))
}
