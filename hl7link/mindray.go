package hl7link

import (
	"strings"

	"vitalien/fhirmap"
)

// mindrayDialect is Mindray's Realtime Result Interface (RTI), HL7 2.3.1: plain
// numbers in OBX-3.1, no coding system, no units, and labels in the language
// of the monitor, which mean nothing here.
var mindrayDialect = dialect{
	name:         "Mindray RTI",
	spoken:       spokenByMindray,
	lookup:       mindrayTerms.byCode(""),
	missing:      map[string]fhirmap.Absent{"-100": fhirmap.AbsentUnknown},
	numbered:     func(id string) bool { return mindrayTypes[id] },
	manufacturer: "Mindray",
}

func spokenByMindray(m *Message) bool {
	header := m.Header()
	sender := header.Text(3) + header.Text(4)
	return header.Text(12) == "2.3.1" && header.Component(9, 1) == "ORU" && header.Component(9, 2) == "R01" &&
		(sender == "" || strings.Contains(strings.ToUpper(sender), "MINDRAY"))
}

var mindrayTerms = terms{
	"51":  {vital: fhirmap.BodyWeight, unit: "kg", origin: fhirmap.OriginAdmission},
	"52":  {vital: fhirmap.BodyHeight, unit: "cm", origin: fhirmap.OriginAdmission},
	"101": {vital: fhirmap.HeartRate, unit: "/min"},
	"151": {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"160": {vital: fhirmap.OxygenSaturation, unit: "%"},
	"161": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"170": {vital: fhirmap.Systolic, unit: "mmHg"},
	"171": {vital: fhirmap.Diastolic, unit: "mmHg"},
	"172": {vital: fhirmap.Mean, unit: "mmHg"},
	"200": {vital: fhirmap.BodyTemperature, unit: "Cel"},
	"201": {vital: fhirmap.BodyTemperature, unit: "Cel"},
	"500": {vital: fhirmap.ArterialSystolic, unit: "mmHg"},
	"501": {vital: fhirmap.ArterialMean, unit: "mmHg"},
	"502": {vital: fhirmap.ArterialDiastolic, unit: "mmHg"},
}

// mindrayTypes are the message numbers that RTI writes into MSH-10, so that
// two different messages share one.
var mindrayTypes = set("11", "12", "51", "53", "54", "56", "58", "60", "101", "103", "106",
	"159", "160", "161", "204", "205", "251", "253", "256", "301", "320", "451", "501", "502",
	"503", "504", "701", "851", "1202", "1203", "1205")

func set(members ...string) map[string]bool {
	s := make(map[string]bool, len(members))
	for _, m := range members {
		s[m] = true
	}
	return s
}
