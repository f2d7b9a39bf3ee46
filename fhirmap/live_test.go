package fhirmap

import "testing"

// Every parameter has a name of its own, and both languages.
func TestParameters(t *testing.T) {
	seen := map[Type]bool{}
	for _, p := range parameters {
		if _, vital := Lookup(p.Type); vital || seen[p.Type] || p.French == "" || p.English == "" || p.Unit.UCUM == "" {
			t.Errorf("%+v", p)
		}
		seen[p.Type] = true
	}
	if _, known := LookupParameter(BloodPressure); known {
		t.Error("a panel is no parameter")
	}
	if p, known := LookupParameter(HeartRate); !known || p.Unit != BeatsPerMinute {
		t.Errorf("%+v", p)
	}
}

func TestMeasurement_LiveValues(t *testing.T) {
	value := func(s string) *Decimal { return new(MustDecimal(s)) }
	m := Measurement{Type: OxygenSaturation, Readings: []Reading{
		{Type: OxygenSaturation, Value: value("12"), Unit: Percent, Low: value("90")},
		{Type: HeartRate, Absent: AbsentUnknown, Unit: BeatsPerMinute},
	}}
	got := m.LiveValues()
	if len(got) != 2 || got[0].State != LiveImplausible || got[0].Low.String() != "90" ||
		got[1].Type != PulseRate || got[1].State != LiveMissing || got[1].Value != nil {
		t.Errorf("%+v", got)
	}
	if got := (&Measurement{Type: HeartRate, Readings: []Reading{{Type: HeartRate, Value: value("72")}}}).LiveValues(); got[0].Type != HeartRate || got[0].State != LiveValid {
		t.Errorf("%+v", got)
	}
}

// The short way of comparing says what the library says.
func TestDecimal_Cmp(t *testing.T) {
	var all []Decimal
	for _, text := range []string{
		"0", "-0", "0.0", "1", "-1", "1.0", "10", "9.9", "9.99", "-9.99", "36.60", "36.6", "120", "1e2", "100.000000", "99.9999999", "1e9", "-1e9",
		"1099511627776", "1099511627777", "9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "0.000000000000000001",
	} {
		all = append(all, MustDecimal(text))
	}
	for _, a := range all {
		for _, b := range all {
			if got, want := a.Cmp(b), a.d.Cmp(&b.d); got != want {
				t.Errorf("%s, %s: %d, want %d", a, b, got, want)
			}
		}
	}
}
