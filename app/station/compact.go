package station

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"vitalien/fhirmap"
)

// The forms in which the body of an entry is written. Its first byte tells.
const (
	formJSON    byte = '{' // consultations, alerts, and measurements in logs of before
	formCompact byte = 2   // measurements
	formLimits  byte = 3   // measurements of which some reading has limits
)

// The compact form writes a message once, and of each measurement what is its
// own:
//
//	body        = form text(received) uvarint(open) text(link) text(peer)
//	              uvarint(n) n × measurement
//	measurement = flags text(type) text(time) device person(named)
//	              person(subject) text(bed) text(status) text(origin)
//	              text(consultation) uvarint(n) n × reading
//	reading     = text(type) number text(absent) text(UCUM) text(label)
//	              text(MDC code) text(MDC display) uvarint(n) n × text
//	              and in the form with limits: number(low) number(high)
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
	limits bool
	out    []byte
	known  map[string]uint64
	device fhirmap.Device
	person fhirmap.Patient
	err    error
}

func (e *entry) pack(out []byte) ([]byte, error) {
	form := formCompact
	for i := range e.Measurements {
		if e.Measurements[i].limited() {
			form = formLimits
			break
		}
	}
	p := &packer{limits: form == formLimits, out: append(out, form), known: make(map[string]uint64, 32+len(e.Measurements))}
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

// limited tells whether some reading has limits.
func (m *recordedEntry) limited() bool {
	for i := range m.Readings {
		if r := &m.Readings[i]; r.Low != nil || r.High != nil {
			return true
		}
	}
	return false
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
		if p.limits {
			p.decimal(r.Low)
			p.decimal(r.High)
		}
	}
}

func (p *packer) decimal(d *fhirmap.Decimal) {
	if d == nil {
		p.number(0)
		return
	}
	p.raw(d.String())
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
	case *who == p.person:
		p.out = append(p.out, same)
	default:
		p.person = *who
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
	p.shared(string(text))
}

func (p *packer) texts(all ...string) {
	for _, text := range all {
		p.text(text)
	}
}

func (p *packer) text(text string) { p.shared(strings.ToValidUTF8(text, "\uFFFD")) }

func (p *packer) shared(text string) {
	if text == "" {
		p.number(1)
		return
	}
	if k, ok := p.known[text]; ok {
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

var errCompact = errors.New("not in the compact form")

// An unpacker reads the compact form. Once something is wrong it reads nothing
// but zeros.
type unpacker struct {
	limits bool
	rest   string
	known  []string
	device fhirmap.Device
	person *fhirmap.Patient
	err    error
}

// unpack reads into e what pack wrote.
func (e *entry) unpack(body []byte) error {
	u := &unpacker{limits: body[0] == formLimits, rest: string(body[1:]), known: []string{""}, person: &fhirmap.Patient{}}
	e.Received = u.time()
	e.Open = u.number()
	e.Link, e.Peer = u.text(), u.text()
	e.Measurements = make([]recordedEntry, u.count(leastMeasurement))
	for i := range e.Measurements {
		u.measurement(&e.Measurements[i])
	}
	if u.rest != "" {
		u.fail()
	}
	return u.err
}

func (u *unpacker) measurement(m *recordedEntry) {
	flags := u.byte()
	if flags > flagsKnown {
		u.fail()
	}
	m.TimeUnknown, m.Test, m.Implausible = flags&flagTimeUnknown != 0, flags&flagTest != 0, flags&flagImplausible != 0
	m.Type, m.Time = fhirmap.Type(u.text()), u.time()
	m.Device = u.deviceOf()
	m.Patient, m.Subject = u.personOf(), u.personOf()
	m.Bed, m.Status, m.Origin, m.Consultation = u.text(), fhirmap.Status(u.text()), fhirmap.Origin(u.text()), u.text()
	m.Readings = make([]fhirmap.Reading, u.count(leastReading))
	for i := range m.Readings {
		r := &m.Readings[i]
		r.Type = fhirmap.Type(u.text())
		r.Value = u.decimal()
		r.Absent = fhirmap.Absent(u.text())
		r.Unit = fhirmap.Unit{UCUM: u.text(), Label: u.text()}
		r.MDC = fhirmap.Code{Code: u.text(), Display: u.text()}
		for range u.count(1) {
			r.Interpretation = append(r.Interpretation, fhirmap.Interpretation(u.text()))
		}
		if u.limits {
			r.Low, r.High = u.decimal(), u.decimal()
		}
	}
}

func (u *unpacker) decimal() *fhirmap.Decimal {
	text := u.raw()
	if text == "" {
		return nil
	}
	d, err := fhirmap.ParseDecimal(text)
	if err != nil {
		u.fail()
	}
	return &d
}

func (u *unpacker) deviceOf() fhirmap.Device {
	switch u.byte() {
	case same:
	case other:
		u.device = fhirmap.Device{
			ID: u.text(), Type: fhirmap.DeviceType(u.text()), Name: u.text(),
			Manufacturer: u.text(), Model: u.text(), Serial: u.text(), EUI64: u.text(),
		}
	default:
		u.fail()
	}
	return u.device
}

func (u *unpacker) personOf() *fhirmap.Patient {
	switch u.byte() {
	case same:
	case other:
		u.person = &fhirmap.Patient{
			System: u.text(), ID: u.text(), Family: u.text(), Given: u.text(), BirthDate: u.text(), Sex: u.text(),
		}
	case none:
		return nil
	default:
		u.fail()
	}
	return u.person
}

func (u *unpacker) time() (t time.Time) {
	if text := u.shared(); text != "" && (t.UnmarshalBinary([]byte(text)) != nil || t.IsZero()) {
		u.fail() // no time is written as the empty text
	}
	return t
}

// text is one of those that were written as UTF-8.
func (u *unpacker) text() string {
	text := u.shared()
	if !utf8.ValidString(text) {
		u.fail()
		return ""
	}
	return text
}

func (u *unpacker) shared() string {
	k := u.number()
	if k == 0 && u.err == nil {
		text := u.raw()
		u.known = append(u.known, text)
		return text
	}
	if k > uint64(len(u.known)) {
		u.fail()
	}
	if u.err != nil {
		return ""
	}
	return u.known[k-1]
}

func (u *unpacker) raw() string {
	n := u.count(1)
	text := u.rest[:n]
	u.rest = u.rest[n:]
	return text
}

// count is how many things follow that take so many bytes each at least.
func (u *unpacker) count(least int) int {
	n := u.number()
	if n > uint64(len(u.rest)/least) {
		u.fail()
		return 0
	}
	return int(n)
}

func (u *unpacker) number() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		c := u.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	u.fail()
	return 0
}

func (u *unpacker) byte() byte {
	if u.rest == "" {
		u.fail()
		return 0
	}
	c := u.rest[0]
	u.rest = u.rest[1:]
	return c
}

func (u *unpacker) fail() { u.rest, u.err = "", errCompact }
