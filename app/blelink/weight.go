package blelink

import "vitalien/fhirmap"

// A system of units, which scales have: steps are as GATT Specification
// Supplement 3.43 and 3.238 say.
type units struct {
	mass       string
	massStep   int64 // of 10^massPlaces
	massPlaces int32
	length     string
	lengthStep int32 // 10^lengthStep
}

var (
	metric   = units{"kg", 5, -3, "m", -3}
	imperial = units{"lb", 1, -2, "[in_i]", -1}
)

// decodeWeight reads a Weight Measurement (2A9D; Weight Scale Service 1.0,
// 3.2). The height is what somebody has typed into the scale.
func decodeWeight(frame []byte, at Context) (Decoded, error) {
	r := &reader{rest: frame}
	flags := r.u8()
	u := metric
	if flags&0x01 != 0 {
		u = imperial
	}
	weight := scaled(r.u16(), u.massStep, u.massPlaces)
	var when moment
	if flags&0x02 != 0 {
		when = r.dateTime(at.Zone)
	}
	if flags&0x04 != 0 {
		r.u8() // the user's number on the scale, which is nobody's identity here
	}
	var index, height number
	if flags&0x08 != 0 {
		index, height = scaled(r.u16(), 1, -1), scaled(r.u16(), 1, u.lengthStep)
	}
	if err := r.end(); err != nil {
		return Decoded{}, err
	}
	if weight.value == nil {
		return Decoded{Dropped: "the scale could not measure"}, nil
	}
	return at.each(when,
		part{weight, fhirmap.BodyWeight, u.mass},
		part{index, fhirmap.BodyMassIndex, "kg/m2"},
		part{height, fhirmap.BodyHeight, u.length},
	)
}

// A part is a value that becomes a measurement of its own.
type part struct {
	number
	vital fhirmap.Type
	unit  string
}

// each makes a measurement of each part that has a value. Nothing of zero has
// been measured: scales fill a field that they do not know with it.
func (at Context) each(when moment, parts ...part) (d Decoded, err error) {
	for _, p := range parts {
		if p.value == nil || p.value.Cmp(fhirmap.Decimal{}) == 0 {
			continue
		}
		m := at.measurement(p.vital, when)
		if err := m.add(p.number, p.vital, p.unit); err != nil {
			return Decoded{}, err
		}
		if p.vital == fhirmap.BodyHeight {
			m.Origin = fhirmap.OriginAdmission
		}
		d.Taken = append(d.Taken, m.taken().Taken...)
	}
	if d.Taken == nil {
		d.Dropped = "the scale could not measure"
	}
	return d, nil
}
