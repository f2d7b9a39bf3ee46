package fhirmap

import (
	"errors"
	"fmt"
	"time"
)

// Live is what a monitor shows at one time. Only the newest counts: nothing of
// it is owed to anybody.
type Live struct {
	Device  Device
	Bed     string
	Patient *Patient  // whom the monitor names; nil: nobody
	Time    time.Time // of the values; zero: when they came
	Values  []LiveValue
}

// A LiveValue is one parameter as a monitor shows it.
type LiveValue struct {
	Type  Type
	Value *Decimal // nil when there is none, which State explains
	Unit  Unit
	// State is empty when a message tells the limits alone, or that there are none:
	// then the value that came before stands.
	State LiveState
	Low   *Decimal  // the monitor's alarm limits, in Unit; nil: none, or not known
	High  *Decimal  //
	Time  time.Time // of the value; zero: that of the Live it is in
	// AsOf is when the value held by this computer's clock, which its age is told
	// from: when it came for one that streams, whatever clock the monitor has,
	// and Time for one that was measured once. Set by the station.
	AsOf time.Time
}

// LiveState is how far a value on a screen can be believed.
type LiveState string

// The states of a live value.
const (
	LiveValid       LiveState = "valid"
	LiveInvalid     LiveState = "invalid"     // the monitor itself doubts it
	LiveMissing     LiveState = "missing"     // sensor off, not measured
	LiveImplausible LiveState = "implausible" // outside of what is possible in a living person
)

// Parameters that monitors show beside the vital signs. They are live values
// only: no Observation is made of them.
const (
	PulseRate        Type = "pulse_rate" // of a pulse oximeter or a cuff, beside the heart rate of an ECG
	PerfusionIndex   Type = "perfusion_index"
	PrematureBeats   Type = "premature_ventricular_contractions"
	STSegmentI       Type = "st_i"
	STSegmentII      Type = "st_ii"
	STSegmentIII     Type = "st_iii"
	STSegmentAVR     Type = "st_avr"
	STSegmentAVL     Type = "st_avl"
	STSegmentAVF     Type = "st_avf"
	STSegmentV       Type = "st_v" // one chest lead, not said which
	STSegmentV1      Type = "st_v1"
	STSegmentV2      Type = "st_v2"
	STSegmentV3      Type = "st_v3"
	STSegmentV4      Type = "st_v4"
	STSegmentV5      Type = "st_v5"
	STSegmentV6      Type = "st_v6"
	PulseRate2       Type = "pulse_rate_2" // of another source than PulseRate
	Temperature2     Type = "temperature_2"
	TemperatureDiff  Type = "temperature_difference"
	BloodTemperature Type = "blood_temperature"
	SkinTemperature  Type = "skin_temperature"
	CardiacOutput    Type = "cardiac_output"
	CardiacIndex     Type = "cardiac_index"
	EndTidalCO2      Type = "end_tidal_co2"
	InspiredCO2      Type = "inspired_co2"
	AirwayRate       Type = "airway_respiratory_rate"
	PlethRate        Type = "pleth_respiratory_rate"
	InspiredO2       Type = "inspired_oxygen"
	EndTidalO2       Type = "end_tidal_oxygen"
	PulmonarySys     Type = "pulmonary_artery_systolic_pressure"
	PulmonaryMean    Type = "pulmonary_artery_mean_pressure"
	PulmonaryDia     Type = "pulmonary_artery_diastolic_pressure"
	CentralVenous    Type = "central_venous_pressure"
	PulsePressureVar Type = "pulse_pressure_variation"
	AorticSys        Type = "aortic_systolic_pressure"
	AorticMean       Type = "aortic_mean_pressure"
	AorticDia        Type = "aortic_diastolic_pressure"
	FemoralSys       Type = "femoral_artery_systolic_pressure"
	FemoralMean      Type = "femoral_artery_mean_pressure"
	FemoralDia       Type = "femoral_artery_diastolic_pressure"
	InspiredN2O      Type = "inspired_nitrous_oxide"
	EndTidalN2O      Type = "end_tidal_nitrous_oxide"
	InspiredIso      Type = "inspired_isoflurane"
	EndTidalIso      Type = "end_tidal_isoflurane"
	AlveolarConc     Type = "minimum_alveolar_concentration"
	ECGPauseRate     Type = "ecg_pause_rate"
	CuffPressure     Type = "cuff_pressure"              // of a cuff that is inflated; no pressure of a person
	InvasiveSystolic Type = "invasive_systolic_pressure" // of a line whose place is not said
	Invasive1A       Type = "invasive_pressure_1a"       // of a line of which nothing is said, as what follows
	Invasive1B       Type = "invasive_pressure_1b"
	Invasive1C       Type = "invasive_pressure_1c"
	Invasive2A       Type = "invasive_pressure_2a"
	Invasive2B       Type = "invasive_pressure_2b"
	Invasive2C       Type = "invasive_pressure_2c"
)

// A Parameter is what is known of something that monitors show.
type Parameter struct {
	Type    Type
	French  string
	English string
	MDC     Code // zero: none
	Unit    Unit // the usual one
}

// parameters are those beside the vital signs.
var parameters = []Parameter{
	{PulseRate, "Pouls (SpO₂)", "Pulse rate", code("149530", "MDC_PULS_OXIM_PULS_RATE"), BeatsPerMinute},
	{PerfusionIndex, "Indice de perfusion", "Perfusion index", code("150488", "MDC_BLD_PERF_INDEX"), Percent},
	{PrematureBeats, "ESV", "Premature ventricular contractions", code("148066", "MDC_ECG_V_P_C_RATE"), BeatsPerMinute},
	{STSegmentI, "ST I", "ST I", Code{}, Millivolt},
	{STSegmentII, "ST II", "ST II", Code{}, Millivolt},
	{STSegmentIII, "ST III", "ST III", Code{}, Millivolt},
	{STSegmentAVR, "ST aVR", "ST aVR", Code{}, Millivolt},
	{STSegmentAVL, "ST aVL", "ST aVL", Code{}, Millivolt},
	{STSegmentAVF, "ST aVF", "ST aVF", Code{}, Millivolt},
	{STSegmentV, "ST V", "ST V", Code{}, Millivolt},
	{STSegmentV1, "ST V1", "ST V1", Code{}, Millivolt},
	{STSegmentV2, "ST V2", "ST V2", Code{}, Millivolt},
	{STSegmentV3, "ST V3", "ST V3", Code{}, Millivolt},
	{STSegmentV4, "ST V4", "ST V4", Code{}, Millivolt},
	{STSegmentV5, "ST V5", "ST V5", Code{}, Millivolt},
	{STSegmentV6, "ST V6", "ST V6", Code{}, Millivolt},
	{PulseRate2, "Pouls 2", "Pulse rate 2", Code{}, BeatsPerMinute},
	{Temperature2, "Température 2", "Temperature 2", Code{}, Celsius},
	{TemperatureDiff, "Écart de température", "Temperature difference", Code{}, Celsius},
	{BloodTemperature, "Température sanguine", "Blood temperature", Code{}, Celsius},
	{SkinTemperature, "Température cutanée", "Skin temperature", Code{}, Celsius},
	{CardiacOutput, "Débit cardiaque", "Cardiac output", Code{}, LitrePerMinute},
	{CardiacIndex, "Index cardiaque", "Cardiac index", Code{}, LitrePerMinuteSquare},
	{EndTidalCO2, "EtCO₂", "End-tidal CO2", Code{}, MillimetreOfMercury},
	{InspiredCO2, "FiCO₂", "Inspired CO2", Code{}, MillimetreOfMercury},
	{AirwayRate, "Fréquence respiratoire (CO₂)", "Airway respiratory rate", Code{}, BreathsPerMinute},
	{PlethRate, "Fréquence respiratoire (SpO₂)", "Pleth respiratory rate", code("151658", "MDC_PULS_OXIM_PLETH_RESP_RATE"), BreathsPerMinute},
	{InspiredO2, "FiO₂", "Inspired oxygen", Code{}, Percent},
	{EndTidalO2, "EtO₂", "End-tidal oxygen", Code{}, Percent},
	{PulmonarySys, "PAP systolique", "Pulmonary artery systolic pressure", Code{}, MillimetreOfMercury},
	{PulmonaryMean, "PAP moyenne", "Pulmonary artery mean pressure", Code{}, MillimetreOfMercury},
	{PulmonaryDia, "PAP diastolique", "Pulmonary artery diastolic pressure", Code{}, MillimetreOfMercury},
	{CentralVenous, "PVC (pression veineuse centrale)", "Central venous pressure", Code{}, MillimetreOfMercury},
	{ECGPauseRate, "Pauses ECG", "ECG pauses", Code{}, BeatsPerMinute},
	{CuffPressure, "Pression du brassard", "Cuff pressure", code("150300", "MDC_PRESS_CUFF"), MillimetreOfMercury},
	{InvasiveSystolic, "Pression invasive systolique", "Invasive systolic pressure", Code{}, MillimetreOfMercury},
	{Invasive1A, "Pression invasive 1a", "Invasive pressure 1a", Code{}, MillimetreOfMercury},
	{Invasive1B, "Pression invasive 1b", "Invasive pressure 1b", Code{}, MillimetreOfMercury},
	{Invasive1C, "Pression invasive 1c", "Invasive pressure 1c", Code{}, MillimetreOfMercury},
	{Invasive2A, "Pression invasive 2a", "Invasive pressure 2a", Code{}, MillimetreOfMercury},
	{Invasive2B, "Pression invasive 2b", "Invasive pressure 2b", Code{}, MillimetreOfMercury},
	{Invasive2C, "Pression invasive 2c", "Invasive pressure 2c", Code{}, MillimetreOfMercury},
	{PulsePressureVar, "Variation de pression pulsée", "Pulse pressure variation", Code{}, Percent},
	{AorticSys, "Pression aortique systolique", "Aortic systolic pressure", Code{}, MillimetreOfMercury},
	{AorticMean, "Pression aortique moyenne", "Aortic mean pressure", Code{}, MillimetreOfMercury},
	{AorticDia, "Pression aortique diastolique", "Aortic diastolic pressure", Code{}, MillimetreOfMercury},
	{FemoralSys, "Pression fémorale systolique", "Femoral artery systolic pressure", Code{}, MillimetreOfMercury},
	{FemoralMean, "Pression fémorale moyenne", "Femoral artery mean pressure", Code{}, MillimetreOfMercury},
	{FemoralDia, "Pression fémorale diastolique", "Femoral artery diastolic pressure", Code{}, MillimetreOfMercury},
	{InspiredN2O, "FiN₂O", "Inspired nitrous oxide", Code{}, Percent},
	{EndTidalN2O, "EtN₂O", "End-tidal nitrous oxide", Code{}, Percent},
	{InspiredIso, "FiIso", "Inspired isoflurane", Code{}, Percent},
	{EndTidalIso, "EtIso", "End-tidal isoflurane", Code{}, Percent},
	{AlveolarConc, "CAM", "Minimum alveolar concentration", Code{}, Unity},
}

var parameterIndex = func() map[Type]*Parameter {
	index := make(map[Type]*Parameter, len(parameters)+len(vitals))
	for i := range parameters {
		index[parameters[i].Type] = &parameters[i]
	}
	for i := range vitals {
		if v := &vitals[i]; len(v.Units) > 0 {
			index[v.Type] = &Parameter{v.Type, v.French, v.English, v.MDC, v.Units[0]}
		}
	}
	return index
}()

// LookupParameter finds a parameter, vital sign or other, by its type name.
func LookupParameter(t Type) (Parameter, bool) {
	p, ok := parameterIndex[t]
	if !ok {
		return Parameter{}, false
	}
	return *p, true
}

// LiveValues are the readings of m as a screen shows them.
func (m *Measurement) LiveValues() []LiveValue {
	values := make([]LiveValue, 0, len(m.Readings))
	for i := range m.Readings {
		r := &m.Readings[i]
		v := LiveValue{Type: r.Type, Value: r.Value, Unit: r.Unit, State: LiveValid, Low: r.Low, High: r.High}
		if r.Type == HeartRate && m.Type != HeartRate {
			v.Type = PulseRate
		}
		switch {
		case r.Value == nil:
			v.State = LiveMissing
		case !Plausible(*r):
			v.State = LiveImplausible
		}
		values = append(values, v)
	}
	return values
}

// How much of one message is shown.
const (
	maxLive       = 256 // beds of a gateway
	maxLiveValues = 128 // parameters of one
)

// Validate holds the invariants of what a monitor shows: known parameters, a
// value or a state that explains why there is none, a device, and no text
// longer than any device has a use for.
func (l *Live) Validate() error {
	if l.Device.ID == "" {
		return errors.New("live values without a device")
	}
	if len(l.Values) > maxLiveValues {
		return fmt.Errorf("%d live values: at most %d", len(l.Values), maxLiveValues)
	}
	if err := checkTime(l.Time); err != nil {
		return err
	}
	for i := range l.Values {
		if err := l.Values[i].validate(); err != nil {
			return err
		}
	}
	return checkTexts(l.Bed, &l.Device, l.Patient)
}

func (v *LiveValue) validate() error {
	if parameterIndex[v.Type] == nil {
		return fmt.Errorf("unknown parameter %q", v.Type)
	}
	for _, d := range [...]*Decimal{v.Value, v.Low, v.High} {
		if d != nil && d.check() != nil {
			return fmt.Errorf("%s is too long", v.Type)
		}
	}
	if max(len(v.Unit.UCUM), len(v.Unit.Label)) > maxText {
		return fmt.Errorf("the unit of %s is too long", v.Type)
	}
	if err := checkTime(v.Time); err != nil {
		return err
	}
	switch v.State {
	case LiveValid, LiveImplausible:
		if v.Value != nil {
			return nil
		}
	case LiveMissing, "":
		if v.Value == nil {
			return nil
		}
	case LiveInvalid:
		return nil
	}
	return fmt.Errorf("%s has a value that does not agree with the state %q", v.Type, v.State)
}
