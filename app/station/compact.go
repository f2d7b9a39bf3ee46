package station

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"vitalien/fhirmap"
)

// The forms in which the body of an entry is written. Its first byte tells.
const (
	formJSON    byte = '{' // consultations, alerts, and measurements in logs of before
	formCompact byte = 2   // measurements
	formLimits  byte = 3   // measurements of which some reading has limits
	formQuality byte = 4   // and some a quality or a meal
)

// The compact form writes a message once, and of each measurement what is its
// own:
//
//	body        = form text(received) uvarint(open) text(link) text(peer)
//	              uvarint(n) n × measurement
//	measurement = flags text(type) text(time) device person(named)
//	              person(subject) text(bed) text(status) text(origin)
//	              text(consultation) uvarint(n) n × reading
//	              and in the form with quality: uvarint(n) n × text text(meal)
//	reading     = text(type) number text(absent) text(UCUM) text(label)
//	              text(MDC code) text(MDC display) uvarint(n) n × text
//	              and in the forms with limits: text(low) text(high)
//	device      = same | 1 seven texts
//	person      = same | 1 six texts | 2 for none
//	same        = 0, the device or person written last
//	text        = uvarint(k), the k-th text written, counted from 1
//	              | 0 number, which becomes the next
//	number      = uvarint(length) bytes
//
// The first text is the empty one, which is never written. Times are texts of
// 15 or 16 bytes (time.Time.MarshalBinary), empty for none.
const (
	same  = 0
	other = 1
	none  = 2
)

const (
	flagTimeUnknown = 1 << iota
	flagTest
	flagImplausible
	flagsKnown = 1<<iota - 1
)

// How many bytes they take at least.
const (
	leastMeasurement = 11
	leastReading     = 8
)

// A packer writes the compact form.
type packer struct {
	form byte
	out  []byte
	*vocabulary
	device fhirmap.Device
	person *fhirmap.Patient
	err    error
}

// A vocabulary is the texts that an entry has so far, with their numbers.
type vocabulary struct {
	known map[string]uint64
	near  [64]struct { // of them, those that were looked up last
		text string
		k    uint64
	}
}

// find gives the number of text, 0 if it is new.
func (v *vocabulary) find(text string) uint64 {
	near := &v.near[(len(text)+7*int(text[0])+3*int(text[len(text)-1]))%len(v.near)]
	if near.text != text {
		if near.k = v.known[text]; near.k == 0 {
			near.text = ""
			return 0
		}
		near.text = text
	}
	return near.k
}

// maxPooled bounds what is kept of a large message, in texts or measurements.
const maxPooled = 256

// vocabularies are those of entries that are packed.
var vocabularies = sync.Pool{New: func() any { return &vocabulary{known: make(map[string]uint64, 64)} }}

func (e *entry) pack(out []byte) ([]byte, error) {
	form := formCompact
	for i := range e.Measurements {
		form = max(form, e.Measurements[i].form())
	}
	words := vocabularies.Get().(*vocabulary)
	defer func() {
		if len(words.known) <= maxPooled {
			clear(words.known)
			clear(words.near[:])
			vocabularies.Put(words)
		}
	}()
	p := &packer{form: form, out: append(out, form), vocabulary: words, person: &fhirmap.Patient{}}
	p.time(e.Received)
	p.number(e.Open)
	p.text(e.Link)
	p.text(e.Peer)
	p.number(uint64(len(e.Measurements)))
	for i := range e.Measurements {
		p.measurement(&e.Measurements[i])
	}
	return p.out, p.err
}

// form is the least form that can hold m.
func (m *recordedEntry) form() byte {
	if len(m.Quality) > 0 || m.Meal != "" {
		return formQuality
	}
	for i := range m.Readings {
		if r := &m.Readings[i]; r.Low != nil || r.High != nil {
			return formLimits
		}
	}
	return formCompact
}

func (p *packer) measurement(m *recordedEntry) {
	p.out = append(p.out, flag(m.TimeUnknown, flagTimeUnknown)|flag(m.Test, flagTest)|flag(m.Implausible, flagImplausible))
	p.text(string(m.Type))
	p.time(m.Time)
	p.deviceOf(&m.Device)
	p.personOf(m.Patient)
	p.personOf(m.Subject)
	p.texts(m.Bed, string(m.Status), string(m.Origin), m.Consultation)
	p.number(uint64(len(m.Readings)))
	for i := range m.Readings {
		r := &m.Readings[i]
		p.text(string(r.Type))
		p.decimal(r.Value)
		p.texts(string(r.Absent), r.Unit.UCUM, r.Unit.Label, r.MDC.Code, r.MDC.Display)
		p.number(uint64(len(r.Interpretation)))
		for _, code := range r.Interpretation {
			p.text(string(code))
		}
		if p.form >= formLimits {
			p.limit(r.Low)
			p.limit(r.High)
		}
	}
	if p.form < formQuality {
		return
	}
	p.number(uint64(len(m.Quality)))
	for _, q := range m.Quality {
		p.text(string(q))
	}
	p.text(string(m.Meal))
}

func (p *packer) decimal(d *fhirmap.Decimal) {
	var buffer [48]byte
	text := buffer[:0]
	if d != nil {
		text = d.Append(text)
	}
	p.number(uint64(len(text)))
	p.out = append(p.out, text...)
}

// limit is a text, since all values of a parameter have the same.
func (p *packer) limit(d *fhirmap.Decimal) {
	if d == nil {
		p.text("")
		return
	}
	var buffer [48]byte
	p.bytes(d.Append(buffer[:0]))
}

// bytes is shared for a text that nobody keeps: it becomes a string if it is new.
func (p *packer) bytes(text []byte) {
	if k, ok := p.known[string(text)]; ok {
		p.number(k)
		return
	}
	p.shared(string(text))
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func (p *packer) deviceOf(d *fhirmap.Device) {
	if *d == p.device {
		p.out = append(p.out, same)
		return
	}
	p.device = *d
	p.out = append(p.out, other)
	p.texts(d.ID, string(d.Type), d.Name, d.Manufacturer, d.Model, d.Serial, d.EUI64)
}

func (p *packer) personOf(who *fhirmap.Patient) {
	switch {
	case who == nil:
		p.out = append(p.out, none)
	case who == p.person || *who == *p.person:
		p.out = append(p.out, same)
	default:
		p.person = who
		p.out = append(p.out, other)
		p.texts(who.System, who.ID, who.Family, who.Given, who.BirthDate, who.Sex)
	}
}

func (p *packer) time(t time.Time) {
	if t.IsZero() {
		p.text("")
		return
	}
	var buffer [16]byte
	text, err := t.AppendBinary(buffer[:0])
	if err != nil {
		p.err = fmt.Errorf("encode time: %w", err)
	}
	p.bytes(text)
}

func (p *packer) texts(all ...string) {
	for _, text := range all {
		p.text(text)
	}
}

func (p *packer) text(text string) {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	p.shared(text)
}

func (p *packer) shared(text string) {
	if text == "" {
		p.number(1)
		return
	}
	if k := p.find(text); k > 0 {
		p.number(k)
		return
	}
	p.known[text] = uint64(len(p.known) + 2) // the first is the empty one
	p.number(0)
	p.raw(text)
}

func (p *packer) raw(text string) {
	p.number(uint64(len(text)))
	p.out = append(p.out, text...)
}

func (p *packer) number(n uint64) { p.out = binary.AppendUvarint(p.out, n) }
