package hl7link

import "vitalien/fhirmap"

// philipsDialect is the HL7 export of Philips IntelliVue information centres:
// codes with the system MDIL, units as 0004-xxxx with a plain text beside.
var philipsDialect = dialect{
	name:   "Philips MDIL",
	lookup: philipsTerms.byCode("MDIL"),
}

var philipsTerms = terms{
	"0002-4182": {vital: fhirmap.HeartRate, unit: "/min"},
	"0002-4822": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"0002-4bb8": {vital: fhirmap.OxygenSaturation, unit: "%"},
	"0002-5000": {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"0002-4a05": {vital: fhirmap.Systolic},
	"0002-4a06": {vital: fhirmap.Diastolic},
	"0002-4a07": {vital: fhirmap.Mean},
	"0002-4a15": {vital: fhirmap.ArterialSystolic},
	"0002-4a16": {vital: fhirmap.ArterialDiastolic},
	"0002-4a17": {vital: fhirmap.ArterialMean},
	"0002-4b60": {vital: fhirmap.BodyTemperature},
	"0002-f0c7": {vital: fhirmap.BodyTemperature},
	"0002-f0c8": {vital: fhirmap.Temperature2},

	// Codes of the IntelliVue data export, partition 2 of IEEE 11073-10101.
	"0002-500a": {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"0002-5012": {vital: fhirmap.AirwayRate, unit: "/min"},
	"0002-4a1d": {vital: fhirmap.PulmonarySys},
	"0002-4a1e": {vital: fhirmap.PulmonaryDia},
	"0002-4a1f": {vital: fhirmap.PulmonaryMean},
	"0002-4a47": {vital: fhirmap.CentralVenous},
	"0002-4b04": {vital: fhirmap.CardiacOutput},
	"0002-490c": {vital: fhirmap.CardiacIndex},
	"0002-4b74": {vital: fhirmap.SkinTemperature},
	"0002-50b0": {vital: fhirmap.EndTidalCO2},
	"0002-4261": {vital: fhirmap.PrematureBeats, unit: "/min"},
}
