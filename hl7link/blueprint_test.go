package hl7link

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// blueprintDialect is a dialect to copy from: an imaginary maker with codes of
// its own under the coding system 99ACME, who writes 999 when the sensor is off,
// types the height at admission, sends messages marked LIVE every second,
// and its alarm limits in messages marked LIMITS.
//
// A new dialect is such a variable in a file of its own, its line in the
// registry (dialect.go), and a message in testdata/.
var blueprintDialect = dialect{
	name:         "Blueprint",
	lookup:       blueprintTerms.byCode("99ACME"),
	missing:      map[string]fhirmap.Absent{"999": fhirmap.AbsentUnknown},
	streaming:    func(m *Message) bool { return m.First("ZAC").Text(1) == "LIVE" },
	special:      func(_ *decoded, m *Message, _ sender) bool { return m.First("ZAC").Text(1) == "LIMITS" },
	manufacturer: "Acme",
}

var blueprintTerms = terms{
	"HR":  {vital: fhirmap.HeartRate, unit: "/min"},
	"SAT": {vital: fhirmap.OxygenSaturation, unit: "%"},
	"PLS": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"SYS": {vital: fhirmap.Systolic, unit: "mmHg"},
	"DIA": {vital: fhirmap.Diastolic, unit: "mmHg"},
	"TMP": {vital: fhirmap.BodyTemperature}, // °C or °F: OBX-6 must say
	"HGT": {vital: fhirmap.BodyHeight, unit: "cm", origin: fhirmap.OriginAdmission},
	"PFI": {vital: fhirmap.PerfusionIndex, unit: "%"}, // no vital sign: shown, not recorded
}

func TestBlueprint(t *testing.T) {
	text := oru("OBX|1|NM|HR^Heart^99ACME||72||||||F", "OBX|2|NM|SAT^^99ACME||98||||||F", "OBX|3|NM|PLS^^99ACME||999||||||F",
		"OBX|4|NM|SYS^^99ACME||120||||||F", "OBX|5|NM|DIA^^99ACME||80||||||F", "OBX|6|NM|TMP^^99ACME||98.6|F|||||F",
		"OBX|7|NM|HGT^^99ACME||170||||||F", "OBX|8|NM|HR^^99OTHER||1||||||F",
		"OBX|9|NM|PFI^^99ACME||2.1||||||F")
	d := decode([]byte(text), decoding{zone: paris, dialects: []*dialect{&blueprintDialect}})
	want := []string{
		"heart_rate | heart_rate=72 /min" + noon,
		"oxygen_saturation | oxygen_saturation=98 % | heart_rate=unknown /min" + noon,
		"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg]" + noon,
		"body_temperature | body_temperature=37.0 Cel" + noon,
		"body_height | body_height=170 cm" + noon + " | admission",
	}
	if diff := cmp.Diff(want, summaries([]fhirmap.Report{d.report})); diff != "" {
		t.Error(diff)
	}
	if got := d.report.Measurements[0].Device.Manufacturer; got != "Acme" {
		t.Errorf("manufacturer %q", got)
	}
	if l := d.report.Live; len(l) != 1 || l[0].Values[0].Type != fhirmap.PerfusionIndex || d.report.Streaming {
		t.Errorf("shown: %+v", l)
	}
	for order, want := range map[string]struct {
		streaming bool
		measured  int
	}{"LIVE": {true, 1}, "SPOT": {false, 1}, "LIMITS": {false, 0}} {
		d := decode([]byte(oru("ZAC|"+order, "OBX|1|NM|HR^^99ACME||72||||||F")), decoding{zone: paris, dialects: []*dialect{&blueprintDialect}})
		if d.report.Streaming != want.streaming || len(d.report.Measurements) != want.measured || d.verdict.code != "AA" {
			t.Errorf("%s: %+v", order, d)
		}
	}
}

// Every registered dialect has a name of its own and understands its table.
func TestDialects(t *testing.T) {
	names := map[string]bool{}
	for _, d := range append([]*dialect{&blueprintDialect}, dialects...) {
		if d.name == "" || names[d.name] || d.lookup == nil {
			t.Errorf("%q", d.name)
		}
		names[d.name] = true
		table, system := tableOf(t, d)
		if len(table) == 0 && d != &comenDialect { // MDC, and codes that are only context
			t.Errorf("%s has no codes", d.name)
		}
		for code := range table {
			found, ok := d.lookup(coding{code: code, system: system})
			_, known := fhirmap.LookupParameter(found.vital)
			if !ok || !known {
				t.Errorf("%s: %s means %+v", d.name, code, found)
				continue
			}
			if found.unit != "" {
				if _, _, err := fhirmap.In(found.vital, fhirmap.MustDecimal("1"), found.unit); err != nil {
					t.Errorf("%s: %s: %v", d.name, code, err)
				}
			}
			if found.pulse != notOfOthers && found.vital != fhirmap.HeartRate {
				t.Errorf("%s: %s is a pulse and no rate", d.name, code)
			}
		}
		if _, ok := d.lookup(coding{code: "72", text: "72", system: "nobody"}); ok {
			t.Errorf("%s understands everything", d.name)
		}
	}
}

func tableOf(t *testing.T, d *dialect) (terms, string) {
	switch d.name {
	case "Blueprint":
		return blueprintTerms, "99ACME"
	case "LOINC":
		return loincTerms, "LN"
	case "Mindray RTI":
		return mindrayTerms, ""
	case "Biolight":
		return biolightTerms, "BHC"
	case "Edan":
		return edanTerms, "EHC"
	case "Philips MDIL":
		return philipsTerms, "MDIL"
	case "Nihon Kohden":
		return nihonKohdenTerms, ""
	case "Mindray eGateway":
		return eGatewayTerms, "99MNDRY"
	case "Comen":
		return terms{}, "99COMEN"
	case "MDC":
		table := terms{}
		for name, term := range mdcTerms {
			table[name] = term.term
		}
		return table, "MDC"
	}
	t.Errorf("%s is missing here", d.name)
	return nil, ""
}

// No number of IEEE 11073-10101 stands for two reference ids.
func TestMDC_NumbersAreUnique(t *testing.T) {
	numbers := map[string]string{}
	for name, term := range mdcTerms {
		if other, taken := numbers[term.number]; taken && term.number != "" {
			t.Errorf("%s: %s and %s", term.number, name, other)
		}
		numbers[term.number] = name
	}
	for _, vital := range fhirmap.Vitals() {
		if len(vital.Units) == 0 || mdcNumbers[vital.MDC.Code] == "" {
			continue
		}
		if mdcNumbers[vital.MDC.Code] != vital.MDC.Display {
			t.Errorf("%s is %s here and %s there", vital.MDC.Code, mdcNumbers[vital.MDC.Code], vital.MDC.Display)
		}
	}
}
