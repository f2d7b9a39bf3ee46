package fhirmap

import (
	"fmt"
	"slices"
)

// A Quality is what a device says of how well it could measure, or of how it
// is itself. It says nothing of the patient but an irregular pulse.
type Quality string

// The qualities, after the status words of the Bluetooth SIG profiles and of
// IEEE 11073-10404, -10407 and -10417.
const (
	BodyMovement        Quality = "body-movement"
	CuffLoose           Quality = "cuff-too-loose"
	IrregularPulse      Quality = "irregular-pulse"
	PulseAboveRange     Quality = "pulse-rate-exceeds-upper-range-limit"
	PulseBelowRange     Quality = "pulse-rate-less-than-lower-range-limit"
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
	EarlyEstimate       Quality = "early-estimate"
	Questionable        Quality = "questionable-measurement"
	InvalidMeasurement  Quality = "invalid-measurement"
	CalibrationOngoing  Quality = "calibration-ongoing"
	BatteryLow          Quality = "battery-low"
	SampleTooSmall      Quality = "sample-size-insufficient"
	StripInsertion      Quality = "strip-insertion-error"
	StripType           Quality = "strip-type-incorrect"
	ResultTooHigh       Quality = "result-above-range"
	ResultTooLow        Quality = "result-below-range"
	SensorTooWarm       Quality = "sensor-temperature-too-high"
	SensorTooCold       Quality = "sensor-temperature-too-low"
	SensorReadInterrupt Quality = "sensor-read-interrupted"
	TimeFault           Quality = "time-fault"
)

// A qualityTerm is what is known of a Quality. bit is its code in the
// nomenclature of status bits (IEEE 11073-10101, in the form in which the HL7
// Personal Health Device guide writes them), empty where there is none.
type qualityTerm struct{ bit, french string }

// The attributes whose bits those are: MDC_BLOOD_PRESSURE_MEASUREMENT_STATUS
// and MDC_PULS_OXIM_DEV_STATUS.
const (
	ofPressure = "8410608."
	ofOximeter = "150604."
)

var qualityTerms = map[Quality]qualityTerm{
	BodyMovement:        {ofPressure + "0", "Mouvement pendant la mesure"},
	CuffLoose:           {ofPressure + "1", "Brassard trop lâche"},
	IrregularPulse:      {ofPressure + "2", "Pouls irrégulier"},
	PulseAboveRange:     {ofPressure + "3", "Pouls au-dessus de la plage de l’appareil"},
	PulseBelowRange:     {ofPressure + "4", "Pouls au-dessous de la plage de l’appareil"},
	ImproperPosition:    {ofPressure + "5", "Mauvaise position"},
	SensorDisconnected:  {ofOximeter + "0", "Capteur débranché"},
	SensorMalfunction:   {ofOximeter + "1", "Capteur défectueux"},
	SensorDisplaced:     {ofOximeter + "2", "Capteur déplacé"},
	SensorUnsupported:   {ofOximeter + "3", "Capteur non reconnu"},
	SensorOff:           {ofOximeter + "4", "Capteur retiré"},
	SensorInterference:  {ofOximeter + "5", "Capteur perturbé"},
	SignalSearching:     {ofOximeter + "6", "Recherche du signal"},
	PulseQuestionable:   {ofOximeter + "7", "Pouls douteux"},
	SignalNonPulsatile:  {ofOximeter + "8", "Signal non pulsatile"},
	SignalErratic:       {ofOximeter + "9", "Signal instable"},
	SignalLowPerfusion:  {ofOximeter + "10", "Perfusion faible"},
	SignalPoor:          {ofOximeter + "11", "Signal faible"},
	SignalInadequate:    {ofOximeter + "12", "Signal insuffisant"},
	SignalIrregularity:  {ofOximeter + "13", "Traitement du signal irrégulier"},
	DeviceMalfunction:   {ofOximeter + "14", "Appareil défectueux"},
	ExtendedUpdate:      {ofOximeter + "15", "Affichage prolongé"},
	EarlyEstimate:       {"", "Première estimation"},
	Questionable:        {"", "Mesure douteuse"},
	InvalidMeasurement:  {"", "Mesure non valide"},
	CalibrationOngoing:  {"", "Étalonnage en cours"},
	BatteryLow:          {"", "Pile faible"},
	SampleTooSmall:      {"", "Goutte de sang insuffisante"},
	StripInsertion:      {"", "Bandelette mal insérée"},
	StripType:           {"", "Bandelette inadaptée"},
	ResultTooHigh:       {"", "Résultat au-dessus de la plage de l’appareil"},
	ResultTooLow:        {"", "Résultat au-dessous de la plage de l’appareil"},
	SensorTooWarm:       {"", "Appareil trop chaud"},
	SensorTooCold:       {"", "Appareil trop froid"},
	SensorReadInterrupt: {"", "Bandelette retirée trop tôt"},
	TimeFault:           {"", "Horloge de l’appareil à régler"},
}

// French is q for people.
func (q Quality) French() string { return qualityTerms[q].french }

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
	french string
}{
	MealPreprandial:  {code("8417868", "MDC_CTXT_GLU_MEAL_PREPRANDIAL"), "Avant le repas"},
	MealPostprandial: {code("8417872", "MDC_CTXT_GLU_MEAL_POSTPRANDIAL"), "Après le repas"},
	MealFasting:      {code("8417876", "MDC_CTXT_GLU_MEAL_FASTING"), "À jeun"},
	MealCasual:       {code("8417880", "MDC_CTXT_GLU_MEAL_CASUAL"), "Sans rapport avec un repas"},
	MealBedtime:      {code("8417908", "MDC_CTXT_GLU_MEAL_BEDTIME"), "Au coucher"},
}

// French is m for people.
func (m Meal) French() string { return meals[m].french }

func (m *Measurement) checkCircumstances() error {
	for i, q := range m.Quality {
		if _, known := qualityTerms[q]; !known || slices.Contains(m.Quality[:i], q) {
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
		term := qualityTerms[q]
		c := Component{Code: CodeableConcept{Text: term.french}, ValueBoolean: new(true)}
		if term.bit != "" {
			c.Code.Coding = []Coding{{"http://terminology.hl7.org/CodeSystem/ASN1ToHL7", term.bit, string(q)}}
		}
		list = append(list, c)
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
// volume. A sample that is not here has those of the vital.
var glucoseLOINC = map[Code][2]Code{
	CapillaryWholeBlood: {
		{"41653-7", "Glucose [Mass/volume] in Capillary blood by Glucometer"},
		{"14743-9", "Glucose [Moles/volume] in Capillary blood by Glucometer"},
	},
	CapillaryPlasma:   serumOrPlasma,
	VenousPlasma:      serumOrPlasma,
	ArterialPlasma:    serumOrPlasma,
	InterstitialFluid: {{"99504-3", "Glucose [Mass/volume] in Interstitial fluid"}, {"105272-9", "Glucose [Moles/volume] in Interstitial fluid"}},
}

var serumOrPlasma = [2]Code{
	{"2345-7", "Glucose [Mass/volume] in Serum or Plasma"},
	{"14749-6", "Glucose [Moles/volume] in Serum or Plasma"},
}

// sampleLOINC is the LOINC code of a glucose by its sample, if it has one of
// its own.
func sampleLOINC(r *Reading) (Code, bool) {
	codes, known := glucoseLOINC[r.MDC]
	if r.Type != BloodGlucose || !known {
		return Code{}, false
	}
	if r.Unit.UCUM == MillimolePerLitre.UCUM {
		return codes[1], true
	}
	return codes[0], true
}
