package fhirmap

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimal_KeepsPrecision(t *testing.T) {
	for _, text := range []string{"2.0", "2.00", "0.050", "-1.5", "36.6", "120", "0", "0.00"} {
		d, err := ParseDecimal(text)
		if err != nil || d.String() != text {
			t.Errorf("ParseDecimal(%q) = %v, %v", text, d, err)
		}
	}
	for from, want := range map[Decimal]string{NewDecimal(20, -1): "2.0", NewDecimal(200, -2): "2.00", NewDecimal(12, 1): "120"} {
		if from.String() != want {
			t.Errorf("got %s, want %s", from, want)
		}
	}
}

func TestDecimal_Refuses(t *testing.T) {
	for _, text := range []string{"", " ", "abc", "1,5", "NaN", "Infinity", "-Inf", "1e999", "--1", "1 2", "0x10", "١٢", ".-7", "1e", "1e+-2", ".", "+", "1.2.3", "1_000"} {
		if d, err := ParseDecimal(text); err == nil {
			t.Errorf("ParseDecimal(%q) = %s", text, d)
		}
	}
}

func TestDecimal_JSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDecimal(rapid.Int64Range(-1e9, 1e9).Draw(t, "coefficient"), rapid.Int32Range(-6, 3).Draw(t, "exponent"))
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back Decimal
		if err := json.Unmarshal(text, &back); err != nil || back.String() != d.String() {
			t.Fatalf("%s came back as %s, %v", d, back, err)
		}
	})
}

func TestIn(t *testing.T) {
	for _, c := range []struct {
		t           Type
		value, unit string
		want, ucum  string
	}{
		{BodyTemperature, "98.6", "MDC_DIM_FAHR", "37.0", "Cel"},
		{BodyTemperature, "98.60", "[degF]", "37.00", "Cel"},
		{BodyTemperature, "98.6", "℉", "37.0", "Cel"},
		{BodyTemperature, "98.6", "Fahrenheit", "37.0", "Cel"},
		{BodyTemperature, "36.9", "℃", "36.9", "Cel"},
		{BodyTemperature, "36.9", "Celsius", "36.9", "Cel"},
		{BodyTemperature, "104", "F", "40.0", "Cel"},
		{BodyTemperature, "100", "F", "37.8", "Cel"},
		{BodyTemperature, "101", "F", "38.3", "Cel"},
		{BodyTemperature, "310.15", "K", "37.00", "Cel"},
		{BodyTemperature, "36.60", "°C", "36.60", "Cel"},
		{Systolic, "16.0", "kPa", "120", "mm[Hg]"},
		{Systolic, "128", "266016", "128", "mm[Hg]"},
		{Systolic, "128", "mm(hg)", "128", "mm[Hg]"},
		{HeartRate, "72", "bpm", "72", "/min"},
		{HeartRate, "72", "beats per minute", "72", "/min"},
		{RespiratoryRate, "16", "br/min", "16", "/min"},
		{RespiratoryRate, "18", "MDC_DIM_RESP_PER_MIN", "18", "/min"},
		{BodyWeight, "154.3", "lb", "69.99", "kg"},
		{BodyWeight, "3", "lb", "1.4", "kg"},
		{BodyWeight, "7", "lb", "3.2", "kg"},
		{BodyWeight, "70500", "g", "70.500", "kg"},
		{BodyHeight, "1.70", "m", "170", "cm"},
		{BodyHeight, "1755", "mm", "175.5", "cm"},
		{BloodGlucose, "1.04", "g/L", "104", "mg/dL"},
		{BloodGlucose, "5.80", "mmol/L", "5.80", "mmol/L"},
	} {
		t.Run(fmt.Sprintf("%s %s%s", c.t, c.value, c.unit), func(t *testing.T) {
			have, unit, err := In(c.t, MustDecimal(c.value), c.unit)
			if err != nil || have.String() != c.want || unit.UCUM != c.ucum {
				t.Errorf("got %s %s, %v; want %s %s", have, unit.UCUM, err, c.want, c.ucum)
			}
		})
	}
	for _, c := range [][2]string{{string(HeartRate), "mmHg"}, {string(Systolic), "parsec"}, {string(BodyWeight), ""}, {"no_such", "kg"}} {
		if have, _, err := In(Type(c[0]), MustDecimal("1"), c[1]); err == nil {
			t.Errorf("%s in %q gave %s", c[0], c[1], have)
		}
	}
}

// What a conversion makes of a number can be read again, or is refused.
func TestIn_CanBeReadAgain(t *testing.T) {
	refused := 0
	for _, c := range [][2]string{{string(BodyWeight), "lb"}, {string(BodyWeight), "g"}, {string(BodyTemperature), "F"}, {string(Systolic), "kPa"}} {
		for digits := 1; digits < maxDigits; digits++ {
			for _, text := range []string{"-0." + strings.Repeat("9", max(1, digits-2)), strings.Repeat("9", digits), "9." + strings.Repeat("9", max(1, digits-1))} {
				have, _, err := In(Type(c[0]), MustDecimal(text), c[1])
				if err != nil {
					refused++
				} else if again, err := ParseDecimal(have.String()); err != nil || again.String() != have.String() {
					t.Errorf("%s %s became %s, which cannot be read: %v", text, c[1], have, err)
				}
			}
		}
	}
	if refused == 0 || refused > 40 {
		t.Errorf("%d numbers refused", refused)
	}
}

func TestRateUnitsKeepTheirLabel(t *testing.T) {
	_, heart, _ := In(HeartRate, MustDecimal("60"), "/min")
	_, breath, _ := In(RespiratoryRate, MustDecimal("18"), "/min")
	if heart.Label != "bpm" || breath.Label != "/min" {
		t.Errorf("labels %q and %q", heart.Label, breath.Label)
	}
}

func TestPlausible(t *testing.T) {
	for _, c := range []struct {
		r    Reading
		want bool
	}{
		{value(HeartRate, "72", BeatsPerMinute), true},
		{value(HeartRate, "0", BeatsPerMinute), false},
		{value(OxygenSaturation, "101", Percent), false},
		{value(BodyTemperature, "384.5", Celsius), false},
		{value(BloodGlucose, "5.8", MillimolePerLitre), true},
		{value(BloodGlucose, "5.8", MilligramPerDecilitre), false},
		{value(BloodGlucose, "104", MillimolePerLitre), false},
		{value(MuscleMass, "42", Percent), true},
		{Reading{Type: HeartRate, Absent: AbsentError}, true},
	} {
		if Plausible(c.r) != c.want {
			t.Errorf("Plausible(%s %v) = %v", c.r.Type, c.r.Value, !c.want)
		}
	}
}

func TestValidate_Refuses(t *testing.T) {
	both := value(HeartRate, "72", BeatsPerMinute)
	both.Absent = AbsentError
	for name, r := range map[string]*Recorded{
		"unknown type":        recorded("no_such", value(HeartRate, "72", BeatsPerMinute)),
		"no reading":          recorded(HeartRate),
		"no value":            recorded(HeartRate, Reading{Type: HeartRate, Absent: AbsentError}),
		"neither":             recorded(BloodPressure, value(Systolic, "120", MillimetreOfMercury), Reading{Type: Diastolic}),
		"value and reason":    recorded(HeartRate, both),
		"a reading twice":     recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute), value(HeartRate, "73", BeatsPerMinute)),
		"a number too long":   recorded(BodyWeight, Reading{Type: BodyWeight, Value: new(NewDecimal(1, maxDigits)), Unit: Kilogram}),
		"too many places":     recorded(BodyWeight, Reading{Type: BodyWeight, Value: new(NewDecimal(1, -maxDigits)), Unit: Kilogram}),
		"a stranger in there": recorded(BloodPressure, value(BodyWeight, "72", Kilogram)),
	} {
		if r.Validate() == nil {
			t.Errorf("%s passes", name)
		}
	}
	nobody := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	nobody.Device.ID = ""
	if nobody.Validate() == nil {
		t.Error("a measurement of no device passes")
	}
	for name, lengthen := range map[string]func(*Measurement, string){
		"bed":         func(m *Measurement, text string) { m.Bed = text },
		"device name": func(m *Measurement, text string) { m.Device.Name = text },
		"family name": func(m *Measurement, text string) { m.Patient = &Patient{Family: text} },
		"patient id":  func(m *Measurement, text string) { m.Patient = &Patient{ID: text} },
	} {
		long := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
		if lengthen(&long.Measurement, strings.Repeat("x", maxText)); long.Validate() != nil {
			t.Errorf("%s: %v", name, long.Validate())
		}
		if lengthen(&long.Measurement, strings.Repeat("x", maxText+1)); long.Validate() == nil {
			t.Errorf("a very long %s passes", name)
		}
	}
}

func TestPatient_IdentityIsSourceAndID(t *testing.T) {
	monitor := &Patient{System: "urn:monitor", ID: "2", Family: "Martin"}
	ehr := &Patient{System: "urn:ehr", ID: "2", Family: "Martin"}
	if monitor.Same(ehr) {
		t.Error("the monitor's 2 passes for the EHR's 2")
	}
	if !ehr.Same(&Patient{System: "urn:ehr", ID: "2", Family: "Martin-Durand"}) {
		t.Error("a new name makes a new person")
	}
	nobody := &Patient{Family: "Martin"}
	if nobody.Same(nobody) || (*Patient)(nil).Same(nil) {
		t.Error("nobody is the same as somebody")
	}
}

func TestFaultOf(t *testing.T) {
	full := &Fault{Code: "disk_full", English: "disk full"}
	if FaultOf(fmt.Errorf("append: %w", full)) != full {
		t.Error("a wrapped Fault is not found")
	}
	if f := FaultOf(errors.New("boom")); f.Code != "internal" || f.Unwrap() == nil {
		t.Errorf("got %+v", f)
	}
	if FaultOf(nil) != nil {
		t.Error("nil became a Fault")
	}
}
