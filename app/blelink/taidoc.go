package blelink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// FORA and TaiDoc devices speak a protocol of their own in frames of eight
// bytes: 51 command d0 d1 d2 d3, A3 from the host or A5 from the device, and
// the sum of the seven. The facts are those that users of its devices have
// published (andrew61/TransafeRx.iOS among others).
const (
	taidocService = "00001523-1212-efde-1523-785feabcd123"
	taidocChannel = "00001524-1212-efde-1523-785feabcd123"

	taidocStart = 0x51
	fromHost    = 0xa3
	fromDevice  = 0xa5
)

// The commands that are used or understood.
const (
	taidocReadClock   = 0x23
	taidocModel       = 0x24
	taidocRecordTime  = 0x25
	taidocRecordValue = 0x26
	taidocCount       = 0x2b
	taidocWriteClock  = 0x33
	taidocTurnOff     = 0x50
	taidocScaleRecord = 0x71
)

var errChecksum = errors.New("the checksum is wrong")

// taidocFrame is a command to the device.
func taidocFrame(command byte, data [4]byte) []byte {
	frame := append([]byte{taidocStart, command}, append(data[:], fromHost)...)
	return append(frame, sum(frame))
}

func sum(bytes []byte) (s byte) {
	for _, b := range bytes {
		s += b
	}
	return s
}

// readTaidoc takes a frame apart. Scales answer in longer ones.
func readTaidoc(frame []byte) (command byte, data []byte, reply bool, err error) {
	last := len(frame) - 1
	switch {
	case last < 7 || frame[0] != taidocStart || last > 7 && (frame[1] != taidocScaleRecord || int(frame[2]) != last-4):
		return 0, nil, false, errFrame
	case sum(frame[:last]) != frame[last]:
		return 0, nil, false, errChecksum
	case frame[last-1] != fromDevice && frame[last-1] != fromHost:
		return 0, nil, false, errFrame
	}
	return frame[1], frame[2 : last-1], frame[last-1] == fromDevice, nil
}

// A taidocKind is what a device measures, which its records do not say.
type taidocKind int

const (
	taidocUnknown taidocKind = iota
	taidocMeter              // glucose, and pressure where a record says so
	taidocCuff
	taidocOximeter
	taidocThermometer
	taidocScale
)

// taidocNames are the parts of names, in upper case, that tell the kind.
var taidocNames = []struct {
	part string
	kind taidocKind
}{
	{"GD40", taidocMeter}, {"D40", taidocMeter}, {"DIAMOND", taidocMeter}, {"TD42", taidocMeter}, {"TD-42", taidocMeter},
	{"P30", taidocCuff}, {"P60", taidocCuff}, {"P80", taidocCuff}, {"TD31", taidocCuff}, {"TD-31", taidocCuff},
	{"TD82", taidocOximeter}, {"TD-82", taidocOximeter},
	{"IR40", taidocThermometer}, {"TD12", taidocThermometer}, {"TD-12", taidocThermometer},
	{"W310", taidocScale}, {"TD25", taidocScale}, {"TD-25", taidocScale},
}

func taidocKindOf(name string) taidocKind {
	name = strings.ToUpper(name)
	for _, known := range taidocNames {
		if strings.Contains(name, known.part) {
			return known.kind
		}
	}
	return taidocUnknown
}

// taidocClock is a time word: minute, hour, day, month and year from 2000, in
// 6, 5, 5, 4 and 7 bits.
func taidocClock(data []byte, zone *time.Location) moment {
	year, month := 2000+int(data[1]>>1), int(data[1]&1)<<3|int(data[0]>>5)
	return momentOf(year, month, int(data[0]&31), int(data[3]&31), int(data[2]&63), 0, zone)
}

func taidocTime(t time.Time) [4]byte {
	year, month := t.Year()-2000, int(t.Month())
	return [4]byte{byte(month&7<<5 | t.Day()), byte(year<<1 | month>>3), byte(t.Minute()), byte(t.Hour())}
}

// A taidoc decoder reads the replies of one device: a record is its time and
// then its value.
type taidoc struct {
	name string
	time []byte // of the record whose value is to come; nil: none
}

// Feed implements Decoder. Frames of the host measure nothing.
func (d *taidoc) Feed(frame []byte, at Context) (Decoded, error) {
	command, data, reply, err := readTaidoc(frame)
	if err != nil || !reply {
		return Decoded{}, err
	}
	switch command {
	case taidocModel:
		if taidocKindOf(d.name) == taidocUnknown {
			d.name = fmt.Sprintf("TD%02X%02X", data[1], data[0])
		}
	case taidocRecordTime:
		d.time = data
	case taidocScaleRecord:
		return Decoded{Dropped: "the layout of a scale's record is not published"}, nil
	case taidocRecordValue:
		when := d.time
		d.time = nil
		if when == nil {
			return Decoded{}, errors.New("a value without its time")
		}
		return d.record(when, data, at)
	}
	return Decoded{}, nil
}

// Flush implements Decoder.
func (d *taidoc) Flush(Context) Decoded {
	d.time = nil
	return Decoded{}
}

// Bits of a record's time.
const (
	taidocPressure   = 1 << 7 // of d2
	taidocArrhythmia = 1 << 6 // of d2
	taidocIHB        = 3 << 5 // of d3: irregular heartbeats
)

func (d *taidoc) record(when, data []byte, at Context) (Decoded, error) {
	clock := taidocClock(when, at.Zone)
	switch kind := taidocKindOf(d.name); {
	case when[2]&taidocPressure != 0:
		return taidocBloodPressure(clock, when, data, strings.Contains(strings.ToUpper(d.name), "P30"), at)
	case kind == taidocOximeter:
		return taidocOximetry(clock, data, at)
	case kind == taidocThermometer:
		return Decoded{Dropped: "the scale of a thermometer's record is not published"}, nil
	case kind == taidocMeter || kind == taidocUnknown && d.name == "":
		return taidocGlucose(clock, data, at)
	}
	return Decoded{Dropped: "a record of a device whose kind is not known"}, nil
}

func taidocBloodPressure(clock moment, when, data []byte, short bool, at Context) (Decoded, error) {
	systolic := int64(binary.LittleEndian.Uint16(data))
	if short {
		systolic = int64(data[0])
	}
	m := at.measurement(fhirmap.BloodPressure, clock)
	if when[2]&taidocArrhythmia != 0 || when[3]&taidocIHB != 0 {
		m.Quality = []fhirmap.Quality{fhirmap.IrregularPulse}
	}
	for _, p := range []part{
		{decimal(systolic, 0), fhirmap.Systolic, "mmHg"},
		{decimal(int64(data[2]), 0), fhirmap.Diastolic, "mmHg"},
		{decimal(int64(data[3]), 0), fhirmap.HeartRate, "/min"},
	} {
		if err := m.add(p.number, p.vital, p.unit); err != nil {
			return Decoded{}, err
		}
	}
	return m.taken(), nil
}

func taidocOximetry(clock moment, data []byte, at Context) (Decoded, error) {
	m := at.measurement(fhirmap.OxygenSaturation, clock)
	if err := m.add(decimal(int64(binary.LittleEndian.Uint16(data)), 0), fhirmap.OxygenSaturation, "%"); err != nil {
		return Decoded{}, err
	}
	if err := m.add(decimal(int64(data[3]), 0), fhirmap.HeartRate, "/min"); err != nil {
		return Decoded{}, err
	}
	return m.taken(), nil
}

// The modes of a glucose record.
const taidocQualityControl = 3

var taidocMeals = map[byte]fhirmap.Meal{1: fhirmap.MealPreprandial, 2: fhirmap.MealPostprandial}

func taidocGlucose(clock moment, data []byte, at Context) (Decoded, error) {
	mode := data[3] >> 6
	if mode == taidocQualityControl {
		return Decoded{Dropped: "control solution, which is no blood"}, nil
	}
	m := at.measurement(fhirmap.BloodGlucose, clock)
	m.Meal = taidocMeals[mode]
	if err := m.add(decimal(int64(binary.LittleEndian.Uint16(data)), 0), fhirmap.BloodGlucose, "mg/dL"); err != nil {
		return Decoded{}, err
	}
	return m.taken(), nil
}
