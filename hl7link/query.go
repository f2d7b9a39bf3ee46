package hl7link

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"vitalien/fhirmap"
)

// A query is a monitor's question who somebody is.
type query struct {
	event string // R02, answered with ORF^R04, or A19, answered with ADR^A19
	id    string // QRD-8
}

// readQuery reads QRY^R02 and QRY^A19 (5.10 of version 2.3.1).
func (d *decoded) readQuery(m *Message, event string) {
	if m.First("QRD").Name == "" {
		d.verdict = verdict{"AE", trouble{errSegmentSequence, "QRD", 1, 1, "no query definition"}}
		return
	}
	d.query = &query{event, value(m.First("QRD").Text(8))}
}

// lookUp answers a query from the directory. Only the one patient who has that
// very id is an answer.
func (c *connection) lookUp(ctx context.Context, text []byte, q query) (reply []byte, failed error) {
	var p *fhirmap.Patient
	if q.id != "" {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.RecordTimeout)
		defer cancel()
		p, failed = c.Directory.FindPatient(ctx, q.id)
	}
	if p != nil && p.ID != "" && p.ID != q.id {
		p = nil
	}
	f := found(q, p, failed)
	c.log.Info("patient look-up", "event", q.event, "found", p != nil && failed == nil, "failed", failed != nil)
	return f.write(text, q, c.now()), failed
}

// A finding is what a query is answered with.
type finding struct {
	code, text string
	patient    *fhirmap.Patient // nil: nobody
}

// found says what was found in the words that the monitors know: those of
// Comen's NC5 for R02, those of Mindray's gateway for A19.
func found(q query, p *fhirmap.Patient, failed error) finding {
	switch {
	case failed != nil:
		return finding{code: "AE", text: "Patient lookup unavailable"}
	case p == nil && q.event == "A19":
		return finding{code: "AA", text: "The patient is not found!"}
	case p == nil:
		return finding{code: "AE", text: "Patient not found"}
	case q.event == "A19":
		return finding{"AA", "The Patient is Found", p}
	}
	return finding{"AA", "", p}
}

// write builds the answer to the query in text: header, MSA, the query's own
// QRD and QRF, and the person.
func (f finding) write(text []byte, q query, now time.Time) []byte {
	h := readHead(text)
	sep, component := string(rune(h.d.Field)), string(rune(h.d.Component))
	body := []string{strings.Join(f.msa(h), sep)}
	for _, name := range []string{"QRD", "QRF"} {
		if line := rawSegment(text, name, h.d.Field); line != "" {
			body = append(body, clean(line, 0))
		}
	}
	set, name := h.charset()
	if p := f.patient; p != nil {
		pid := []string{"PID", "", "", h.escapeText(q.id), "", h.escapeText(p.Family) + component + h.escapeText(p.Given), "",
			strings.ReplaceAll(p.BirthDate, "-", ""), genderCodes[p.Sex]}
		lines := strings.Join(pid, sep)
		encoded, ok := encode(lines, set)
		if !ok { // the monitor is told so in MSH-18
			encoded, name = lines, "UNICODE UTF-8"
		}
		if name == "" && !isASCII(lines) && set == nil {
			name = "UNICODE UTF-8"
		}
		body = append(body, encoded, strings.Join([]string{"PV1", "", "I"}, sep))
	}
	kind := map[string]string{"R02": "ORF" + component + "R04", "A19": "ADR" + component + "A19"}[q.event]
	id := sha256.Sum256(append([]byte(strings.Join(body, "\r")), text...))
	header := []string{
		"MSH", string([]byte{h.d.Component, h.d.Repetition, h.d.Escape, h.d.Subcomponent}),
		h.field(5), h.field(6), h.field(3), h.field(4), now.Format("20060102150405.000-0700"), "", kind,
		hex.EncodeToString(id[:10]), orElse(h.field(11), "P"), orElse(h.field(12), "2.5.1"),
	}
	if name != "" {
		header = append(header, "", "", "", "", "", name)
	}
	return []byte(strings.Join(header, sep) + "\r" + strings.Join(body, "\r") + "\r")
}

func (f finding) msa(h head) []string {
	msa := []string{"MSA", f.code, h.field(10)}
	if f.text != "" {
		msa = append(msa, f.text)
	}
	return msa
}

// rawSegment is the first segment of that name as it came, undecoded.
func rawSegment(text []byte, name string, separator byte) string {
	for line := range bytes.FieldsFuncSeq(text, func(r rune) bool { return r == cr || r == lf }) {
		if len(line) > 3 && string(line[:3]) == name && line[3] == separator {
			return string(line)
		}
	}
	return ""
}

// genderCodes are HL7 table 0001 by FHIR administrative gender.
var genderCodes = map[string]string{"male": "M", "female": "F", "other": "O", "unknown": "U"}

// charset is the character set of an answer, nil for UTF-8, and the name that
// the asker gave it. A Mindray monitor without MSH-18 reads single bytes.
func (h head) charset() (encoding.Encoding, string) {
	names := charsetNames([]byte(h.line))
	set := lookupCharset(names)
	if set == nil && len(names) == 0 && mindrayHeader(h.line) {
		return charmap.Windows1252, ""
	}
	if set == nil && len(names) > 0 && !strings.Contains(names[0], "UTF-8") {
		return nil, "" // ASCII, or what means nothing
	}
	return set, h.field(18)
}

func encode(text string, set encoding.Encoding) (string, bool) {
	if set == nil || isASCII(text) {
		return text, true
	}
	encoded, err := set.NewEncoder().String(text)
	return encoded, err == nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// escapeText is escape for text that is not ASCII alone.
func (h head) escapeText(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r < 0x80 {
			out.WriteString(h.escape(string(r)))
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}
