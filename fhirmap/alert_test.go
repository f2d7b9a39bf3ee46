package fhirmap

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func alertSamples() map[string]*Alert {
	start := time.Date(2026, 7, 23, 22, 48, 31, 0, time.FixedZone("", 2*3600))
	tachycardia := Alert{
		ID: "6c3f6e5e-6a0d-4a3e-9c58-0d6f2a1b7c90", Kind: Physiological, System: MDC, Code: "196673", Text: "FC trop haute",
		Priority: PriorityHigh, Type: HeartRate, Device: Device{ID: "5da0709c1b23d30019e47f7f", Type: PatientMonitor, Name: "Lit 3"},
		Bed: "3", Patient: &Patient{System: "urn:oid:1.2.250.1.213.1.4.8", ID: "12345", Family: "Lefèvre", Given: "Éloïse"}, Start: start,
	}
	over := tachycardia
	over.Priority, over.End, over.Acknowledged = PriorityMedium, start.Add(90*time.Second), start.Add(time.Minute)
	technical := Alert{
		ID: "9e1f9a3c-2b0b-4f57-8d1b-3a7c5e0d1f22", Kind: Technical, System: "urn:hl7:mindray:alarm", Text: "SpO2 Sensor Off",
		Priority: PriorityLow, Device: Device{ID: "5da0709c1b23d30019e47f7f", Type: PatientMonitor}, Start: start, Test: true,
	}
	unranked := technical
	unranked.Priority, unranked.Code = "", "10005"
	return map[string]*Alert{"present": &tachycardia, "over": &over, "technical": &technical, "unranked": &unranked}
}

func TestIssue_Golden(t *testing.T) {
	for name, a := range alertSamples() {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", "r4", "detected_issue_"+name+".json"), []DetectedIssue{Issue(a, testLog)})
		})
	}
}

func TestUrgency(t *testing.T) {
	at := time.Date(2026, 7, 23, 22, 0, 0, 0, time.UTC)
	list := []Alert{
		{ID: "over", Priority: PriorityHigh, Start: at.Add(time.Hour), End: at.Add(2 * time.Hour)},
		{ID: "low", Priority: PriorityLow, Start: at.Add(time.Hour)},
		{ID: "older high", Priority: PriorityHigh, Start: at},
		{ID: "high", Priority: PriorityHigh, Start: at.Add(time.Minute)},
		{ID: "none", Start: at.Add(3 * time.Hour)},
	}
	slices.SortFunc(list, Urgency)
	var have []string
	for _, a := range list {
		have = append(have, a.ID)
	}
	if want := []string{"high", "older high", "low", "none", "over"}; !slices.Equal(have, want) {
		t.Errorf("%v, want %v", have, want)
	}
}

func TestAlarms_Validate(t *testing.T) {
	good := func() *Alarms {
		return &Alarms{Device: Device{ID: "d"}, List: []Alarm{{Kind: Technical, Code: "1", Priority: PriorityLow}}}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Alarms){
		"no device":      func(a *Alarms) { a.Device.ID = "" },
		"no kind":        func(a *Alarms) { a.List[0].Kind = "" },
		"complete what":  func(a *Alarms) { a.Complete = []AlarmKind{"both"} },
		"priority":       func(a *Alarms) { a.List[0].Priority = "urgent" },
		"parameter":      func(a *Alarms) { a.List[0].Type = "heart" },
		"says nothing":   func(a *Alarms) { a.List[0].Code = "" },
		"too many":       func(a *Alarms) { a.List = slices.Repeat(a.List, maxAlarms+1) },
		"long code":      func(a *Alarms) { a.List[0].Code = strings.Repeat("1", maxText+1) },
		"long bed":       func(a *Alarms) { a.Bed = strings.Repeat("1", maxText+1) },
		"offset of days": func(a *Alarms) { a.List[0].Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 24*3600)) },
	} {
		a := good()
		if spoil(a); a.Validate() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestAlarm_WordsAreCut(t *testing.T) {
	for _, text := range []string{"", " FC haute ", strings.Repeat("é", 200), strings.Repeat("x", 400), "\xe9", strings.Repeat("x", 255) + "é"} {
		words := (&Alarm{Text: text}).Words()
		if len(words) > maxAlarmText || !utf8.ValidString(words) {
			t.Errorf("%d bytes of %q", len(words), text)
		}
	}
	if words := (&Alarm{Text: " FC haute "}).Words(); words != "FC haute" {
		t.Errorf("%q", words)
	}
}

func TestLive_Validate(t *testing.T) {
	one := func(v LiveValue) *Live { return &Live{Device: Device{ID: "d"}, Values: []LiveValue{v}} }
	for name, l := range map[string]*Live{
		"value":       one(LiveValue{Type: HeartRate, Value: number("72"), State: LiveValid}),
		"missing":     one(LiveValue{Type: PerfusionIndex, State: LiveMissing}),
		"doubted":     one(LiveValue{Type: HeartRate, State: LiveInvalid}),
		"limits only": one(LiveValue{Type: HeartRate, Low: number("50")}),
	} {
		if err := l.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, l := range map[string]*Live{
		"no device":     {Values: []LiveValue{{Type: HeartRate, State: LiveMissing}}},
		"parameter":     one(LiveValue{Type: "heart", State: LiveMissing}),
		"state":         one(LiveValue{Type: HeartRate, State: "good", Value: number("72")}),
		"valid without": one(LiveValue{Type: HeartRate, State: LiveValid}),
		"missing with":  one(LiveValue{Type: HeartRate, State: LiveMissing, Value: number("72")}),
		"no state":      one(LiveValue{Type: HeartRate, Value: number("72")}),
		"long unit":     one(LiveValue{Type: HeartRate, State: LiveMissing, Unit: Unit{Label: strings.Repeat("m", maxText+1)}}),
		"too many":      {Device: Device{ID: "d"}, Values: make([]LiveValue, maxLiveValues+1)},
	} {
		if l.Validate() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestAppendVitals(t *testing.T) {
	at := time.Date(2026, 7, 23, 22, 48, 31, 0, time.FixedZone("", 2*3600))
	l := &Live{Device: Device{ID: "5da0709c1b23d30019e47f7f"}, Bed: `R"3`, Time: at, Values: []LiveValue{
		{Type: BodyTemperature, Value: number("37.20"), Unit: Celsius, State: LiveValid, Low: number("36.0"), Time: at},
		{Type: OxygenSaturation, Unit: Percent, State: LiveMissing, High: number("100"), Time: at.Add(-time.Minute)},
	}}
	const want = `{"bed":"R\"3","device":"5da0709c1b23d30019e47f7f","time":"2026-07-23T22:48:31+02:00","values":[` +
		`{"type":"body_temperature","value":37.20,"unit":"°C","state":"valid","low":36.0,"high":null,"ucum":"Cel","label":"Température"},` +
		`{"type":"oxygen_saturation","value":null,"unit":"%","state":"missing","low":null,"high":100,"ucum":"%","label":"Saturation pulsée","time":"2026-07-23T22:47:31+02:00"}]}`
	have := AppendVitals(nil, l)
	if string(have) != want || !json.Valid(have) {
		t.Errorf("have %s\nwant %s", have, want)
	}
	if have := AppendVitals(nil, &Live{}); string(have) != `{"bed":"","device":"","time":null,"values":[]}` {
		t.Errorf("%s", have)
	}
}

func BenchmarkAppendVitals(b *testing.B) {
	l := &Live{Device: Device{ID: "5da0709c1b23d30019e47f7f"}, Bed: "3", Time: time.Date(2026, 7, 23, 22, 48, 31, 0, time.UTC)}
	for range 20 {
		l.Values = append(l.Values, LiveValue{Type: HeartRate, Value: number("72"), Unit: BeatsPerMinute, State: LiveValid, Low: number("50"), High: number("120")})
	}
	b.ReportAllocs()
	var text []byte
	for b.Loop() {
		text = AppendVitals(text[:0], l)
	}
}
