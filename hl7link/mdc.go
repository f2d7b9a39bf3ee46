package hl7link

import (
	"maps"
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

// mdcOther are parameters that are shown and not recorded, by reference id.
// Where the number is in doubt it is left out: then the name alone counts.
var mdcOther = map[string]mdcTerm{
	"MDC_BLD_PERF_INDEX":             mdcCode(fhirmap.PerfusionIndex, "150488"),
	"MDC_PULS_OXIM_PERF_REL":         mdcCode(fhirmap.PerfusionIndex, "150448"),
	"MDC_PULS_OXIM_PLETH_RESP_RATE":  mdcCode(fhirmap.PlethRate, "151658"),
	"MDC_ECG_V_P_C_RATE":             mdcCode(fhirmap.PrematureBeats, "148066"),
	"MDC_ECG_AMPL_ST_I":              mdcCode(fhirmap.STSegmentI, "131841"),
	"MDC_ECG_AMPL_ST_II":             mdcCode(fhirmap.STSegmentII, "131842"),
	"MDC_ECG_AMPL_ST_V1":             mdcCode(fhirmap.STSegmentV1, "131843"),
	"MDC_ECG_AMPL_ST_V2":             mdcCode(fhirmap.STSegmentV2, "131844"),
	"MDC_ECG_AMPL_ST_V3":             mdcCode(fhirmap.STSegmentV3, "131845"),
	"MDC_ECG_AMPL_ST_V4":             mdcCode(fhirmap.STSegmentV4, "131846"),
	"MDC_ECG_AMPL_ST_V5":             mdcCode(fhirmap.STSegmentV5, "131847"),
	"MDC_ECG_AMPL_ST_V6":             mdcCode(fhirmap.STSegmentV6, "131848"),
	"MDC_ECG_AMPL_ST_III":            mdcCode(fhirmap.STSegmentIII, "131901"),
	"MDC_ECG_AMPL_ST_AVR":            mdcCode(fhirmap.STSegmentAVR, "131902"),
	"MDC_ECG_AMPL_ST_AVL":            mdcCode(fhirmap.STSegmentAVL, "131903"),
	"MDC_ECG_AMPL_ST_AVF":            mdcCode(fhirmap.STSegmentAVF, "131904"),
	"MDC_ECG_AMPL_ST_V":              mdcCode(fhirmap.STSegmentV, "131927"),
	"MDC_TEMP_SKIN":                  mdcCode(fhirmap.SkinTemperature, "150388"),
	"MDC_TEMP_BLD":                   mdcCode(fhirmap.BloodTemperature, ""),
	"MDC_TEMP_DIFF":                  mdcCode(fhirmap.TemperatureDiff, ""),
	"MDC_OUTPUT_CARD":                mdcCode(fhirmap.CardiacOutput, "150276"),
	"MDC_OUTPUT_CARD_INDEX":          mdcCode(fhirmap.CardiacIndex, "149772"),
	"MDC_AWAY_CO2_ET":                mdcCode(fhirmap.EndTidalCO2, "151728"),
	"MDC_CONC_AWAY_CO2_ET":           mdcCode(fhirmap.EndTidalCO2, "151708"),
	"MDC_CONC_AWAY_CO2_INSP":         mdcCode(fhirmap.InspiredCO2, "151716"),
	"MDC_AWAY_CO2_INSP_MIN":          mdcCode(fhirmap.InspiredCO2, ""),
	"MDC_AWAY_RESP_RATE":             mdcCode(fhirmap.AirwayRate, "151570"),
	"MDC_CO2_RESP_RATE":              mdcCode(fhirmap.AirwayRate, "151594"),
	"MDC_CONC_AWAY_O2_INSP":          mdcCode(fhirmap.InspiredO2, "152196"),
	"MDC_CONC_AWAY_O2_ET":            mdcCode(fhirmap.EndTidalO2, ""),
	"MDC_CONC_AWAY_N2O_INSP":         mdcCode(fhirmap.InspiredN2O, ""),
	"MDC_CONC_AWAY_N2O_ET":           mdcCode(fhirmap.EndTidalN2O, ""),
	"MDC_CONC_AWAY_ISOFL_INSP":       mdcCode(fhirmap.InspiredIso, ""),
	"MDC_CONC_AWAY_ISOFL_ET":         mdcCode(fhirmap.EndTidalIso, ""),
	"MDC_PRESS_BLD_ART_PULM_SYS":     mdcCode(fhirmap.PulmonarySys, "150045"),
	"MDC_PRESS_BLD_ART_PULM_DIA":     mdcCode(fhirmap.PulmonaryDia, "150046"),
	"MDC_PRESS_BLD_ART_PULM_MEAN":    mdcCode(fhirmap.PulmonaryMean, "150047"),
	"MDC_PRESS_BLD_VEN_CENT_MEAN":    mdcCode(fhirmap.CentralVenous, "150087"),
	"MDC_PRESS_BLD_VEN_CENT":         mdcCode(fhirmap.CentralVenous, "150084"),
	"MDC_PRESS_BLD_AORT_SYS":         mdcCode(fhirmap.AorticSys, ""),  // 150029 and its
	"MDC_PRESS_BLD_AORT_DIA":         mdcCode(fhirmap.AorticDia, ""),  // neighbours are
	"MDC_PRESS_BLD_AORT_MEAN":        mdcCode(fhirmap.AorticMean, ""), // misused for the cuff
	"MDC_PRESS_BLD_ART_FEMORAL_SYS":  mdcCode(fhirmap.FemoralSys, ""),
	"MDC_PRESS_BLD_ART_FEMORAL_DIA":  mdcCode(fhirmap.FemoralDia, ""),
	"MDC_PRESS_BLD_ART_FEMORAL_MEAN": mdcCode(fhirmap.FemoralMean, ""),
}

// mdcNumbers leads from a number to its reference id.
var mdcNumbers = func() map[string]string {
	names := map[string]string{"149514": "MDC_PULS_RATE", "149522": "MDC_PULS_RATE"}
	maps.Copy(mdcTerms, mdcOther)
	for name, t := range mdcTerms {
		if t.number != "" {
			names[t.number] = name
		}
	}
	return names
}()
