package station

import (
	"encoding/binary"
	"slices"

	"vitalien/fhirmap"
)

// figures are the numbers of an Observation as a plot needs them: of a pressure
// the systolic, the diastolic and the mean, else the value alone. They have the
// digits that the device sent; a number that does not fit is left out.
type figures struct {
	digits [3]int32
	places [3]uint8 // behind the point
	flags  uint8
}

// The flags of figures: which there are, and what they are worth.
const (
	figureHigh  = 1 << 0 // of a pressure the systolic, else the value
	figureLow   = 1 << 1
	figureMean  = 1 << 2
	figureKinds = figureHigh | figureLow | figureMean
	unitShift   = 3      // two bits: the place in fhirmap.Vital.Units
	otherUnit   = 3      // none of these
	figureDoubt = 1 << 5 // implausible
	figureError = 1 << 6 // recorded in error
	figureGone  = 1 << 7 // the row keeps a place in the catalogue and stands for nothing
	mostPlaces  = 9
)

// pressureParts are the readings of a pressure in the order of figures.
var pressureParts = map[fhirmap.Type][3]fhirmap.Type{
	fhirmap.BloodPressure:    {fhirmap.Systolic, fhirmap.Diastolic, fhirmap.Mean},
	fhirmap.ArterialPressure: {fhirmap.ArterialSystolic, fhirmap.ArterialDiastolic, fhirmap.ArterialMean},
}

// figuresOf are those of the Observation of m that is about t.
func figuresOf(m *fhirmap.Recorded, t fhirmap.Type) (f figures) {
	parts, pressure := pressureParts[t]
	if !pressure {
		parts = [3]fhirmap.Type{t}
	}
	unit := -1
	for i, part := range parts {
		r := m.Reading(part)
		if part == "" || r == nil || r.Value == nil {
			continue
		}
		digits, places, ok := digitsOf(r.Value)
		if !ok {
			continue
		}
		at := unitOf(r)
		if unit < 0 {
			unit = at
		}
		if unit != at {
			unit = otherUnit
		}
		f.digits[i], f.places[i] = digits, places
		f.flags |= 1 << i
	}
	if unit >= 0 {
		f.flags |= uint8(unit) << unitShift
	}
	if m.Implausible {
		f.flags |= figureDoubt
	}
	if m.Discarded {
		f.flags |= figureError
	}
	return f
}

// digitsOf are the digits of d and how many stand behind the point.
func digitsOf(d *fhirmap.Decimal) (digits int32, places uint8, ok bool) {
	coefficient, exponent, ok := d.Parts()
	for ; ok && exponent > 0; exponent-- {
		coefficient *= 10
		ok = int64(int32(coefficient)) == coefficient
	}
	if !ok || exponent < -mostPlaces || int64(int32(coefficient)) != coefficient {
		return 0, 0, false
	}
	return int32(coefficient), uint8(-exponent), true
}

// unitOf is the place of a reading's unit among those of its kind.
func unitOf(r *fhirmap.Reading) int {
	vital, _ := fhirmap.Lookup(r.Type)
	at := slices.IndexFunc(vital.Units, func(u fhirmap.Unit) bool { return u.UCUM == r.Unit.UCUM })
	if at < 0 || at >= otherUnit {
		return otherUnit
	}
	return at
}

func (f *figures) has(kind uint8) bool { return f.flags&kind != 0 }

func (f *figures) unit() int { return int(f.flags >> unitShift & otherUnit) }

func (f *figures) append(b []byte) []byte {
	b = append(b, f.flags)
	for i := range f.digits {
		if f.has(1 << i) {
			b = binary.AppendVarint(b, int64(f.digits[i]))
			b = binary.AppendUvarint(b, uint64(f.places[i]))
		}
	}
	return b
}

func (d *varints) figures() (f figures) {
	f.flags = d.octet()
	if f.flags&figureKinds == 0 {
		return f
	}
	for i := range f.digits {
		if f.flags&(1<<i) == 0 {
			continue
		}
		digits, places := d.signed(), d.unsigned()
		if int64(int32(digits)) != digits || places > mostPlaces {
			d.failed = true
			return f
		}
		f.digits[i], f.places[i] = int32(digits), uint8(places)
	}
	return f
}
