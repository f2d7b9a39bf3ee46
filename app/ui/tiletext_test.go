package ui

import (
	"testing"
	"time"

	"vitalien/fhirmap"
)

func tilesOf(t *testing.T, l fhirmap.Live, alerts ...fhirmap.Alert) map[string]tileText {
	t.Helper()
	byName := map[string]tileText{}
	for _, text := range newWords("fr").tiles(&l, nil, alerts, testNow) {
		if _, twice := byName[text.name]; twice {
			t.Errorf("two tiles %s", text.name)
		}
		byName[text.name] = text
	}
	return byName
}

func TestTiles_Texts(t *testing.T) {
	bpm, mmHg, percent := fhirmap.BeatsPerMinute, fhirmap.MillimetreOfMercury, fhirmap.Percent
	aged := func(v fhirmap.LiveValue, age time.Duration) fhirmap.LiveValue {
		v.AsOf = testNow.Add(-age)
		return v
	}
	pressure := func(age time.Duration) []fhirmap.LiveValue {
		return []fhirmap.LiveValue{
			aged(liveOf(fhirmap.Systolic, "128", mmHg, valid, "90", "160"), age),
			aged(liveOf(fhirmap.Diastolic, "82", mmHg, valid), age),
			aged(liveOf(fhirmap.Mean, "97", mmHg, valid), age),
		}
	}
	heart := func(number string, state fhirmap.LiveState, age time.Duration) []fhirmap.LiveValue {
		return []fhirmap.LiveValue{aged(liveOf(fhirmap.HeartRate, number, bpm, state, "50", "120"), age)}
	}
	stuck := liveOf(fhirmap.HeartRate, "72", bpm, absentValue) // a number that its state takes back
	for name, c := range map[string]struct {
		values                       []fhirmap.LiveValue
		tile, main, aside, note, age string
		standing                     standing
	}{
		"valid":         {heart("72", valid, 2*time.Second), "FC", "72", "", "50–120", "2\u00a0s", sound},
		"doubted":       {heart("72", invalid, 2*time.Second), "FC", "72", "", "Douteuse", "2\u00a0s", doubted},
		"implausible":   {heart("319", implausible, 2*time.Second), "FC", "319", "", "À vérifier", "2\u00a0s", doubted},
		"missing":       {heart("", absentValue, 2*time.Second), "FC", "—", "", "Non mesuré", "2\u00a0s", absent},
		"invalid, none": {heart("", invalid, 2*time.Second), "FC", "—", "", "Non mesuré", "2\u00a0s", absent},
		"taken back":    {[]fhirmap.LiveValue{aged(stuck, 0)}, "FC", "—", "", "Non mesuré", "1\u00a0s", absent},
		"pale":          {heart("72", valid, 16*time.Second), "FC", "72", "", "50–120", "16\u00a0s", stale},
		"too old":       {heart("72", valid, 61*time.Second), "FC", "—", "", "Périmée", "1\u00a0min", absent},
		"too old and wrong": {
			heart("319", implausible, time.Hour), "FC", "—", "", "Périmée", "1\u00a0h", absent,
		},
		"cuff":     {pressure(4 * time.Minute), "TA", "128/82", "(97)", "90–160", "4\u00a0min", sound},
		"old cuff": {pressure(16 * time.Minute), "TA", "128/82", "(97)", "90–160", "16\u00a0min", stale},
		"cuff, mean alone": {
			append(pressure(0)[2:], liveOf(fhirmap.Systolic, "", mmHg, absentValue)), "TA", "(97)", "", "", "1\u00a0s", sound,
		},
		"cuff, one wrong": {
			append(pressure(0)[1:], aged(liveOf(fhirmap.Systolic, "20", mmHg, implausible), 0)),
			"TA", "20/82", "(97)", "À vérifier", "1\u00a0s", doubted,
		},
		"cuff, the oldest part tells the age": {
			append(pressure(20 * time.Minute)[:1], pressure(0)[1:]...), "TA", "128/82", "(97)", "90–160", "20\u00a0min", stale,
		},
		"one limit": {
			[]fhirmap.LiveValue{aged(liveOf(fhirmap.OxygenSaturation, "97", percent, valid, "90", ""), 0)},
			"SpO₂", "97", "", "≥\u00a090", "1\u00a0s", sound,
		},
		"precision": {
			[]fhirmap.LiveValue{aged(liveOf(fhirmap.BodyTemperature, "37.20", fhirmap.Celsius, valid, "", "38.5"), 0)},
			"T°", "37,20", "", "≤\u00a038,5", "1\u00a0s", sound,
		},
		"beside the vital signs": {
			[]fhirmap.LiveValue{aged(liveOf(fhirmap.InspiredO2, "21", percent, valid), 0)}, "FiO₂", "21", "", "", "1\u00a0s", sound,
		},
		"weighed an hour ago": {
			[]fhirmap.LiveValue{aged(liveOf(fhirmap.BodyWeight, "61.4", fhirmap.Kilogram, valid), 59*time.Minute)},
			"Poids", "61,4", "", "", "59\u00a0min", stale,
		},
		"unknown": {
			[]fhirmap.LiveValue{aged(liveOf("new_parameter", "1", percent, valid), 0)}, "new_parameter", "1", "", "", "1\u00a0s", sound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := aged(liveOf(fhirmap.PrematureBeats, "0", bpm, valid), 0)
			got := tilesOf(t, bedLive("1", "m", 0, append(c.values, fresh)...))[c.tile]
			if got.main != c.main || got.aside != c.aside || got.note != c.note || got.age != c.age || got.standing != c.standing {
				t.Errorf("%q %q %q %q %d, want %q %q %q %q %d",
					got.main, got.aside, got.note, got.age, got.standing, c.main, c.aside, c.note, c.age, c.standing)
			}
		})
	}
}

// A monitor whose clock is an hour off shows its values all the same; one that
// sends a number of yesterday does not make it one of now.
func TestTiles_AgeIsByThisComputersClock(t *testing.T) {
	v := liveOf(fhirmap.HeartRate, "72", fhirmap.BeatsPerMinute, valid)
	v.Time, v.AsOf = testNow.Add(-time.Hour), testNow
	if got := tilesOf(t, bedLive("1", "m", 0, v))["FC"]; got.main != "72" || got.standing != sound {
		t.Errorf("%+v", got)
	}
	v.Time, v.AsOf = testNow.Add(-24*time.Hour), testNow.Add(-24*time.Hour)
	if got := tilesOf(t, bedLive("1", "m", 0, v)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestTiles_OrderAndNumber(t *testing.T) {
	l := threeBeds()[1]
	var names []string
	for _, text := range newWords("fr").tiles(&l, nil, nil, testNow) {
		names = append(names, text.name)
	}
	want := []string{"FC", "SpO₂", "TA", "FR", "T°", "Pouls", "IP", "ESV"}
	if len(names) != len(want) {
		t.Fatalf("%q", names)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Fatalf("%q, want %q", names, want)
		}
	}
	var many []fhirmap.LiveValue
	for i := range mostTiles + 5 {
		many = append(many, liveOf(fhirmap.Type(rune('a'+i)), "1", fhirmap.Percent, valid))
	}
	l = bedLive("1", "m", 0, many...)
	if got := len(newWords("fr").tiles(&l, nil, nil, testNow)); got != mostTiles {
		t.Errorf("%d tiles, want %d", got, mostTiles)
	}
}

func TestTiles_ShowTheAlarmsOfTheirOwnBed(t *testing.T) {
	saturation := everyAlert()[1]
	alert := func(change func(*fhirmap.Alert)) fhirmap.Alert {
		a := saturation
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		alert fhirmap.Alert
		want  fhirmap.Priority
	}{
		"its own":         {saturation, fhirmap.PriorityMedium},
		"another bed":     {alert(func(a *fhirmap.Alert) { a.Bed = "2" }), ""},
		"another monitor": {alert(func(a *fhirmap.Alert) { a.Device.ID = "other" }), ""},
		"over":            {alert(func(a *fhirmap.Alert) { a.End = testNow }), ""},
		"about nothing":   {alert(func(a *fhirmap.Alert) { a.Type = "" }), ""},
	} {
		low := alert(func(a *fhirmap.Alert) { a.Priority, a.End = fhirmap.PriorityLow, testNow })
		if got := tilesOf(t, threeBeds()[1], low, c.alert)["SpO₂"].alarm; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNatural(t *testing.T) {
	order := []string{"", "1", "2", "02b", "10", "Lit 2", "Lit 10", "Lit 10 bis", "Lit A"}
	for i, a := range order {
		for j, b := range order {
			if got := natural(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("natural(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func TestPlace_TheBedIsLeftOutOnlyWhereTheNameSaysIt(t *testing.T) {
	w := newWords("fr")
	for _, c := range []struct{ bed, name, want string }{
		{"3", "Lit 3", "Lit 3"},
		{"10", "uMEC 10", "Lit 10 · uMEC 10"},
		{"3", "Lit 30", "Lit 3 · Lit 30"},
		{"3", "Lit 30, autrefois Lit 3", "Lit 30, autrefois Lit 3"},
		{"Réveil", "Moniteur Réveil 2", "Moniteur Réveil 2"},
		{"", "uMEC 10", "uMEC 10"},
		{"4", "", "Lit 4"},
	} {
		if got := w.place(c.bed, &fhirmap.Device{Name: c.name}); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.bed, c.name, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1\u202f000", 12345678: "12\u202f345\u202f678"} {
		if got := newWords("fr").number(n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := newWords("en").number(1234567); got != "1,234,567" {
		t.Errorf("%q", got)
	}
}
