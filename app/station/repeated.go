package station

import (
	"context"
	"slices"
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
)

// measured is what can be measured again at a place.
type measured struct {
	place
	kind fhirmap.Type
}

// latest is the newest measurement of each kind at each place, as of when
// somebody last asked: monitors repeat it after each connection.
type latest struct {
	mu     sync.Mutex
	cursor uint64
	known  map[measured]fhirmap.Recorded // nil: the log has not been read yet
}

// Recorded gives the newest measurement of its kind at its place in the log if
// that is m: of the same time, with the same values; else nil. Whose it is does
// not count then, for what somebody else was measured is not measured again.
// What has no time, as typed at admission, must be of the same person. What the
// log cannot tell any more, because it is too long ago, was not recorded.
func (s *Station) Recorded(ctx context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error) {
	l := &s.latest
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.catchUp(ctx, s); err != nil {
		return nil, err
	}
	last, ok := l.known[kindOf(&fhirmap.Recorded{Measurement: m})]
	if !ok || !sameMeasurement(&last.Measurement, &m) {
		return nil, nil
	}
	return &last.Measurement, nil
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
				l.note(&events[i].Measurements[j])
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
	known, head := map[measured]fhirmap.Recorded{}, s.Head()
	err := s.store.Backward(func(r localstore.Record) bool {
		events, err := s.events(r)
		if err != nil {
			return true
		}
		records++
		for i := range events {
			for _, m := range slices.Backward(events[i].Measurements) {
				if _, newer := known[kindOf(&m)]; !newer && repeatable(&m) {
					known[kindOf(&m)] = m
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

func (l *latest) note(m *fhirmap.Recorded) {
	if !repeatable(m) {
		return
	}
	if len(l.known) >= repeatedKinds {
		clear(l.known)
	}
	l.known[kindOf(m)] = *m
}

func kindOf(m *fhirmap.Recorded) measured { return measured{place{m.Device.ID, m.Bed}, m.Type} }

// repeatable tells whether m could be recognized.
func repeatable(m *fhirmap.Recorded) bool { return !m.Time.IsZero() || m.Origin != "" }

func sameMeasurement(a, b *fhirmap.Measurement) bool {
	if !a.Time.Equal(b.Time) || a.Origin != b.Origin || len(a.Readings) != len(b.Readings) {
		return false
	}
	if a.Time.IsZero() && (a.Origin == "" || !samePerson(a.Patient, b.Patient)) {
		return false
	}
	for i := range a.Readings {
		r := b.Reading(a.Readings[i].Type)
		if r == nil || !sameValue(&a.Readings[i], r) {
			return false
		}
	}
	return true
}

func sameValue(a, b *fhirmap.Reading) bool {
	if a.Value == nil || b.Value == nil {
		return a.Value == b.Value
	}
	return a.Unit.UCUM == b.Unit.UCUM && a.Value.Cmp(*b.Value) == 0
}
