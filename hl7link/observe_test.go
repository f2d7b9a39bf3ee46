package hl7link

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

// oru is a message of the segments given, each without its end.
func oru(segments ...string) string {
	return "MSH|^~\\&|APP|FAC|||20260101120000+0100||ORU^R01^ORU_R01|7|P|2.6\rOBR|1\r" + strings.Join(segments, "\r") + "\r"
}

const noon = " | 2026-01-01T12:00:00+01:00"

func TestDecode_Observations(t *testing.T) {
	const (
		sys  = "OBX|1|NM|8480-6^S^LN||120|mm[Hg]|||||F"
		dia  = "OBX|2|NM|8462-4^D^LN||80|mm[Hg]|||||F"
		spo2 = "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.1|97|262688^MDC_DIM_PERCENT^MDC|||||F"
	)
	bp := "blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg]" + noon
	for _, c := range []struct {
		name     string
		segments []string
		want     []string
		troubles int
	}{
		{"pressure", []string{dia, sys}, []string{bp}, 0},
		{
			"pressure and mean",
			[]string{sys, dia, "OBX|3|NM|8478-0^M^LN||93|mm[Hg]|||||F"},
			[]string{strings.Replace(bp, "80 mm[Hg]", "80 mm[Hg] | mean_blood_pressure=93 mm[Hg]", 1)},
			0,
		},
		{
			"pressure in kPa",
			[]string{"OBX|1|NM|8480-6^S^LN||16.0|kPa|||||F"},
			[]string{"blood_pressure | systolic_blood_pressure=120 mm[Hg]" + noon},
			0,
		},
		{
			"LOINC heart rate stays alone",
			[]string{sys, dia, "OBX|3|NM|8867-4^HR^LN||72|/min|||||F"},
			[]string{bp, "heart_rate | heart_rate=72 /min" + noon},
			0,
		},
		{"two pressures by OBX-4", []string{
			strings.Replace(sys, "||120", "|1|120", 1), strings.Replace(sys, "||120", "|2|110", 1),
			strings.Replace(dia, "||80", "|2|70", 1), strings.Replace(dia, "||80", "|1|80", 1),
		}, []string{bp, strings.NewReplacer("=120", "=110", "=80", "=70").Replace(bp)}, 0},
		{
			"two pressures by OBR",
			[]string{
				sys, dia, "OBR|2||||||20260101130000+0100",
				strings.Replace(sys, "120", "110", 1), strings.Replace(dia, "|80", "|70", 1),
			},
			[]string{bp, strings.NewReplacer("=120", "=110", "=80", "=70", "T12", "T13").Replace(bp)},
			0,
		},
		{
			"oximeter pulse joins",
			[]string{spo2, "OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.3.1.2|66|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||F"},
			[]string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=66 /min" + noon},
			0,
		},
		{
			"pulse of another time stays alone",
			[]string{spo2, "OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.3.1.2|66||||||F|||20260101110000+0100"},
			[]string{"oxygen_saturation | oxygen_saturation=97 %" + noon, "heart_rate | heart_rate=66 /min | 2026-01-01T11:00:00+01:00"},
			0,
		},
		{
			"cuff pulse joins the pressure",
			[]string{
				spo2, "OBX|2|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.1.9.1|120|266016^MDC_DIM_MMHG^MDC|||||F",
				"OBX|3|NM|149546^MDC_PULS_RATE_NON_INV^MDC|1.1.9.2|64||||||F",
			},
			[]string{
				"oxygen_saturation | oxygen_saturation=97 %" + noon,
				"blood_pressure | systolic_blood_pressure=120 mm[Hg] | heart_rate=64 /min" + noon,
			},
			0,
		},
		{
			"generic pulse beside a specific one stays alone",
			[]string{
				spo2, "OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC||66||||||F",
				"OBX|3|NM|149514^MDC_PULS_RATE^MDC||65||||||F",
			},
			[]string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=66 /min" + noon, "heart_rate | heart_rate=65 /min" + noon},
			0,
		},
		{
			"generic pulse of several sensors stays alone",
			[]string{spo2, strings.Replace(spo2, "1.3.1.1|97", "1.4.1.1|95", 1), "OBX|3|NM|149514^MDC_PULS_RATE^MDC||65||||||F"},
			[]string{"oxygen_saturation | oxygen_saturation=97 %" + noon, "oxygen_saturation | oxygen_saturation=95 %" + noon, "heart_rate | heart_rate=65 /min" + noon},
			0,
		},
		{
			"some missing",
			[]string{spo2, "OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC||8388607||||||F"},
			[]string{"oxygen_saturation | oxygen_saturation=97 % | heart_rate=not-a-number /min" + noon},
			0,
		},
		{"all missing", []string{strings.Replace(spo2, "|97|", "||", 1), strings.Replace(dia, "|80|", `|""|`, 1), "OBX|2|NM|8867-4^HR^LN||--|/min|||||F"}, nil, 0},
		{
			"sentinel of the alternate coding",
			[]string{"OBX|1|NM|8867-4^HR^LN^147842^MDC_ECG_HEART_RATE^MDC||8388607||||||F", "OBX|2|NM|8480-6^S^LN||-32768|mmHg|||||F", dia},
			[]string{"blood_pressure | systolic_blood_pressure=unknown mm[Hg] | diastolic_blood_pressure=80 mm[Hg]" + noon},
			0,
		},
		{"sentinels", []string{strings.Replace(spo2, "|97|", "|32767|", 1), "OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC||8388607.0||||||F"}, nil, 0},
		{
			"stale duplicate",
			[]string{spo2, strings.NewReplacer("1.3.1.1", "1.6.1.1", "97", "8388607", "|F", "|X").Replace(spo2)},
			[]string{"oxygen_saturation | oxygen_saturation=97 %" + noon},
			0,
		},
		{
			"value after a missing one",
			[]string{strings.Replace(spo2, "|97|", "||", 1), spo2},
			[]string{"oxygen_saturation | oxygen_saturation=97 %" + noon},
			0,
		},
		{"height and weight unset", []string{
			"OBX|1|NM|188740^MDC_LEN_BODY_ACTUAL^MDC||0|263441^MDC_DIM_CENTI_M^MDC|||||F",
			"OBX|1|NM|3141-9^W^LN||0.0|kg|||||F",
		}, nil, 0},
		{"Fahrenheit", []string{"OBX|1|NM|8310-5^T^LN||98.6|[degF]|||||F"}, []string{"body_temperature | body_temperature=37.0 Cel" + noon}, 0},
		{"precision kept", []string{"OBX|1|NM|8310-5^T^LN||37.00|Cel|||||F"}, []string{"body_temperature | body_temperature=37.00 Cel" + noon}, 0},
		{"grams", []string{"OBX|1|NM|29463-7^W^LN||3450|g|||||F"}, []string{"body_weight | body_weight=3.450 kg" + noon}, 0},
		{"unit implied by the code", []string{"OBX|1|NM|9279-1^RR^LN||16||||||F"}, []string{"respiratory_rate | respiratory_rate=16 /min" + noon}, 0},
		{"temperature without unit", []string{"OBX|1|NM|8310-5^T^LN||98.6||||||F"}, nil, 1},
		{
			"unknown unit",
			[]string{"OBX|1|NM|8480-6^S^LN||120|furlong|||||F", dia},
			[]string{"blood_pressure | systolic_blood_pressure=error mm[Hg] | diastolic_blood_pressure=80 mm[Hg]" + noon},
			1,
		},
		{"unit of something else", []string{"OBX|1|NM|8310-5^T^LN||37|mm[Hg]|||||F"}, nil, 1},
		{"unit that contradicts itself", []string{"OBX|1|NM|150344^MDC_TEMP^MDC||98.6|268192^MDC_DIM_FAHR^MDC|||||F"}, nil, 1},
		{"vendor number beside a plain unit", []string{"OBX|1|NM|8310-5^T^LN||37|21^C^99X|||||F"}, []string{"body_temperature | body_temperature=37 Cel" + noon}, 0},
		{"no number", []string{"OBX|1|NM|8867-4^HR^LN||fast|/min|||||F"}, nil, 1},
		{"decimal comma", []string{"OBX|1|NM|8310-5^T^LN||36,6|Cel|||||F"}, nil, 1},
		{"exponent", []string{"OBX|1|NM|8867-4^HR^LN||7e1|/min|||||F"}, nil, 1},
		{"overflow", []string{"OBX|1|NM|8867-4^HR^LN||" + strings.Repeat("9", 60) + "|/min|||||F"}, nil, 1},
		{"several values", []string{"OBX|1|NM|8867-4^HR^LN||70~71|/min|||||F"}, nil, 1},
		{"broken line", []string{"OBX|1|NM|8867-4^HR^LN||7", "2|/min|||||F"}, nil, 1},
		{"structured number", []string{"OBX|1|SN|8867-4^HR^LN||^72|/min|||||F"}, []string{"heart_rate | heart_rate=72 /min" + noon}, 0},
		{"structured comparison", []string{"OBX|1|SN|8867-4^HR^LN||>^300|/min|||||F"}, nil, 1},
		{"number without a type", []string{"OBX|1||8867-4^HR^LN||72|/min|||||F"}, []string{"heart_rate | heart_rate=72 /min" + noon}, 0},
		{"text that is a number", []string{"OBX|1|ST|8867-4^HR^LN||72|/min|||||F"}, []string{"heart_rate | heart_rate=72 /min" + noon}, 0},
		{"coded value", []string{"OBX|1|CE|8867-4^HR^LN||72^x|/min|||||F"}, nil, 1},
		{"preliminary", []string{"OBX|1|NM|8867-4^HR^LN||72|/min|||||R"}, []string{"heart_rate | heart_rate=72 /min" + noon + " | preliminary"}, 0},
		{"corrected", []string{"OBX|1|NM|8867-4^HR^LN||72|/min|||||C"}, []string{"heart_rate | heart_rate=72 /min" + noon + " | corrected"}, 0},
		{"deleted, wrong, absent", []string{"OBX|1|NM|8867-4^HR^LN||72|/min|||||D", "OBX|1|NM|8310-5^T^LN||37|Cel|||||W", "OBX|1|NM|9279-1^R^LN||7||||||N"}, nil, 0},
		{"unknown status", []string{"OBX|1|NM|8867-4^HR^LN||72|/min|||||?"}, nil, 1},
		{"alternate code", []string{"OBX|1|NM|HF^Pouls^99LOC^8867-4^HR^LN||72|/min|||||F"}, []string{"heart_rate | heart_rate=72 /min" + noon}, 0},
		{"codes that disagree", []string{"OBX|1|NM|8867-4^HR^LN^9279-1^RR^LN||72|/min|||||F"}, nil, 1},
		{
			"reference id against number",
			[]string{"OBX|1|NM|150344^MDC_ECG_HEART_RATE^MDC||72||||||F"},
			[]string{"heart_rate | heart_rate=72 /min" + noon},
			0,
		},
		{
			"cuff pressure under the numbers of the arterial one",
			[]string{
				"OBX|1|NM|150033^MDC_PRESS_BLD_NONINV_SYS^MDC||120|mmHg|||||F",
				"OBX|2|NM|150034^MDC_PRESS_BLD_NONINV_DIA^MDC||80|mmHg|||||F",
			},
			[]string{"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg]" + noon},
			0,
		},
		{
			"number that means something unknown",
			[]string{"OBX|1|NM|150017^MDC_PRESS_BLD_NONINV_SYS^MDC||120|mmHg|||||F"},
			[]string{"blood_pressure | systolic_blood_pressure=120 mm[Hg]" + noon},
			0,
		},
		{"number alone", []string{"OBX|1|NM|147842^FC^MDC||72||||||F"}, []string{"heart_rate | heart_rate=72 /min" + noon}, 0},
		{"skin temperature is none of the body", []string{"OBX|1|NM|150388^MDC_TEMP_SKIN^MDC||31|Cel|||||F"}, nil, 0},
		{"Nihon Kohden's words from another gateway", []string{"OBX|1|NM|001000^VITAL HR|1|76|bpm|||||F"}, []string{"heart_rate | heart_rate=76 /min" + noon}, 0},
		{"LOINC without its name", []string{"OBX|1|NM|8867-4||72|/min|||||F"}, []string{"heart_rate | heart_rate=72 /min" + noon}, 0},
		{
			"two thermometers",
			[]string{"OBX|1|NM|150344^MDC_TEMP^MDC|1.2.1.1|37.0|Cel|||||F", "OBX|1|NM|150344^MDC_TEMP^MDC|1.2.2.1|38.0|Cel|||||F"},
			[]string{"body_temperature | body_temperature=37.0 Cel" + noon, "body_temperature | body_temperature=38.0 Cel" + noon},
			0,
		},
		{
			"invasive",
			[]string{"OBX|1|NM|150034^MDC_PRESS_BLD_ART_DIA^MDC||60|mmHg|||||F", "OBX|1|NM|150033^MDC_PRESS_BLD_ART_SYS^MDC||110|mmHg|||||F", sys},
			[]string{
				"arterial_blood_pressure | arterial_systolic_blood_pressure=110 mm[Hg] | arterial_diastolic_blood_pressure=60 mm[Hg]" + noon,
				"blood_pressure | systolic_blood_pressure=120 mm[Hg]" + noon,
			},
			0,
		},
		{
			"glucose",
			[]string{"OBX|1|NM|2339-0^G^LN||1.05|g/L|||||F", "OBX|1|NM|15074-8^G^LN||5.8|mmol/L|||||F"},
			[]string{"blood_glucose | blood_glucose=105 mg/dL" + noon, "blood_glucose | blood_glucose=5.8 mmol/L" + noon},
			0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decode([]byte(oru(c.segments...)), decoding{zone: paris, dialects: dialects})
			if diff := cmp.Diff(c.want, summaries([]fhirmap.Report{d.report})); diff != "" {
				t.Error(diff)
			}
			if len(d.troubles) != c.troubles {
				t.Errorf("troubles: %v", d.troubles)
			}
			want := "AA"
			if c.troubles > 0 && len(c.want) == 0 {
				want = "AE"
			}
			if d.verdict.code != want {
				t.Errorf("verdict %v, want %s", d.verdict, want)
			}
		})
	}
}

// Numbers of which none means anything here are nothing wrong, and are not passed
// over in silence either.
func TestDecode_NothingKnown(t *testing.T) {
	for _, c := range []struct {
		obx  []string
		want string
	}{
		{[]string{"OBX|1|NM|1^x^99X||72|/min|||||F", "OBX|2|NM|8867-4^HR^99X||72|/min|||||F", "OBX|3|ST|8867^HR||72|/min|||||F"}, "OBX[2]-3: no parameter that is known here"},
		{[]string{"OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2_DIFF^MDC||2||||||F"}, "OBX[1]-3: no parameter that is known here"}, // the number alone is a saturation's
		{[]string{"OBX|1|NM|1^x^99X||72|/min|||||F", "OBX|2|NM|8867-4^HR^LN||72||||||F"}, ""},
		{[]string{"OBX|1|NM|29463-7^W^LN||0|kg|||||F"}, ""}, // not set
		{[]string{"OBX|1|CE|2302^Blood^99X||0^N||||||F"}, ""},
		{nil, ""},
	} {
		d := decode([]byte(oru(c.obx...)), decoding{zone: paris, dialects: dialects})
		var got []string
		for _, trouble := range d.troubles {
			got = append(got, trouble.String())
		}
		if strings.Join(got, ",") != c.want || d.verdict.code != "AA" {
			t.Errorf("%q: %q, %s", c.obx, got, d.verdict.code)
		}
	}
}

func TestDecode_ReadingDetails(t *testing.T) {
	reports, err := Decode([]byte(oru("OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||84||90-100|L~LL~odd|||F",
		"OBX|1|NM|150017^MDC_PRESS_BLD_NONINV_SYS^MDC||120|mmHg||H^High^HL70078|||F")), paris)
	if err != nil {
		t.Fatal(err)
	}
	spo2, bp := reports[0].Measurements[0].Readings[0], reports[0].Measurements[1].Readings[0]
	if diff := cmp.Diff([]fhirmap.Interpretation{"L", "LL"}, spo2.Interpretation); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(fhirmap.Code{Code: "150456", Display: "MDC_PULS_OXIM_SAT_O2"}, spo2.MDC); diff != "" {
		t.Error(diff)
	}
	if bp.MDC != (fhirmap.Code{}) || len(bp.Interpretation) != 1 || bp.Interpretation[0] != "H" {
		t.Errorf("%+v", bp)
	}
}

// The order in which a time of measurement is looked for. One that cannot be
// read is never replaced by a later one.
func TestDecode_Time(t *testing.T) {
	message := func(msh7, obr7, obx14 string) string {
		return "MSH|^~\\&|A|B|||" + msh7 + "||ORU^R01|1|P|2.5\rOBR|1||||||" + obr7 + "\rOBX|1|NM|8867-4^HR^LN||72||||||F|||" + obx14 + "\r"
	}
	const unknown = " | time unknown"
	for _, c := range []struct{ msh7, obr7, obx14, want, trouble string }{
		{"20260101100000", "20260101110000", "20260101120000", " | 2026-01-01T12:00:00+01:00", ""},
		{"20260101100000", "20260101110000", "", " | 2026-01-01T11:00:00+01:00", ""},
		{"20260101100000", "20260101110000", "00000000000000", " | 2026-01-01T11:00:00+01:00", ""},
		{"20260101100000", "0", "00000000", " | 2026-01-01T10:00:00+01:00", ""},
		{"20260101100000", "20260101110000", "2024-11-19T10:15:00", " | 2024-11-19T10:15:00+01:00", ""},
		{"20260101100000", "20260101110000", "20241119101500+02:00", " | 2024-11-19T10:15:00+02:00", ""},
		{"20260101100000", "20260101110000", "20241119", unknown, "OBX[1]-14"},
		{"20260101100000", "20241119", "", unknown, "OBR[1]-7"},
		{"20260101100000", "20241119", "20260101120000", " | 2026-01-01T12:00:00+01:00", ""},
		{"20260101100000", "", "hier", unknown, "OBX[1]-14"},
		{"20260101", "", "", "", ""},
		{"", "", "", "", ""},
	} {
		d := decode([]byte(message(c.msh7, c.obr7, c.obx14)), decoding{zone: paris, dialects: dialects})
		if diff := cmp.Diff([]string{"heart_rate | heart_rate=72 /min" + c.want}, summaries([]fhirmap.Report{d.report})); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
		wrong := ""
		if len(d.troubles) > 0 {
			wrong = d.troubles[0].String()
		}
		if (wrong == "") != (c.trouble == "") || !strings.HasPrefix(wrong, c.trouble) || d.verdict.code != "AA" || len(d.troubles) > 1 {
			t.Errorf("%+v: %v %v", c, d.verdict, d.troubles)
		}
	}
}

// A time that cannot be read is told once for its order, parts no panel, and
// joins none with another; it matters only where there is a value.
func TestDecode_UnreadableTimes(t *testing.T) {
	const sys, dia = "OBX|1|NM|8480-6^S^LN||120|mm[Hg]|||||F|||", "OBX|2|NM|8462-4^D^LN||80|mm[Hg]|||||F|||"
	for _, c := range []struct {
		name     string
		segments []string
		want     []string
		troubles int
	}{
		{
			"of the order",
			[]string{"OBR|2||||||20241119", sys, dia},
			[]string{"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | time unknown"},
			1,
		},
		{
			"two different ones",
			[]string{sys + "20241119", dia + "20241120"},
			[]string{"blood_pressure | systolic_blood_pressure=120 mm[Hg] | time unknown", "blood_pressure | diastolic_blood_pressure=80 mm[Hg] | time unknown"},
			2,
		},
		{"of nothing measured", []string{"OBX|1|NM|8867-4^HR^LN||--||||||F|||hier"}, nil, 0},
		{
			"equal values in two orders",
			[]string{"OBR|2||||||20241119", "OBX|1|NM|8867-4^HR^LN||72||||||F", "OBR|3||||||20241119", "OBX|1|NM|8867-4^HR^LN||72||||||F"},
			[]string{"heart_rate | heart_rate=72 /min | time unknown", "heart_rate | heart_rate=72 /min | time unknown"},
			2,
		},
	} {
		d := decode([]byte(oru(c.segments...)), decoding{zone: paris, dialects: dialects})
		if diff := cmp.Diff(c.want, summaries([]fhirmap.Report{d.report})); diff != "" || len(d.troubles) != c.troubles || d.verdict.code != "AA" {
			t.Errorf("%s: %s %v %v", c.name, diff, d.verdict, d.troubles)
		}
	}
}

// The short way of parseNumber comes to what the long one does.
func TestParseNumber(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[-+]?[0-9]{0,20}(\.[0-9]{0,20})?[eE.x]?[0-9]?`).Draw(r, "text")
		got, err := parseNumber(text)
		want, wantErr := fhirmap.ParseDecimal(text)
		if (err == nil) != (wantErr == nil) || got.String() != want.String() || got.Places() != want.Places() || got.Cmp(want) != 0 {
			r.Fatalf("%q: %v %v, want %v %v", text, got, err, want, wantErr)
		}
	})
}
