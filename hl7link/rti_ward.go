package hl7link

import (
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// An rtiWard is what the Mindray monitors behind one connection of a listener
// have said: the unsolicited interface is one monitor, a gateway (CMS) many,
// each message with its bed. It is for one goroutine.
type rtiWard struct {
	beds map[string]*rtiSession
	many bool // there were too many of them, and some are forgotten
	// namers are the peers that name patients, over all connections; may be nil.
	namers *namers
}

// namers are peers that say whose their readings are. Before one says so on a
// new connection, that is not known.
type namers struct {
	mu    sync.Mutex
	peers map[string]bool
}

func (n *namers) add(peer string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.peers == nil || len(n.peers) >= maxPeers {
		n.peers = map[string]bool{}
	}
	n.peers[peer] = true
}

func (n *namers) has(peer string) bool {
	if n == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.peers[peer]
}

// maxBeds bounds the monitors behind one connection.
const maxBeds = 256

// rtiSpecial are the messages that need what others said, or say it.
var rtiSpecial = set(rtiPatient, rtiPeriodic, rtiValueState, rtiPressure, rtiPressureState, rtiLimits,
	rtiPhysiological, rtiTechnical, rtiModuleOff, rtiSystem, rtiLevelsSet, rtiSwitches)

// read takes a message of RTI; false if it is to be read like any other.
func (w *rtiWard) read(d *decoded, m *Message, from sender) bool {
	if !rtiSpecial[m.Header().Text(10)] || m.count("OBX") > maxObservations {
		return false
	}
	patient, troubles := identified(from.patient)
	if d.troubles = append(d.troubles, troubles...); len(troubles) > 0 {
		patient = nobodyOf(from.device) // somebody, and not of whose consultation is open
	}
	from.patient, from.bed = ownTexts(patient), strings.Clone(shorten(from.bed, maxBedName))
	from.device.Name = strings.Clone(shorten(from.device.Name, 2*maxBedName))
	if silent := m.Header().Text(10) != rtiPatient && m.First("PID").Name == ""; silent && w.namers.has(d.report.Peer) {
		from.patient = nobodyOf(from.device) // until it says of whom
	}
	s := w.session(m, from)
	reports, troubles := s.read(m, time.Time{})
	if w.namers != nil && s.admitted && s.patient.Key() != "" {
		w.namers.add(d.report.Peer)
	}
	d.troubles = append(d.troubles, troubles...)
	d.name, d.bed = s.device.Name, s.bed
	for _, r := range append(reports, s.flush()...) {
		d.report.Live = append(d.report.Live, r.Live...)
		d.report.Alarms = append(d.report.Alarms, r.Alarms...)
		for _, measurement := range r.Measurements {
			if measurement.Origin == fhirmap.OriginAdmission || measurement.Type == fhirmap.BloodPressure && !measurement.Time.IsZero() {
				d.single = append(d.single, len(d.report.Measurements))
			}
			d.report.Measurements = append(d.report.Measurements, measurement)
		}
	}
	return true
}

// session is the monitor that the message comes from: that of its bed, or the
// only one that there is. Where there are several, and the message does not say
// which, it is nobody's.
func (w *rtiWard) session(m *Message, from sender) *rtiSession {
	place := m.First("PV1")
	if place.Name == "" && m.First("PID").Name == "" {
		switch {
		case w.many:
		case len(w.beds) == 0:
			return w.add("", from)
		case len(w.beds) == 1:
			for _, s := range w.beds {
				return s
			}
		}
		s := guestSession(from)
		s.patient = nobodyOf(from.device)
		return s
	}
	s := w.beds[bedKey(place)]
	if s == nil {
		s = w.beds[""] // the one that had not yet said where it is
		if s == nil || len(w.beds) > 1 || w.many {
			return w.add(bedKey(place), from)
		}
		w.beds = nil
		w.keep(bedKey(place), s)
	}
	if m.First("PID").Name != "" && m.Header().Text(10) != rtiPatient && !samePerson(s.patient, from.patient) {
		if s.admitted {
			s.forget()
		}
		s.patient, s.admitted = from.patient, true
	}
	s.device, s.bed, s.from = from.device, from.bed, from
	return s
}

// nobodyOf is a patient who is not known, so that no consultation inherits the
// readings.
func nobodyOf(d fhirmap.Device) *fhirmap.Patient { return &fhirmap.Patient{System: d.ID} }

// bedKey tells the beds of a gateway apart: what PV1-3 says of the place.
func bedKey(place Segment) string {
	var parts []string
	for component := 1; component <= 3; component++ {
		for sub := 1; sub <= 4; sub++ {
			parts = append(parts, value(place.At(3, 1, component, sub)))
		}
	}
	return strings.Join(parts, "\x00")
}

func (w *rtiWard) add(key string, from sender) *rtiSession {
	s := guestSession(from)
	w.keep(key, s)
	return s
}

func (w *rtiWard) keep(key string, s *rtiSession) {
	if w.many = w.many || len(w.beds) >= maxBeds; w.beds == nil || len(w.beds) >= maxBeds {
		w.beds = map[string]*rtiSession{}
	}
	w.beds[key] = s
}

// guestSession is that of a monitor that calls us. Each of its messages is
// answered, and sent again if it could not be recorded, so that nothing is held
// and nothing is taken for told.
func guestSession(from sender) *rtiSession {
	s := &rtiSession{
		origin: origin{manufacturer: "Mindray", mindray: true}, zone: from.zone,
		from: from, device: from.device, named: from.device.Name, bed: from.bed, patient: from.patient, known: true, guest: true, admitted: from.patient != nil,
		told: map[fhirmap.AlarmKind]rtiSaid{},
	}
	s.forget()
	return s
}
