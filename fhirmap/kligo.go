package fhirmap

import (
	"strconv"
	"time"
)

// The shape of 2019 predates FHIR R4 (context, numeric codes, a type in the
// value) and stays so to the letter.
const (
	category2019  = `{"category":[{"coding":[{"code":"vital-signs","display":"Vital Signs","system":"http://hl7.org/fhir/observation-category"}],"text":"Vital Signs"}]`
	component2019 = `{"code":{"coding":[{"code":131329,"display":"`
	time2019      = "2006-01-02T15:04:05Z"
)

// order2019 gives each reading of a panel the index that clients of 2019 know
// it by. A mean has none under blood_pressure.
var order2019 = map[Type][]Type{
	OxygenSaturation: {HeartRate, OxygenSaturation},
	BloodPressure:    {Systolic, Diastolic, HeartRate},
	ArterialPressure: {ArterialSystolic, ArterialDiastolic, "", ArterialMean},
}

// Kligo appends the measurement in the shape of 2019 to b, as JSON; nothing
// when it has no value, or was discarded: that shape cannot say so. One reading gives a simple Observation, several one
// with components, in which a reading without a value is left out and the
// others keep their index.
func Kligo(b []byte, r *Recorded) []byte {
	panel := r.hasComponents2019()
	value := r.firstValue()
	switch {
	case r.Discarded:
		return b
	case panel:
		b = appendCode2019(append(b, category2019+`,"code":`...), r.Type, Unit{})
	case value != nil:
		b = appendCode2019(append(b, category2019+`,"code":`...), value.Type, value.Unit)
	default:
		return b
	}
	if r.Consultation != "" {
		b = appendReference(append(b, `,"context":`...), &Reference{Reference: r.Consultation})
	}
	b = appendReference(append(b, `,"device":`...), &Reference{Reference: r.Device.ID, Display: string(r.Device.Type)})
	b = append(b, `,"resourceType":"Observation","effectiveDateTime":"`...)
	b = r.Effective().UTC().AppendFormat(b, time2019)
	b = appendString(append(b, `","status":`...), r.status())
	if panel {
		b = r.appendComponents2019(append(b, `,"component":[`...))
	} else {
		b = appendQuantity2019(append(b, `,"valueQuantity":{"code":`...), value)
	}
	if id := ObservationID(r.Log, r.Seq, 1); id != "" {
		b = appendString(append(b, `,"id":`...), id)
	}
	if subject := reference(r.Subject); subject != nil {
		b = appendReference(append(b, `,"subject":`...), subject)
	}
	if r.Test {
		b = appendCoding(append(b, `,"meta":{"security":[`...), testData[0])
		b = append(b, `]}`...)
	}
	return append(b, '}')
}

func (r *Recorded) firstValue() *Reading {
	for i := range r.Readings {
		if r.Readings[i].Value != nil {
			return &r.Readings[i]
		}
	}
	return nil
}

func (r *Recorded) hasComponents2019() bool {
	if len(r.Readings) < 2 {
		return false
	}
	for _, t := range order2019[r.Type] {
		if reading := r.Reading(t); reading != nil && reading.Value != nil {
			return true
		}
	}
	return false
}

func appendCode2019(b []byte, t Type, u Unit) []byte {
	vital := byType[t]
	if u == (Unit{}) && len(vital.Units) > 0 {
		u = vital.Units[0]
	}
	code := Coding{System: LOINC, Display: string(t)}
	if codes := vital.LOINCFor(u); len(codes) > 0 {
		code.Code = codes[0].Code
	}
	b = appendCoding(append(b, `{"coding":[`...), code)
	b = appendString(append(b, `],"text":`...), vital.French)
	return append(b, '}')
}

func appendQuantity2019(b []byte, r *Reading) []byte {
	b = appendString(b, r.Unit.UCUM)
	b = append(b, `,"system":"`+UCUM+`","unit":`...)
	b = appendString(b, r.Unit.Label)
	return append(r.Value.Append(append(b, `,"value":`...)), '}')
}

func (r *Recorded) appendComponents2019(b []byte) []byte {
	more := false
	for index, t := range order2019[r.Type] {
		reading := r.Reading(t)
		if reading == nil || reading.Value == nil {
			continue
		}
		if more {
			b = append(b, ',')
		}
		more = true
		b = strconv.AppendInt(append(b, component2019...), int64(index), 10)
		b = append(b, `","system":"http://www.pchalliance.org/"}`...)
		for _, c := range readingCodings(r, reading) {
			b = appendCoding(append(b, ','), c)
		}
		b = appendString(append(b, `]},"valueQuantity":{"type":"0","unit":`...), reading.Unit.Label)
		b = reading.Value.Append(append(b, `,"value":`...))
		b = append(b, `}}`...)
	}
	return append(b, ']')
}

// status is the FHIR status: what is implausible is preliminary, whatever the
// device says.
func (r *Recorded) status() string {
	if r.Implausible {
		return string(StatusPreliminary)
	}
	return string(r.Status)
}

// ObservationID is the FHIR id of an Observation of what stands in the log under
// that number, nth from 1 on; empty for what is not stored.
func ObservationID(log string, number uint64, nth int) string {
	if len(log) < 8 || number == 0 {
		return ""
	}
	id := log[:8] + "-" + strconv.FormatUint(number, 10)
	if nth > 1 {
		id += "-" + strconv.Itoa(nth)
	}
	return id
}

// Instant is t as FHIR writes it: with its offset, and fractions of a second
// only where there are any.
func Instant(t time.Time) string { return t.Format(instantForm) }

const instantForm = "2006-01-02T15:04:05.999999999Z07:00"
