package fhirmap

import "testing"

// TestQuality_Labels: each has a label in both languages, each bit of a status
// word is one that is known, and the words of the nomenclature are as long as
// their status words are in the profiles.
func TestQuality_Labels(t *testing.T) {
	for q, label := range qualityLabels {
		if label.french == "" || label.english == "" || q.French() != label.french || q.English() != label.english {
			t.Errorf("%s has no label in both languages", q)
		}
	}
	for m, meal := range meals {
		if meal.french == "" || meal.english == "" || m.French() != meal.french || m.English() != meal.english || meal.Code.Code == "" {
			t.Errorf("%s has no label or code", m)
		}
	}
	for of, bits := range map[Type]int{BloodPressure: 6, OxygenSaturation: 16, BloodGlucose: 11} {
		word := statusWords[of]
		if len(word.bits) != bits {
			t.Errorf("%s has %d bits", of, len(word.bits))
		}
		for _, q := range word.bits {
			if q.French() == "" {
				t.Errorf("%s is not known", q)
			}
		}
	}
}

// TestQuality_Codes are those of the Personal Health Device guide: its examples
// bits-observation and bpm-status, and its code system ASN1ToHL7.
func TestQuality_Codes(t *testing.T) {
	for want, c := range map[string]struct {
		of Type
		q  Quality
	}{
		"8410608.0 body-movement":            {BloodPressure, BodyMovement},
		"8410608.4 pulse-under-range-limit":  {BloodPressure, PulseBelowRange},
		"8410608.5 improper-body-position":   {BloodPressure, ImproperPosition},
		"150604.1 sensor-malfunction":        {OxygenSaturation, SensorMalfunction},
		"150604.2 sensor-displaced":          {OxygenSaturation, SensorDisplaced},
		"150604.7 signal-pulse-questionable": {OxygenSaturation, PulseQuestionable},
		"150604.10 signal-low-perfusion":     {OxygenSaturation, SignalLowPerfusion},
		"150604.11 signal-poor":              {OxygenSaturation, SignalPoor},
		"150604.12 signal-inadequate":        {OxygenSaturation, SignalInadequate},
		"150604.15 device-extended-update":   {OxygenSaturation, ExtendedUpdate},
		"8417752.0 device-battery-low":       {BloodGlucose, BatteryLow},
		"8417752.1 sensor-malfunction":       {BloodGlucose, SensorMalfunction},
		"8417752.10 device-gen-fault":        {BloodGlucose, DeviceFault},
	} {
		coding := c.q.coding(c.of)
		if got := coding.Code + " " + coding.Display; got != want || coding.System == "" {
			t.Errorf("%+v, want %s", coding, want)
		}
	}
	if c := BatteryLow.coding(OxygenSaturation); c.System != "" || c.Code != string(BatteryLow) || c.Display == "" {
		t.Errorf("a code that the guide does not have: %+v", c)
	}
}

func TestQuality_Invariants(t *testing.T) {
	for name, spoil := range map[string]func(*Recorded){
		"unknown quality": func(r *Recorded) { r.Quality = []Quality{"fine"} },
		"repeated":        func(r *Recorded) { r.Quality = []Quality{CuffLoose, BodyMovement, CuffLoose} },
		"unknown meal":    func(r *Recorded) { r.Meal = "brunch" },
	} {
		r := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
		if spoil(r); r.Validate() == nil {
			t.Errorf("%s passes", name)
		}
	}
}
