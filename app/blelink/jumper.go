package blelink

import (
	"bytes"
	"encoding/binary"
	"errors"

	"vitalien/fhirmap"
)

// jumperOximetry is the characteristic of the oximeters JPD-500F.
const jumperOximetry = "cdeacb81-5235-4c07-8846-93a37ee6b86d"

// The kinds of frames of these oximeters.
const (
	jumperWave   = 0x80
	jumperValues = 0x81

	jumperNoPulse      = 0xff
	jumperNoSaturation = 0x7f
)

// decodeJumperOximeter reads a frame of values: pulse per minute, saturation in
// percent. The perfusion index behind them has no scale that is published.
func decodeJumperOximeter(frame []byte, at Context) (Decoded, error) {
	if len(frame) > 0 && frame[0] == jumperWave {
		return Decoded{}, nil
	}
	if len(frame) != 4 || frame[0] != jumperValues {
		return Decoded{}, errLength
	}
	m := at.measurement(fhirmap.OxygenSaturation, moment{})
	if err := m.add(unless(frame[2] == jumperNoSaturation, int64(frame[2])), fhirmap.OxygenSaturation, "%"); err != nil {
		return Decoded{}, err
	}
	return m.continuous(), m.add(unless(frame[1] == jumperNoPulse, int64(frame[1])), fhirmap.HeartRate, "/min")
}

var (
	jumperHead = []byte{0xfd, 0xfd}
	jumperTail = []byte{0x0d, 0x0a}
	errFrame   = errors.New("no frame of this format")
)

func jumperFrame(frame []byte, size int) bool {
	return len(frame) == size && bytes.HasPrefix(frame, jumperHead) && bytes.HasSuffix(frame, jumperTail)
}

// decodeJumperCuff reads a result of a JPD-HA120: FD FD FC systolic diastolic
// pulse 0D 0A, in mmHg and per minute.
func decodeJumperCuff(frame []byte, at Context) (Decoded, error) {
	if !jumperFrame(frame, 8) || frame[2] != 0xfc {
		return Decoded{}, errFrame
	}
	m := at.measurement(fhirmap.BloodPressure, moment{})
	for i, t := range []fhirmap.Type{fhirmap.Systolic, fhirmap.Diastolic} {
		if err := m.add(decimal(int64(frame[3+i]), 0), t, "mmHg"); err != nil {
			return Decoded{}, err
		}
	}
	if err := m.add(decimal(int64(frame[5]), 0), fhirmap.HeartRate, "/min"); err != nil {
		return Decoded{}, err
	}
	return m.taken(), nil
}

// decodeJumperThermometer reads a result of a JPD-FR400: FD FD kind high low 0D
// 0A, in 0.1 °C.
func decodeJumperThermometer(frame []byte, at Context) (Decoded, error) {
	if !jumperFrame(frame, 7) {
		return Decoded{}, errFrame
	}
	m := at.measurement(fhirmap.BodyTemperature, moment{})
	if err := m.add(decimal(int64(binary.BigEndian.Uint16(frame[3:])), -1), fhirmap.BodyTemperature, "Cel"); err != nil {
		return Decoded{}, err
	}
	return m.taken(), nil
}

// decodeJumperScale reads a frame of a BFS710: AC status high low …, in 0.01
// kg. Which status means a weight at rest is not published, so none is final.
func decodeJumperScale(frame []byte, at Context) (Decoded, error) {
	if len(frame) < 4 || frame[0] != 0xac {
		return Decoded{}, errFrame
	}
	m := at.measurement(fhirmap.BodyWeight, moment{})
	m.Status = fhirmap.StatusPreliminary
	return m.continuous(), m.add(decimal(int64(binary.BigEndian.Uint16(frame[2:])), -2), fhirmap.BodyWeight, "kg")
}
