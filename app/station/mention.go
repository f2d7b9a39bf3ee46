package station

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"vitalien/fhirmap"
)

// mentions tells whether an HL7 message, whole or not, may be about who: it has
// their id as a word outside of what was measured, or their family name
// anywhere. It rather says yes once too often.
func mentions(message []byte, who *fhirmap.Patient) bool {
	text := []rune(strings.ToUpper(asText(message)))
	if found(text, []rune(strings.ToUpper(who.Family))) {
		return true
	}
	id := strings.ToUpper(who.ID)
	for _, segment := range strings.FieldsFunc(string(text), func(r rune) bool { return r == '\r' || r == '\n' }) {
		switch segment[:min(3, len(segment))] {
		case "MSH", "OBR", "OBX":
		default:
			if found([]rune(segment), []rune(id)) {
				return true
			}
		}
	}
	return false
}

// asText reads what is no UTF-8 as ISO 8859-1.
func asText(message []byte) string {
	if utf8.Valid(message) {
		return string(message)
	}
	runes := make([]rune, len(message))
	for i, b := range message {
		runes[i] = rune(b)
	}
	return string(runes)
}

// found tells whether text has word between others. A letter beyond ASCII
// stands for any, since monitors drop accents.
func found(text, word []rune) bool {
	if len(word) == 0 {
		return false
	}
	for at := 0; at+len(word) <= len(text); at++ {
		inside := at > 0 && letter(text[at-1]) || at+len(word) < len(text) && letter(text[at+len(word)])
		if !inside && alike(text[at:at+len(word)], word) {
			return true
		}
	}
	return false
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func alike(text, word []rune) bool {
	for i, r := range word {
		if text[i] != r && (r < utf8.RuneSelf || !letter(text[i])) && (text[i] < utf8.RuneSelf || !letter(r)) {
			return false
		}
	}
	return true
}
