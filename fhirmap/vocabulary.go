package fhirmap

// Type is a type name of the contract: what a reading or a measurement is.
type Type string

// The vital signs.
const (
	BodyWeight        Type = "body_weight"
	BodyHeight        Type = "body_height"
	BodyMassIndex     Type = "body_mass_index"
	BodyTemperature   Type = "body_temperature"
	HeartRate         Type = "heart_rate"
	RespiratoryRate   Type = "respiratory_rate"
	OxygenSaturation  Type = "oxygen_saturation"
	BloodPressure     Type = "blood_pressure" // non-invasive; a panel
	Systolic          Type = "systolic_blood_pressure"
	Diastolic         Type = "diastolic_blood_pressure"
	Mean              Type = "mean_blood_pressure"
	ArterialPressure  Type = "arterial_blood_pressure" // invasive; a panel
	ArterialSystolic  Type = "arterial_systolic_blood_pressure"
	ArterialDiastolic Type = "arterial_diastolic_blood_pressure"
	ArterialMean      Type = "arterial_mean_blood_pressure"
	BloodGlucose      Type = "blood_glucose"
	BodyFat           Type = "body_fat_percentage"
	BodyWater         Type = "total_body_water"
	MuscleMass        Type = "muscle_mass"
)

// Code systems.
const (
	LOINC = "http://loinc.org"
	MDC   = "urn:iso:std:iso:11073:10101" // IEEE 11073-10101, decimal numbers
	UCUM  = "http://unitsofmeasure.org"
)

// A Code in one of those systems.
type Code struct {
	Code    string `json:"code"`
	Display string `json:"display"`
}

// A Vital is what the program knows of one Type.
type Vital struct {
	Type    Type
	French  string // the label of the contract, which clients of 2019 receive
	English string
	// LOINC is for values in Units[0]; glucose has a second one for mmol/L.
	// Empty where LOINC has none that fits.
	LOINC []Code
	MDC   Code   // the usual one; a Reading may carry a more precise one
	Units []Unit // the units of ours that it can have, the usual first; empty for a panel
	// Low and High bound what is plausible in a living person, in Units[0].
	// Values outside are kept, flagged and shown, but not sent as final.
	Low, High Decimal
	// Parts are the readings that a measurement of this type can hold. Empty:
	// only one, of the type itself.
	Parts []Type
}

func code(c, display string) Code { return Code{c, display} }

func one(c, display string) []Code { return []Code{{c, display}} }

// vitals is the vocabulary in the order in which people list it. The codes
// are those of the R4 vital-signs profiles and of the HL7 Personal Health
// Device guide; MDC numbers are IEEE 11073-10101.
var vitals = []Vital{
	{
		Type: BloodPressure, French: "Tension artérielle", English: "Blood pressure",
		LOINC: one("85354-9", "Blood pressure panel with all children optional"),
		MDC:   code("150020", "MDC_PRESS_BLD_NONINV"),
		Parts: []Type{Systolic, Diastolic, Mean, HeartRate},
	},
	{
		Type: Systolic, French: "Tension systolique", English: "Systolic blood pressure",
		LOINC: one("8480-6", "Systolic blood pressure"),
		MDC:   code("150021", "MDC_PRESS_BLD_NONINV_SYS"),
		Units: []Unit{MillimetreOfMercury}, Low: MustDecimal("30"), High: MustDecimal("300"),
	},
	{
		Type: Diastolic, French: "Tension diastolique", English: "Diastolic blood pressure",
		LOINC: one("8462-4", "Diastolic blood pressure"),
		MDC:   code("150022", "MDC_PRESS_BLD_NONINV_DIA"),
		Units: []Unit{MillimetreOfMercury}, Low: MustDecimal("10"), High: MustDecimal("220"),
	},
	{
		Type: Mean, French: "Tension moyenne", English: "Mean blood pressure",
		LOINC: one("8478-0", "Mean blood pressure"),
		MDC:   code("150023", "MDC_PRESS_BLD_NONINV_MEAN"),
		Units: []Unit{MillimetreOfMercury}, Low: MustDecimal("15"), High: MustDecimal("250"),
	},
	{
		Type: HeartRate, French: "Pouls", English: "Heart rate",
		LOINC: one("8867-4", "Heart rate"),
		MDC:   code("147842", "MDC_ECG_HEART_RATE"),
		Units: []Unit{BeatsPerMinute}, Low: MustDecimal("20"), High: MustDecimal("300"),
	},
	{
		Type: OxygenSaturation, French: "Saturation pulsée", English: "Oxygen saturation",
		LOINC: []Code{
			{"59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"},
			{"2708-6", "Oxygen saturation in Arterial blood"},
		},
		MDC:   code("150456", "MDC_PULS_OXIM_SAT_O2"),
		Units: []Unit{Percent}, Low: MustDecimal("35"), High: MustDecimal("100"),
		Parts: []Type{OxygenSaturation, HeartRate},
	},
	{
		Type: RespiratoryRate, French: "Fréquence respiratoire", English: "Respiratory rate",
		LOINC: one("9279-1", "Respiratory rate"),
		MDC:   code("151562", "MDC_RESP_RATE"),
		Units: []Unit{BreathsPerMinute}, Low: MustDecimal("1"), High: MustDecimal("150"),
	},
	{
		Type: BodyTemperature, French: "Température", English: "Body temperature",
		LOINC: one("8310-5", "Body temperature"),
		MDC:   code("150364", "MDC_TEMP_BODY"),
		Units: []Unit{Celsius}, Low: MustDecimal("25"), High: MustDecimal("45"),
	},
	{
		Type: BloodGlucose, French: "Glycémie", English: "Blood glucose",
		LOINC: []Code{
			{"2339-0", "Glucose [Mass/volume] in Blood"},
			{"15074-8", "Glucose [Moles/volume] in Blood"},
		},
		MDC:   code("160368", "MDC_CONC_GLU_UNDETERMINED_PLASMA"),
		Units: []Unit{MilligramPerDecilitre, MillimolePerLitre}, Low: MustDecimal("10"), High: MustDecimal("1500"),
	},
	{
		Type: BodyWeight, French: "Poids", English: "Body weight",
		LOINC: one("29463-7", "Body weight"),
		MDC:   code("188736", "MDC_MASS_BODY_ACTUAL"),
		Units: []Unit{Kilogram}, Low: MustDecimal("0.2"), High: MustDecimal("650"),
	},
	{
		Type: BodyHeight, French: "Taille", English: "Body height",
		LOINC: one("8302-2", "Body height"),
		MDC:   code("188740", "MDC_LEN_BODY_ACTUAL"),
		Units: []Unit{Centimetre}, Low: MustDecimal("20"), High: MustDecimal("275"),
	},
	{
		Type: BodyMassIndex, French: "IMC", English: "Body mass index",
		LOINC: one("39156-5", "Body mass index (BMI) [Ratio]"),
		MDC:   code("188752", "MDC_RATIO_MASS_BODY_LEN_SQ"),
		Units: []Unit{KilogramPerSquare}, Low: MustDecimal("5"), High: MustDecimal("200"),
	},
	{
		Type: BodyFat, French: "Masse grasse", English: "Body fat percentage",
		LOINC: one("41982-0", "Percentage of body fat Measured"),
		MDC:   code("188748", "MDC_BODY_FAT"),
		Units: []Unit{Percent}, Low: MustDecimal("1"), High: MustDecimal("80"),
	},
	{
		Type: BodyWater, French: "Masse hydrique", English: "Total body water",
		MDC:   code("188764", "MDC_BODY_WATER"),
		Units: []Unit{Percent, Kilogram}, Low: MustDecimal("10"), High: MustDecimal("90"),
	},
	{
		Type: MuscleMass, French: "Masse musculaire", English: "Muscle mass",
		LOINC: one("73964-9", "Body muscle mass"),
		MDC:   code("188776", "MDC_MASS_BODY_MUSCLE"),
		Units: []Unit{Kilogram, Percent}, Low: MustDecimal("1"), High: MustDecimal("200"),
	},
	{
		Type: ArterialPressure, French: "Pression artérielle invasive", English: "Invasive arterial pressure",
		MDC:   code("150032", "MDC_PRESS_BLD_ART"),
		Parts: []Type{ArterialSystolic, ArterialDiastolic, ArterialMean},
	},
	{
		Type: ArterialSystolic, French: "Pression artérielle systolique invasive", English: "Invasive systolic arterial pressure",
		LOINC: one("76215-3", "Invasive Systolic blood pressure"),
		MDC:   code("150033", "MDC_PRESS_BLD_ART_SYS"),
		Units: []Unit{MillimetreOfMercury}, Low: MustDecimal("20"), High: MustDecimal("350"),
	},
	{
		Type: ArterialDiastolic, French: "Pression artérielle diastolique invasive", English: "Invasive diastolic arterial pressure",
		LOINC: one("76213-8", "Invasive Diastolic blood pressure"),
		MDC:   code("150034", "MDC_PRESS_BLD_ART_DIA"),
		Units: []Unit{MillimetreOfMercury}, Low: MustDecimal("5"), High: MustDecimal("250"),
	},
	{
		Type: ArterialMean, French: "Pression artérielle moyenne invasive", English: "Invasive mean arterial pressure",
		LOINC: one("76214-6", "Invasive Mean blood pressure"),
		MDC:   code("150035", "MDC_PRESS_BLD_ART_MEAN"),
		Units: []Unit{MillimetreOfMercury}, Low: MustDecimal("10"), High: MustDecimal("300"),
	},
}

var byType = func() map[Type]*Vital {
	index := make(map[Type]*Vital, len(vitals))
	for i := range vitals {
		index[vitals[i].Type] = &vitals[i]
	}
	return index
}()

// Lookup finds what is known of t.
func Lookup(t Type) (Vital, bool) {
	if v, ok := byType[t]; ok {
		return *v, true
	}
	return Vital{}, false
}

// LOINCFor is the codes of v for a value in unit u, the usual one first; none
// where LOINC has none that fits.
func (v Vital) LOINCFor(u Unit) []Code {
	usual := len(v.Units) == 0 || u.UCUM == v.Units[0].UCUM
	switch {
	case v.Type == BloodGlucose && usual:
		return v.LOINC[:1]
	case v.Type == BloodGlucose:
		return v.LOINC[1:]
	case usual:
		return v.LOINC
	}
	return nil
}

// Vitals is the whole vocabulary, in the order in which people list it.
func Vitals() []Vital { return append([]Vital(nil), vitals...) }

// Plausible tells whether r can be true of a living person. A reading without
// a value is. Other units than the usual one are judged after conversion where
// there is one, and let through where there is none (mmol/L, a water mass in
// kg), with bounds of their own where they matter.
func Plausible(r Reading) bool {
	vital, known := byType[r.Type]
	if !known || r.Value == nil {
		return true
	}
	low, high := vital.Low, vital.High
	switch {
	case r.Unit.UCUM == MillimolePerLitre.UCUM: // 18.016 mg/dL per mmol/L of glucose
		low, high = MustDecimal("0.5"), MustDecimal("84")
	case len(vital.Units) > 0 && r.Unit.UCUM != vital.Units[0].UCUM:
		low, high = MustDecimal("0"), MustDecimal("400")
	}
	return r.Value.Cmp(low) >= 0 && r.Value.Cmp(high) <= 0
}

// Plausible tells whether every reading of m can be true of a living person,
// and whether they agree: a systolic pressure is above its diastolic one.
func (m *Measurement) Plausible() bool {
	for i := range m.Readings {
		if !Plausible(m.Readings[i]) {
			return false
		}
	}
	for _, pair := range [][2]Type{{Systolic, Diastolic}, {ArterialSystolic, ArterialDiastolic}} {
		high, low := m.Reading(pair[0]), m.Reading(pair[1])
		if high != nil && low != nil && high.Value != nil && low.Value != nil && high.Value.Cmp(*low.Value) <= 0 {
			return false
		}
	}
	return true
}
