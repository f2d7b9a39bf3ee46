package blelink

import (
	"time"

	"vitalien/fhirmap"
)

// When a continuous saturation has settled: for so long, without a gap longer
// than that, its values lie within so much of each other.
const (
	spotTime  = 5 * time.Second
	spotGap   = 2500 * time.Millisecond
	spotRange = 2 // %, that is ±1
	spotBeats = 6 // per minute, that is ±3
)

// A spot finds the one reading of each finger in a stream of saturations.
type spot struct {
	samples []sample
	done    bool // this finger's reading was found
}

type sample struct {
	at                time.Time
	saturation, pulse float64
}

// reading tells whether m, of the time at, is the finger's reading. vouched
// says that the device itself says so.
func (s *spot) reading(m *fhirmap.Measurement, at time.Time, vouched bool) bool {
	next, there := sampleOf(m, at)
	if !there { // the finger has left
		*s = spot{}
		return false
	}
	if !goodSignal(m) {
		s.samples = nil
		return false
	}
	if n := len(s.samples); n > 0 && (at.Sub(s.samples[n-1].at) > spotGap || at.Before(s.samples[n-1].at)) {
		s.samples = nil
	}
	s.samples = append(s.samples, next)
	for len(s.samples) > 1 && !s.within() {
		s.samples = s.samples[1:]
	}
	settled := vouched || at.Sub(s.samples[0].at) >= spotTime
	if !settled || s.done {
		return false
	}
	s.done = true
	return true
}

// within tells whether all samples lie within the ranges.
func (s *spot) within() bool {
	low, high := s.samples[0], s.samples[0]
	for _, x := range s.samples {
		low.saturation, high.saturation = min(low.saturation, x.saturation), max(high.saturation, x.saturation)
		low.pulse, high.pulse = min(low.pulse, x.pulse), max(high.pulse, x.pulse)
	}
	return high.saturation-low.saturation <= spotRange && high.pulse-low.pulse <= spotBeats
}

// sampleOf gives the values of m; not there when one is missing, or the device
// says that it measures nobody.
func sampleOf(m *fhirmap.Measurement, at time.Time) (s sample, there bool) {
	saturation, pulse := m.Reading(fhirmap.OxygenSaturation), m.Reading(fhirmap.HeartRate)
	if saturation == nil || pulse == nil || saturation.Value == nil || pulse.Value == nil {
		return s, false
	}
	for _, q := range m.Quality {
		switch q {
		case fhirmap.SensorOff, fhirmap.SensorDisplaced, fhirmap.SensorDisconnected:
			return s, false
		}
	}
	return sample{at, saturation.Value.Float64(), pulse.Value.Float64()}, true
}

// goodSignal tells whether the device has no reservation against m.
func goodSignal(m *fhirmap.Measurement) bool {
	for _, q := range m.Quality {
		if q != fhirmap.BatteryLow && q != fhirmap.ExtendedUpdate {
			return false
		}
	}
	return !m.Test
}
