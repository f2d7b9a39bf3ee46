package hl7link

import (
	"strings"

	"vitalien/fhirmap"
)

// nihonKohdenDialect is the HL7 2.4 export of Nihon Kohden monitors and of
// gateways that write like them: six digits in OBX-3 without a coding system,
// and labels such as "VITAL HR", by which gateways with another name are known.
// Saturations and rates need no unit.
var nihonKohdenDialect = dialect{
	name:         "Nihon Kohden",
	lookup:       nihonKohdenTerms.byCode(""),
	manufacturer: "Nihon Kohden",
	spoken: func(m *Message) bool {
		header := m.Header()
		sender := strings.ToUpper(header.Text(3) + " " + header.Text(4))
		return strings.Contains(strings.ReplaceAll(sender, "_", " "), "NIHON KOHDEN") ||
			strings.HasPrefix(m.First("OBX").Component(3, 2), "VITAL ")
	},
}

var nihonKohdenTerms = terms{
	"001000": {vital: fhirmap.HeartRate, unit: "/min"},
	"004073": {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"007000": {vital: fhirmap.OxygenSaturation, unit: "%"},
	"007001": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"009000": {vital: fhirmap.Systolic},
	"009001": {vital: fhirmap.Diastolic},
	"009002": {vital: fhirmap.Mean},
	"011000": {vital: fhirmap.SkinTemperature},
	"014000": {vital: fhirmap.BodyTemperature}, // rectal
	"044000": {vital: fhirmap.ArterialSystolic},
	"044001": {vital: fhirmap.ArterialDiastolic},
	"044002": {vital: fhirmap.ArterialMean},
	"073000": {vital: fhirmap.EndTidalCO2},
}
