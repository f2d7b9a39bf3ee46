package fhirmap

// GlucoseUnits are those that a blood glucose is shown in, by their UCUM code.
// Stored and sent it keeps the device's.
var GlucoseUnits = []string{"g/L", "mg/dL", "mmol/L"}

// The molar mass of D-glucose is 180.156 g/mol (PubChem, CID 5793), so that
// 1 mmol/L is 18.0156 mg/dL. Its inverses are cut at 20 digits.
var glucoseFactors = map[[2]string]struct {
	factor Decimal
	places int  // of the result
	exact  bool // places are gained on those of the value instead
}{
	{"mg/dL", "g/L"}:    {MustDecimal("0.01"), 2, true},
	{"g/L", "mg/dL"}:    {MustDecimal("100"), -2, true},
	{"mmol/L", "mg/dL"}: {MustDecimal("18.0156"), 0, false},
	{"mmol/L", "g/L"}:   {MustDecimal("0.180156"), 2, false},
	{"mg/dL", "mmol/L"}: {MustDecimal("0.055507449099669175603"), 1, false},
	{"g/L", "mmol/L"}:   {MustDecimal("5.5507449099669175603"), 1, false},
}

// GlucoseIn is a blood glucose in another of GlucoseUnits, for a person to read.
// Between g/L and mg/dL nothing is rounded; what comes of mmol/L is rounded half
// up to 0.01 g/L or 1 mg/dL, and what becomes mmol/L to 0.1 mmol/L. A value whose
// unit is none of them, or has that unit, is returned as it is.
func GlucoseIn(value Decimal, from Unit, ucum string) (Decimal, Unit) {
	way, known := glucoseFactors[[2]string{from.UCUM, ucum}]
	if !known {
		return value, from
	}
	places := way.places
	if way.exact {
		places = max(value.Places()+way.places, 0)
	}
	converted, err := value.linear(Decimal{}, way.factor, Decimal{}, places)
	if err != nil {
		return value, from
	}
	return converted, Unit{UCUM: ucum, Label: ucum}
}
