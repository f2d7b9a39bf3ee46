package blelink

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// Records that Omron's consumer models keep in their EEPROM, 14 bytes each.
// The layouts are those that eigger/hass-omron found (record_parsers.py), with
// captures of real devices.
const (
	omronRecord     = 14
	omronTime       = 16
	omronPressureAt = 25 // is added to the systolic pressure
	omronHighest    = 0xe1
)

var errEmptySlot = errors.New("an empty slot")

// decodeOmronClassic reads a record, little endian (HEM-7142T2 and others).
func decodeOmronClassic(frame []byte, at Context) (Decoded, error) {
	if err := checkOmron(frame, 0); err != nil {
		return Decoded{}, err
	}
	return omronPressure(frame[0], frame[1], frame[2], frame[3],
		binary.LittleEndian.Uint16(frame[4:]), binary.LittleEndian.Uint16(frame[6:]), at)
}

// omronPacked is the decoder of records in big endian (HEM-7600T and others).
// Those of HEM-6232T have two flags in the other order.
func omronPacked(model string) stateless {
	swapped := strings.Contains(model, "6232")
	return func(frame []byte, at Context) (Decoded, error) {
		if err := checkOmron(frame, 1); err != nil {
			return Decoded{}, err
		}
		date := binary.BigEndian.Uint16(frame[4:])
		if swapped {
			date = date&0x3fff | date>>1&omronIrregular | date<<1&omronMovement
		}
		return omronPressure(frame[1], frame[0], frame[3], frame[2], date, binary.BigEndian.Uint16(frame[6:]), at)
	}
}

// checkOmron refuses a slot that holds no record: all ones, all zeros, or a
// systolic pressure that no cuff reaches.
func checkOmron(frame []byte, systolic int) error {
	switch {
	case len(frame) != omronRecord:
		return errLength
	case frame[systolic] > omronHighest, bytes.Count(frame[:8], []byte{0}) == 8:
		return errEmptySlot
	}
	return nil
}

// Bits of a record that say how it was measured.
const (
	omronIrregular = 1 << 14 // of the date
	omronMovement  = 1 << 15
	omronCuffFits  = 1 << 12 // of the clock
	omronPosition  = 3 << 14 // anything but 0 is wrong
)

// omronPressure puts a record together: date is month, day and hour in 4, 5 and
// 5 bits below two flags, clock is minute and second in 6 bits each below more
// of them.
func omronPressure(systolic, diastolic, pulse, year byte, date, clock uint16, at Context) (Decoded, error) {
	when := momentOf(2000+int(year&0x3f), int(date>>10&0xf), int(date>>5&0x1f), int(date&0x1f), int(clock>>6&0x3f), int(clock&0x3f), at.Zone)
	m := at.measurement(fhirmap.BloodPressure, when)
	for _, said := range []struct {
		is      bool
		quality fhirmap.Quality
	}{
		{date&omronMovement != 0, fhirmap.BodyMovement},
		{clock&omronCuffFits == 0, fhirmap.CuffLoose},
		{date&omronIrregular != 0, fhirmap.IrregularPulse},
		{clock&omronPosition != 0, fhirmap.ImproperPosition},
	} {
		if said.is {
			m.Quality = append(m.Quality, said.quality)
		}
	}
	for _, p := range []part{
		{decimal(int64(systolic)+omronPressureAt, 0), fhirmap.Systolic, "mmHg"},
		{decimal(int64(diastolic), 0), fhirmap.Diastolic, "mmHg"},
		{decimal(int64(pulse), 0), fhirmap.HeartRate, "/min"},
	} {
		if err := m.add(p.number, p.vital, p.unit); err != nil {
			return Decoded{}, err
		}
	}
	return m.taken(), nil
}

// decodeOmronTime checks a block of the clock. It measures nothing.
func decodeOmronTime(frame []byte, at Context) (Decoded, error) {
	_, err := omronClock(frame, at.Zone)
	return Decoded{}, err
}

// omronClock reads such a block: year, month, day, hour, minute and second from
// byte 8 on, and the sum of all before it.
func omronClock(frame []byte, zone *time.Location) (moment, error) {
	if len(frame) != omronTime {
		return moment{}, errLength
	}
	if sum(frame[:14]) != frame[14] {
		return moment{}, errChecksum
	}
	f := frame[8:14]
	return momentOf(2000+int(f[0]), int(f[1]), int(f[2]), int(f[3]), int(f[4]), int(f[5]), zone), nil
}
