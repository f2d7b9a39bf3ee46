package fhirmap

import (
	"strconv"
	"unicode/utf8"
)

// The JSON of events is written by hand: they are encoded by the thousand when
// the memory of a device is read out, and reflection takes most of that time.

const hexadecimal = "0123456789abcdef"

// appendString appends text as a JSON string (RFC 8259, section 7). What is not
// UTF-8 becomes U+FFFD.
func appendString(b []byte, text string) []byte {
	b = append(b, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexadecimal[c>>4], hexadecimal[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			b = utf8.AppendRune(b, r)
			i += size - 1
		}
		i++
	}
	return append(b, '"')
}

// Append appends the number in plain notation, with its precision, to b.
func (d *Decimal) Append(b []byte) []byte {
	if d.d.IsZero() && d.d.Exponent > 0 { // apd writes 0 × 10 as "00"
		return append(b, '0')
	}
	places := -d.d.Exponent
	n, small := d.whole(d.d.Exponent)
	if !small || n < 0 || places < 0 || places > 6 || d.d.Negative {
		return d.d.Append(b, 'f')
	}
	// What nearly all are, the short way.
	unit := int64(1)
	for range places {
		unit *= 10
	}
	b = strconv.AppendInt(b, n/unit, 10)
	if places == 0 {
		return b
	}
	b = append(b, '.')
	for n %= unit; unit > 1; n %= unit {
		unit /= 10
		b = append(b, '0'+byte(n/unit))
	}
	return b
}

func appendCoding(b []byte, c Coding) []byte {
	b = appendString(append(b, `{"code":`...), c.Code)
	b = appendString(append(b, `,"display":`...), c.Display)
	b = appendString(append(b, `,"system":`...), c.System)
	return append(b, '}')
}

// appendReference appends what of r is not empty, but no extension.
func appendReference(b []byte, r *Reference) []byte {
	b = appendMember(append(b, '{'), `"reference":`, r.Reference)
	if r.Identifier != nil {
		b = append(appendComma(b), `"identifier":{`...)
		b = appendMember(b, `"system":`, r.Identifier.System)
		b = append(appendMember(b, `"value":`, r.Identifier.Value), '}')
	}
	return append(appendMember(b, `"display":`, r.Display), '}')
}

// appendMember appends a member of an object that has been opened, unless it is
// empty.
func appendMember(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendString(append(appendComma(b), name...), text)
}

func appendComma(b []byte) []byte {
	if b[len(b)-1] == '{' {
		return b
	}
	return append(b, ',')
}
