package hl7link

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// summary is a measurement in one line: what a test wants to say of it.
func summary(m fhirmap.Measurement) string {
	parts := []string{string(m.Type)}
	for _, r := range m.Readings {
		value := string(r.Absent)
		if r.Value != nil {
			value = r.Value.String()
		}
		parts = append(parts, string(r.Type)+"="+value+" "+r.Unit.UCUM)
	}
	if !m.Time.IsZero() {
		parts = append(parts, m.Time.Format(time.RFC3339Nano))
	}
	if m.TimeUnknown {
		parts = append(parts, "time unknown")
	}
	if m.Origin != "" {
		parts = append(parts, string(m.Origin))
	}
	if m.Status != fhirmap.StatusFinal {
		parts = append(parts, string(m.Status))
	}
	return strings.Join(parts, " | ")
}

func summaries(reports []fhirmap.Report) []string {
	var all []string
	for _, r := range reports {
		for _, m := range r.Measurements {
			all = append(all, summary(m))
		}
	}
	return all
}

var paris = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}()

// vectorDir is the folder of published captures, outside of the project.
func vectorDir(t *testing.T) string {
	dir := os.Getenv("VITALIEN_VECTORS")
	if dir == "" {
		t.Skip("VITALIEN_VECTORS names no folder of test vectors")
	}
	return dir
}

// vectors holds what each capture must come to (hl7_expected.json); captures
// that are not named here must decode without any measurement.
var vectors = map[string]struct {
	lines   []string
	patient fhirmap.Patient
	bed     string
	eui64   string
}{
	"biolight_1004_oru_r01.hl7": {[]string{
		"heart_rate | heart_rate=60 /min | 2023-07-17T17:04:25+02:00",
		"oxygen_saturation | oxygen_saturation=99 % | 2023-07-17T17:04:25+02:00",
		"blood_pressure | systolic_blood_pressure=125 mm[Hg] | diastolic_blood_pressure=84 mm[Hg] | 2023-07-17T16:56:05+02:00",
		"respiratory_rate | respiratory_rate=20 /min | 2023-07-17T17:04:25+02:00",
		"body_temperature | body_temperature=36.6 Cel | 2023-07-17T17:04:25+02:00",
	}, fhirmap.Patient{ID: "78", Family: "Mis", Given: "Lucy Merry", BirthDate: "2002-02-02", Sex: "female"}, "36", ""},
	"comen_nc5_mdc_1500xx.hl7": {[]string{
		"blood_pressure | systolic_blood_pressure=128 mm[Hg] | diastolic_blood_pressure=76 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-26T12:05:00+08:00",
		"heart_rate | heart_rate=89 /min | 2026-07-26T12:05:00+08:00",
		"oxygen_saturation | oxygen_saturation=97 % | heart_rate=88 /min | 2026-07-26T12:05:00+08:00",
		"body_temperature | body_temperature=37.0 Cel | 2026-07-26T12:05:00+08:00",
		"respiratory_rate | respiratory_rate=18 /min | 2026-07-26T12:05:00+08:00",
		"body_height | body_height=170 cm | 2026-07-26T12:05:00+08:00 | admission",
	}, fhirmap.Patient{System: "urn:hl7:sender::KC575235977G", ID: "12345", Family: "DOE", Given: "JOHN", BirthDate: "1980-01-15", Sex: "male"}, "24", ""},
	"comen_nc_mon_param.hl7": {[]string{
		"oxygen_saturation | oxygen_saturation=97 % | heart_rate=59 /min | 2025-06-10T01:51:27+08:00",
		"respiratory_rate | respiratory_rate=20 /min | 2025-06-10T01:51:27+08:00",
		"body_temperature | body_temperature=37.0 Cel | 2025-06-10T01:51:27+08:00",
		"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=90 mm[Hg] | 2025-06-10T01:51:27+08:00",
	}, fhirmap.Patient{System: "urn:hl7:sender:NC_Monitor:KC261551373G", ID: "10006", Family: "lee", Sex: "male"}, "10", ""},
	"mindray_egateway_pcd01.hl7": {[]string{
		"oxygen_saturation | oxygen_saturation=98 % | heart_rate=65 /min | 2026-09-12T12:00:00+05:30 | preliminary",
		"respiratory_rate | respiratory_rate=17 /min | 2026-09-12T12:00:00+05:30 | preliminary",
		"heart_rate | heart_rate=66 /min | 2026-09-12T12:00:00+05:30 | preliminary",
	}, fhirmap.Patient{Family: "JOHN SMITH"}, "5", "000F14049B507238"},
	"mindray_health24_204_periodic.hl7": {[]string{"heart_rate | heart_rate=60 /min"}, fhirmap.Patient{}, "", ""},
	"mindray_seed004_103_patient.hl7": {[]string{
		"body_height | body_height=189.0 cm | admission",
		"body_weight | body_weight=100.0 kg | admission",
	}, fhirmap.Patient{System: "urn:hl7:mindray:3232237756", ID: "2", Family: "WEERASINGHE", Given: "KESHARA", BirthDate: "1996-07-14", Sex: "male"}, "BED-001", ""},
	"mindray_umec10_103_patient.hl7": {[]string{
		"body_height | body_height=170.0 cm | admission",
		"body_weight | body_weight=70.0 kg | admission",
	}, fhirmap.Patient{System: "urn:hl7:mindray:3232235620", ID: "812", Family: "rrrr", Given: "rrrrrr", BirthDate: "2008-04-20", Sex: "male"}, "", ""},
	"mindray_umec10_real_excerpt.mllp": {[]string{
		"body_height | body_height=170.0 cm | admission",
		"body_weight | body_weight=70.0 kg | admission",
		"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:23:55+02:00",
	}, fhirmap.Patient{System: "urn:hl7:mindray:3232235620", ID: "812", Family: "rrrr", Given: "rrrrrr", BirthDate: "2008-04-20", Sex: "male"}, "", ""},
	"philips_intellivue_mdil_v22.hl7": {[]string{
		"oxygen_saturation | oxygen_saturation=95 % | 2003-01-10T15:26:30+01:00",
		"respiratory_rate | respiratory_rate=15 /min | 2003-01-10T15:26:30+01:00",
		"heart_rate | heart_rate=60 /min | 2003-01-10T15:26:30+01:00",
		"arterial_blood_pressure | arterial_systolic_blood_pressure=120 mm[Hg] | arterial_diastolic_blood_pressure=70 mm[Hg] | arterial_mean_blood_pressure=91 mm[Hg] | 2003-01-10T15:26:30+01:00",
	}, fhirmap.Patient{ID: "MRN5733", Family: "Smith", Given: "John", BirthDate: "1955-05-08", Sex: "male"}, "5", ""},
}

func TestDecode_PublishedCaptures(t *testing.T) {
	dir := vectorDir(t)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	run := 0
	for _, file := range files {
		if !slices.Contains([]string{".hl7", ".mllp"}, filepath.Ext(file.Name())) {
			continue
		}
		run++
		t.Run(file.Name(), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			reports, err := Decode(data, paris)
			if err != nil {
				t.Fatal(err)
			}
			want := vectors[file.Name()]
			if diff := cmp.Diff(want.lines, summaries(reports)); diff != "" {
				t.Error(diff)
			}
			if len(want.lines) == 0 {
				return
			}
			m := reports[0].Measurements[0]
			var patient fhirmap.Patient
			if m.Patient != nil {
				patient = *m.Patient
			}
			if diff := cmp.Diff(want.patient, patient); diff != "" {
				t.Error(diff)
			}
			if m.Bed != want.bed || m.Device.EUI64 != want.eui64 {
				t.Errorf("bed %q device %+v", m.Bed, m.Device)
			}
		})
	}
	if run < len(vectors) {
		t.Errorf("%d captures, expected at least %d", run, len(vectors))
	}
}
