package blelink

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens are exchanges of which the R4 form is kept, by the name of the file.
// It was read against the contract line by line when it was written.
var goldens = map[string]string{
	"blood_pressure":         nordic + "blood pressure, all fields",
	"blood_pressure_kpa":     "blood pressure in kPa",
	"blood_pressure_special": "blood pressure, special values",
	"temperature_ear":        "temperature in the ear",
	"temperature_fahrenheit": "temperature in °F",
	"weight":                 "weight, user, index and height",
	"body_composition":       "body composition, all fields",
	"oximeter_spot":          "spot, all fields",
	"oximeter_continuous":    spezi + "continuous, one place",
	"oximeter_nonin":         "Nonin before SmartPoint",
	"heart_rate_no_contact":  nordic + "heart rate, no contact",
	"glucose_contexts":       "two glucoses, the context of each",
	"glucose_plasma":         "glucose in mol/L, venous plasma",
	"taidoc_pressure":        "TaiDoc blood pressure of a meter that has both, irregular",
	"omron":                  hass + "HEM-7142T2, slot 13",
}

// TestDecode_GoldenR4: app/validate_test.go has the validators of R4 read the
// same files.
func TestDecode_GoldenR4(t *testing.T) {
	for name, of := range goldens {
		t.Run(name, func(t *testing.T) {
			x, known := exchanges[of]
			if !known {
				t.Fatalf("no exchange %q", of)
			}
			list, err := Decode(x.format, x.model, x.bytes(), testContext)
			if err != nil {
				t.Fatal(err)
			}
			var observations []fhirmap.Observation
			for i := range list {
				observations = append(observations, fhirmap.R4(&fhirmap.Recorded{Measurement: list[i], Received: testContext.Received})...)
			}
			golden(t, filepath.Join("testdata", "r4", name+".json"), observations)
		})
	}
}

func golden(t *testing.T, file string, have any) {
	t.Helper()
	text, err := json.MarshalIndent(have, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(text)); diff != "" {
		t.Errorf("%s (-want +have):\n%s", file, diff)
	}
}
