package blelink

import (
	"context"
	"time"

	"vitalien/fhirmap"
)

// Stream takes a value that comes again by itself. It is shown; a saturation
// is recorded once for each finger, when it has settled, and a heart rate now
// and then, while the sensor has contact.
func (s *Session) Stream(ctx context.Context, m *fhirmap.Measurement) error {
	s.Show(ctx, liveOf(m))
	switch m.Type {
	case fhirmap.OxygenSaturation:
		if s.device.spot.reading(m, s.Now()) {
			return s.Record(ctx, []Taken{{Measurement: *m}})
		}
	case fhirmap.HeartRate:
		if goodSignal(m) && m.HasValue() {
			return s.sample(ctx, m)
		}
	}
	return nil
}

// sample hands over a measurement of a stream, of which the Sink records what
// is due.
func (s *Session) sample(ctx context.Context, m *fhirmap.Measurement) error {
	once := *m
	once.Test = once.Test || s.link.o.Test
	report := fhirmap.Report{Link: "ble", Peer: s.Paired.Address, Measurements: []fhirmap.Measurement{once}, Streaming: true}
	if _, err := s.link.o.Sink.Record(ctx, report); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.link.troubled(s, fhirmap.FaultOf(err)) // the next value comes in a second
	}
	return nil
}

// liveOf is what a monitor would show of m.
func liveOf(m *fhirmap.Measurement) *fhirmap.Live {
	live := &fhirmap.Live{Device: m.Device, Time: time.Time{}}
	for i := range m.Readings {
		r := &m.Readings[i]
		v := fhirmap.LiveValue{Type: r.Type, Value: r.Value, Unit: r.Unit, State: fhirmap.LiveValid}
		switch {
		case r.Value == nil:
			v.State = fhirmap.LiveMissing
		case doubted(m.Quality):
			v.State = fhirmap.LiveInvalid
		}
		live.Values = append(live.Values, v)
	}
	return live
}
