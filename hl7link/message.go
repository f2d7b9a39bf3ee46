package hl7link

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unsafe"

	"github.com/lenaten/hl7"
	"golang.org/x/text/encoding"
)

// Delimiters are the characters that MSH-1 and MSH-2 declare (2.5.4).
type Delimiters struct{ Field, Component, Repetition, Escape, Subcomponent byte }

// A Message is a parsed HL7 message. Its texts are UTF-8 with escape
// sequences decoded.
type Message struct {
	Delimiters Delimiters
	Segments   []Segment
	// CharsetContradicted says that the bytes were not in the character set
	// that MSH-18 names.
	CharsetContradicted bool

	charset encoding.Encoding // that \X..\ stands for bytes of; nil: UTF-8
	desk    *desk
	bulky   bool // too large to be kept for a text that was read from it
}

// bulkyMessage is from where on texts are copied out of a message, in bytes.
const bulkyMessage = 16 << 10

// release ends the use of m and its segments, but not of texts that were read
// from them.
func (m *Message) release() {
	m.desk.clear()
	m.Segments, m.desk = nil, nil
}

// A Segment of a message.
type Segment struct {
	Name   string
	fields []hl7.Field
	d      Delimiters
	m      *Message
}

// maxParts bounds how many fields, components and so on a message may have:
// each costs the parser some 200 bytes, a hundred times its own.
const maxParts = 200_000

var errNoHeader = errors.New("no MSH segment")

// Parse reads one message: an MSH segment and those that follow, ended by CR,
// LF or both. A line that is no segment continues the one before it, so that a
// line break within a value cannot cut that value short.
func Parse(text []byte) (*Message, error) {
	decoded, set, contradicted := toUTF8(text)
	d, err := delimitersOf(decoded)
	if err != nil {
		return nil, err
	}
	if countParts(decoded, d) > maxParts {
		return nil, errors.New("too many fields")
	}
	m := &Message{Delimiters: d, CharsetContradicted: contradicted, charset: set, bulky: len(decoded) > bulkyMessage}
	m.parse(armourMessage(segmentLines(decoded, d), d))
	return m, nil
}

// parse has the parser take each field apart that has parts. Segments and
// fields are cut here, where armour has left nothing but separators to look at:
// the parser would spend most of its time on those without.
func (m *Message) parse(armoured []byte) {
	d := m.Delimiters
	delimiters := &hl7.Delimeters{
		DelimeterField: string([]byte{d.Component, d.Repetition, d.Escape, d.Subcomponent}),
		Field:          rune(d.Field), Component: rune(d.Component), Repetition: rune(d.Repetition),
		Escape: rune(d.Escape), SubComponent: rune(d.Subcomponent),
	}
	segments := bytes.Count(armoured, []byte{cr})
	// One field more than separators, and MSH-1, which is one itself.
	n := 2*segments + bytes.Count(armoured, []byte{d.Field}) + bytes.Count(armoured, []byte{d.Repetition})
	m.desk = deskFor(d)
	fields := slices.Grow(m.desk.fields[:0], n)
	m.Segments = make([]Segment, 0, segments)
	for line := range bytes.SplitSeq(armoured[:len(armoured)-1], []byte{cr}) {
		begin := len(fields)
		if begin > 0 {
			fields = m.cut(fields, line, 0, delimiters)
		} else { // what stands before the third field of MSH separates
			fields = append(fields, hl7.Field{SeqNum: 0, Value: line[:3]}, hl7.Field{SeqNum: 1, Value: line[3:4]})
			fields = m.cut(fields, line[8:], 2, delimiters)
			fields[2].Value = line[4:8]
		}
		m.Segments = append(m.Segments, Segment{Name: shared(fields[begin].Value), fields: fields[begin:len(fields):len(fields)], d: d, m: m})
	}
	m.desk.fields = fields
}

// cut appends the fields of a segment to fields, the first with that number.
func (m *Message) cut(fields []hl7.Field, rest []byte, number int, delimiters *hl7.Delimeters) []hl7.Field {
	result := len(rest) > 3 && string(rest[:3]) == "OBX" && rest[3] == m.Delimiters.Field
	what := &m.desk.what
	begin, end, components, parts := 0, 0, 1, false
	for {
		for end < len(rest) && what[rest[end]] == ordinary {
			end++
		}
		here := endsField
		if end < len(rest) {
			here = what[rest[end]]
		}
		if here == divides || here == dividesComponents {
			if here == dividesComponents {
				components++
			}
			parts = true
			end++
			continue
		}
		f := hl7.Field{SeqNum: number, Value: rest[begin:end]}
		switch {
		case parts && result && (number == 3 || number == 6):
			f.Components = m.desk.coded(f.Value, components, delimiters)
		case parts:
			f.Components = takeApart(f.Value, components, delimiters)
		}
		fields = append(fields, f)
		if end == len(rest) {
			return fields
		}
		if here == endsField {
			number++
		}
		end++
		begin, components, parts = end, 1, false
	}
}

// delimitersOf reads MSH-1 and MSH-2. Delimiters that MSH-2 leaves out are the
// recommended ones (2.5.4).
func delimitersOf(text string) (Delimiters, error) {
	text = strings.TrimLeft(text, "\r\n")
	if !isHeader(text) {
		return Delimiters{}, errNoHeader
	}
	field := text[3]
	declared := text[4:min(len(text), 9)]
	if end := strings.IndexFunc(declared, func(r rune) bool { return r == rune(field) || r == cr || r == lf }); end >= 0 {
		declared = declared[:end]
	}
	if declared == "" {
		return Delimiters{}, errors.New("MSH-2 is empty")
	}
	all := [5]byte{field}
	for i, usual := range []byte(`^~\&`) {
		if i < len(declared) {
			usual = declared[i]
		}
		if !isDelimiter(usual) || bytes.IndexByte(all[:i+1], usual) >= 0 {
			return Delimiters{}, errors.New("MSH-1 and MSH-2 declare no usable delimiters")
		}
		all[i+1] = usual
	}
	return Delimiters{all[0], all[1], all[2], all[3], all[4]}, nil
}

// segmentLines gives the segments of text, each one string.
func segmentLines(text string, d Delimiters) []string {
	end := "\r"
	if strings.IndexByte(text, lf) >= 0 {
		text, end = strings.ReplaceAll(text, "\r", "\n"), "\n"
	}
	lines := make([]string, 0, strings.Count(text, end)+1)
	var segment []string // the lines of the one under way
	for line := range strings.SplitSeq(text, end) {
		if line == "" {
			continue
		}
		if len(segment) > 0 && isSegment(line, d.Field) {
			lines = append(lines, strings.Join(segment, "\n"))
			segment = segment[:0]
		}
		segment = append(segment, line)
	}
	return append(lines, strings.Join(segment, "\n"))
}

func countParts(text string, d Delimiters) int {
	parts := max(strings.Count(text, "\r"), strings.Count(text, "\n")) // either ends a line, or both
	for _, c := range []byte{d.Field, d.Component, d.Repetition, d.Subcomponent} {
		parts += strings.Count(text, string(rune(c)))
	}
	return parts
}

// isSegment tells whether line looks like a segment other than MSH: three
// capitals or digits and the field separator, or nothing more.
func isSegment(line string, separator byte) bool {
	if len(line) < 3 || len(line) > 3 && line[3] != separator || line[:3] == "MSH" {
		return false
	}
	for i := range 3 {
		if c := line[i]; !(c >= 'A' && c <= 'Z') && !(i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}

func armourMessage(lines []string, d Delimiters) []byte {
	size := 0
	for _, line := range lines {
		size += len(line) + len(line)/4 + len("MSH|^~\\&\r")
	}
	out := make([]byte, 0, size)
	for i, line := range lines {
		if i == 0 {
			out = append(out, 'M', 'S', 'H', d.Field, d.Component, d.Repetition, d.Escape, d.Subcomponent)
			line = afterDelimiters(line, d)
		}
		out = append(armour(out, line, d.Escape), cr)
	}
	return out
}

// afterDelimiters is what follows MSH-2 in the header.
func afterDelimiters(header string, d Delimiters) string {
	if end := strings.IndexByte(header[4:], d.Field); end >= 0 {
		return header[4+end:]
	}
	return ""
}

// Header is the MSH segment.
func (m *Message) Header() Segment { return m.Segments[0] }

// isTest tells whether the message is no earnest: of a simulator, or of a
// monitor in training mode (MSH-11, HL7 table 0103: T, D).
func (m *Message) isTest() bool {
	mode := m.Header().Text(11)
	return mode == "T" || mode == "D"
}

// persons gives the parts of an ORU, one for each PID segment (7.3.1, the
// PATIENT_RESULT group), so that what was measured of one person is never
// read as another's. Each has the header; what stands before the first PID
// goes with it.
func (m *Message) persons() []*Message {
	if m.count("PID") < 2 {
		return []*Message{m}
	}
	var all []*Message
	seen := false
	for _, s := range m.Segments[1:] {
		if len(all) == 0 || s.Name == "PID" && seen {
			all = append(all, &Message{Delimiters: m.Delimiters, Segments: m.Segments[:1:1]})
		}
		seen = seen || s.Name == "PID"
		part := all[len(all)-1]
		part.Segments = append(part.Segments, s)
	}
	return all
}

func (m *Message) count(name string) (n int) {
	for i := range m.Segments {
		if m.Segments[i].Name == name {
			n++
		}
	}
	return n
}

// First is the first segment with that name, an empty one if there is none.
func (m *Message) First(name string) Segment {
	for i := range m.Segments {
		if m.Segments[i].Name == name {
			return m.Segments[i]
		}
	}
	return Segment{}
}

// Text is the first subcomponent of the first component of the first
// repetition of field.
func (s Segment) Text(field int) string { return s.At(field, 1, 1, 1) }

// Component is the first subcomponent of component of the first repetition of
// field.
func (s Segment) Component(field, component int) string { return s.At(field, 1, component, 1) }

// Repetitions is how often field occurs, 0 when the segment does not reach it.
func (s Segment) Repetitions(field int) int {
	n := 0
	for i := s.reach(field); i < len(s.fields) && s.fields[i].SeqNum == field; i++ {
		n++
	}
	return n
}

// reach is where field begins, or where a longer segment would have it. The
// fields are in order, and each number occurs, so it is not before its number.
func (s Segment) reach(field int) int {
	i := max(field, 0)
	for i < len(s.fields) && s.fields[i].SeqNum < field {
		i++
	}
	return i
}

// fewRepetitions bounds Repetitions to what a person or a value can have.
func (s Segment) fewRepetitions(field int) int { return min(s.Repetitions(field), 16) }

// isWhole tells whether there is one such field, and nothing in it but its first
// part.
func (s Segment) isWhole(field int) bool {
	i := s.reach(field)
	if i >= len(s.fields) || s.fields[i].SeqNum != field || i+1 < len(s.fields) && s.fields[i+1].SeqNum == field {
		return false
	}
	return s.fields[i].Components == nil || s.Subcomponents(field, 1, 1) == 1 && s.Component(field, 2) == ""
}

// Subcomponents is how many there are in that component.
func (s Segment) Subcomponents(field, repetition, component int) int {
	f := s.field(field, repetition)
	switch {
	case f == nil || component < 1:
		return 0
	case f.Components == nil && component == 1:
		return 1
	case component > len(f.Components):
		return 0
	}
	return len(f.Components[component-1].SubComponents)
}

// At is the text of one subcomponent, all counted from 1 as HL7 does; empty
// when it is not there.
func (s Segment) At(field, repetition, component, subcomponent int) string {
	f := s.field(field, repetition)
	if f == nil || component < 1 || subcomponent < 1 {
		return ""
	}
	value := f.Value
	if f.Components != nil {
		if component > len(f.Components) || subcomponent > len(f.Components[component-1].SubComponents) {
			return ""
		}
		value = f.Components[component-1].SubComponents[subcomponent-1].Value
	} else if component > 1 || subcomponent > 1 {
		return ""
	}
	if bytes.IndexByte(value, tokenStart) < 0 {
		if s.m.bulky {
			return string(value)
		}
		return shared(value)
	}
	return unescape(disarm(value), s.d, s.m.charset)
}

// shared is value as a string that shares its bytes, which nobody changes once
// they are armoured: most texts of a message are only looked at.
func shared(value []byte) string { return unsafe.String(unsafe.SliceData(value), len(value)) }

// field is a repetition of a field, nil when it is not there. One without
// components has no parts.
func (s Segment) field(field, repetition int) *hl7.Field {
	i := s.reach(field) + max(repetition-1, 0)
	if i >= len(s.fields) || s.fields[i].SeqNum != field {
		return nil
	}
	return &s.fields[i]
}
