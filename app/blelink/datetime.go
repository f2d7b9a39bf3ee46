package blelink

import (
	"encoding/binary"
	"errors"
	"time"
)

// A moment is a device's time. unknown says that it has given one that cannot
// be read, or not whole.
type moment struct {
	time    time.Time
	unknown bool
}

// dateTime reads a Date Time (2A08; GATT Specification Supplement, 3.70): year,
// month and day are 0 when they are not known.
func (r *reader) dateTime(zone *time.Location) moment {
	year, month, day := int(r.u16()), int(r.u8()), int(r.u8())
	hour, minute, second := int(r.u8()), int(r.u8()), int(r.u8())
	return momentOf(year, month, day, hour, minute, second, zone)
}

// momentOf is unknown for what is no date, such as a 30 February.
func momentOf(year, month, day, hour, minute, second int, zone *time.Location) moment {
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, zone)
	if year < 1582 || year > 9999 || t.Month() != time.Month(month) || t.Day() != day || hour > 23 || minute > 59 || second > 59 {
		return moment{unknown: true}
	}
	return moment{time: t}
}

// EncodeDateTime is t, in its own zone, as a Date Time.
func EncodeDateTime(t time.Time) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(t.Year()))
	return append(b, byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()))
}

// manualUpdate is the reason of a change of a clock (Current Time Service 1.1,
// 3.1.2.1).
const manualUpdate = 1

// EncodeCurrentTime is t, in its own zone, as a Current Time (2A2B; GATT
// Specification Supplement, 3.62), to set a device's clock.
func EncodeCurrentTime(t time.Time) []byte {
	day := byte(t.Weekday())
	if day == 0 {
		day = 7 // Sunday
	}
	return append(EncodeDateTime(t), day, byte(t.Nanosecond()/(1e9/256)), manualUpdate)
}

// ReadClock reads a Date Time or a Current Time.
func ReadClock(value []byte, zone *time.Location) (time.Time, error) {
	r := &reader{rest: value}
	at := r.dateTime(zone)
	if len(value) == 10 { // a Current Time: the day of the week, 1/256 s, the reason of the last change
		r.bytes(3)
	}
	if err := r.end(); err != nil {
		return time.Time{}, err
	}
	if at.unknown {
		return time.Time{}, errors.New("the device does not know the time")
	}
	return at.time, nil
}
