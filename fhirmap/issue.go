package fhirmap

import "strings"

// Issue is the alert as FHIR R4 DetectedIssue. log is the UUID of the log that
// keeps it, empty for none. It is preliminary while the condition is present,
// final once it is over; its severity is the priority (high, moderate, low). An
// acknowledgement is its mitigation.
func Issue(a *Alert, log string) DetectedIssue {
	device := Reference{Reference: "Device/" + a.Device.ID, Display: a.Device.Name}
	issue := DetectedIssue{
		ResourceType: "DetectedIssue", ID: a.ID, Meta: testMeta(a.Test), Status: "preliminary",
		Code: a.code(), Severity: severities[a.Priority], Patient: reference(a.Patient),
		Identified: &Period{Start: Instant(a.Start)}, Author: &device, Implicated: []Reference{device}, Detail: a.detail(),
	}
	if log != "" {
		issue.Identifier = []Identifier{{System: "urn:uuid:" + log, Value: a.ID}}
	}
	if !a.Active() {
		issue.Status, issue.Identified.End = "final", Instant(a.End)
	}
	if !a.Acknowledged.IsZero() {
		issue.Mitigation = []Mitigation{{
			Action: CodeableConcept{Text: "Alarme acquittée (alarm acknowledged)"}, Date: Instant(a.Acknowledged),
		}}
	}
	return issue
}

// severities are the priorities of IEC 60601-1-8 as codes of FHIR R4
// detectedissue-severity.
var severities = map[Priority]string{PriorityHigh: "high", PriorityMedium: "moderate", PriorityLow: "low"}

// code is the monitor's own code, if it has one, and its words.
func (a *Alert) code() CodeableConcept {
	c := CodeableConcept{Text: a.Text}
	if a.Code != "" {
		c.Coding = []Coding{{System: a.System, Code: a.Code}}
	}
	return c
}

// detail says for people what kind of alarm it is, of which bed.
func (a *Alert) detail() string {
	parts := []string{"Alarme physiologique"}
	if a.Kind == Technical {
		parts[0] = "Alarme technique"
	}
	if p := parameterIndex[a.Type]; p != nil {
		parts = append(parts, p.French)
	}
	if a.Bed != "" {
		parts = append(parts, "lit "+a.Bed)
	}
	return strings.Join(parts, " – ")
}
