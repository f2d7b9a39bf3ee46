package hl7link

import (
	"time"

	"vitalien/fhirmap"
)

// A dialect is how one family of devices names vital signs. To add one, write
// a file like those that follow and a line in the registry below;
// blueprint_test.go holds one to copy from.
type dialect struct {
	name string
	// spoken tells whether the message is in this dialect at all; nil: the
	// coding system alone decides.
	spoken func(*Message) bool
	// lookup recognises a coding as OBX-3 carries it.
	lookup func(coding) (term, bool)
	// missing are the numbers that say there is none beside those that say so
	// in every dialect (in plain notation, without zeros behind the point),
	// with the reason they stand for.
	missing map[string]fhirmap.Absent
	// numbered are the MSH-10 that are message types rather than control ids.
	numbered func(controlID string) bool
	// streaming tells messages whose values come again by themselves within
	// seconds (fhirmap.Report.Streaming). nil: none.
	streaming func(*Message) bool
	// special reads messages whose observations are something else than results:
	// alarms, limits, settings. It is given who sent the message, and tells
	// whether it is one of them. nil: none.
	special      func(d *decoded, m *Message, from sender) bool
	manufacturer string
}

// A sender is whom a message comes from, and whom it is about.
type sender struct {
	device  fhirmap.Device
	bed     string
	patient *fhirmap.Patient // nil: nobody
	zone    *time.Location   // of times without offset
}

// dialects is the registry. Of two that know a code, the first counts.
var dialects = []*dialect{
	&loincDialect,
	&comenDialect,
	&mdcDialect,
	&mindrayDialect,
	&biolightDialect,
	&edanDialect,
	&philipsDialect,
	&nihonKohdenDialect,
	&eGatewayDialect,
}

// sentinels are special values that gateways write as the integers they are
// stored in, whatever the coding: those of the FLOAT of IEEE 11073-20601, and
// the bounds of 16 bits. No vital sign has such a value.
var sentinels = map[string]fhirmap.Absent{
	"8388607":  fhirmap.AbsentNotANumber,
	"8388606":  fhirmap.AbsentPositiveInfinity,
	"8388608":  fhirmap.AbsentUnknown,
	"8388609":  fhirmap.AbsentUnknown,
	"8388610":  fhirmap.AbsentNegativeInfinity,
	"-8388606": fhirmap.AbsentNegativeInfinity,
	"-8388607": fhirmap.AbsentUnknown,
	"-8388608": fhirmap.AbsentUnknown,
	"32767":    fhirmap.AbsentUnknown,
	"-32768":   fhirmap.AbsentUnknown,
}

// missing is why number stands for none to those who speak that way; empty
// when it is a number.
func missing(number string, speakers []*dialect) fhirmap.Absent {
	for _, d := range speakers {
		if absent := d.missing[number]; absent != "" {
			return absent
		}
	}
	return sentinels[number]
}

// A coding is one triplet of a coded element: identifier, text, coding system.
type coding struct{ code, text, system string }

// A pulse is where a heart rate was taken, as far as its code says.
type pulse int

const (
	notOfOthers pulse = iota // stands for itself: an ECG, an unspecified method
	ofOximeter               // belongs to the saturation
	ofCuff                   // belongs to the blood pressure
	ofAnyArtery              // a pulse that does not say which sensor
)

// pulseCodes are the MDC codes of the pulses whose sensor is known: the usual
// code of a heart rate is that of the ECG.
var pulseCodes = map[pulse]fhirmap.Code{
	ofOximeter: {Code: "149530", Display: "MDC_PULS_OXIM_PULS_RATE"},
	ofCuff:     {Code: "149546", Display: "MDC_PULS_RATE_NON_INV"},
}

// A term is what a code of a dialect means.
type term struct {
	vital  fhirmap.Type
	unit   string // in which the number is when OBX-6 is empty; empty: not implied
	pulse  pulse
	origin fhirmap.Origin
	mdc    fhirmap.Code // the device's own, when it codes in MDC and consistently
}

// terms is the table of a dialect.
type terms map[string]term

func (t terms) byCode(system string) func(coding) (term, bool) {
	return func(c coding) (term, bool) {
		if c.system != system {
			return term{}, false
		}
		found, ok := t[c.code]
		return found, ok
	}
}

// impliedUnit is the unit of a vital whose code leaves no other one possible.
// Pressures, temperatures, weights and lengths come in several.
func impliedUnit(t fhirmap.Type) string {
	switch t {
	case fhirmap.HeartRate, fhirmap.RespiratoryRate:
		return "/min"
	case fhirmap.OxygenSaturation:
		return "%"
	}
	if p, known := fhirmap.LookupParameter(t); known && (p.Unit.UCUM == "/min" || t == fhirmap.PerfusionIndex) {
		return p.Unit.UCUM
	}
	return ""
}

func spokenBy(list []*dialect, m *Message) []*dialect {
	var spoken []*dialect
	for _, d := range list {
		if d.spoken == nil || d.spoken(m) {
			spoken = append(spoken, d)
		}
	}
	return spoken
}
