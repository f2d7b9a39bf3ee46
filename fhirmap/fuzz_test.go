package fhirmap

import (
	"encoding/json"
	"testing"
)

// FuzzDecimal: whatever a device sends as a number is refused or comes back
// from JSON as it was.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"36.60", "-1", "1e3", "0e9", "8388607", "1e-40", ".5", "+7", "00012"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDecimal(text)
		if err != nil {
			return
		}
		written, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var back Decimal
		if err := json.Unmarshal(written, &back); err != nil || back.Cmp(d) != 0 || back.String() != d.String() {
			t.Fatalf("%q became %s, then %s: %v", text, d, back, err)
		}
	})
}
