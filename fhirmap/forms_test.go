package fhirmap

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const testLog = "3f2a9c1b-6d52-4c70-9d0e-5a1f0c2b7e11"

func value(t Type, text string, unit Unit) Reading {
	v := MustDecimal(text)
	return Reading{Type: t, Value: &v, Unit: unit}
}

func recorded(t Type, readings ...Reading) *Recorded {
	received := time.Date(2026, 7, 23, 22, 48, 33, 250_000_000, time.FixedZone("", 2*3600))
	return &Recorded{
		Measurement: Measurement{
			Type: t, Readings: readings, Status: StatusFinal,
			Time:   time.Date(2026, 7, 23, 22, 48, 31, 0, time.FixedZone("", 2*3600)),
			Device: Device{ID: "5da0709c1b23d30019e47f7f", Type: PatientMonitor, Name: "Lit 3"},
		},
		Seq: 42, Log: testLog, Received: received,
		Subject:      &Patient{System: "urn:oid:1.2.250.1.213.1.4.8", ID: "12345", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1980-03-12", Sex: "female"},
		Consultation: "ac8f39cc-f5eb-450e-a354-0a1b2c3d4e5f",
	}
}

func number(text string) *Decimal { return new(MustDecimal(text)) }

// samples is one measurement of each type, and the cases in which the forms
// differ.
func samples() map[string]*Recorded {
	absent := func(t Type, why Absent) Reading { return Reading{Type: t, Absent: why} }
	mmHg := MillimetreOfMercury
	list := map[string]*Recorded{
		"body_weight":         recorded(BodyWeight, value(BodyWeight, "50.4", Kilogram)),
		"body_height":         recorded(BodyHeight, value(BodyHeight, "170", Centimetre)),
		"body_mass_index":     recorded(BodyMassIndex, value(BodyMassIndex, "22.5", KilogramPerSquare)),
		"body_temperature":    recorded(BodyTemperature, value(BodyTemperature, "37.20", Celsius)),
		"heart_rate":          recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute)),
		"respiratory_rate":    recorded(RespiratoryRate, value(RespiratoryRate, "18", BreathsPerMinute)),
		"oxygen_saturation":   recorded(OxygenSaturation, value(OxygenSaturation, "97", Percent)),
		"blood_glucose":       recorded(BloodGlucose, value(BloodGlucose, "104", MilligramPerDecilitre)),
		"blood_glucose_moles": recorded(BloodGlucose, value(BloodGlucose, "5.80", MillimolePerLitre)),
		"body_fat_percentage": recorded(BodyFat, value(BodyFat, "21.3", Percent)),
		"total_body_water":    recorded(BodyWater, value(BodyWater, "55.0", Percent)),
		"muscle_mass":         recorded(MuscleMass, value(MuscleMass, "31.4", Kilogram)),
		"muscle_mass_percent": recorded(MuscleMass, value(MuscleMass, "42.0", Percent)),

		"systolic_blood_pressure":  recorded(Systolic, value(Systolic, "128", mmHg)),
		"diastolic_blood_pressure": recorded(Diastolic, value(Diastolic, "82", mmHg)),
		"mean_blood_pressure":      recorded(Mean, value(Mean, "97", mmHg)),

		"blood_pressure": recorded(BloodPressure, value(Systolic, "128", mmHg), value(Diastolic, "82", mmHg),
			value(Mean, "97", mmHg), value(HeartRate, "71", BeatsPerMinute)),
		"blood_pressure_no_pulse": recorded(BloodPressure, value(Systolic, "128", mmHg), value(Diastolic, "82", mmHg)),
		"blood_pressure_no_diastolic": recorded(BloodPressure, value(Systolic, "128", mmHg),
			absent(Diastolic, AbsentNotANumber), value(HeartRate, "71", BeatsPerMinute)),
		"blood_pressure_mean_only": recorded(BloodPressure, absent(Systolic, AbsentError),
			absent(Diastolic, AbsentError), value(Mean, "97", mmHg)),
		"oximeter": recorded(OxygenSaturation, value(HeartRate, "86", BeatsPerMinute), value(OxygenSaturation, "99", Percent)),
		"oximeter_no_pulse": recorded(OxygenSaturation, absent(HeartRate, AbsentUnknown),
			value(OxygenSaturation, "99", Percent)),
		"arterial_blood_pressure": recorded(ArterialPressure, value(ArterialSystolic, "120", mmHg),
			value(ArterialDiastolic, "70", mmHg), value(ArterialMean, "91", mmHg)),
	}
	list["oximeter"].Device.Type = PulseOxymeter

	unassigned := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	unassigned.Subject, unassigned.Consultation = nil, ""
	list["unassigned"] = unassigned

	named := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	named.Subject = &Patient{Family: "Smith", Given: "John"}
	list["named_without_id"] = named

	simulated := recorded(OxygenSaturation, value(OxygenSaturation, "12", Percent))
	simulated.Test, simulated.Implausible = true, true
	simulated.Readings[0].Interpretation = []Interpretation{"LL"}
	list["simulated_implausible"] = simulated

	typed := recorded(BodyHeight, value(BodyHeight, "189.0", Centimetre))
	typed.Origin, typed.Time = OriginAdmission, time.Time{}
	list["typed_at_admission"] = typed

	limited := recorded(OxygenSaturation, value(HeartRate, "86", BeatsPerMinute), value(OxygenSaturation, "99.0", Percent))
	limited.Readings[0].Low, limited.Readings[0].High = number("50"), number("120")
	limited.Readings[1].Low = number("90.5")
	list["limits"] = limited

	pressure := recorded(BloodPressure, value(Systolic, "128", mmHg), absent(Diastolic, AbsentNotPerformed))
	pressure.Readings[0].Low, pressure.Readings[0].High = number("90"), number("160")
	pressure.Readings[1].High = number("90") // of nothing in no unit
	list["blood_pressure_limits"] = pressure

	moved := recorded(BloodPressure, value(Systolic, "128", mmHg), value(Diastolic, "82", mmHg), value(HeartRate, "71", BeatsPerMinute))
	moved.Quality = []Quality{BodyMovement, CuffLoose, IrregularPulse, PulseAboveRange, PulseBelowRange, ImproperPosition}
	list["blood_pressure_quality"] = moved

	faint := recorded(OxygenSaturation, value(OxygenSaturation, "97", Percent), value(HeartRate, "71", BeatsPerMinute))
	faint.Quality = []Quality{SignalLowPerfusion, SensorMalfunction, Questionable, BatteryLow}
	list["oximeter_quality"] = faint

	fingertip := recorded(BloodGlucose, value(BloodGlucose, "105", MilligramPerDecilitre))
	fingertip.Readings[0].MDC, fingertip.Meal = CapillaryWholeBlood, MealPostprandial
	fingertip.Quality = []Quality{BatteryLow, SensorMalfunction, TimeFault}
	list["blood_glucose_capillary"] = fingertip

	drawn := recorded(BloodGlucose, value(BloodGlucose, "5.8", MillimolePerLitre))
	drawn.Readings[0].MDC, drawn.Meal = VenousPlasma, MealFasting
	list["blood_glucose_plasma"] = drawn

	foreign := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	foreign.Consultation = "séance n° 4"
	list["foreign_consultation"] = foreign
	return list
}

// TestGolden holds both forms of every sample to the kept files, which were
// read against the contract line by line when they were written.
func TestGolden(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			if err := r.Validate(); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "kligo", name+".json"), json.RawMessage(Kligo(nil, r)))
			golden(t, filepath.Join("testdata", "r4", name+".json"), R4(r))
			if n := r.Observations(); n != len(R4(r)) {
				t.Errorf("%d Observations announced, %d made", n, len(R4(r)))
			}
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

// TestEveryTypeHasAGoldenFile fails when a vital is added without one.
func TestEveryTypeHasAGoldenFile(t *testing.T) {
	covered := map[Type]bool{}
	for _, r := range samples() {
		covered[r.Type] = true
		for _, reading := range r.Readings {
			covered[reading.Type] = true
		}
	}
	for _, v := range Vitals() {
		if !covered[v.Type] {
			t.Errorf("%s has no sample", v.Type)
		}
	}
}

// TestKligo_PublishedSamples holds the shape to the two payloads published for
// the clients of 2019 (docs.medeo.io, Socket.IO page): same members, same
// JSON types, apart from the additions that the contract names.
func TestKligo_PublishedSamples(t *testing.T) {
	const simple = `{"category":[{"coding":[{"code":"vital-signs","display":"Vital Signs","system":"http://hl7.org/fhir/observation-category"}],"text":"Vital Signs"}],"code":{"coding":[{"code":"29463-7","display":"body_weight","system":"http://loinc.org"}],"text":"Poids"},"context":{"reference":"ac8f39cc-f5eb-450e-a354-0a1b2c3d4e5f"},"device":{"display":"weight_scale","reference":"5da0709c1b23d30019e47f7f"},"resourceType":"Observation","effectiveDateTime":"2019-12-09T14:19:44Z","status":"final","valueQuantity":{"code":"kg","system":"http://unitsofmeasure.org","unit":"kg","value":50.4}}`
	const multiple = `{"category":[{"coding":[{"code":"vital-signs","display":"Vital Signs","system":"http://hl7.org/fhir/observation-category"}],"text":"Vital Signs"}],"code":{"coding":[{"code":"59408-5","display":"oxygen_saturation","system":"http://loinc.org"}],"text":"Saturation pulsée"},"component":[{"code":{"coding":[{"code":131329,"display":"0","system":"http://www.pchalliance.org/"}]},"valueQuantity":{"type":"0","unit":"bpm","value":86}},{"code":{"coding":[{"code":131329,"display":"1","system":"http://www.pchalliance.org/"}]},"valueQuantity":{"type":"0","unit":"%","value":99}}],"context":{"reference":"ac8f39cc-f5eb-450e-a354-0a1b2c3d4e5f"},"device":{"display":"pulse_oxymeter","reference":"5da0709c1b23d30019e47f7f"},"resourceType":"Observation","effectiveDateTime":"2019-12-09T14:19:44Z","status":"final"}`

	at := time.Date(2019, 12, 9, 15, 19, 44, 0, time.FixedZone("", 3600))
	scale := recorded(BodyWeight, value(BodyWeight, "50.4", Kilogram))
	scale.Time, scale.Device.Type = at, WeightScale
	oximeter := recorded(OxygenSaturation, value(HeartRate, "86", BeatsPerMinute), value(OxygenSaturation, "99", Percent))
	oximeter.Time, oximeter.Device.Type = at, PulseOxymeter

	for name, c := range map[string]struct {
		r    *Recorded
		want string
	}{"simple": {scale, simple}, "multiple": {oximeter, multiple}} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(json.RawMessage(Kligo(nil, c.r)))
			if err != nil {
				t.Fatal(err)
			}
			var have, want map[string]any
			for target, source := range map[*map[string]any]string{&have: string(text), &want: c.want} {
				if err := json.Unmarshal([]byte(source), target); err != nil {
					t.Fatal(err)
				}
			}
			delete(have, "id")
			delete(have, "subject")
			if parts, ok := have["component"].([]any); ok {
				for _, part := range parts { // the true codings follow the documented one
					code := part.(map[string]any)["code"].(map[string]any)
					code["coding"] = code["coding"].([]any)[:1]
				}
			}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("(-published +have):\n%s", diff)
			}
		})
	}
}

func TestKligo_WithoutValueIsNothing(t *testing.T) {
	r := recorded(HeartRate, Reading{Type: HeartRate, Absent: AbsentUnknown})
	if o := Kligo(nil, r); o != nil {
		t.Errorf("got %+v", o)
	}
}

func TestR4_ContentIdentifier(t *testing.T) {
	content := func(r *Recorded) string {
		ids := R4(r)[0].Identifier
		return ids[len(ids)-1].Value
	}
	first := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	again := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	again.Seq, again.Received = 43, again.Received.Add(time.Minute)
	if content(first) != content(again) {
		t.Error("the same measurement sent twice has two identifiers")
	}
	for name, change := range map[string]func(*Recorded){
		"patient":                func(r *Recorded) { r.Subject = &Patient{System: "urn:other", ID: "12345"} },
		"patient without an id":  func(r *Recorded) { r.Subject = &Patient{Family: "Smith"} },
		"nobody":                 func(r *Recorded) { r.Subject = nil },
		"bed behind one gateway": func(r *Recorded) { r.Bed = "4" },
		"device":                 func(r *Recorded) { r.Device.ID = "other" },
		"simulated":              func(r *Recorded) { r.Test = true },
		"time":                   func(r *Recorded) { r.Time = r.Time.Add(time.Second) },
	} {
		other := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
		if change(other); content(first) == content(other) {
			t.Errorf("another %s has the same identifier", name)
		}
	}
}
