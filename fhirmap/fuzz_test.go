package fhirmap

import (
	"encoding/json"
	"testing"
)

// FuzzDecimal: whatever a device sends as a number is refused or comes back
// from JSON as it was.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"36.60", "-1", "1e3", "0e9", "8388607", "1e-40", ".5", "+7", "00012", ".-7", "5.", "1e", "--1", "1e+-2"} {
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

// FuzzString compares the strings of events with those of encoding/json, as
// they are read back.
func FuzzString(f *testing.F) {
	for _, text := range []string{"", "Lefèvre", "\"\\/", "\x00\n\x1f\x7f", "\xff\xc3", "\u2028😀\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		theirs, err := json.Marshal(text)
		if err != nil {
			t.Skip("encoding/json refuses it")
		}
		var have, want string
		if err := json.Unmarshal(theirs, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(appendString(nil, text), &have); err != nil || have != want {
			t.Errorf("%q, %v; want %q", have, err, want)
		}
	})
}
