package hl7link

import (
	"strings"

	"vitalien/fhirmap"
)

// loincDialect is LOINC in OBX-3 (coding system LN, HL7 table 0396, which simple
// senders leave out: nothing else looks like these codes with their check
// digit). Rates and saturations need no unit: their codes leave only one.
var loincDialect = dialect{
	name: "LOINC",
	lookup: func(c coding) (term, bool) {
		switch strings.ToUpper(c.system) {
		case "", "LN", "LOINC", "HTTP://LOINC.ORG", "2.16.840.1.113883.6.1":
		default:
			return term{}, false
		}
		found, ok := loincTerms[c.code]
		found.unit = impliedUnit(found.vital)
		return found, ok
	},
}

// loincTerms are the vital-sign codes of LOINC 2.7x. Where the code names the
// sample of a glucose, the MDC code of that sample goes with it.
var loincTerms = terms{
	"8480-6":  {vital: fhirmap.Systolic},
	"8462-4":  {vital: fhirmap.Diastolic},
	"8478-0":  {vital: fhirmap.Mean},
	"76534-7": {vital: fhirmap.Systolic},
	"76535-4": {vital: fhirmap.Diastolic},
	"76536-2": {vital: fhirmap.Mean},

	"76215-3": {vital: fhirmap.ArterialSystolic},
	"76213-8": {vital: fhirmap.ArterialDiastolic},
	"76214-6": {vital: fhirmap.ArterialMean},

	"8867-4": {vital: fhirmap.HeartRate},
	"8889-8": {vital: fhirmap.HeartRate, pulse: ofOximeter},

	"59408-5": {vital: fhirmap.OxygenSaturation},
	"2708-6":  {vital: fhirmap.OxygenSaturation},

	"9279-1": {vital: fhirmap.RespiratoryRate},

	"8310-5": {vital: fhirmap.BodyTemperature},
	"8328-7": {vital: fhirmap.BodyTemperature}, // axillary
	"8329-5": {vital: fhirmap.BodyTemperature}, // core
	"8331-1": {vital: fhirmap.BodyTemperature}, // oral
	"8332-9": {vital: fhirmap.BodyTemperature}, // rectal
	"8333-7": {vital: fhirmap.BodyTemperature}, // tympanic

	"29463-7": {vital: fhirmap.BodyWeight},
	"3141-9":  {vital: fhirmap.BodyWeight}, // measured
	"8302-2":  {vital: fhirmap.BodyHeight},
	"3137-7":  {vital: fhirmap.BodyHeight}, // measured
	"39156-5": {vital: fhirmap.BodyMassIndex},
	"41982-0": {vital: fhirmap.BodyFat},
	"73964-9": {vital: fhirmap.MuscleMass},

	"2339-0":  {vital: fhirmap.BloodGlucose},
	"15074-8": {vital: fhirmap.BloodGlucose},
	"41653-7": {vital: fhirmap.BloodGlucose, mdc: capillaryBlood},
	"32016-8": {vital: fhirmap.BloodGlucose, mdc: capillaryBlood},
	"14743-9": {vital: fhirmap.BloodGlucose, mdc: capillaryBlood},
}

var capillaryBlood = fhirmap.Code{Code: "160184", Display: "MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD"}
