package fhirmap

import (
	"math"
	"testing"
)

func TestGlucoseIn(t *testing.T) {
	gram := Unit{UCUM: "g/L", Label: "g/L"}
	for _, c := range []struct {
		value string
		from  Unit
		to    string
		want  string
	}{
		{"97", MilligramPerDecilitre, "g/L", "0.97"},
		{"100", MilligramPerDecilitre, "g/L", "1.00"},
		{"97.5", MilligramPerDecilitre, "g/L", "0.975"},
		{"0.9", gram, "mg/dL", "90"},
		{"0.975", gram, "mg/dL", "97.5"},
		{"5.4", MillimolePerLitre, "mg/dL", "97"},      // 97.28
		{"5.4", MillimolePerLitre, "g/L", "0.97"},      // 0.9728
		{"10.0", MillimolePerLitre, "mg/dL", "180"},    // 180.156
		{"2.5", MillimolePerLitre, "g/L", "0.45"},      // 0.45039
		{"97", MilligramPerDecilitre, "mmol/L", "5.4"}, // 5.384
		{"180", MilligramPerDecilitre, "mmol/L", "10.0"},
		{"1.26", gram, "mmol/L", "7.0"}, // the threshold of diabetes, as both are published
		{"0.70", gram, "mmol/L", "3.9"}, // that of hypoglycaemia
		{"5.40", MillimolePerLitre, "mmol/L", "5.40"},
		{"97", MilligramPerDecilitre, "mg/dL", "97"},
		{"97", MillimetreOfMercury, "g/L", "97"},
		{"97", MilligramPerDecilitre, "", "97"},
	} {
		got, unit := GlucoseIn(MustDecimal(c.value), c.from, c.to)
		if got.String() != c.want {
			t.Errorf("%s %s is %s %s, want %s %s", c.value, c.from.UCUM, got, unit.UCUM, c.want, c.to)
		}
		if known := unit.UCUM == c.to; known == (c.to == "" || c.from == MillimetreOfMercury) {
			t.Errorf("%s %s in %q has the unit %q", c.value, c.from.UCUM, c.to, unit.UCUM)
		}
	}
}

// Rounding is at most half of the last place, whatever is converted.
func TestGlucoseIn_RoundsToTheNearest(t *testing.T) {
	exact := map[string]float64{"mg/dL": 18.0156, "g/L": 0.180156}
	step := map[string]float64{"mg/dL": 1, "g/L": 0.01, "mmol/L": 0.1}
	for tenths := int64(5); tenths <= 840; tenths++ {
		mmol := NewDecimal(tenths, -1)
		for unit, factor := range exact {
			got, _ := GlucoseIn(mmol, MillimolePerLitre, unit)
			if d := math.Abs(got.Float64() - mmol.Float64()*factor); d > step[unit]/2+1e-9 {
				t.Errorf("%s mmol/L is %s %s, off by %g", mmol, got, unit, d)
			}
		}
	}
	for whole := int64(10); whole <= 1500; whole++ {
		mg := NewDecimal(whole, 0)
		got, _ := GlucoseIn(mg, MilligramPerDecilitre, "mmol/L")
		if d := math.Abs(got.Float64() - mg.Float64()/18.0156); d > step["mmol/L"]/2+1e-9 {
			t.Errorf("%s mg/dL is %s mmol/L, off by %g", mg, got, d)
		}
	}
}
