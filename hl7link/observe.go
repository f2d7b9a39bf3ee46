package hl7link

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// An observation is one OBX segment that a dialect recognised.
type observation struct {
	term
	said    said // the code as the device wrote it
	reading fhirmap.Reading
	status  fhirmap.Status
	stamp
	order   int    // which OBR it stands under
	sub     string // OBX-4
	device  *fhirmap.Device
	own     bool     // its time is its own (OBX-14)
	strange *strange // nil: its unit is known
	// conflict says that the two codings of OBX-3 contradict each other.
	conflict bool
}

// said is the coding of an observation.
type said struct{ code, text string }

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
	foreign  int            // number of the last OBX with a number that nobody recognised; 0: none

	found    []*observation
	beside   []*observation // parameters that are no vital signs, and values in strange units
	troubles []trouble

	all  *[]observation // room for them
	last struct {       // the time that was read last, which most of a message shares
		text string
		stamp
	}
	speakers []*dialect // of the OBX under way
}

// read collects the observations of all OBX segments of m, which sender sent.
func (r *reader) read(m *Message, sender fhirmap.Device) {
	r.m, r.device = m, sender
	all := r.room(min(m.count("OBX"), maxObservations))
	r.found, r.beside = make([]*observation, 0, len(all)), nil
	message := stamp{time: parseTime(m.Header().Text(7), r.zone)}
	order, device, used := stamp{}, &sender, 0
	for _, s := range m.Segments {
		switch s.Name {
		case "OBR":
			r.order++
			order, device = r.readTime(s.Text(7)), &sender
		case "OBX":
			if r.sequence++; r.sequence > maxObservations {
				return
			}
			if own, named := obxDevice(s, sender); named {
				another := own // own would take memory for each OBX
				device = &another
			}
			o := &all[used]
			recognised, wrong := r.observe(o, s)
			if !recognised {
				if o.vital == "" && s.Text(2) == "NM" {
					r.foreign = r.sequence
				}
				*o = observation{}
				continue
			}
			used++
			o.order, o.device = r.order, device
			if !o.vitalSign() {
				o.time = cmp.Or(r.readTime(s.Text(14)).time, order.time, message.time)
				r.beside = append(r.beside, o)
				continue
			}
			r.complain(wrong, "OBX", r.sequence)
			r.date(o, r.readTime(s.Text(14)), order, message)
			r.found = append(r.found, o)
			if o.strange != nil {
				r.beside = append(r.beside, o)
			}
		}
	}
}

func (r *reader) readTime(text string) stamp {
	if text != r.last.text {
		r.last.text, r.last.stamp = text, readTime(text, r.zone)
	}
	return r.last.stamp
}

// date gives o the first time that the device wrote: its own (OBX-14), that of
// its order (OBR-7), or that of the message (MSH-7). One that cannot be read
// hides the later ones, which may be years from it.
func (r *reader) date(o *observation, own, order, message stamp) {
	segment, sequence, field := "OBX", r.sequence, 14
	switch {
	case own.given():
		o.stamp, o.own = own, true
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

// vitalSign tells whether o can be part of a measurement.
func (o *observation) vitalSign() bool {
	_, is := fhirmap.Lookup(o.vital)
	return is
}

// observe reads one OBX into o, which is empty. It is not recognised when it
// is no parameter of ours, or says that there is nothing.
func (r *reader) observe(o *observation, s Segment) (recognised bool, wrong trouble) {
	if !r.recognise(o, s) {
		return false, wrong
	}
	parameter, _ := fhirmap.LookupParameter(o.vital)
	o.sub = s.Text(4)
	o.reading = fhirmap.Reading{Type: o.vital, Unit: parameter.Unit, MDC: o.mdc, Interpretation: interpretation(s)}
	if o.conflict {
		o.reading.Absent = fhirmap.AbsentError
		return true, trouble{code: errTableValue, field: 3, text: "codings of a vital sign contradict each other"}
	}
	absent, known := o.state(s)
	if !known {
		o.reading.Absent = fhirmap.AbsentError
		return true, trouble{code: errTableValue, field: 11, text: "unknown result status"}
	}
	if absent != "" {
		o.reading.Absent = absent
		return true, wrong
	}
	wrong = o.measure(s, r.speakers)
	unset := (o.vital == fhirmap.BodyWeight || o.vital == fhirmap.BodyHeight) &&
		o.reading.Value != nil && o.reading.Value.Cmp(fhirmap.Decimal{}) == 0
	return !unset, wrong
}

// recognise finds what OBX-3 means, in its first triplet or the alternate, and
// the dialects that say so.
func (r *reader) recognise(o *observation, s Segment) bool {
	r.speakers = r.speakers[:0]
	for first := 1; first <= 4; first += 3 {
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
			case len(r.speakers) == 0:
				o.term, o.said = found, said{code: c.code, text: c.text}
			case found.vital != o.vital:
				o.conflict = true
			case o.mdc == (fhirmap.Code{}):
				o.mdc = found.mdc
			}
			r.speakers = append(r.speakers, d)
		}
	}
	if o.mdc == (fhirmap.Code{}) {
		o.mdc = pulseCodes[o.pulse]
	}
	return len(r.speakers) > 0
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
	value, err := parseNumber(text)
	if !ok || err != nil {
		return trouble{code: errDataType, field: 5, text: "value of a vital sign is no number"}
	}
	number := value
	value, unit, text, wrong := s.m.desk.convert(o, value, s)
	if wrong.code != 0 {
		o.strange = &strange{value: number}
		if len(text) <= maxUnit {
			o.strange.unit = strings.Clone(text)
		}
		return wrong
	}
	o.limits(s, text)
	o.reading.Value, o.reading.Unit, o.reading.Absent = &value, unit, ""
	return trouble{}
}

// parseNumber is fhirmap.ParseDecimal, with a short way for the numbers that
// nearly all are: digits with at most one point.
func parseNumber(text string) (fhirmap.Decimal, error) {
	const most = 18 // digits that an int64 holds
	if len(text) > most || !isPlain(text) {
		return fhirmap.ParseDecimal(text)
	}
	coefficient, places := int64(0), 0
	for i := range len(text) {
		if c := text[i]; c != '.' {
			coefficient = 10*coefficient + int64(c-'0')
		} else {
			places = len(text) - 1 - i
		}
	}
	return fhirmap.NewDecimal(coefficient, int32(-places)), nil
}

// numberText is the number in OBX-5, or why it says that there is none.
func numberText(s Segment) (text string, absent fhirmap.Absent, ok bool) {
	text = s.Text(5)
	if s.Text(2) == "NM" && isPlain(text) && s.isWhole(5) {
		return text, "", true // as nearly all are
	}
	text = strings.TrimSpace(text)
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
	case "NM", "ST", "SN", "TX", "": // some leave the type out
	default:
		return "", "", false
	}
	whole := structured && s.Repetitions(5) == 1 && s.Subcomponents(5, 1, 1) == 1 || s.isWhole(5)
	return text, "", whole && isNumber(text)
}

// isPlain tells whether text is digits, with at most one point between them.
func isPlain(text string) bool {
	point := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.' && !point && i > 0 && i < len(text)-1:
			point = true
		case c < '0' || c > '9':
			return false
		}
	}
	return text != ""
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

// convert expresses value in a unit of the vital. OBX-6 names its unit in
// several ways, which must not contradict each other; where it is empty the
// implied one counts. text is how it is named.
func convert(t fhirmap.Type, value fhirmap.Decimal, s Segment, implied string) (converted fhirmap.Decimal, unit fhirmap.Unit, text string, _ trouble) {
	named, found := false, false
	for _, component := range [...]int{1, 2, 4, 5, 0} {
		name := s.Component(6, component)
		if component == 0 && !named { // the last
			name = implied
		}
		if name == "" || name == `""` {
			continue
		}
		named = true
		c, u, err := fhirmap.In(t, value, name)
		if err != nil && !fhirmap.KnownUnit(name) {
			if !found {
				text = name
			}
			continue
		}
		if err != nil || found && (u != unit || c.Cmp(converted) != 0) {
			return value, unit, name, trouble{code: errTableValue, field: 6, text: "unit cannot be that of this vital sign"}
		}
		converted, unit, text, found = c, u, name, true
	}
	switch {
	case !named:
		return value, unit, text, trouble{code: errRequiredMissing, field: 6, text: "unit of a vital sign is missing"}
	case !found:
		return value, unit, text, trouble{code: errTableValue, field: 6, text: "unknown unit of a vital sign"}
	}
	return converted, unit, text, trouble{}
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
