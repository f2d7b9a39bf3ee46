package blelink

import (
	"encoding/binary"

	"vitalien/fhirmap"
)

// noninOximetry is the characteristic of Nonin's own service (models 3230,
// 3231, 3150), one frame of ten bytes a second.
const noninOximetry = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"

// Bits of its status.
const (
	noninWeakSignal   = 1 << 1
	noninSmartPoint   = 1 << 2 // the oximeter itself vouches for the values
	noninSearching    = 1 << 3
	noninFingerPlaced = 1 << 4 // CorrectCheck
	noninLowBattery   = 1 << 5

	noninNoSaturation = 127
	noninNoPulse      = 511
)

// decodeNonin reads a frame: length, status, battery in 0.1 V, pulse amplitude
// in 0.01 % and seconds (big endian), saturation in percent, pulse per minute.
func decodeNonin(frame []byte, at Context) (Decoded, error) {
	if len(frame) != 10 || frame[0] != 10 {
		return Decoded{}, errLength
	}
	status, pulse := frame[1], binary.BigEndian.Uint16(frame[8:])
	m := at.measurement(fhirmap.OxygenSaturation, moment{})
	for _, b := range []struct {
		is      bool
		quality fhirmap.Quality
	}{
		{status&noninWeakSignal != 0, fhirmap.SignalPoor},
		{status&noninSearching != 0, fhirmap.SignalSearching},
		{status&noninFingerPlaced == 0, fhirmap.SensorDisplaced},
		{status&noninLowBattery != 0, fhirmap.BatteryLow},
	} {
		if b.is {
			m.Quality = append(m.Quality, b.quality)
		}
	}
	if status&noninSmartPoint == 0 {
		m.Status = fhirmap.StatusPreliminary
	}
	if err := m.add(unless(frame[7] == noninNoSaturation, int64(frame[7])), fhirmap.OxygenSaturation, "%"); err != nil {
		return Decoded{}, err
	}
	return m.continuous(), m.add(unless(pulse == noninNoPulse, int64(pulse)), fhirmap.HeartRate, "/min")
}

// unless is n, or the absence that a maker writes as a number.
func unless(missing bool, n int64) number {
	if missing {
		return number{absent: fhirmap.AbsentUnknown}
	}
	return decimal(n, 0)
}
