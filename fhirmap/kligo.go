package fhirmap

import (
	"strconv"
	"time"
)

// An Observation2019 is the payload of the event "fhir" as the clients of 2019
// know it. It predates FHIR R4 (context, numeric codes, a type in the value)
// and stays so to the letter.
type Observation2019 struct {
	Category      []concept2019   `json:"category"`
	Code          concept2019     `json:"code"`
	Context       *Reference      `json:"context,omitempty"`
	Device        Reference       `json:"device"`
	ResourceType  string          `json:"resourceType"`
	Effective     string          `json:"effectiveDateTime"`
	Status        string          `json:"status"`
	ValueQuantity *Quantity       `json:"valueQuantity,omitempty"`
	Component     []component2019 `json:"component,omitempty"`
	ID            string          `json:"id,omitempty"`
	Subject       *Reference      `json:"subject,omitempty"`
	Meta          *Meta           `json:"meta,omitempty"` // only with the security label of test data
}

type concept2019 struct {
	Coding []coding2019 `json:"coding"`
	Text   string       `json:"text,omitempty"`
}

// coding2019 has a code of any type: 131329 is a number there.
type coding2019 struct {
	Code    any    `json:"code"`
	Display string `json:"display"`
	System  string `json:"system"`
}

type component2019 struct {
	Code          concept2019  `json:"code"`
	ValueQuantity quantity2019 `json:"valueQuantity"`
}

type quantity2019 struct {
	Type  string  `json:"type"`
	Unit  string  `json:"unit"`
	Value Decimal `json:"value"`
}

var category2019 = []concept2019{{
	Coding: []coding2019{{Code: "vital-signs", Display: "Vital Signs", System: "http://hl7.org/fhir/observation-category"}},
	Text:   "Vital Signs",
}}

// order2019 gives each reading of a panel the index that clients of 2019 know
// it by. A mean has none under blood_pressure.
var order2019 = map[Type][]Type{
	OxygenSaturation: {HeartRate, OxygenSaturation},
	BloodPressure:    {Systolic, Diastolic, HeartRate},
	ArterialPressure: {ArterialSystolic, ArterialDiastolic, "", ArterialMean},
}

// Kligo is the measurement in the shape of 2019; nil when it has no value.
// One reading gives a simple Observation, several one with components, in
// which a reading without a value is left out and the others keep their index.
func Kligo(r *Recorded) *Observation2019 {
	o := &Observation2019{
		Category: category2019, ResourceType: "Observation",
		Device:    Reference{Reference: r.Device.ID, Display: string(r.Device.Type)},
		Effective: r.Effective().UTC().Format("2006-01-02T15:04:05Z"),
		Status:    r.status(), ID: r.resourceID(), Subject: reference(r.Subject),
	}
	if r.Test {
		o.Meta = &Meta{Security: testData}
	}
	if r.Consultation != "" {
		o.Context = &Reference{Reference: r.Consultation}
	}
	if len(r.Readings) > 1 {
		o.Component = components2019(r)
	}
	if o.Component != nil {
		o.Code = code2019(r.Type, Unit{})
		return o
	}
	for i := range r.Readings {
		if reading := &r.Readings[i]; reading.Value != nil {
			o.Code = code2019(reading.Type, reading.Unit)
			o.ValueQuantity = quantity(reading)
			return o
		}
	}
	return nil
}

func code2019(t Type, u Unit) concept2019 {
	vital := byType[t]
	if u == (Unit{}) && len(vital.Units) > 0 {
		u = vital.Units[0]
	}
	first := coding2019{Code: "", Display: string(t), System: LOINC}
	if codes := vital.loinc(u); len(codes) > 0 {
		first.Code = codes[0].Code
	}
	return concept2019{Coding: []coding2019{first}, Text: vital.French}
}

func components2019(r *Recorded) []component2019 {
	var list []component2019
	for index, t := range order2019[r.Type] {
		reading := r.Reading(t)
		if reading == nil || reading.Value == nil {
			continue
		}
		codings := []coding2019{{Code: 131329, Display: strconv.Itoa(index), System: "http://www.pchalliance.org/"}}
		for _, c := range readingCodings(r, reading) {
			codings = append(codings, coding2019{Code: c.Code, Display: c.Display, System: c.System})
		}
		list = append(list, component2019{
			Code:          concept2019{Coding: codings},
			ValueQuantity: quantity2019{Type: "0", Unit: reading.Unit.Label, Value: *reading.Value},
		})
	}
	return list
}

// status is the FHIR status: what is implausible is preliminary, whatever the
// device says.
func (r *Recorded) status() string {
	if r.Implausible {
		return string(StatusPreliminary)
	}
	return string(r.Status)
}

// resourceID is the FHIR id of the measurement's principal Observation; empty
// for what is not stored.
func (r *Recorded) resourceID() string {
	if len(r.Log) < 8 || r.Seq == 0 {
		return ""
	}
	return r.Log[:8] + "-" + strconv.FormatUint(r.Seq, 10)
}

// instant is t as FHIR writes it: with its offset, and fractions of a second
// only where there are any.
func instant(t time.Time) string { return t.Format("2006-01-02T15:04:05.999999999Z07:00") }
