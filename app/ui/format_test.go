package ui

import (
	"testing"
	"time"

	"vitalien/fhirmap"
)

const nb = "\u00a0"

func value(t fhirmap.Type, number string, unit fhirmap.Unit) fhirmap.Reading {
	d := fhirmap.MustDecimal(number)
	return fhirmap.Reading{Type: t, Value: &d, Unit: unit}
}

func missing(t fhirmap.Type, unit fhirmap.Unit, why fhirmap.Absent) fhirmap.Reading {
	return fhirmap.Reading{Type: t, Unit: unit, Absent: why}
}

func of(t fhirmap.Type, readings ...fhirmap.Reading) fhirmap.Measurement {
	return fhirmap.Measurement{Type: t, Readings: readings, Status: fhirmap.StatusFinal}
}

func TestFigure(t *testing.T) {
	mmHg, bpm, percent := fhirmap.MillimetreOfMercury, fhirmap.BeatsPerMinute, fhirmap.Percent
	for name, test := range map[string]struct {
		measurement fhirmap.Measurement
		want        figure
	}{
		"temperature keeps its precision": {
			of(fhirmap.BodyTemperature, value(fhirmap.BodyTemperature, "37.20", fhirmap.Celsius)),
			figure{main: "37,20", unit: "°C"},
		},
		"weight": {
			of(fhirmap.BodyWeight, value(fhirmap.BodyWeight, "61.4", fhirmap.Kilogram)),
			figure{main: "61,4", unit: "kg"},
		},
		"pulse": {
			of(fhirmap.HeartRate, value(fhirmap.HeartRate, "72", bpm)),
			figure{main: "72", unit: "bpm"},
		},
		"saturation with its pulse": {
			of(fhirmap.OxygenSaturation, value(fhirmap.OxygenSaturation, "98", percent), value(fhirmap.HeartRate, "72", bpm)),
			figure{main: "98", unit: "%", second: "Pouls 72" + nb + "bpm"},
		},
		"saturation missing, pulse there": {
			of(fhirmap.OxygenSaturation, missing(fhirmap.OxygenSaturation, percent, fhirmap.AbsentError), value(fhirmap.HeartRate, "72", bpm)),
			figure{main: "—", unit: "%", second: "Pouls 72" + nb + "bpm · Erreur signalée par l’appareil"},
		},
		"pressure with mean and pulse": {
			of(fhirmap.BloodPressure, value(fhirmap.Systolic, "128", mmHg), value(fhirmap.Diastolic, "82", mmHg),
				value(fhirmap.Mean, "97", mmHg), value(fhirmap.HeartRate, "72", bpm)),
			figure{main: "128/82", aside: "(97)", unit: "mmHg", second: "Pouls 72" + nb + "bpm"},
		},
		"pressure without mean": {
			of(fhirmap.BloodPressure, value(fhirmap.Systolic, "128", mmHg), value(fhirmap.Diastolic, "82", mmHg)),
			figure{main: "128/82", unit: "mmHg"},
		},
		"pressure without systolic": {
			of(fhirmap.BloodPressure, missing(fhirmap.Systolic, mmHg, fhirmap.AbsentUnknown), value(fhirmap.Diastolic, "82", mmHg)),
			figure{main: "—/82", unit: "mmHg"},
		},
		"mean alone": {
			of(fhirmap.BloodPressure, value(fhirmap.Mean, "97", mmHg)),
			figure{main: "(97)", unit: "mmHg"},
		},
		"invasive pressure": {
			of(fhirmap.ArterialPressure, value(fhirmap.ArterialSystolic, "131", mmHg),
				value(fhirmap.ArterialDiastolic, "79", mmHg), value(fhirmap.ArterialMean, "96", mmHg)),
			figure{main: "131/79", aside: "(96)", unit: "mmHg"},
		},
		"glucose in moles": {
			of(fhirmap.BloodGlucose, value(fhirmap.BloodGlucose, "5.4", fhirmap.MillimolePerLitre)),
			figure{main: "5,4", unit: "mmol/L"},
		},
	} {
		if got := newWords("fr").figure(&test.measurement); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestDecimal_PointInEnglish(t *testing.T) {
	if got := newWords("en").decimal(fhirmap.MustDecimal("37.20")); got != "37.20" {
		t.Error(got)
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 20, 14, 5, 12, 0, time.UTC)
	for elapsed, want := range map[time.Duration]string{
		-5 * time.Minute:               "horloge en avance",
		-time.Second:                   "à l’instant",
		0:                              "à l’instant",
		4900 * time.Millisecond:        "il y a 4" + nb + "s",
		59 * time.Second:               "il y a 59" + nb + "s",
		time.Minute:                    "il y a 1" + nb + "min",
		time.Hour - time.Second:        "il y a 59" + nb + "min",
		90 * time.Minute:               "il y a 1" + nb + "h",
		24 * time.Hour:                 "il y a 1" + nb + "j",
		400*24*time.Hour + time.Hour*3: "il y a 400" + nb + "j",
	} {
		if got := newWords("fr").age(now.Add(-elapsed), now); got != want {
			t.Errorf("%v: %q, want %q", elapsed, got, want)
		}
	}
}

func TestMoment_IsOnTheClockOfThisComputer(t *testing.T) {
	paris := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 20, 0, 5, 12, 0, paris)
	if got := moment(now.UTC(), now); got != "00:05:12" {
		t.Errorf("today: %q", got)
	}
	if got := moment(now.Add(-10*time.Minute), now); got != "19/11/2026 23:55" {
		t.Errorf("yesterday: %q", got)
	}
	if got := hour(now.UTC(), now); got != "00:05" {
		t.Errorf("hour: %q", got)
	}
	if got := hour(now.Add(-10*time.Minute), now); got != "19/11/2026 23:55" {
		t.Errorf("hour of yesterday: %q", got)
	}
}

func TestBirth(t *testing.T) {
	for _, test := range []struct{ date, sex, want string }{
		{"1980-03-12", "female", "née le 12/03/1980"},
		{"1980-03-12", "male", "né le 12/03/1980"},
		{"1980-03-12", "", "né(e) le 12/03/1980"},
		{"1980-03", "female", "née en 03/1980"},
		{"1980", "male", "né en 1980"},
		{"1980", "other", "né(e) en 1980"},
		{"", "male", ""},
		{"not a date", "male", ""},
	} {
		if got := newWords("fr").birth(&fhirmap.Patient{BirthDate: test.date, Sex: test.sex}); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.date, test.sex, got, test.want)
		}
	}
}

func TestPerson(t *testing.T) {
	for name, test := range map[string]struct {
		patient *fhirmap.Patient
		want    string
	}{
		"nobody":                  {nil, ""},
		"a name without identity": {&fhirmap.Patient{Family: "Martin"}, ""},
		"a name":                  {&fhirmap.Patient{ID: "2", Family: "Lefèvre", Given: "Éloïse"}, "LEFÈVRE Éloïse"},
		"a number":                {&fhirmap.Patient{ID: "2"}, "Patient n°" + nb + "2"},
	} {
		if got := newWords("fr").person(test.patient); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestWhose(t *testing.T) {
	for name, test := range map[string]struct {
		patient  *fhirmap.Patient
		want     string
		assigned bool
	}{
		"nobody":                  {nil, "Non attribuée", false},
		"a name without identity": {&fhirmap.Patient{Family: "Martin"}, "MARTIN (sans identifiant)", false},
		"a patient":               {&fhirmap.Patient{ID: "2", Family: "Martin"}, "MARTIN", true},
	} {
		if got, assigned := newWords("fr").whose(test.patient); got != test.want || assigned != test.assigned {
			t.Errorf("%s: %q, %v", name, got, assigned)
		}
	}
}

func TestSource(t *testing.T) {
	for want, m := range map[string]fhirmap.Measurement{
		"Lit 3":                  {Bed: "3", Device: fhirmap.Device{Name: "Lit 3"}},
		"Lit 3 · Tensiomètre":    {Bed: "3", Device: fhirmap.Device{Name: "Tensiomètre"}},
		"Réveil 2 · Tensiomètre": {Bed: "Réveil 2", Device: fhirmap.Device{Name: "Tensiomètre"}},
		"Mindray uMEC10":         {Device: fhirmap.Device{Manufacturer: "Mindray", Model: "uMEC10"}},
		"":                       {},
	} {
		if got := newWords("fr").source(&m); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestStanding(t *testing.T) {
	preliminary := fhirmap.Recorded{Measurement: fhirmap.Measurement{Status: fhirmap.StatusPreliminary, Origin: fhirmap.OriginAdmission}}
	if got := newWords("fr").standing(&preliminary); got != "provisoire · saisie à l’admission" {
		t.Error(got)
	}
	final := fhirmap.Recorded{Measurement: fhirmap.Measurement{Status: fhirmap.StatusFinal}}
	if got := newWords("fr").standing(&final); got != "" {
		t.Error(got)
	}
}

func TestAbsence_EveryReasonHasWords(t *testing.T) {
	seen := map[string]fhirmap.Absent{}
	for _, reason := range []fhirmap.Absent{
		fhirmap.AbsentUnknown, fhirmap.AbsentError, fhirmap.AbsentNotANumber,
		fhirmap.AbsentNegativeInfinity, fhirmap.AbsentPositiveInfinity, fhirmap.AbsentNotPerformed,
	} {
		text := newWords("fr").absence(reason)
		if other, again := seen[text]; again || text == "" {
			t.Errorf("%s: %q, as for %s", reason, text, other)
		}
		seen[text] = reason
	}
}

func TestQuality(t *testing.T) {
	m := of(fhirmap.BloodPressure)
	m.Quality = []fhirmap.Quality{fhirmap.BodyMovement, "of-another-version"}
	for language, want := range map[string]string{
		"fr": "Mouvement pendant la mesure · of another version", "en": "body movement · of another version",
	} {
		if got := newWords(language).quality(&m); got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
	m.Quality = nil
	if got := newWords("fr").quality(&m); got != "" {
		t.Errorf("nothing: %q", got)
	}
}
