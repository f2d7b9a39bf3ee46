package blelink

import "vitalien/fhirmap"

// multiplePackets is the flag of a measurement that is too long for one frame.
const multiplePackets = 1 << 12

// A composition reads Body Composition Measurements (2A9C; Body Composition
// Service 1.0, 3.2), of one frame or of two.
type composition struct {
	first *body
}

// body is what one or two frames told.
type body struct {
	units                                  units
	fat, muscle, muscleMass, water, weight number
	height                                 number
	user                                   *byte
	at                                     moment
}

func (c *composition) Feed(frame []byte, at Context) (Decoded, error) {
	b, more, err := readBody(frame, at)
	if err != nil {
		return Decoded{}, err
	}
	if !more {
		before := c.Flush(at)
		d, err := b.decoded(at)
		d.Taken = append(before.Taken, d.Taken...)
		return d, err
	}
	if c.first == nil || !c.first.fits(b) { // what the first one lacked is lost
		before := c.Flush(at)
		c.first = b
		return before, nil
	}
	c.first.join(b)
	return c.Flush(at), nil
}

func (c *composition) Flush(at Context) (d Decoded) {
	if c.first != nil {
		d, _ = c.first.decoded(at) // the units are ours
		c.first = nil
	}
	return d
}

func readBody(frame []byte, at Context) (b *body, more bool, err error) {
	r := &reader{rest: frame}
	flags := r.u16()
	b = &body{units: metric}
	if flags&0x01 != 0 {
		b.units = imperial
	}
	b.fat = scaled(r.u16(), 1, -1)
	if flags&0x02 != 0 {
		b.at = r.dateTime(at.Zone)
	}
	if flags&0x04 != 0 {
		b.user = new(r.u8()) // the user's number on the scale, which is nobody's identity here
	}
	if flags&0x08 != 0 {
		r.u16() // basal metabolism in kJ
	}
	mass := func() number { return scaled(r.u16(), b.units.massStep, b.units.massPlaces) }
	for _, field := range []struct {
		flag uint16
		read func()
	}{
		{1 << 4, func() { b.muscle = scaled(r.u16(), 1, -1) }},
		{1 << 5, func() { b.muscleMass = mass() }},
		{1 << 6, func() { mass() }}, // fat free
		{1 << 7, func() { mass() }}, // soft lean
		{1 << 8, func() { b.water = mass() }},
		{1 << 9, func() { r.u16() }}, // impedance in 0.1 Ω
		{1 << 10, func() { b.weight = mass() }},
		{1 << 11, func() { b.height = scaled(r.u16(), 1, b.units.lengthStep) }},
	} {
		if flags&field.flag != 0 {
			field.read()
		}
	}
	return b, flags&multiplePackets != 0, r.end()
}

// pairs are the values of two frames, side by side.
func (b *body) pairs(o *body) [][2]*number {
	return [][2]*number{
		{&b.fat, &o.fat}, {&b.muscle, &o.muscle}, {&b.muscleMass, &o.muscleMass},
		{&b.water, &o.water}, {&b.weight, &o.weight}, {&b.height, &o.height},
	}
}

// fits tells whether more can be the second frame of b's measurement: what
// both say is the same.
func (b *body) fits(more *body) bool {
	if b.units != more.units || b.user != nil && more.user != nil && *b.user != *more.user ||
		b.at != (moment{}) && more.at != (moment{}) && b.at != more.at {
		return false
	}
	for _, pair := range b.pairs(more) {
		if pair[0].value != nil && pair[1].value != nil && pair[0].value.Cmp(*pair[1].value) != 0 {
			return false
		}
	}
	return true
}

// join adds what the second frame has and the first has not.
func (b *body) join(more *body) {
	if b.at == (moment{}) {
		b.at = more.at
	}
	for _, pair := range b.pairs(more) {
		if pair[0].value == nil {
			*pair[0] = *pair[1]
		}
	}
}

func (b *body) decoded(at Context) (Decoded, error) {
	muscle := part{b.muscleMass, fhirmap.MuscleMass, b.units.mass}
	if b.muscleMass.value == nil {
		muscle = part{b.muscle, fhirmap.MuscleMass, "%"}
	}
	return at.each(b.at,
		part{b.weight, fhirmap.BodyWeight, b.units.mass},
		part{b.fat, fhirmap.BodyFat, "%"},
		part{b.water, fhirmap.BodyWater, b.units.mass},
		muscle,
		part{b.height, fhirmap.BodyHeight, b.units.length},
	)
}
