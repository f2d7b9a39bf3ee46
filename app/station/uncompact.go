package station

import (
	"errors"
	"time"
	"unicode/utf8"

	"vitalien/fhirmap"
)

var errCompact = errors.New("not in the compact form")

// An unpacker reads the compact form. Once something is wrong it reads nothing
// but zeros.
type unpacker struct {
	form   byte
	rest   string
	known  []string
	device fhirmap.Device
	person *fhirmap.Patient
	err    error

	limitsRead map[string]*fhirmap.Decimal // shared: nobody changes a number
}

// unpack reads into e what pack wrote.
func (e *entry) unpack(body []byte) error {
	u := &unpacker{form: body[0], rest: string(body[1:]), known: []string{""}, person: &fhirmap.Patient{}}
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
		if u.form >= formLimits {
			r.Low, r.High = u.limit(), u.limit()
		}
	}
	if u.form < formQuality {
		return
	}
	for range u.count(1) {
		m.Quality = append(m.Quality, fhirmap.Quality(u.text()))
	}
	m.Meal = fhirmap.Meal(u.text())
}

func (u *unpacker) decimal() *fhirmap.Decimal { return u.parse(u.raw()) }

func (u *unpacker) limit() *fhirmap.Decimal {
	text := u.text()
	if text == "" {
		return nil
	}
	d, ok := u.limitsRead[text]
	if !ok {
		if u.limitsRead == nil {
			u.limitsRead = map[string]*fhirmap.Decimal{}
		}
		d = u.parse(text)
		u.limitsRead[text] = d
	}
	return d
}

func (u *unpacker) parse(text string) *fhirmap.Decimal {
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
