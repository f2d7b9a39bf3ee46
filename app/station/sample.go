package station

import (
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// DefaultRecordEvery is how often a value that comes again by itself is
// recorded when Options.RecordEvery says nothing.
const DefaultRecordEvery = time.Minute

// streamLimit bounds how many streams are remembered; the one that was silent
// longest makes room.
const streamLimit = 4096

// A stream is what comes again by itself from one place for one person.
type stream struct{ device, bed, system, id, family, given, consultation string }

// sampler chooses which values of streams are recorded: of each type the first,
// and then the first behind every interval; all of them once more when an alarm
// of the device starts or ends. Two connections that bring the same stream
// share the choice.
type sampler struct {
	every time.Duration

	mu      sync.Mutex
	streams map[stream]*samples
	reports uint64 // that have asked
}

type samples struct {
	touched time.Time
	last    []sample
}

type sample struct {
	of     fhirmap.Type
	at     time.Time
	report uint64 // that it was recorded of
	again  bool   // only because the interval was over
}

func newSampler(every time.Duration) *sampler {
	if every <= 0 {
		every = DefaultRecordEvery
	}
	return &sampler{every: every, streams: map[stream]*samples{}}
}

// begin gives the number of a report, for due.
func (s *sampler) begin() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports++
	return s.reports
}

// due tells whether m of the report with that number is to be recorded now, and
// takes it as recorded then. What a report holds twice, such as the temperatures
// of two probes, is due together. restore is for when recording fails: the next
// value counts. again tells that it is due for no other reason than that the
// interval is over: it is neither the first nor of an alarm.
func (s *sampler) due(m *recordedEntry, report uint64, now time.Time) (due, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := streamOf(m)
	of := s.streams[key]
	if of == nil {
		s.makeRoom(now)
		of = &samples{}
		s.streams[key.clone()] = of
	}
	of.touched = now
	return of.take(sample{of: m.Type, at: now, report: report}, s.every)
}

func (s *sampler) restore(list []recordedEntry, taken time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		if of := s.streams[streamOf(&list[i])]; of != nil {
			of.forget(list[i].Type, taken)
		}
	}
}

func streamOf(m *recordedEntry) stream {
	key := stream{device: m.Device.ID, bed: m.Bed, consultation: m.Consultation}
	if p := m.Subject; p != nil {
		key.system, key.id = p.System, p.ID
		if p.ID == "" {
			key.family, key.given = p.Family, p.Given
		}
	}
	return key
}

func (k stream) clone() stream {
	return stream{
		strings.Clone(k.device), strings.Clone(k.bed), strings.Clone(k.system), strings.Clone(k.id),
		strings.Clone(k.family), strings.Clone(k.given), strings.Clone(k.consultation),
	}
}

func (s *sampler) makeRoom(now time.Time) {
	if len(s.streams) < streamLimit {
		return
	}
	var oldest stream
	first := true
	for key, of := range s.streams {
		if now.Sub(of.touched).Abs() >= s.every {
			delete(s.streams, key)
		} else if first || of.touched.Before(s.streams[oldest].touched) {
			oldest, first = key, false
		}
	}
	if len(s.streams) >= streamLimit {
		delete(s.streams, oldest)
	}
}

// take tells whether a value is to be recorded as next, and notes that it is. A
// clock that was set back makes everything due.
func (of *samples) take(next sample, every time.Duration) (due, again bool) {
	for i := range of.last {
		if last := &of.last[i]; last.of == next.of {
			d := next.at.Sub(last.at)
			if d >= 0 && d < every {
				return last.report == next.report, last.again
			}
			next.again = d >= every && !last.at.IsZero()
			*last = next
			return true, next.again
		}
	}
	of.last = append(of.last, next)
	return true, false
}

func (of *samples) forget(t fhirmap.Type, taken time.Time) {
	for i := range of.last {
		if of.last[i].of == t && of.last[i].at.Equal(taken) {
			of.last[i].at = time.Time{}
		}
	}
}

// restart makes the next values of a device's streams due.
func (s *sampler) restart(device string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, of := range s.streams {
		if key.device == device {
			of.last = of.last[:0]
		}
	}
}
