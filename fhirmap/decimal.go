package fhirmap

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// maxDigits bounds the length of a number that a device can send. IEEE
// 11073-20601 FLOAT carries 7 significant digits and an exponent of at most
// 127; no vital sign needs more.
const maxDigits = 40

// A Decimal is a number with the precision it was written with: 2.0 is not
// 2.00 (FHIR R4, datatypes, decimal). The zero value is 0.
type Decimal struct{ d apd.Decimal }

var arithmetic = apd.BaseContext.WithPrecision(maxDigits)

// ParseDecimal reads a plain decimal number as HL7 v2 NM writes it (section
// 2.A.47: optional sign, digits, optional point), or one with an exponent.
// It refuses what is no finite number and what is longer than 40 characters in
// plain notation.
func ParseDecimal(text string) (Decimal, error) {
	if len(text) > maxDigits {
		return Decimal{}, fmt.Errorf("number of %d characters: at most %d", len(text), maxDigits)
	}
	if !isDecimal(text) {
		return Decimal{}, fmt.Errorf("%q is not a decimal number", text)
	}
	d, _, err := apd.NewFromString(text)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q is not a decimal number", text)
	}
	parsed := Decimal{*d}
	if err := parsed.check(); err != nil {
		return Decimal{}, err
	}
	return parsed, nil
}

// isDecimal tells whether text is [+-] digits [. digits] [e [+-] digits], with a
// digit before or behind the point. apd takes more, such as ".-7".
func isDecimal(text string) bool {
	mantissa, exponent, scientific := text, "", false
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent, scientific = text[:i], text[i+1:], true
	}
	whole, fraction, _ := strings.Cut(unsigned(mantissa), ".")
	return whole+fraction != "" && isDigits(whole) && isDigits(fraction) &&
		(!scientific || unsigned(exponent) != "" && isDigits(unsigned(exponent)))
}

func unsigned(text string) string {
	if text != "" && (text[0] == '+' || text[0] == '-') {
		return text[1:]
	}
	return text
}

func isDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// check holds what ParseDecimal demands: a number that it would not read again
// must not be stored.
func (d Decimal) check() error {
	e := d.d.Exponent
	if _, small := d.whole(e); small && e <= 0 && e > -20 {
		return nil
	}
	var buffer [maxDigits + 1]byte
	if e > maxDigits || e < -maxDigits || len(d.Append(buffer[:0])) > maxDigits {
		return fmt.Errorf("number of more than %d characters", maxDigits)
	}
	return nil
}

// MustDecimal is ParseDecimal for constants in tables; it panics on an error.
func MustDecimal(text string) Decimal {
	d, err := ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return d
}

// NewDecimal is coefficient × 10^exponent, as IEEE 11073 FLOAT and SFLOAT
// express a number: NewDecimal(200, -2) is 2.00.
func NewDecimal(coefficient int64, exponent int32) Decimal {
	return Decimal{*apd.New(coefficient, exponent)}
}

// Parts are what NewDecimal makes d of; false for a number of more digits than
// a coefficient holds.
func (d Decimal) Parts() (coefficient int64, exponent int32, ok bool) {
	if d.d.Form != apd.Finite || !d.d.Coeff.IsInt64() {
		return 0, 0, false
	}
	coefficient = d.d.Coeff.Int64()
	if d.d.Negative {
		coefficient = -coefficient
	}
	return coefficient, d.d.Exponent, true
}

// String is the number in plain notation, with its precision: "36.60".
func (d Decimal) String() string {
	var buffer [maxDigits + 1]byte
	return string(d.Append(buffer[:0]))
}

// Places is the number of digits behind the point.
func (d Decimal) Places() int {
	if d.d.Exponent >= 0 {
		return 0
	}
	return int(-d.d.Exponent)
}

// Cmp is -1, 0 or 1 as d is smaller than, equal to or larger than o. 2.0 and
// 2.00 are equal.
func (d Decimal) Cmp(o Decimal) int {
	if a, ok := d.whole(o.d.Exponent); ok {
		if b, ok := o.whole(d.d.Exponent); ok {
			return cmp.Compare(a, b)
		}
	}
	return d.d.Cmp(&o.d)
}

// whole is how many units of the last place, of d or of a number with that
// exponent, whichever is the smaller, d consists of. It is false for numbers of
// more digits than a measurement has.
func (d *Decimal) whole(exponent int32) (int64, bool) {
	const most = 1 << 40
	shift := d.d.Exponent - exponent
	if d.d.Form != apd.Finite || !d.d.Coeff.IsInt64() || shift > 6 || shift < -6 {
		return 0, false
	}
	n := d.d.Coeff.Int64()
	if n < 0 || n > most {
		return 0, false
	}
	for ; shift > 0; shift-- {
		n *= 10
	}
	if d.d.Negative {
		n = -n
	}
	return n, true
}

// Float64 is the nearest float64, for drawing only: it loses the precision.
func (d Decimal) Float64() float64 {
	if n, small := d.whole(d.d.Exponent); small && d.d.Exponent <= 0 && d.Places() < len(powers) {
		return float64(n) / powers[d.Places()] // both are exact, so this is the nearest
	}
	f, _ := d.d.Float64()
	return f
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}

// linear is (d + before) × factor + after, rounded half up to places digits.
func (d Decimal) linear(before, factor, after Decimal, places int) (Decimal, error) {
	var r apd.Decimal
	if _, err := arithmetic.Add(&r, &d.d, &before.d); err != nil {
		return Decimal{}, err
	}
	if _, err := arithmetic.Mul(&r, &r, &factor.d); err != nil {
		return Decimal{}, err
	}
	if _, err := arithmetic.Add(&r, &r, &after.d); err != nil {
		return Decimal{}, err
	}
	if _, err := arithmetic.Quantize(&r, &r, int32(-places)); err != nil {
		return Decimal{}, err
	}
	return Decimal{r}, Decimal{r}.check()
}

// MarshalJSON writes a JSON number with the precision kept.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a JSON number with its precision.
func (d *Decimal) UnmarshalJSON(text []byte) error {
	parsed, err := ParseDecimal(string(bytes.TrimSpace(text)))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
