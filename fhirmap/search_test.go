package fhirmap

import (
	"slices"
	"testing"
)

// ObservationTypes agrees with what R4 makes, for every type and any of its
// readings.
func TestObservationTypes_AgreesWithR4(t *testing.T) {
	for _, vital := range vitals {
		parts := vital.Parts
		if len(parts) == 0 {
			parts = []Type{vital.Type}
		}
		for mask := 1; mask < 1<<len(parts); mask++ {
			r := Recorded{Measurement: Measurement{Type: vital.Type, Device: Device{ID: "d"}}, Log: "0123456789", Seq: 7}
			value := MustDecimal("50")
			for i, part := range parts {
				if mask>>i&1 == 1 {
					r.Readings = append(r.Readings, Reading{Type: part, Value: &value, Unit: Percent})
				}
			}
			types, made := r.ObservationTypes(), R4(&r)
			if len(types) != len(made) || len(types) != r.Observations() {
				t.Fatalf("%s %b: %v, and %d Observations", vital.Type, mask, types, len(made))
			}
			for i, o := range made {
				if o.Code.Text != byType[types[i]].French {
					t.Errorf("%s %b: %d is %s and not %s", vital.Type, mask, i, o.Code.Text, types[i])
				}
				for _, c := range o.Code.Coding {
					if !slices.Contains(TypesWithCode(c.System, c.Code, false), types[i]) {
						t.Errorf("%s is not found by %s|%s", types[i], c.System, c.Code)
					}
				}
				for _, part := range o.Component {
					if c := part.Code.Coding[0]; !slices.Contains(TypesWithCode("", c.Code, true), types[i]) {
						t.Errorf("%s is not found by its component %s", types[i], c.Code)
					}
				}
			}
		}
	}
	if found := TypesWithCode("", "8480-6", false); !slices.Equal(found, []Type{Systolic}) {
		t.Error(found)
	}
	if found := TypesWithCode(MDC, "8867-4", true); found != nil {
		t.Error(found)
	}
}
