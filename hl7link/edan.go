package hl7link

import "vitalien/fhirmap"

// edanDialect is Edan's gateway: codes with the system EHC. Pressures and
// temperatures need their unit in OBX-6.
var edanDialect = dialect{
	name:   "Edan",
	lookup: edanTerms.byCode("EHC"),
}

var edanTerms = terms{
	"131072": {vital: fhirmap.HeartRate, unit: "/min"},
	"327680": {vital: fhirmap.OxygenSaturation, unit: "%"},
	"327681": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"393216": {vital: fhirmap.Systolic},
	"393217": {vital: fhirmap.Diastolic},
	"393218": {vital: fhirmap.Mean},
	"393219": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofCuff},
	"458752": {vital: fhirmap.BodyTemperature},
	"524288": {vital: fhirmap.BodyTemperature},
}
