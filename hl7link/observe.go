package hl7link

import (
	"fmt"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// An observation is one OBX segment that a dialect recognised.
type observation struct {
	term
	code    string // as the device wrote it
	reading fhirmap.Reading
	status  fhirmap.Status
	stamp
	order  int    // which OBR it stands under
	sub    string // OBX-4
	device fhirmap.Device
}

// A trouble is why something in a message could not be read: a code of HL7
// table 0357 and the place. Its text holds nothing of the message.
type trouble struct {
	code     int
	segment  string
	sequence int // which segment of that name, from 1
	field    int
	text     string
}

// Codes of HL7 table 0357, message error condition codes.
const (
	errSegmentSequence  = 100
	errRequiredMissing  = 101
	errDataType         = 102
	errTableValue       = 103
	errUnsupportedType  = 200
	errUnsupportedEvent = 201
	errUnsupportedVer   = 203
	errInternal         = 207
)

func (t trouble) String() string {
	if t.segment == "" {
		return t.text
	}
	return fmt.Sprintf("%s[%d]-%d: %s", t.segment, t.sequence, t.field, t.text)
}

// reader reads the observations of one message.
type reader struct {
	m        *Message
	zone     *time.Location
	dialects []*dialect
	device   fhirmap.Device // of the message, until an OBX-18 names another
	sequence int            // number of the last OBX
	order    int            // number of the last OBR

	found    []observation
	troubles []trouble
}

// read collects the observations of all OBX segments.
func (r *reader) read() {
	message := stamp{time: parseTime(r.m.Header().Text(7), r.zone)}
	order, device := stamp{}, r.device
	for _, s := range r.m.Segments {
		switch s.Name {
		case "OBR":
			r.order++
			order, device = readTime(s.Text(7), r.zone), r.device
		case "OBX":
			if r.sequence++; r.sequence > maxObservations {
				return
			}
			if own, named := obxDevice(s, r.device); named {
				device = own
			}
			o, recognised, wrong := r.observe(s)
			if !recognised {
				continue
			}
			r.complain(wrong, "OBX", r.sequence)
			o.order, o.device = r.order, device
			r.date(&o, readTime(s.Text(14), r.zone), order, message)
			r.found = append(r.found, o)
		}
	}
}

// date gives o the first time that the device wrote: its own (OBX-14), that of
// its order (OBR-7), or that of the message (MSH-7). One that cannot be read
// hides the later ones, which may be years from it.
func (r *reader) date(o *observation, own, order, message stamp) {
	segment, sequence, field := "OBX", r.sequence, 14
	switch {
	case own.given():
		o.stamp = own
	case order.given():
		o.stamp = order
		segment, sequence, field = "OBR", r.order, 7
	default:
		o.stamp = message
	}
	if o.unread != "" && o.reading.Value != nil {
		r.complain(trouble{code: errDataType, field: field, text: "time of a measurement cannot be read"}, segment, sequence)
	}
}

// complain notes a trouble once.
func (r *reader) complain(t trouble, segment string, sequence int) {
	t.segment, t.sequence = segment, sequence
	if t.code != 0 && (len(r.troubles) == 0 || r.troubles[len(r.troubles)-1] != t) {
		r.troubles = append(r.troubles, t)
	}
}

// observe reads one OBX. It is not recognised when it is no vital sign of
// ours, or says that there is nothing.
func (r *reader) observe(s Segment) (o observation, recognised bool, wrong trouble) {
	meaning, code, speakers := r.recognise(s)
	if speakers == nil {
		return o, false, wrong
	}
	vital, _ := fhirmap.Lookup(meaning.vital)
	o = observation{term: meaning, code: code, sub: s.Text(4)}
	o.reading = fhirmap.Reading{
		Type: meaning.vital, Unit: vital.Units[0], MDC: meaning.mdc, Interpretation: interpretation(s),
	}
	if meaning.conflict {
		o.reading.Absent = fhirmap.AbsentError
		return o, true, trouble{code: errTableValue, field: 3, text: "parts of the code contradict each other"}
	}
	absent, known := o.state(s)
	if !known {
		o.reading.Absent = fhirmap.AbsentError
		return o, true, trouble{code: errTableValue, field: 11, text: "unknown result status"}
	}
	if absent != "" {
		o.reading.Absent = absent
		return o, true, wrong
	}
	wrong = o.measure(s, speakers)
	unset := (meaning.vital == fhirmap.BodyWeight || meaning.vital == fhirmap.BodyHeight) &&
		o.reading.Value != nil && o.reading.Value.Cmp(fhirmap.Decimal{}) == 0
	return o, !unset, wrong
}

// recognise finds what OBX-3 means, in its first triplet or the alternate, and
// the dialects that say so.
func (r *reader) recognise(s Segment) (meaning term, code string, speakers []*dialect) {
	for _, first := range []int{1, 4} {
		c := coding{s.Component(3, first), s.Component(3, first+1), s.Component(3, first+2)}
		if c.code == "" && c.text == "" {
			continue
		}
		for _, d := range r.dialects {
			found, ok := d.lookup(c)
			if !ok {
				continue
			}
			switch {
			case speakers == nil:
				meaning, code = found, c.code+"^"+c.text
			case found.vital != meaning.vital:
				meaning.conflict = true
			case meaning.mdc == (fhirmap.Code{}):
				meaning.mdc = found.mdc
			}
			speakers = append(speakers, d)
		}
	}
	if meaning.mdc == (fhirmap.Code{}) {
		meaning.mdc = pulseCodes[meaning.pulse]
	}
	return meaning, code, speakers
}

// state reads OBX-11 (HL7 table 0085): how final the value is, or why there is
// none.
func (o *observation) state(s Segment) (absent fhirmap.Absent, known bool) {
	switch value(s.Text(11)) {
	case "", "F", "U", "V", "A", "B":
		o.status = fhirmap.StatusFinal
	case "P", "R", "S", "I":
		o.status = fhirmap.StatusPreliminary
	case "C":
		o.status = fhirmap.StatusCorrected
	case "N", "O":
		return fhirmap.AbsentNotPerformed, true
	case "X", "W":
		return fhirmap.AbsentError, true
	case "D":
		return fhirmap.AbsentUnknown, true
	default:
		return "", false
	}
	return "", true
}

// measure reads the value (OBX-2, OBX-5) and its unit (OBX-6).
func (o *observation) measure(s Segment, speakers []*dialect) trouble {
	text, absent, ok := numberText(s)
	if ok && absent == "" {
		absent = missing(integral(text), speakers)
	}
	if absent != "" {
		o.reading.Absent = absent
		return trouble{}
	}
	o.reading.Absent = fhirmap.AbsentError
	value, err := fhirmap.ParseDecimal(text)
	if !ok || err != nil {
		return trouble{code: errDataType, field: 5, text: "value of a vital sign is no number"}
	}
	value, unit, wrong := convert(o.vital, value, unitTexts(s, o.unit))
	if wrong.code != 0 {
		return wrong
	}
	o.reading.Value, o.reading.Unit, o.reading.Absent = &value, unit, ""
	return trouble{}
}

// numberText is the number in OBX-5, or why it says that there is none.
func numberText(s Segment) (text string, absent fhirmap.Absent, ok bool) {
	text = strings.TrimSpace(s.Text(5))
	structured := s.Text(2) == "SN" && text != `""` // comparator^number^separator^number
	if structured {
		if text != "" && text != "=" || s.Component(5, 3) != "" || s.Component(5, 4) != "" {
			return "", "", false
		}
		text = strings.TrimSpace(s.Component(5, 2))
	}
	if strings.Trim(text, `"-*?. `) == "" {
		return "", fhirmap.AbsentUnknown, true
	}
	switch s.Text(2) {
	case "NM", "ST", "SN", "TX":
	default:
		return "", "", false
	}
	whole := s.Repetitions(5) == 1 && s.Subcomponents(5, 1, 1) == 1 && (structured || s.Component(5, 2) == "")
	return text, "", whole && isNumber(text)
}

// isNumber tells whether text is a number as NM writes it (2.A.47).
func isNumber(text string) bool {
	text = strings.TrimLeft(text, "+-")
	whole, fraction, _ := strings.Cut(text, ".")
	digits := whole + fraction
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// integral writes -100.00 as -100, the form of the tables.
func integral(number string) string {
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimPrefix(number, "+")
}

// unitTexts are the ways in which OBX-6 names the unit, or the implied one.
func unitTexts(s Segment, implied string) []string {
	var texts []string
	for _, component := range []int{1, 2, 4, 5} {
		if text := s.Component(6, component); text != "" && text != `""` {
			texts = append(texts, text)
		}
	}
	if texts == nil && implied != "" {
		texts = []string{implied}
	}
	return texts
}

// convert expresses value in a unit of the vital. The names of one unit must
// not contradict each other.
func convert(t fhirmap.Type, value fhirmap.Decimal, units []string) (fhirmap.Decimal, fhirmap.Unit, trouble) {
	if len(units) == 0 {
		return value, fhirmap.Unit{}, trouble{code: errRequiredMissing, field: 6, text: "unit of a vital sign is missing"}
	}
	var converted fhirmap.Decimal
	var unit fhirmap.Unit
	found := false
	for _, text := range units {
		if !fhirmap.KnownUnit(text) {
			continue
		}
		c, u, err := fhirmap.In(t, value, text)
		if err != nil || found && (u != unit || c.Cmp(converted) != 0) {
			return value, unit, trouble{code: errTableValue, field: 6, text: "unit cannot be that of this vital sign"}
		}
		converted, unit, found = c, u, true
	}
	if !found {
		return value, unit, trouble{code: errTableValue, field: 6, text: "unknown unit of a vital sign"}
	}
	return converted, unit, trouble{}
}

// interpretation reads OBX-8, codes of HL7 table 0078 that mean the same in R4.
func interpretation(s Segment) []fhirmap.Interpretation {
	var codes []fhirmap.Interpretation
	for i := range s.fewRepetitions(8) {
		switch code := s.At(8, i+1, 1, 1); code {
		case "H", "L", "HH", "LL", "N", "A", "AA":
			codes = append(codes, fhirmap.Interpretation(code))
		}
	}
	return codes
}
