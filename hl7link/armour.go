package hl7link

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// The parser below this package counts runes and indexes bytes, drops what
// follows an escape character, and ends at NUL. Armour hides from it everything
// but printable ASCII, delimiters and CR.
const (
	tokenStart = 0x02
	tokenEnd   = 0x03
)

// armour appends text to out with every other rune replaced by a token: its
// number in hexadecimal between two control characters. Escape characters are
// hidden too: HL7 escapes never cover a delimiter (2.7).
func armour(out []byte, text string, escape byte) []byte {
	for {
		n := plainPrefix(text, escape)
		out = append(out, text[:n]...)
		if n == len(text) {
			return out
		}
		r, size := utf8.DecodeRuneInString(text[n:])
		out = append(out, tokenStart)
		out = strconv.AppendInt(out, int64(r), 16)
		out = append(out, tokenEnd)
		text = text[n+size:]
	}
}

// plainPrefix is the length of what needs no token.
func plainPrefix(text string, escape byte) int {
	for i := range len(text) {
		if c := text[i]; c != cr && (c < ' ' || c >= 0x7F || c == escape) {
			return i
		}
	}
	return len(text)
}

// disarm undoes armour.
func disarm(armoured []byte) string {
	var plain strings.Builder
	for i := 0; i < len(armoured); i++ {
		if armoured[i] != tokenStart {
			plain.WriteByte(armoured[i])
			continue
		}
		var r rune
		for i++; i < len(armoured) && armoured[i] != tokenEnd; i++ {
			r = r<<4 | hexDigit(armoured[i])
		}
		plain.WriteRune(r)
	}
	return plain.String()
}

// hexDigit is the value of a hexadecimal digit, -1 for another character.
func hexDigit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// unescape decodes the escape sequences of text (2.7), bytes in hexadecimal from
// set. What is no sequence stays as it stands.
func unescape(text string, d Delimiters, set encoding.Encoding) string {
	if strings.IndexByte(text, d.Escape) < 0 {
		return text
	}
	var plain strings.Builder
	for {
		before, rest, found := strings.Cut(text, string(rune(d.Escape)))
		plain.WriteString(before)
		if !found {
			return plain.String()
		}
		sequence, after, closed := strings.Cut(rest, string(rune(d.Escape)))
		meaning, known := d.meaning(sequence, set)
		if !closed || !known {
			plain.WriteByte(d.Escape)
			text = rest
			continue
		}
		plain.WriteString(meaning)
		text = after
	}
}

// meaning is what the escape sequence stands for (2.7.1 to 2.7.6). Highlighting
// and changes of character set mean nothing here.
func (d Delimiters) meaning(sequence string, set encoding.Encoding) (string, bool) {
	switch sequence {
	case "F":
		return string(rune(d.Field)), true
	case "S":
		return string(rune(d.Component)), true
	case "T":
		return string(rune(d.Subcomponent)), true
	case "R":
		return string(rune(d.Repetition)), true
	case "E":
		return string(rune(d.Escape)), true
	case "H", "N":
		return "", true
	}
	switch {
	case sequence == "":
		return "", false
	case sequence[0] == 'X':
		return hexText(sequence[1:], set)
	case strings.HasPrefix(sequence, ".br"), strings.HasPrefix(sequence, ".sp"), sequence == ".ce":
		return "\n", true
	case sequence == ".fi", sequence == ".nf", strings.HasPrefix(sequence, ".in"), strings.HasPrefix(sequence, ".ti"):
		return "", true
	case strings.HasPrefix(sequence, ".sk"):
		return " ", true
	}
	return "", false
}

// hexText is the text of bytes in hexadecimal, in the character set of the
// message.
func hexText(digits string, set encoding.Encoding) (string, bool) {
	if len(digits) == 0 || len(digits)%2 != 0 {
		return "", false
	}
	out := make([]byte, 0, len(digits)/2)
	for i := 0; i < len(digits); i += 2 {
		high, low := hexDigit(digits[i]), hexDigit(digits[i+1])
		if high < 0 || low < 0 {
			return "", false
		}
		out = append(out, byte(high<<4|low))
	}
	if set != nil {
		if decoded, err := set.NewDecoder().String(string(out)); err == nil {
			return decoded, true
		}
	}
	decoded, _, _ := toUTF8(out)
	return decoded, true
}
