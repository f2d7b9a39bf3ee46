package fhirmap

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What Observations point to, held to kept files which the validators read.
func TestGolden_Resources(t *testing.T) {
	start := time.Date(2026, 7, 23, 22, 40, 0, 0, time.FixedZone("", 2*3600))
	claire := &Patient{System: "urn:oid:1.2.250.1.213.1.4.8", ID: "12345", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1980-03-12", Sex: "female"}
	oximeter := &Device{
		ID: "5da0709c1b23d30019e47f7f", Type: PulseOxymeter, Name: "Oxymètre du cabinet", Manufacturer: "Nonin", Model: "3230", Serial: "501900083",
		EUI64: "74e8fffeff051c00",
	}
	for name, resource := range map[string]any{
		"patient":             R4Patient(claire, false),
		"patient_simulated":   R4Patient(&Patient{System: "urn:ward", ID: "2", Given: "John"}, true),
		"patient_of_an_id":    R4Patient(&Patient{ID: "2", BirthDate: "1980", Sex: "unknown"}, false),
		"patient_of_nonsense": R4Patient(&Patient{ID: "2", Family: " ", BirthDate: "1980-02-31", Sex: "F"}, false),
		"device_oximeter":     R4Device(oximeter, false),
		"device_monitor":      R4Device(&Device{ID: DeviceID("hl7", "A"), Type: PatientMonitor, Name: "Lit 3", EUI64: "not 16 digits"}, true),
		"device_unknown":      R4Device(&Device{ID: "d-1"}, false),
		"device_gateway":      R4Gateway(testLog, "0.1.0"),
		"encounter":           R4Encounter("ac8f39cc-f5eb-450e-a354-0a1b2c3d4e5f", claire, start, time.Time{}),
		"encounter_finished":  R4Encounter("séance n° 4", nil, start, start.Add(20*time.Minute+500*time.Millisecond)),
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", "r4", name+".json"), []any{resource})
		})
	}
}

func TestR4Device_Types(t *testing.T) {
	for kind, want := range map[DeviceType]string{
		WeightScale: "528399 65573", Thermometer: "528392 65573", PulseOxymeter: "528388 65573", BloodPressureMonitor: "528391 65573",
		Glucometer: "528401 65573", HeartRateMonitor: "65573", Stethoscope: "65573", PatientMonitor: "69965", "": "65573", "abacus": "65573",
	} {
		r := R4Device(&Device{ID: "d", Type: kind}, false)
		var codes []string
		for _, c := range r.Type.Coding {
			codes = append(codes, c.Code)
			if c.System != MDC || c.Display == "" {
				t.Errorf("%s: %+v", kind, c)
			}
		}
		if have := strings.Join(codes, " "); have != want || (r.Type.Text == "") != (kind == "") {
			t.Errorf("%s: %s %q, want %s", kind, have, r.Type.Text, want)
		}
		if profiled := len(r.Specialization) == 1; profiled != strings.Contains(want, " ") {
			t.Errorf("%s: %+v", kind, r.Specialization)
		}
	}
}

// TestResources_AreWhatObservationsPointTo: every reference of an Observation
// that is not to another Observation leads to one of the resources.
func TestResources_AreWhatObservationsPointTo(t *testing.T) {
	r := recorded(HeartRate, value(HeartRate, "72", BeatsPerMinute))
	for _, consultation := range []string{r.Consultation, "séance n° 4"} {
		r.Consultation = consultation
		o := R4(r)[0]
		for have, want := range map[string]string{
			o.Subject.Reference:                     "Patient/" + R4Patient(r.Subject, false).ID,
			o.Device.Reference:                      "Device/" + R4Device(&r.Device, false).ID,
			o.Extension[0].ValueReference.Reference: "Device/" + R4Gateway(r.Log, "").ID,
			o.Encounter.Reference:                   "Encounter/" + R4Encounter(consultation, r.Subject, r.Received, time.Time{}).ID,
		} {
			if have != want {
				t.Errorf("%s, want %s", have, want)
			}
		}
	}
}

func TestIsDate(t *testing.T) {
	for text, want := range map[string]bool{
		"1980": true, "1980-03": true, "1980-02-29": true, "": false, "0000": false, "1981-02-29": false, "80": false, "1980-3-1": false, "1980-03-12T00:00:00Z": false,
	} {
		if IsDate(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
