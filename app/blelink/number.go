package blelink

import (
	"encoding/binary"
	"errors"

	"vitalien/fhirmap"
)

// A number is a SFLOAT or FLOAT of IEEE 11073-20601 (2014, 8.4 and annex F.7):
// a value with the precision it was given, or the reason why there is none.
type number struct {
	value  *fhirmap.Decimal
	absent fhirmap.Absent
}

// specials are the mantissas that are no numbers, as they stand in 12 and in
// 24 bits. What is reserved is an error, like "not at this resolution".
var specials16, specials32 = specials(0x7ff, 0x800, 0xfff), specials(0x7fffff, 0x800000, 0xffffff)

func specials(highest, lowest, mask uint32) map[uint32]fhirmap.Absent {
	return map[uint32]fhirmap.Absent{
		highest:             fhirmap.AbsentNotANumber,
		highest - 1:         fhirmap.AbsentPositiveInfinity,
		lowest:              fhirmap.AbsentError, // NRes
		(lowest + 1) & mask: fhirmap.AbsentError, // reserved
		(lowest + 2) & mask: fhirmap.AbsentNegativeInfinity,
	}
}

// utmost bounds the exponent of a FLOAT. Beyond it is no measurement, and no
// number that could be written down.
const utmost = 24

// sfloat reads 16 bits: an exponent of 4 and a mantissa of 12, both signed.
func sfloat(bits uint16) number {
	mantissa, exponent := uint32(bits&0xfff), int16(bits)>>12
	if absent := specials16[mantissa]; absent != "" && exponent == 0 {
		return number{absent: absent}
	}
	return decimal(int64(int32(mantissa<<20)>>20), int32(exponent))
}

// float reads 32 bits: an exponent of 8 and a mantissa of 24, both signed.
func float(bits uint32) number {
	mantissa, exponent := bits&0xffffff, int32(bits)>>24
	if absent := specials32[mantissa]; absent != "" && exponent == 0 {
		return number{absent: absent}
	}
	if exponent > utmost || exponent < -utmost {
		return number{absent: fhirmap.AbsentError}
	}
	return decimal(int64(int32(mantissa<<8)>>8), exponent)
}

// decimal is n × 10^exponent. Decimals keep no zeros that stand before the
// point for want of precision, so 2 × 10¹ is written 20.
func decimal(n int64, exponent int32) number {
	d := fhirmap.NewDecimal(n, exponent)
	return number{value: &d}
}

// scaled is n steps of 10^exponent each, for characteristics that count in
// steps of their own. all ones says that there is no value.
func scaled(n uint16, step int64, exponent int32) number {
	if n == 0xffff {
		return number{absent: fhirmap.AbsentError} // "measurement unsuccessful"
	}
	return decimal(int64(n)*step, exponent)
}

// in is the number, given in a unit that a device has, as a reading.
func (n number) in(t fhirmap.Type, unit string) (fhirmap.Reading, error) {
	r := fhirmap.Reading{Type: t, Absent: n.absent}
	value := fhirmap.NewDecimal(0, 0)
	if n.value != nil {
		value = *n.value
	}
	converted, ours, err := fhirmap.In(t, value, unit)
	if err != nil {
		return r, err
	}
	if r.Unit = ours; n.value != nil {
		r.Value = &converted
	}
	return r, nil
}

var errLength = errors.New("the length does not match the flags")

// A reader takes a frame apart, little endian. Once it is too short it gives
// zeros, and end says so.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.short, r.rest = true, nil
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) u8() byte       { return r.bytes(1)[0] }
func (r *reader) u16() uint16    { return binary.LittleEndian.Uint16(r.bytes(2)) }
func (r *reader) u32() uint32    { return binary.LittleEndian.Uint32(r.bytes(4)) }
func (r *reader) sfloat() number { return sfloat(r.u16()) }
func (r *reader) float() number  { return float(r.u32()) }

func (r *reader) u24() uint32 {
	b := r.bytes(3)
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

// end tells whether the frame was as long as it said.
func (r *reader) end() error {
	if r.short || len(r.rest) > 0 {
		return errLength
	}
	return nil
}
