package fhirmap

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const structureDefinition = "http://hl7.org/fhir/StructureDefinition/"

// profiles are the vital-signs profiles of R4 that the Observations claim.
// Every other vital sign claims the general one, "vitalsigns".
var profiles = map[Type]string{
	BodyWeight: "bodyweight", BodyHeight: "bodyheight", BodyMassIndex: "bmi",
	BodyTemperature: "bodytemp", HeartRate: "heartrate", RespiratoryRate: "resprate",
	OxygenSaturation: "oxygensat", BloodPressure: "bp",
}

// R4 is the measurement as FHIR R4 Observations, valid against the
// vital-signs profiles: a blood pressure with its mean as one, every other
// vital sign one each, the principal one first. All share the sequence number
// as an identifier; a second identifier is made of the content, so that
// creating one conditionally on it is idempotent (Personal Health Device
// guide, "Conditional Create").
func R4(r *Recorded) []Observation {
	var list []Observation
	if parts := panelParts(r); parts != nil {
		o := r.observation(r.Type, nil)
		o.Component = parts
		list = append(list, o)
	}
	if principal := r.Reading(r.Type); principal != nil {
		list = append(list, r.observation(r.Type, principal))
	}
	for i := range r.Readings {
		if reading := &r.Readings[i]; reading.Type != r.Type && !inPanel(r.Type, reading.Type) {
			list = append(list, r.observation(reading.Type, reading))
		}
	}
	if len(list) > 0 {
		list[0].Component = append(list[0].Component, r.circumstances()...)
	}
	for i := range list {
		list[i].ID = ObservationID(r.Log, r.Seq, i+1)
	}
	return list
}

// Observations is how many R4 makes of the measurement, one at least.
func (m *Measurement) Observations() int {
	n, panel := 0, 0
	for i := range m.Readings {
		if t := m.Readings[i].Type; inPanel(m.Type, t) {
			panel = 1
		} else {
			n++
		}
	}
	return max(1, n+panel)
}

// panels are the measurements that R4 keeps in one Observation, with the
// components that its profile demands and those that may join.
var panels = map[Type]struct{ demanded, optional []Type }{
	BloodPressure:    {[]Type{Systolic, Diastolic}, []Type{Mean}},
	ArterialPressure: {nil, []Type{ArterialSystolic, ArterialDiastolic, ArterialMean}},
}

func inPanel(panel, t Type) bool {
	p := panels[panel]
	return slices.Contains(p.demanded, t) || slices.Contains(p.optional, t)
}

// panelParts is the components of a panel; nil when the measurement has none
// of its readings. A demanded one that the device left out is "unknown".
func panelParts(r *Recorded) []Component {
	var list []Component
	present := false
	add := func(t Type, demanded bool) {
		reading := r.Reading(t)
		if reading == nil && !demanded {
			return
		}
		present = present || reading != nil
		if reading == nil {
			reading = &Reading{Type: t, Absent: AbsentUnknown}
		}
		list = append(list, Component{
			Code:           CodeableConcept{readingCodings(r, reading), byType[t].French},
			ValueQuantity:  quantity(reading),
			Interpretation: interpretations(reading), DataAbsentReason: absence(reading),
			ReferenceRange: limits(reading),
		})
	}
	for _, t := range panels[r.Type].demanded {
		add(t, true)
	}
	for _, t := range panels[r.Type].optional {
		add(t, false)
	}
	if !present {
		return nil
	}
	return list
}

// observation is what all Observations of a measurement share, with the value
// of reading, which is nil for a panel.
func (r *Recorded) observation(t Type, reading *Reading) Observation {
	code := reading
	if code == nil {
		code = &Reading{Type: t}
	}
	o := Observation{
		ResourceType: "Observation", Meta: r.meta(t),
		Extension: gateway(r.Log), Identifier: r.identifiers(t),
		Status: r.VersionStatus(), Category: category(t),
		Code:    CodeableConcept{readingCodings(r, code), byType[t].French},
		Subject: subject(r.Subject), Encounter: encounter(r.Consultation),
		Effective: Instant(r.Effective()), Note: r.notes(),
		Device: &Reference{Reference: "Device/" + r.Device.ID, Display: r.Device.Name},
	}
	if r.Log != "" {
		o.Issued = Instant(r.Updated())
	}
	if reading != nil {
		o.ValueQuantity, o.DataAbsentReason = quantity(reading), absence(reading)
		o.Interpretation, o.ReferenceRange = interpretations(reading), limits(reading)
	}
	return o
}

// testData is the security label of what was not measured on a person.
var testData = []Coding{{"http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", "test health data"}}

func (r *Recorded) meta(t Type) *Meta {
	m := &Meta{}
	switch profile, ok := profiles[t]; {
	case ok:
		m.Profile = []string{structureDefinition + profile}
	case t != BloodGlucose: // laboratory, so no vital sign
		m.Profile = []string{structureDefinition + "vitalsigns"}
	}
	if r.Test {
		m.Security = testData
	}
	if r.Version > 1 {
		m.VersionID, m.LastUpdated = strconv.Itoa(r.Version), Instant(r.Corrected)
	}
	if m.Profile == nil && m.Security == nil && m.VersionID == "" {
		return nil
	}
	return m
}

// VersionStatus is the FHIR status of this version. What was never final is not
// amended by saying whose it is.
func (r *Recorded) VersionStatus() string {
	status := r.status()
	switch {
	case r.Discarded:
		return "entered-in-error"
	case r.Version > 1 && status != string(StatusPreliminary):
		return "amended"
	}
	return status
}

// gateway names this program, whose log is given, as the one that passed the
// measurement on.
func gateway(log string) []Extension {
	if log == "" {
		return nil
	}
	return []Extension{{
		URL:            structureDefinition + "observation-gatewayDevice",
		ValueReference: &Reference{Reference: "Device/" + log, Display: gatewayName},
	}}
}

func (r *Recorded) identifiers(t Type) []Identifier {
	var list []Identifier
	if r.Log != "" && r.Seq > 0 {
		list = append(list, Identifier{System: "urn:uuid:" + r.Log, Value: strconv.FormatUint(r.Seq, 10)})
	}
	return append(list, Identifier{System: "urn:ietf:rfc:3986", Value: "urn:uuid:" + r.contentID(t)})
}

// contentID is a UUID (version 8, RFC 9562) of what was measured: device, bed,
// person, type, time and values. The same measurement sent twice has the same;
// those of two beds behind one gateway, or of two persons, have not. All versions
// of a measurement have the same.
func (r *Recorded) contentID(t Type) string {
	var text strings.Builder
	who := r.Subject
	if r.Version > 1 {
		who = r.First
	}
	fmt.Fprintf(&text, "%s|%q|%s|%q|%s|%s|%t", r.Device.ID, r.Bed, who.Key(), who.Name(), t, Instant(r.Effective().UTC()), r.Test)
	for i := range r.Readings {
		if reading := &r.Readings[i]; reading.Value != nil {
			fmt.Fprintf(&text, "|%s=%s%s", reading.Type, reading.Value, reading.Unit.UCUM)
		}
	}
	u := sha256.Sum256([]byte(text.String()))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

const observationCategory = "http://terminology.hl7.org/CodeSystem/observation-category"

func category(t Type) []CodeableConcept {
	c := Coding{observationCategory, "vital-signs", "Vital Signs"}
	if t == BloodGlucose {
		c.Code, c.Display = "laboratory", "Laboratory"
	}
	return []CodeableConcept{{Coding: []Coding{c}}}
}

// pulses codes the heart rate by how it was measured (IEEE 11073-10101).
var pulses = map[Type]Code{
	OxygenSaturation: {"149530", "MDC_PULS_OXIM_PULS_RATE"},
	BloodPressure:    {"149546", "MDC_PULS_RATE_NON_INV"},
}

// readingCodings is the LOINC and the MDC codings of a reading within r.
func readingCodings(r *Recorded, reading *Reading) []Coding {
	vital := byType[reading.Type]
	unit := reading.Unit
	if unit == (Unit{}) && len(vital.Units) > 0 {
		unit = vital.Units[0]
	}
	var list []Coding
	codes := sampleLOINC(reading)
	if codes == nil {
		codes = vital.LOINCFor(unit)
	}
	for _, c := range codes {
		list = append(list, Coding{LOINC, c.Code, c.Display})
	}
	mdc := vital.MDC
	if pulse, ok := pulses[r.Type]; ok && reading.Type == HeartRate {
		mdc = pulse
	}
	if reading.MDC != (Code{}) {
		mdc = reading.MDC
	}
	return append(list, Coding{MDC, mdc.Code, mdc.Display})
}

func quantity(r *Reading) *Quantity {
	if r.Value == nil {
		return nil
	}
	return &Quantity{*r.Value, r.Unit.Label, UCUM, r.Unit.UCUM}
}

func absence(r *Reading) *CodeableConcept {
	if r.Value != nil {
		return nil
	}
	reason := r.Absent
	if reason == "" {
		reason = AbsentUnknown
	}
	return &CodeableConcept{Coding: []Coding{{
		System: "http://terminology.hl7.org/CodeSystem/data-absent-reason", Code: string(reason),
	}}}
}

func interpretations(r *Reading) []CodeableConcept {
	var list []CodeableConcept
	for _, i := range r.Interpretation {
		list = append(list, CodeableConcept{Coding: []Coding{{
			System: "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", Code: string(i),
		}}})
	}
	return list
}

// limits are the bounds that the device was set to, which are no norm of
// medicine: the text says so.
func limits(r *Reading) []ReferenceRange {
	if r.Low == nil && r.High == nil || r.Unit.UCUM == "" {
		return nil
	}
	bound := func(d *Decimal) *Quantity {
		if d == nil {
			return nil
		}
		return &Quantity{*d, r.Unit.Label, UCUM, r.Unit.UCUM}
	}
	return []ReferenceRange{{bound(r.Low), bound(r.High), "Limites réglées sur l’appareil (device limits)"}}
}

func (r *Recorded) notes() []Annotation {
	var list []Annotation
	if r.Origin == OriginAdmission {
		list = append(list, Annotation{"Valeur saisie à l’admission, non mesurée (origin: admission)."})
	}
	if r.Implausible {
		list = append(list, Annotation{"Valeur hors des limites plausibles\u202f: à vérifier (implausible value)."})
	}
	if r.Discarded {
		list = append(list, Annotation{"Mesure écartée (entered in error)\u00a0: " + r.Reason})
	}
	return list
}

// reference is a known person, by identifier; nil for nobody. One who is
// named without an id is shown but cannot be followed.
func reference(p *Patient) *Reference {
	if p == nil || (p.ID == "" && p.Name() == "") {
		return nil
	}
	r := &Reference{Display: p.Name()}
	if p.ID != "" {
		r.Reference = "Patient/" + p.Key()
		r.Identifier = &Identifier{System: p.System, Value: p.ID}
	}
	return r
}

// subject is reference, or for nobody a Reference that says that it is
// unknown, since the vital-signs profiles demand a subject.
func subject(p *Patient) *Reference {
	if r := reference(p); r != nil {
		return r
	}
	return &Reference{Extension: []Extension{{URL: structureDefinition + "data-absent-reason", ValueCode: "unknown"}}}
}

var fhirID = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

// EncounterID is the FHIR id of a consultation. An EHR may name its
// consultations as it likes; what is no FHIR id becomes one.
func EncounterID(consultation string) string {
	if fhirID.MatchString(consultation) {
		return consultation
	}
	return DeviceID("consultation", consultation)
}

func encounter(consultation string) *Reference {
	if consultation == "" {
		return nil
	}
	return &Reference{Reference: "Encounter/" + EncounterID(consultation), Identifier: &Identifier{Value: consultation}}
}
