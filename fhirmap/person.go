package fhirmap

import (
	"slices"
	"strings"
	"time"
)

// R4Patient is the person as FHIR R4 Patient, to which Observation.subject
// points. The id that the source knows them by is the identifier. test marks
// one whom only simulated devices, or those in training mode, have named.
func R4Patient(p *Patient, test bool) PatientResource {
	r := PatientResource{ResourceType: "Patient", ID: p.Key(), Meta: testMeta(test), Name: humanName(p)}
	if p.ID != "" {
		r.Identifier = []Identifier{{System: p.System, Value: p.ID}}
	}
	if slices.Contains(genders, p.Sex) {
		r.Gender = p.Sex
	}
	if IsDate(p.BirthDate) {
		r.BirthDate = p.BirthDate
	}
	return r
}

// genders are the codes of FHIR R4 administrative-gender.
var genders = []string{"male", "female", "other", "unknown"}

func humanName(p *Patient) []HumanName {
	name := HumanName{Text: p.Name(), Family: strings.TrimSpace(p.Family)}
	if given := strings.TrimSpace(p.Given); given != "" {
		name.Given = []string{given}
	}
	if name.Text == "" {
		return nil
	}
	return []HumanName{name}
}

// IsDate tells whether text is a FHIR date: YYYY, YYYY-MM or YYYY-MM-DD.
func IsDate(text string) bool {
	for _, layout := range []string{"2006", "2006-01", time.DateOnly} {
		if day, err := time.Parse(layout, text); err == nil {
			return day.Year() > 0
		}
	}
	return false
}

// R4Encounter is a consultation as FHIR R4 Encounter, to which
// Observation.encounter points: in progress until it has an end. p is nil when
// it was opened without saying for whom.
func R4Encounter(consultation string, p *Patient, start, end time.Time) EncounterResource {
	r := EncounterResource{
		ResourceType: "Encounter", ID: EncounterID(consultation), Identifier: []Identifier{{Value: consultation}},
		Status:  "in-progress",
		Class:   Coding{"http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", "ambulatory"},
		Subject: reference(p), Period: &Period{Start: Instant(start)},
	}
	if !end.IsZero() {
		if end.Before(start) { // the clock was set back; a period has no negative length (FHIR R4, per-1)
			end = start
		}
		r.Status, r.Period.End = "finished", Instant(end)
	}
	return r
}

// testMeta labels what is not real.
func testMeta(test bool) *Meta {
	if !test {
		return nil
	}
	return &Meta{Security: testData}
}
