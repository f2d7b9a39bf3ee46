package station

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// How far back the log is searched for what a monitor repeats.
const (
	repeatedAge     = 24 * time.Hour
	repeatedRecords = 20_000
	repeatedKinds   = 1 << 14 // that are remembered
	repeatedList    = 64      // cuff pressures of a place: some monitors repeat a list of them
)

// measured is what can be measured again at a place.
type measured struct {
	place
	kind fhirmap.Type
}

// A saying is what is remembered of a measurement, and nothing else of its
// record.
type saying struct {
	at      time.Time
	origin  fhirmap.Origin
	values  string
	patient *fhirmap.Patient
}

// latest is the newest measurement of each kind at each place, as of when
// somebody last asked: monitors repeat it after each connection. Of cuff
// pressures it is the last ones.
type latest struct {
	mu     sync.Mutex
	cursor uint64
	known  map[measured][]saying // newest first; nil: the log has not been read yet
}

// Recorded gives m, as of whom it was recorded, if the log has it as the newest
// of its kind at its place, or as one of the last cuff pressures: of the same
// time, with the same values; else nil. Whose it is does not count then, for
// what somebody else was measured is not measured again. What has no time, as
// typed at admission, must be of the same person. What the log cannot tell any
// more, because it is too long ago, was not recorded.
func (s *Station) Recorded(ctx context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error) {
	l := &s.latest
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.catchUp(ctx, s); err != nil {
		return nil, err
	}
	now := sayingOf(&m)
	for _, said := range l.known[kindOf(&m)] {
		if said.same(&now) {
			m.Patient = said.patient
			return &m, nil
		}
	}
	return nil, nil
}

func (l *latest) catchUp(ctx context.Context, s *Station) error {
	if l.known == nil || s.Head() > l.cursor+repeatedRecords {
		return l.load(s)
	}
	for head := s.Head(); l.cursor < head; {
		if err := ctx.Err(); err != nil {
			return err
		}
		events, err := s.Follow(l.cursor)
		if err != nil || len(events) == 0 { // what cannot be read must not stop what a monitor says
			return l.load(s)
		}
		for i := range events {
			for j := range events[i].Measurements {
				l.note(&events[i].Measurements[j].Measurement)
			}
		}
		l.cursor = events[len(events)-1].Last
	}
	return nil
}

// load reads the end of the log, newest first. What cannot be read there tells
// nothing.
func (l *latest) load(s *Station) error {
	since, records := s.now().Add(-repeatedAge), 0
	known, head := map[measured][]saying{}, s.Head()
	err := s.store.Backward(func(r localstore.Record) bool {
		events, err := s.events(r)
		if err != nil {
			return true
		}
		records++
		for i := range events {
			for _, m := range slices.Backward(events[i].Measurements) {
				if list := known[kindOf(&m.Measurement)]; len(list) < remembered(&m.Measurement) {
					known[kindOf(&m.Measurement).clone()] = append(list, sayingOf(&m.Measurement))
				}
				if m.Received.Before(since) {
					return false
				}
			}
		}
		return records < repeatedRecords && len(known) < repeatedKinds
	})
	if err == nil {
		l.known, l.cursor = known, head
	}
	return err
}

func (l *latest) note(m *fhirmap.Measurement) {
	most := remembered(m)
	if most == 0 {
		return
	}
	if len(l.known) >= repeatedKinds {
		clear(l.known)
	}
	list := slices.Insert(l.known[kindOf(m)], 0, sayingOf(m))
	l.known[kindOf(m).clone()] = list[:min(len(list), most)]
}

func kindOf(m *fhirmap.Measurement) measured { return measured{place{m.Device.ID, m.Bed}, m.Type} }

func (k measured) clone() measured {
	return measured{place{strings.Clone(k.device), strings.Clone(k.bed)}, fhirmap.Type(strings.Clone(string(k.kind)))}
}

// remembered is how many like m are remembered of a place; none of what could
// not be recognized.
func remembered(m *fhirmap.Measurement) int {
	switch {
	case m.Time.IsZero() && m.Origin == "":
		return 0
	case m.Type == fhirmap.BloodPressure:
		return repeatedList
	}
	return 1
}

func sayingOf(m *fhirmap.Measurement) saying {
	values := make([]string, len(m.Readings))
	for i := range m.Readings {
		r := &m.Readings[i]
		values[i] = string(r.Type) + " " + text(r.Value)
		if r.Value != nil {
			values[i] += " " + r.Unit.UCUM
		}
	}
	slices.Sort(values)
	return saying{m.Time, fhirmap.Origin(strings.Clone(string(m.Origin))), strings.Join(values, "|"), clonePatient(m.Patient)}
}

func (a *saying) same(b *saying) bool {
	if !a.at.Equal(b.at) || a.origin != b.origin || a.values != b.values {
		return false
	}
	return !a.at.IsZero() || a.origin != "" && samePerson(a.patient, b.patient)
}
