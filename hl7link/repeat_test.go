package hl7link

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

// terse writes measurements as "120/80, 97% 60": what repetitions come to.
func terse(measurements []fhirmap.Measurement) string {
	var all []string
	for _, m := range measurements {
		var readings []string
		for _, r := range m.Readings {
			value := "-"
			if r.Value != nil {
				value = r.Value.String()
			}
			short := map[fhirmap.Type]string{
				fhirmap.Systolic: "s", fhirmap.Diastolic: "d", fhirmap.Mean: "m",
				fhirmap.OxygenSaturation: "o", fhirmap.HeartRate: "p", fhirmap.BodyTemperature: "t",
			}[r.Type]
			readings = append(readings, short+value)
		}
		all = append(all, strings.Join(readings, " "))
	}
	return strings.Join(all, ", ")
}

// obx writes segments from "s120 d80:2 | t36.5": readings, with OBX-4 behind
// the colon, and a bar where a new OBR begins.
func obx(t *testing.T, text string) []string {
	t.Helper()
	codes := map[byte]string{'s': "8480-6^S^LN", 'd': "8462-4^D^LN", 'm': "8478-0^M^LN", 'o': "59408-5^O^LN", 'p': "8889-8^P^LN", 't': "8310-5^T^LN"}
	units := map[byte]string{'s': "mmHg", 'd': "mmHg", 'm': "mmHg", 'o': "%", 'p': "/min", 't': "Cel"}
	var segments []string
	for _, word := range strings.Fields(text) {
		if word == "|" {
			segments = append(segments, "OBR|9")
			continue
		}
		number, sub, _ := strings.Cut(word[1:], ":")
		status := "F"
		if number == "-" {
			number, status = "8388607", "X"
		}
		if codes[word[0]] == "" {
			t.Fatal(word)
		}
		segments = append(segments, fmt.Sprintf("OBX|1|NM|%s|%s|%s|%s|||||%s", codes[word[0]], sub, number, units[word[0]], status))
	}
	return segments
}

// What comes twice is kept unless it says the same, and no measurement is put
// together from two.
func TestDecode_Repetitions(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"two orders with one systolic", "s120 d80 | s120 d85", "s120 d80, s120 d85"},
		{"two OBX-4 with one systolic", "s120:1 d80:1 s120:2 d85:2", "s120 d80, s120 d85"},
		{"two OBX-4, reading by reading", "s120:1 s120:2 d80:1 d85:2", "s120 d80, s120 d85"},
		{"two orders with one saturation", "o97 p60 | o97 p90", "o97 p60, o97 p90"},
		{"saturations one after the other", "o97 p60 o97 p90", "o97 p60, o97 p90"},
		{"pulses by OBX-4", "o97:1 o95:2 p60:1 p90:2", "o97 p60, o95 p90"},
		{"pressures one after the other", "s120 d80 s190 d110", "s120 d80, s190 d110"},
		{"pressures with one systolic", "s120 d80 s120 d85", "s120 d80, s120 d85"},
		{"pressures reading by reading", "s120 s190 d80 d110", "s120 d80, s190 d110"},
		{"three pressures", "s120 d80 m90 s121 d81 m91 s122 d82 m92", "s120 d80 m90, s121 d81 m91, s122 d82 m92"},
		{"mean missing in the first", "s120 d80 s190 d110 m130", "s120 d80, s190 d110 m130"},
		{"mean missing in the second", "s120 d80 m90 s190 d110", "s120 d80 m90, s190 d110"},
		{"diastolic failed in the first", "s120 d- s190 d85", "s120 d-, s190 d85"},
		{"diastolic failed in the second", "s120 d80 s190 d-", "s120 d80, s190 d-"},
		{"unclear", "s120 s190 d80 d110 m130", "s120, s190, d80, d110, m130"},
		{"a lone second diastolic", "s120 d80 d85", "s120 d80, d85"},
		{"temperatures", "t36.5 t39.2", "t36.5, t39.2"},
		{"temperatures of one sensor", "t36.5:1 t39.2:1", "t36.5, t39.2"},
		{"the same temperature", "t36.5 t36.50", "t36.5"},
		{"the same temperature of two orders", "t36.5 | t36.5", "t36.5"},
		{"the same pressure", "s120 d80 s120 d80", "s120 d80"},
		{"the same pressure, reading by reading", "s120 s120 d80 d80", "s120 d80"},
		{"the same pressure of two orders", "s120 d80 | s120 d80", "s120 d80"},
		{"part of it again", "s120 d80 s120", "s120 d80"},
		{"part of it before", "s120 | s120 d80", "s120 d80"},
		{"a systolic twice", "s120 s120 d80", "s120 d80"},
		{"a saturation twice with one pulse", "o97:1.3.1.9 o97:1.3.2.9 p60:1.0.0.9", "o97 p60"},
		{"a pulse twice", "o97 p60 p60", "o97 p60"},
		{"a stale systolic after", "s120 d80 s-", "s120 d80"},
		{"a stale systolic before", "s- d80 s120", "s120 d80"},
		{"a stale saturation of another sensor", "o97:1.3.1.9 o-:1.6.1.9 p60", "o97 p60"},
		{"a stale saturation before", "o- o97 p60", "o97 p60"},
		{"a stale pulse", "o97 p-:1.9.9.9 p60:1.8.8.8", "o97 p60"},
		{"a pulse and no saturation", "o- p60", "o- p60"},
		{"a pulse of two saturations", "o97:1 o95:2 p60", "o97, o95, p60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decode([]byte(oru(obx(t, c.text)...)), decoding{zone: paris, dialects: dialects})
			if diff := cmp.Diff(c.want, terse(d.report.Measurements)); diff != "" || d.verdict.code != "AA" {
				t.Errorf("%s: %v %s", c.text, d.verdict, diff)
			}
			for _, m := range d.report.Measurements {
				if err := m.Validate(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Whatever the order and OBX-4, every value that was said comes out, and none
// that was not.
func TestDecode_NoReadingIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		said, words := map[string]bool{}, []string{}
		for range rapid.IntRange(1, 12).Draw(r, "length") {
			kind := rapid.SampledFrom([]string{"s", "d", "m", "o", "p", "t", "|"}).Draw(r, "kind")
			if kind == "|" {
				words = append(words, kind)
				continue
			}
			value := rapid.SampledFrom([]string{"-", "71", "72", "73"}).Draw(r, "value")
			sub := rapid.SampledFrom([]string{"", ":1", ":2", ":1.3.1.7", ":1.3.2.8", ":1.4.1"}).Draw(r, "sub")
			words = append(words, kind+value+sub)
			if value != "-" {
				said[kind+value] = true
			}
		}
		text := strings.Join(words, " ")
		d := decode([]byte(oru(obx(t, text)...)), decoding{zone: paris, dialects: dialects})
		got := map[string]bool{}
		for _, word := range strings.FieldsFunc(terse(d.report.Measurements), func(c rune) bool { return c == ' ' || c == ',' }) {
			if !strings.HasSuffix(word, "-") {
				got[word] = true
			}
		}
		if diff := cmp.Diff(said, got); diff != "" {
			r.Fatalf("%s: %s", text, diff)
		}
	})
}
