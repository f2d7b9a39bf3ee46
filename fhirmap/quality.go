package fhirmap

import (
	"fmt"
	"slices"
)

// A Quality is what a device says of how well it could measure, or of how it
// is itself. It says nothing of the patient but an irregular pulse.
type Quality string

// The qualities. Where IEEE 11073-10404, -10407 or -10417 know one, its name is
// that of the code system ASN1ToHL7 of the HL7 Personal Health Device guide.
const (
	BodyMovement        Quality = "body-movement"
	CuffLoose           Quality = "cuff-too-loose"
	IrregularPulse      Quality = "irregular-pulse"
	PulseAboveRange     Quality = "pulse-over-range-limit"
	PulseBelowRange     Quality = "pulse-under-range-limit"
	ImproperPosition    Quality = "improper-body-position"
	SensorDisconnected  Quality = "sensor-disconnected"
	SensorMalfunction   Quality = "sensor-malfunction"
	SensorDisplaced     Quality = "sensor-displaced"
	SensorUnsupported   Quality = "sensor-unsupported"
	SensorOff           Quality = "sensor-off"
	SensorInterference  Quality = "sensor-interference"
	SignalSearching     Quality = "signal-searching"
	PulseQuestionable   Quality = "signal-pulse-questionable"
	SignalNonPulsatile  Quality = "signal-non-pulsatile"
	SignalErratic       Quality = "signal-erratic"
	SignalLowPerfusion  Quality = "signal-low-perfusion"
	SignalPoor          Quality = "signal-poor"
	SignalInadequate    Quality = "signal-inadequate"
	SignalIrregularity  Quality = "signal-processing-irregularity"
	DeviceMalfunction   Quality = "device-equipment-malfunction"
	ExtendedUpdate      Quality = "device-extended-update"
	BatteryLow          Quality = "device-battery-low"
	SampleTooSmall      Quality = "sensor-sample-size-insufficient"
	StripInsertion      Quality = "sensor-strip-insertion"
	StripType           Quality = "sensor-strip-type-incorrect"
	ResultTooHigh       Quality = "sensor-result-too-high"
	ResultTooLow        Quality = "sensor-result-too-low"
	SensorTooWarm       Quality = "sensor-temp-too-high"
	SensorTooCold       Quality = "sensor-temp-too-low"
	SensorReadInterrupt Quality = "sensor-read-interrupt"
	DeviceFault         Quality = "device-gen-fault"
	TimeFault           Quality = "time-fault"
	EarlyEstimate       Quality = "early-estimate"
	Questionable        Quality = "questionable-measurement"
	InvalidMeasurement  Quality = "invalid-measurement"
	CalibrationOngoing  Quality = "calibration-ongoing"
)

var qualityLabels = map[Quality]struct{ french, english string }{
	BodyMovement:        {"Mouvement pendant la mesure", "Body movement"},
	CuffLoose:           {"Brassard trop lâche", "Cuff too loose"},
	IrregularPulse:      {"Pouls irrégulier", "Irregular pulse"},
	PulseAboveRange:     {"Pouls au-dessus de la plage de l’appareil", "Pulse above the device’s range"},
	PulseBelowRange:     {"Pouls au-dessous de la plage de l’appareil", "Pulse below the device’s range"},
	ImproperPosition:    {"Mauvaise position", "Improper position"},
	SensorDisconnected:  {"Capteur débranché", "Sensor disconnected"},
	SensorMalfunction:   {"Capteur défectueux", "Sensor malfunction"},
	SensorDisplaced:     {"Capteur déplacé", "Sensor displaced"},
	SensorUnsupported:   {"Capteur non reconnu", "Unknown sensor"},
	SensorOff:           {"Capteur retiré", "Sensor off"},
	SensorInterference:  {"Capteur perturbé", "Sensor interference"},
	SignalSearching:     {"Recherche du signal", "Searching for a signal"},
	PulseQuestionable:   {"Pouls douteux", "Questionable pulse"},
	SignalNonPulsatile:  {"Signal non pulsatile", "Non-pulsatile signal"},
	SignalErratic:       {"Signal instable", "Erratic signal"},
	SignalLowPerfusion:  {"Perfusion faible", "Low perfusion"},
	SignalPoor:          {"Signal faible", "Poor signal"},
	SignalInadequate:    {"Signal insuffisant", "Inadequate signal"},
	SignalIrregularity:  {"Traitement du signal irrégulier", "Signal processing irregularity"},
	DeviceMalfunction:   {"Appareil défectueux", "Equipment malfunction"},
	ExtendedUpdate:      {"Affichage prolongé", "Extended display update"},
	BatteryLow:          {"Pile faible", "Battery low"},
	SampleTooSmall:      {"Goutte de sang insuffisante", "Sample too small"},
	StripInsertion:      {"Bandelette mal insérée", "Strip inserted wrongly"},
	StripType:           {"Bandelette inadaptée", "Wrong type of strip"},
	ResultTooHigh:       {"Résultat au-dessus de la plage de l’appareil", "Result above the device’s range"},
	ResultTooLow:        {"Résultat au-dessous de la plage de l’appareil", "Result below the device’s range"},
	SensorTooWarm:       {"Appareil trop chaud", "Device too warm"},
	SensorTooCold:       {"Appareil trop froid", "Device too cold"},
	SensorReadInterrupt: {"Bandelette retirée trop tôt", "Strip pulled too soon"},
	DeviceFault:         {"Défaut de l’appareil", "Device fault"},
	TimeFault:           {"Horloge de l’appareil à régler", "Device clock not reliable"},
	EarlyEstimate:       {"Première estimation", "Early estimate"},
	Questionable:        {"Mesure douteuse", "Questionable measurement"},
	InvalidMeasurement:  {"Mesure non valide", "Invalid measurement"},
	CalibrationOngoing:  {"Étalonnage en cours", "Calibration ongoing"},
}

// French is q for people.
func (q Quality) French() string { return qualityLabels[q].french }

// English is q for people.
func (q Quality) English() string { return qualityLabels[q].english }

// statusWords are the attributes of IEEE 11073-10101 that hold the status of a
// measurement, and what their bits mean, from the first on:
// MDC_BLOOD_PRESSURE_MEASUREMENT_STATUS, MDC_PULS_OXIM_DEV_STATUS and
// MDC_GLU_METER_DEV_STATUS.
var statusWords = map[Type]struct {
	attribute string
	bits      []Quality
}{
	BloodPressure: {"8410608", []Quality{BodyMovement, CuffLoose, IrregularPulse, PulseAboveRange, PulseBelowRange, ImproperPosition}},
	OxygenSaturation: {"150604", []Quality{
		SensorDisconnected, SensorMalfunction, SensorDisplaced, SensorUnsupported, SensorOff, SensorInterference,
		SignalSearching, PulseQuestionable, SignalNonPulsatile, SignalErratic, SignalLowPerfusion, SignalPoor, SignalInadequate,
		SignalIrregularity, DeviceMalfunction, ExtendedUpdate,
	}},
	BloodGlucose: {"8417752", []Quality{
		BatteryLow, SensorMalfunction, SampleTooSmall, StripInsertion, StripType, ResultTooHigh, ResultTooLow,
		SensorTooWarm, SensorTooCold, SensorReadInterrupt, DeviceFault,
	}},
}

// coding is q as the guide codes it in a measurement of type t. What it has no
// code for bears its name alone.
func (q Quality) coding(t Type) Coding {
	word := statusWords[t]
	if bit := slices.Index(word.bits, q); bit >= 0 {
		return Coding{"http://terminology.hl7.org/CodeSystem/ASN1ToHL7", fmt.Sprintf("%s.%d", word.attribute, bit), string(q)}
	}
	return Coding{Code: string(q), Display: q.English()}
}

// A Meal is when, relative to a meal, a glucose was measured.
type Meal string

// The meals of IEEE 11073-10417.
const (
	MealPreprandial  Meal = "preprandial"
	MealPostprandial Meal = "postprandial"
	MealFasting      Meal = "fasting"
	MealCasual       Meal = "casual"
	MealBedtime      Meal = "bedtime"
)

var mealCode = code("8417864", "MDC_CTXT_GLU_MEAL")

var meals = map[Meal]struct {
	Code
	french, english string
}{
	MealPreprandial:  {code("8417868", "MDC_CTXT_GLU_MEAL_PREPRANDIAL"), "Avant le repas", "Before a meal"},
	MealPostprandial: {code("8417872", "MDC_CTXT_GLU_MEAL_POSTPRANDIAL"), "Après le repas", "After a meal"},
	MealFasting:      {code("8417876", "MDC_CTXT_GLU_MEAL_FASTING"), "À jeun", "Fasting"},
	MealCasual:       {code("8417880", "MDC_CTXT_GLU_MEAL_CASUAL"), "Sans rapport avec un repas", "Casual"},
	MealBedtime:      {code("8417908", "MDC_CTXT_GLU_MEAL_BEDTIME"), "Au coucher", "At bedtime"},
}

// French is m for people.
func (m Meal) French() string { return meals[m].french }

// English is m for people.
func (m Meal) English() string { return meals[m].english }

func (m *Measurement) checkCircumstances() error {
	for i, q := range m.Quality {
		if _, known := qualityLabels[q]; !known || slices.Contains(m.Quality[:i], q) {
			return fmt.Errorf("unknown or repeated quality %q", q)
		}
	}
	if _, known := meals[m.Meal]; !known && m.Meal != "" {
		return fmt.Errorf("unknown meal %q", m.Meal)
	}
	return nil
}

// circumstances are how a measurement was made, as components (Personal
// Health Device guide: bits are booleans, a meal is a coded value).
func (m *Measurement) circumstances() (list []Component) {
	for _, q := range m.Quality {
		list = append(list, Component{
			Code: CodeableConcept{[]Coding{q.coding(m.Type)}, q.French()}, ValueBoolean: new(true),
		})
	}
	if meal, known := meals[m.Meal]; known {
		list = append(list, Component{
			Code:                 CodeableConcept{Coding: []Coding{{MDC, mealCode.Code, mealCode.Display}}, Text: "Moment de la mesure"},
			ValueCodeableConcept: &CodeableConcept{Coding: []Coding{{MDC, meal.Code.Code, meal.Display}}, Text: meal.french},
		})
	}
	return list
}

// The samples of IEEE 11073-10417 that a meter can tell.
var (
	CapillaryWholeBlood    = code("160184", "MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD")
	CapillaryPlasma        = code("160188", "MDC_CONC_GLU_CAPILLARY_PLASMA")
	VenousWholeBlood       = code("160192", "MDC_CONC_GLU_VENOUS_WHOLEBLOOD")
	VenousPlasma           = code("160196", "MDC_CONC_GLU_VENOUS_PLASMA")
	ArterialWholeBlood     = code("160200", "MDC_CONC_GLU_ARTERIAL_WHOLEBLOOD")
	ArterialPlasma         = code("160204", "MDC_CONC_GLU_ARTERIAL_PLASMA")
	InterstitialFluid      = code("160212", "MDC_CONC_GLU_ISF")
	UndeterminedWholeBlood = code("160364", "MDC_CONC_GLU_UNDETERMINED_WHOLEBLOOD")
	UndeterminedPlasma     = code("160368", "MDC_CONC_GLU_UNDETERMINED_PLASMA")
)

// glucoseLOINC are the LOINC codes by sample, of a mass and of moles in a
// volume, the most precise first. A sample that is not here has those of the
// vital.
var glucoseLOINC = map[Code][2][]Code{
	CapillaryWholeBlood: {
		{{"41653-7", "Glucose [Mass/volume] in Capillary blood by Glucometer"}, {"2339-0", "Glucose [Mass/volume] in Blood"}},
		{{"14743-9", "Glucose [Moles/volume] in Capillary blood by Glucometer"}, {"15074-8", "Glucose [Moles/volume] in Blood"}},
	},
	CapillaryPlasma:    serumOrPlasma,
	VenousPlasma:       serumOrPlasma,
	ArterialPlasma:     serumOrPlasma,
	UndeterminedPlasma: serumOrPlasma,
	InterstitialFluid: {
		one("99504-3", "Glucose [Mass/volume] in Interstitial fluid"),
		one("105272-9", "Glucose [Moles/volume] in Interstitial fluid"),
	},
}

var serumOrPlasma = [2][]Code{
	one("2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
	one("14749-6", "Glucose [Moles/volume] in Serum or Plasma"),
}

// sampleLOINC is the LOINC codes of a glucose by its sample; nil when it has
// none of its own.
func sampleLOINC(r *Reading) []Code {
	codes := glucoseLOINC[r.MDC]
	if r.Type != BloodGlucose {
		return nil
	}
	if r.Unit.UCUM == MillimolePerLitre.UCUM {
		return codes[1]
	}
	return codes[0]
}
