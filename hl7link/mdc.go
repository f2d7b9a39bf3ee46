package hl7link

import (
	"strings"

	"vitalien/fhirmap"
)

// mdcDialect is IEEE 11073-10101 in OBX-3, as the IHE device profiles write
// it: number^reference id^MDC. The reference id decides, since numbers are
// misused in the field; the number alone counts only where there is no
// reference id.
var mdcDialect = dialect{
	name:   "MDC",
	lookup: lookupMDC,
}

func lookupMDC(c coding) (term, bool) {
	named := strings.HasPrefix(c.text, "MDC_")
	system := strings.ToUpper(c.system)
	if !(system == "MDC" || strings.Contains(system, "11073") || system == "2.16.840.1.113883.6.24" || system == "" && named) {
		return term{}, false
	}
	text := c.text
	if !named {
		text = mdcNumbers[c.code]
		if strings.HasPrefix(c.code, "MDC_") {
			text = c.code
		}
	}
	found, ok := mdcTerms[text]
	if !ok {
		return term{}, false
	}
	found.unit = impliedUnit(found.vital)
	if found.number == c.code && found.number != "" {
		found.mdc = fhirmap.Code{Code: found.number, Display: text}
	} else if other, known := mdcTerms[mdcNumbers[c.code]]; known && other.vital != found.vital {
		found.conflict = true
	}
	return found.term, true
}

type mdcTerm struct {
	term
	number string // context-free, decimal
}

func mdcCode(vital fhirmap.Type, number string) mdcTerm {
	return mdcTerm{term{vital: vital}, number}
}

func mdcPulse(of pulse, number string) mdcTerm {
	return mdcTerm{term{vital: fhirmap.HeartRate, pulse: of}, number}
}

// mdcTerms are terms of IEEE 11073-10101 by reference id. Skin, airway and
// ambient temperatures, control solutions, and pressures that do not say where
// they were taken are no vital signs of ours and are left out.
var mdcTerms = map[string]mdcTerm{
	"MDC_PRESS_BLD_NONINV_SYS":  mdcCode(fhirmap.Systolic, "150021"),
	"MDC_PRESS_BLD_NONINV_DIA":  mdcCode(fhirmap.Diastolic, "150022"),
	"MDC_PRESS_BLD_NONINV_MEAN": mdcCode(fhirmap.Mean, "150023"),
	"MDC_PRESS_CUFF_SYS":        mdcCode(fhirmap.Systolic, "150301"),
	"MDC_PRESS_CUFF_DIA":        mdcCode(fhirmap.Diastolic, "150302"),
	"MDC_PRESS_CUFF_MEAN":       mdcCode(fhirmap.Mean, "150303"),
	"MDC_PRESS_BLD_ART_SYS":     mdcCode(fhirmap.ArterialSystolic, "150033"),
	"MDC_PRESS_BLD_ART_DIA":     mdcCode(fhirmap.ArterialDiastolic, "150034"),
	"MDC_PRESS_BLD_ART_MEAN":    mdcCode(fhirmap.ArterialMean, "150035"),
	"MDC_PRESS_BLD_ART_ABP_SYS": mdcCode(fhirmap.ArterialSystolic, "150037"),
	"MDC_PRESS_BLD_ART_ABP_DIA": mdcCode(fhirmap.ArterialDiastolic, "150038"),
	"MDC_PRESS_BLD_ART_ABP_MEAN": mdcCode(
		fhirmap.ArterialMean, "150039"),

	"MDC_ECG_HEART_RATE":           mdcCode(fhirmap.HeartRate, "147842"),
	"MDC_PULS_OXIM_PULS_RATE":      mdcPulse(ofOximeter, "149530"),
	"MDC_PULS_RATE_NON_INV":        mdcPulse(ofCuff, "149546"),
	"MDC_PULS_RATE":                mdcPulse(ofAnyArtery, ""), // 149514, in the field 149522
	"MDC_PULS_OXIM_SAT_O2":         mdcCode(fhirmap.OxygenSaturation, "150456"),
	"MDC_RESP_RATE":                mdcCode(fhirmap.RespiratoryRate, "151562"),
	"MDC_TTHOR_RESP_RATE":          mdcCode(fhirmap.RespiratoryRate, "151578"),
	"MDC_TEMP":                     mdcCode(fhirmap.BodyTemperature, "150344"),
	"MDC_TEMP_BODY":                mdcCode(fhirmap.BodyTemperature, "150364"),
	"MDC_TEMP_CORE":                mdcCode(fhirmap.BodyTemperature, "150368"),
	"MDC_TEMP_TYMP":                mdcCode(fhirmap.BodyTemperature, "150392"),
	"MDC_TEMP_RECT":                mdcCode(fhirmap.BodyTemperature, "188420"),
	"MDC_TEMP_ORAL":                mdcCode(fhirmap.BodyTemperature, "188424"),
	"MDC_TEMP_EAR":                 mdcCode(fhirmap.BodyTemperature, "188428"),
	"MDC_TEMP_AXILLA":              mdcCode(fhirmap.BodyTemperature, "188452"),
	"MDC_TEMP_AXIL":                mdcCode(fhirmap.BodyTemperature, "188496"),
	"MDC_MASS_BODY_ACTUAL":         mdcCode(fhirmap.BodyWeight, "188736"),
	"MDC_LEN_BODY_ACTUAL":          mdcCode(fhirmap.BodyHeight, "188740"),
	"MDC_RATIO_MASS_BODY_LEN_SQ":   mdcCode(fhirmap.BodyMassIndex, "188752"),
	"MDC_BODY_FAT":                 mdcCode(fhirmap.BodyFat, "188748"),
	"MDC_BODY_WATER":               mdcCode(fhirmap.BodyWater, "188764"),
	"MDC_MASS_BODY_MUSCLE":         mdcCode(fhirmap.MuscleMass, "188776"),
	"MDC_CONC_GLU_GEN":             mdcCode(fhirmap.BloodGlucose, "160020"),
	"MDC_CONC_GLU_VENOUS_PLASMA":   mdcCode(fhirmap.BloodGlucose, "160196"),
	"MDC_CONC_GLU_ARTERIAL_PLASMA": mdcCode(fhirmap.BloodGlucose, "160204"),

	"MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD":    mdcCode(fhirmap.BloodGlucose, "160184"),
	"MDC_CONC_GLU_CAPILLARY_PLASMA":        mdcCode(fhirmap.BloodGlucose, "160188"),
	"MDC_CONC_GLU_VENOUS_WHOLEBLOOD":       mdcCode(fhirmap.BloodGlucose, "160192"),
	"MDC_CONC_GLU_ARTERIAL_WHOLEBLOOD":     mdcCode(fhirmap.BloodGlucose, "160200"),
	"MDC_CONC_GLU_UNDETERMINED_WHOLEBLOOD": mdcCode(fhirmap.BloodGlucose, "160364"),
	"MDC_CONC_GLU_UNDETERMINED_PLASMA":     mdcCode(fhirmap.BloodGlucose, "160368"),
}

// mdcNumbers leads from a number to its reference id.
var mdcNumbers = func() map[string]string {
	names := map[string]string{"149514": "MDC_PULS_RATE", "149522": "MDC_PULS_RATE"}
	for name, t := range mdcTerms {
		if t.number != "" {
			names[t.number] = name
		}
	}
	return names
}()
