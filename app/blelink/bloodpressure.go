package blelink

import "vitalien/fhirmap"

// bloodPressureStatus are the bits of the Measurement Status of a blood
// pressure (2A35; GATT Specification Supplement, 3.31.2); the pulse range is
// two bits wide.
var bloodPressureStatus = []statusBit{
	{0x01, 0x01, fhirmap.BodyMovement},
	{0x02, 0x02, fhirmap.CuffLoose},
	{0x04, 0x04, fhirmap.IrregularPulse},
	{0x18, 0x08, fhirmap.PulseAboveRange},
	{0x18, 0x10, fhirmap.PulseBelowRange},
	{0x20, 0x20, fhirmap.ImproperPosition},
}

// A statusBit is what a device says when the bits of mask have a value.
type statusBit struct {
	mask, value uint32
	quality     fhirmap.Quality
}

func qualities(bits uint32, table []statusBit) (list []fhirmap.Quality) {
	for _, b := range table {
		if bits&b.mask == b.value {
			list = append(list, b.quality)
		}
	}
	return list
}

// pressure is what 2A35 and 2A36 have in common.
type pressure struct {
	systolic, diastolic, mean, pulse number
	hasPulse                         bool
	unit                             string
	at                               moment
	quality                          []fhirmap.Quality
}

func readPressure(frame []byte, at Context) (p pressure, err error) {
	r := &reader{rest: frame}
	flags := r.u8()
	p.unit = "mmHg"
	if flags&0x01 != 0 {
		p.unit = "kPa"
	}
	p.systolic, p.diastolic, p.mean = r.sfloat(), r.sfloat(), r.sfloat()
	if flags&0x02 != 0 {
		p.at = r.dateTime(at.Zone)
	}
	if p.hasPulse = flags&0x04 != 0; p.hasPulse {
		p.pulse = r.sfloat()
	}
	if flags&0x08 != 0 {
		r.u8() // the user's number on the device, which is nobody's identity here
	}
	if flags&0x10 != 0 {
		p.quality = qualities(uint32(r.u16()), bloodPressureStatus)
	}
	return p, r.end()
}

// decodeBloodPressure reads a Blood Pressure Measurement (2A35; Blood Pressure
// Service 1.1.1, 3.1), in mmHg or kPa.
func decodeBloodPressure(frame []byte, at Context) (Decoded, error) {
	p, err := readPressure(frame, at)
	if err != nil {
		return Decoded{}, err
	}
	m := at.measurement(fhirmap.BloodPressure, p.at)
	m.Quality = p.quality
	for _, part := range []struct {
		number
		vital fhirmap.Type
		unit  string
		there bool
	}{
		{p.systolic, fhirmap.Systolic, p.unit, true},
		{p.diastolic, fhirmap.Diastolic, p.unit, true},
		{p.mean, fhirmap.Mean, p.unit, true},
		{p.pulse, fhirmap.HeartRate, "/min", p.hasPulse},
	} {
		if !part.there {
			continue
		}
		if err := m.add(part.number, part.vital, part.unit); err != nil {
			return Decoded{}, err
		}
	}
	return m.taken(), nil
}

// decodeCuffPressure reads an Intermediate Cuff Pressure (2A36; Blood Pressure
// Service 1.1.1, 3.2): the pressure in the cuff, which is nobody's.
func decodeCuffPressure(frame []byte, at Context) (Decoded, error) {
	p, err := readPressure(frame, at)
	if err != nil || p.systolic.value == nil {
		return Decoded{}, err
	}
	value, unit, err := fhirmap.In(fhirmap.CuffPressure, *p.systolic.value, p.unit)
	if err != nil {
		return Decoded{}, err
	}
	return Decoded{Live: &fhirmap.Live{Device: at.Device, Values: []fhirmap.LiveValue{
		{Type: fhirmap.CuffPressure, Value: &value, Unit: unit, State: fhirmap.LiveValid},
	}}}, nil
}
