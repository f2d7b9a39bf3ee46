package blelink

import (
	"encoding/binary"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// Characteristics of the Glucose Service 1.0.1.
var (
	glucoseMeasurement = UUID16("2a18")
	glucoseContext     = UUID16("2a34")
)

// What is no blood is said by the sample type or by the place it came from.
const (
	controlSolution     = 10
	fromControlSolution = 4
)

// Offsets of a time that ran over.
const (
	timeOverrun  = 1<<15 - 1
	timeUnderrun = -1 << 15
)

// glucoseSamples are the sample types of a meter (GATT Specification
// Supplement, 3.102.2).
var glucoseSamples = map[byte]fhirmap.Code{
	1: fhirmap.CapillaryWholeBlood, 2: fhirmap.CapillaryPlasma,
	3: fhirmap.VenousWholeBlood, 4: fhirmap.VenousPlasma,
	5: fhirmap.ArterialWholeBlood, 6: fhirmap.ArterialPlasma,
	7: fhirmap.UndeterminedWholeBlood, 8: fhirmap.UndeterminedPlasma,
	9: fhirmap.InterstitialFluid,
}

// glucoseStatus are the bits of the Sensor Status Annunciation (3.102.3).
var glucoseStatus = []statusBit{
	{1 << 0, 1 << 0, fhirmap.BatteryLow},
	{1 << 1, 1 << 1, fhirmap.SensorMalfunction},
	{1 << 2, 1 << 2, fhirmap.SampleTooSmall},
	{1 << 3, 1 << 3, fhirmap.StripInsertion},
	{1 << 4, 1 << 4, fhirmap.StripType},
	{1 << 5, 1 << 5, fhirmap.ResultTooHigh},
	{1 << 6, 1 << 6, fhirmap.ResultTooLow},
	{1 << 7, 1 << 7, fhirmap.SensorTooWarm},
	{1 << 8, 1 << 8, fhirmap.SensorTooCold},
	{1 << 9, 1 << 9, fhirmap.SensorReadInterrupt},
	{1 << 10, 1 << 10, fhirmap.DeviceFault},
	{1 << 11, 1 << 11, fhirmap.TimeFault},
}

// mealsOfContext are the meals of a Glucose Measurement Context (3.103.4).
var mealsOfContext = map[byte]fhirmap.Meal{
	1: fhirmap.MealPreprandial, 2: fhirmap.MealPostprandial, 3: fhirmap.MealFasting, 4: fhirmap.MealCasual, 5: fhirmap.MealBedtime,
}

// A glucose decoder reads Glucose Measurements (2A18; Glucose Service 1.0.1,
// 3.1), and holds back one whose context follows.
type glucose struct {
	held *Taken
}

// Feed implements Decoder. A context of the measurement held back may come the
// same way, for exchanges that were written down in one.
func (g *glucose) Feed(frame []byte, at Context) (Decoded, error) {
	if g.held != nil && len(frame) >= 3 && binary.LittleEndian.Uint16(frame[1:]) == *g.held.Sequence {
		return g.Context().Feed(frame, at)
	}
	next, followed, err := readGlucose(frame, at)
	if err != nil {
		return Decoded{}, err
	}
	d := g.Flush(at)
	switch {
	case next.Dropped != "":
		d.Dropped = next.Dropped
	case followed && len(next.Taken) == 1:
		g.held = &next.Taken[0]
	default:
		d.Taken = append(d.Taken, next.Taken...)
	}
	return d, nil
}

// Flush implements Decoder.
func (g *glucose) Flush(Context) (d Decoded) {
	if g.held != nil {
		d.Taken, g.held = []Taken{*g.held}, nil
	}
	return d
}

// Context is the decoder of the contexts (2A34; 3.2) of g's measurements.
func (g *glucose) Context() Decoder { return &glucoseContexts{g} }

type glucoseContexts struct{ of *glucose }

func (c *glucoseContexts) Feed(frame []byte, at Context) (Decoded, error) {
	sequence, meal, err := readContext(frame)
	if err != nil {
		return Decoded{}, err
	}
	if held := c.of.held; held != nil && *held.Sequence == sequence {
		held.Meal = meal
	}
	return c.of.Flush(at), nil
}

func (c *glucoseContexts) Flush(Context) Decoded { return Decoded{} }

func readGlucose(frame []byte, at Context) (d Decoded, followed bool, err error) {
	r := &reader{rest: frame}
	flags := r.u8()
	sequence, when := r.u16(), r.dateTime(at.Zone)
	if flags&0x01 != 0 { // what people have set the clock to since
		when = when.shifted(int(int16(r.u16())))
	}
	var value number
	var kind, place byte
	if flags&0x02 != 0 {
		value = r.concentration(flags&0x04 != 0)
		nibbles := r.u8()
		kind, place = nibbles&0x0f, nibbles>>4
	}
	var quality []fhirmap.Quality
	if flags&0x08 != 0 {
		quality = qualities(uint32(r.u16()), glucoseStatus)
	}
	if err := r.end(); err != nil {
		return Decoded{}, false, err
	}
	if kind == controlSolution || place == fromControlSolution {
		return Decoded{Dropped: "control solution, which is no blood"}, false, nil
	}
	if flags&0x02 == 0 {
		return Decoded{Dropped: "a record without a concentration"}, false, nil
	}
	m := at.measurement(fhirmap.BloodGlucose, when)
	unit := "mg/dL"
	if flags&0x04 != 0 {
		unit = "mmol/L"
	}
	if err := m.add(value, fhirmap.BloodGlucose, unit); err != nil {
		return Decoded{}, false, err
	}
	m.Readings[0].MDC, m.Quality = glucoseSamples[kind], quality
	if slices.ContainsFunc(quality, func(q fhirmap.Quality) bool { return q != fhirmap.BatteryLow && q != fhirmap.TimeFault }) {
		m.Status = fhirmap.StatusPreliminary // the meter does not stand by it
	}
	d = m.taken()
	for i := range d.Taken {
		d.Taken[i].Sequence = &sequence
	}
	return d, flags&0x10 != 0, nil
}

// concentration reads a concentration in kg/L or mol/L, and gives it in mg/dL
// or mmol/L, which moves the point alone.
func (r *reader) concentration(moles bool) number {
	bits := r.u16()
	n := sfloat(bits)
	if n.value == nil {
		return n
	}
	shift := int32(5)
	if moles {
		shift = 3
	}
	return decimal(int64(int16(bits<<4)>>4), int32(int16(bits)>>12)+shift)
}

// shifted moves the hands of the clock by so many minutes, over a change to
// summer time as well.
func (m moment) shifted(minutes int) moment {
	if m.unknown || minutes == timeOverrun || minutes == timeUnderrun {
		return moment{unknown: true}
	}
	t := m.time
	return moment{time: time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute()+minutes, t.Second(), 0, t.Location())}
}

func readContext(frame []byte) (sequence uint16, meal fhirmap.Meal, err error) {
	r := &reader{rest: frame}
	flags := r.u8()
	sequence = r.u16()
	if flags&0x80 != 0 {
		r.u8() // extended flags
	}
	if flags&0x01 != 0 {
		r.bytes(3) // carbohydrate
	}
	if flags&0x02 != 0 {
		meal = mealsOfContext[r.u8()]
	}
	for _, field := range []struct {
		flag byte
		size int
	}{
		{0x04, 1}, // tester and health
		{0x08, 3}, // exercise
		{0x10, 3}, // medication
		{0x40, 2}, // HbA1c
	} {
		if flags&field.flag != 0 {
			r.bytes(field.size)
		}
	}
	return sequence, meal, r.end()
}
