package blelink

import (
	"slices"
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

	// fingerGone is the silence after which it may be another finger.
	fingerGone = 10 * time.Second
)

// A spot finds the one reading of each finger in a stream of saturations.
type spot struct {
	samples []sample
	last    time.Time // of the sample before; zero: none
	done    bool      // this finger's reading was found
}

type sample struct {
	at                time.Time
	saturation, pulse float64
}

// reading tells whether m, of the time at, is the finger's reading.
func (s *spot) reading(m *fhirmap.Measurement, at time.Time) bool {
	next, there := sampleOf(m, at)
	if !there || at.Sub(s.last) > fingerGone { // the finger has left
		*s = spot{}
	}
	if !there {
		return false
	}
	before := s.last
	if s.last = at; s.done {
		return false
	}
	if at.Sub(before) > spotGap || at.Before(before) {
		s.samples = nil
	}
	if !goodSignal(m) {
		s.samples = nil
		return false
	}
	s.samples = append(s.samples, next)
	for !s.within() {
		s.samples = s.samples[1:]
	}
	if s.done = at.Sub(s.samples[0].at) >= spotTime; s.done {
		s.samples = nil
	}
	return s.done
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
		if q == fhirmap.SensorOff || q == fhirmap.SensorDisconnected {
			return s, false
		}
	}
	return sample{at, saturation.Value.Float64(), pulse.Value.Float64()}, true
}

// goodSignal tells whether the device stands by m without reservation.
func goodSignal(m *fhirmap.Measurement) bool {
	return !doubted(m.Quality) && !m.Test && m.Status == fhirmap.StatusFinal
}

// doubted tells whether a device has a reservation against its values.
func doubted(said []fhirmap.Quality) bool {
	return slices.ContainsFunc(said, func(q fhirmap.Quality) bool {
		return q != fhirmap.BatteryLow && q != fhirmap.ExtendedUpdate
	})
}
