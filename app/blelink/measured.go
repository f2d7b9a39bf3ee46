package blelink

import "vitalien/fhirmap"

// measured is a measurement that is being put together.
type measured struct{ fhirmap.Measurement }

func (at Context) measurement(t fhirmap.Type, when moment) *measured {
	return &measured{fhirmap.Measurement{
		Type: t, Time: when.time, TimeUnknown: when.unknown, Device: at.Device, Status: fhirmap.StatusFinal,
	}}
}

// add adds a reading, in a unit as a device gives it.
func (m *measured) add(n number, t fhirmap.Type, unit string) error {
	reading, err := n.in(t, unit)
	if err == nil {
		m.Readings = append(m.Readings, reading)
	}
	return err
}

// taken is the measurement, or nothing when no reading has a value.
func (m *measured) taken() Decoded {
	if !m.HasValue() {
		return Decoded{Dropped: "no reading has a value"}
	}
	return Decoded{Taken: []Taken{{Measurement: m.Measurement}}}
}

// continuous is the measurement as one of a stream.
func (m *measured) continuous() Decoded {
	return Decoded{Stream: &m.Measurement}
}

// A stateless decoder needs the frame alone.
type stateless func(frame []byte, at Context) (Decoded, error)

// Feed implements Decoder.
func (f stateless) Feed(frame []byte, at Context) (Decoded, error) { return f(frame, at) }

// Flush implements Decoder.
func (stateless) Flush(Context) Decoded { return Decoded{} }
