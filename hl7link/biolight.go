package hl7link

import "vitalien/fhirmap"

// biolightDialect is the data service of Biolight's PDS gateway, HL7 2.6:
// codes with the system BHC. MSH-10 is the number of the message type.
var biolightDialect = dialect{
	name:         "Biolight",
	lookup:       biolightTerms.byCode("BHC"),
	missing:      map[string]fhirmap.Absent{"-100": fhirmap.AbsentUnknown},
	numbered:     func(id string) bool { return len(id) == 4 && id >= "1001" && id <= "1015" },
	manufacturer: "Biolight",
	spoken: func(m *Message) bool {
		for _, s := range m.Segments {
			if s.Name == "OBX" && s.Component(3, 3) == "BHC" {
				return true
			}
		}
		return false
	},
}

var biolightTerms = terms{
	"201":  {vital: fhirmap.HeartRate, unit: "/min"},
	"251":  {vital: fhirmap.OxygenSaturation, unit: "%"},
	"259":  {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"351":  {vital: fhirmap.Systolic},
	"352":  {vital: fhirmap.Diastolic},
	"353":  {vital: fhirmap.Mean},
	"401":  {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"1051": {vital: fhirmap.BodyTemperature},
	"1052": {vital: fhirmap.BodyTemperature},
}
