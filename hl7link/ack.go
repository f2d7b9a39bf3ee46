package hl7link

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// An answer is what an acknowledgement says.
type answer struct {
	verdict
	digest   digest // of the message that is answered
	at       time.Time
	warnings []trouble // what could not be read in a message that was accepted
}

// A head is the header of a received message as it came, undecoded, so that
// what is echoed is byte for byte what the sender wrote.
type head struct {
	line string // empty: there is none that can be used
	d    Delimiters
}

// readHead never fails: what has no usable header is answered with ours.
func readHead(text []byte) head {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	line := headerLine(text)
	d, err := delimitersOf(line)
	if err != nil {
		return head{d: Delimiters{'|', '^', '~', '\\', '&'}}
	}
	return head{line, d}
}

// field is MSH-n without characters that could end a field or a segment.
func (h head) field(n int) string { return clean(headerField(h.line, n), h.d.Field) }

func (h head) component(n, component int) string {
	parts := strings.Split(h.field(n), string(rune(h.d.Component)))
	if component > len(parts) {
		return ""
	}
	return parts[component-1]
}

// clean keeps bytes above ASCII: they are in the sender's character set.
func clean(text string, separator byte) string {
	out := []byte(nil) // nil: so far nothing was left out
	for i := range len(text) {
		switch dirty := text[i] < ' ' || text[i] == 0x7F || text[i] == separator; {
		case dirty && out == nil:
			out = append(make([]byte, 0, len(text)), text[:i]...)
		case !dirty && out != nil:
			out = append(out, text[i])
		}
	}
	if out == nil {
		return text
	}
	return string(out)
}

// escape writes text of our own, ASCII, between the sender's delimiters (2.7.1).
func (h head) escape(text string) string {
	esc := string(rune(h.d.Escape))
	var out strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c < ' ' || c >= 0x7F:
		case c == h.d.Field:
			out.WriteString(esc + "F" + esc)
		case c == h.d.Component:
			out.WriteString(esc + "S" + esc)
		case c == h.d.Subcomponent:
			out.WriteString(esc + "T" + esc)
		case c == h.d.Repetition:
			out.WriteString(esc + "R" + esc)
		case c == h.d.Escape:
			out.WriteString(esc + "E" + esc)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// wanted tells whether the sender takes an answer that says so, and whether it
// is an accept acknowledgement. In original mode (MSH-15 and MSH-16 empty) every
// message is answered with AA, AE or AR. In enhanced mode (2.9.3) the sender
// names the conditions: AL always, NE never, ER on errors, SU on success. Where
// it takes an application acknowledgement, that one answer says both; where it
// only takes an accept acknowledgement, as device gateways do, the answer is CA,
// CE or CR: our CA, like our AA, means stored.
func (h head) wanted(code string) (any, accept bool) {
	atAccept, atApplication := h.field(15), h.field(16)
	if atAccept == "" && (atApplication == "" || atApplication == "NE") {
		return true, false // no sender waits for nothing
	}
	application, acceptance := takes(atApplication, code), takes(atAccept, code)
	return application || acceptance, !application
}

// takes tells whether a condition of HL7 table 0155 holds for an answer.
func takes(condition, code string) bool {
	switch condition {
	case "", "NE":
		return false
	case "ER":
		return code != "AA"
	case "SU":
		return code == "AA"
	}
	return true
}

// acknowledge builds the acknowledgement of the message text; nil when the
// sender wants none. The same message with the same answer gives the same
// bytes.
func acknowledge(text []byte, a answer) []byte {
	h := readHead(text)
	any, accept := h.wanted(a.code)
	if !any {
		return nil
	}
	code := a.code
	if accept {
		code = "C" + code[1:]
	}
	id := sha256.Sum256(append([]byte(code), a.digest[:]...))
	sep := string(rune(h.d.Field))
	header := []string{
		"MSH", string([]byte{h.d.Component, h.d.Repetition, h.d.Escape, h.d.Subcomponent}),
		h.field(5), h.field(6), h.field(3), h.field(4),
		a.at.Format("20060102150405.000-0700"), "", h.messageType(), hex.EncodeToString(id[:10]),
		orElse(h.field(11), "P"), orElse(h.field(12), "2.5.1"),
	}
	if set := h.field(18); set != "" {
		header = append(header, "", "", "", "", "", set)
	}
	msa := []string{"MSA", code, h.field(10)}
	modern := h.modern()
	if text := a.summary(); text != "" && !modern {
		msa = append(msa, h.escape(text))
	}
	lines := []string{strings.Join(header, sep), strings.Join(msa, sep)}
	if modern {
		if a.trouble.code != 0 {
			lines = append(lines, h.errSegment(a.trouble, "E"))
		}
		for _, warning := range a.warnings {
			lines = append(lines, h.errSegment(warning, "W"))
		}
	}
	return []byte(strings.Join(lines, "\r") + "\r")
}

// summary says for MSA-3 what ERR says since version 2.5, in the 80 characters
// that it may have: why the message was not accepted, or what could not be read
// in it.
func (a answer) summary() string {
	switch {
	case a.text != "":
		return a.trouble.String()
	case len(a.warnings) > 1:
		return a.warnings[0].String() + " (and others)"
	case len(a.warnings) == 1:
		return a.warnings[0].String()
	}
	return ""
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// messageType is MSH-9. Its third component came with version 2.3.1.
func (h head) messageType() string {
	sep := string(rune(h.d.Component))
	event := h.component(9, 2)
	if len(event) != 3 || strings.Trim(event, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "ACK"
	}
	if h.component(12, 1) < "2.3.1" {
		return "ACK" + sep + event
	}
	return "ACK" + sep + event + sep + "ACK"
}

// modern tells whether ERR has the fields of version 2.5. A version component
// behind 2.5 (2.5^FRA) does not matter.
func (h head) modern() bool { return h.component(12, 1) >= "2.5" || h.line == "" }

// errSegment writes ERR (2.15.5): location, code of table 0357, severity, text.
func (h head) errSegment(t trouble, severity string) string {
	component := string(rune(h.d.Component))
	location := ""
	if t.segment != "" {
		location = fmt.Sprintf("%s%s%d%s%d", t.segment, component, t.sequence, component, t.field)
	}
	code := fmt.Sprintf("%d%s%s%sHL70357", t.code, component, table0357[t.code], component)
	return strings.Join([]string{"ERR", "", location, code, severity, "", "", "", h.escape(t.text)}, string(rune(h.d.Field)))
}

var table0357 = map[int]string{
	errSegmentSequence: "Segment sequence error", errRequiredMissing: "Required field missing",
	errDataType: "Data type error", errTableValue: "Table value not found",
	errUnsupportedType: "Unsupported message type", errUnsupportedEvent: "Unsupported event code",
	errUnsupportedVer: "Unsupported version id", errInternal: "Application internal error",
}
