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
