package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A delivered event of a subscription.
type delivered struct {
	Subscription string `json:"subscription"`
	Seq          uint64 `json:"seq"`
	Type         string `json:"type"`
	Resource     string `json:"resource"`
	Data         struct {
		ResourceType string               `json:"resourceType"`
		Meta         *fhirmap.Meta        `json:"meta"`
		Status       string               `json:"status"`
		Subject      fhirmap.Reference    `json:"subject"`
		Identifier   []fhirmap.Identifier `json:"identifier"`
		Code         struct {
			Coding []fhirmap.Coding `json:"coding"`
		} `json:"code"`
	} `json:"data"`
}

// delivered is the next event of a subscription. Others are passed over.
func (c *client2) delivered() (d delivered, err error) {
	for {
		packet, err := c.message()
		if err != nil {
			return d, err
		}
		if body, ok := strings.CutPrefix(packet, `2["event",`); ok {
			return d, json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &d)
		}
		if !strings.HasPrefix(packet, `2["fhir",`) {
			return d, fmt.Errorf("not an event: %.80q", packet)
		}
	}
}

// subscribe subscribes and passes over the events "fhir" before the answer.
func (c *client2) subscribe(tb testing.TB, payload string) string {
	tb.Helper()
	if err := c.write(c.ctx, `421["subscribe",`+payload+`]`); err != nil {
		tb.Fatal(err)
	}
	packet, err := c.message()
	for ; err == nil && strings.HasPrefix(packet, `2["fhir",`); packet, err = c.message() {
	}
	var answers []struct {
		OK           bool   `json:"ok"`
		Subscription string `json:"subscription"`
	}
	if body, ok := strings.CutPrefix(packet, "31"); !ok || json.Unmarshal([]byte(body), &answers) != nil || !answers[0].OK {
		tb.Fatal(packet, err)
	}
	return answers[0].Subscription
}

// Clients come, read some and go, while measurements are recorded. Each comes
// back with its last sequence number: nothing is missing, nothing comes twice.
func TestSubscribe_ResumesWithoutGapOrDouble(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		const total = 600
		p.record(50)
		recorded := make(chan struct{})
		go func() {
			defer close(recorded)
			for range (total - 50) / 10 {
				p.record(10)
			}
		}()
		last := uint64(0)
		for stay := 1; last < total; stay = stay*2 + 3 { // events that a client waits for
			c := p.mustConnect(eio, transport, "")
			id := c.subscribe(t, fmt.Sprintf(`{"resource":"Observation","after":%d}`, last))
			for range min(stay, total-int(last)) {
				d, err := c.delivered()
				if err != nil {
					t.Fatal(err)
				}
				if d.Seq != last+1 || d.Subscription != id || d.Type != "CREATE" || d.Resource != "Observation" || d.Data.ResourceType != "Observation" {
					t.Fatalf("behind %d: %+v", last, d)
				}
				last = d.Seq
			}
			c.close()
		}
		<-recorded
	})
}

func TestSubscribe_FromNowOn(t *testing.T) {
	p := newPost(t)
	p.record(5)
	c := p.mustConnect(4, "websocket", "")
	answer, err := c.ask(7, `["subscribe",{"resource":"Observation"}]`)
	if err != nil || answer["head"] != 5.0 {
		t.Fatal(answer, err)
	}
	p.record(1)
	if d, err := c.delivered(); err != nil || d.Seq != 6 {
		t.Error(d, err)
	}
}

func TestSubscribe_Answers(t *testing.T) {
	p := newPost(t)
	p.record(3)
	c := p.mustConnect(4, "websocket", "")
	for i, q := range []struct{ payload, code string }{
		{`{"resource":"Observation","events":["CREATE","UPDATE","DELETE"],"after":3}`, ""},
		{`{"resource":"Observation","after":null,"filter":null}`, ""},
		{`{"resource":"Observation","after":4}`, "gone"},
		{`{"resource":"Observation","after":-1}`, "bad_request"},
		{`{"resource":"Observation","after":"3"}`, "bad_request"},
		{`{"resource":"Observation","after":1.5}`, "bad_request"},
		{`{"resource":"Observation","events":["READ"]}`, "bad_request"},
		{`{"resource":"Observation","filter":{"colour":"red"}}`, "bad_request"},
		{`{"resource":"Observations"}`, "bad_request"},
		{`{"resource":"Vitals","filter":{"bed":"3"}}`, ""},
		{`{"resource":"Vitals","events":["UPDATE"],"filter":{"bed":"3"}}`, ""},
		{`{"resource":"Vitals","after":0}`, "bad_request"},
		{`{"resource":"Vitals","filter":{"consultation":"c"}}`, "bad_request"},
		{`{"resource":"Vitals","filter":{"bed":3}}`, "bad_request"},
		{`{"resource":"Alert","after":0}`, ""},
		{`{"resource":"Alert","after":99}`, "gone"},
		{`{"resource":"Alert","events":["RING"]}`, "bad_request"},
		{`{"resource":"Recording","filter":{"deviceType":"stethoscope"}}`, ""},
		{`{"resource":"Patient","after":0,"filter":{"patient":"1"}}`, ""},
		{`{"resource":"Patient","filter":{"device":"d"}}`, "bad_request"},
		{`{"resource":"Patient","filter":{"bed":"3"}}`, "bad_request"},
		{`{"resource":"Patient","after":4}`, "gone"},
		{`{"resource":"Device","filter":{"device":"d","deviceType":"thermometer"}}`, ""},
		{`{"resource":"Device","filter":{"patient":"1"}}`, "bad_request"},
		{`{"resource":"Device","filter":{"code":"8867-4"}}`, "bad_request"},
		{`{"resource":"Consultation","events":["UPDATE"],"filter":{"patient":"1","consultation":"c"}}`, ""},
		{`{"resource":"Consultation","filter":{"deviceType":"thermometer"}}`, "bad_request"},
		{`{"resource":"Encounter"}`, "bad_request"},
		{`{"resource":["Vitals"]}`, "bad_request"},
		{`{}`, "bad_request"},
		{`"Observation"`, "bad_request"},
		{`null`, "bad_request"},
	} {
		answer, err := c.ask(i, `["subscribe",`+q.payload+`]`)
		if err != nil || answer["ok"] != (q.code == "") || codeOf(answer) != q.code {
			t.Errorf("%s: %v, %v; want code %q", q.payload, answer, err, q.code)
		}
	}
	for i, q := range []struct{ payload, code string }{
		{`{"subscription":"1"}`, ""}, {`{"subscription":"1"}`, "not_found"}, {`{"subscription":2}`, ""}, {`{}`, "not_found"}, {`7`, "bad_request"},
	} {
		if answer, err := c.ask(i, `["unsubscribe",`+q.payload+`]`); err != nil || codeOf(answer) != q.code {
			t.Errorf("unsubscribe %s: %v, %v; want code %q", q.payload, answer, err, q.code)
		}
	}
}

func TestSubscribe_Limit(t *testing.T) {
	p := newPost(t)
	c := p.mustConnect(4, "polling", "")
	for range maxSubscriptions {
		c.subscribe(t, `{"resource":"Observation"}`)
	}
	if answer, err := c.ask(2, `["subscribe",{"resource":"Observation"}]`); err != nil || codeOf(answer) != "limit" {
		t.Error(answer, err)
	}
	if answer, err := c.ask(3, `["unsubscribe",{"subscription":"5"}]`); err != nil || answer["ok"] != true {
		t.Error(answer, err)
	}
	if id := c.subscribe(t, `{"resource":"Observation"}`); id != "33" {
		t.Errorf("subscription %q: an id is not used twice", id)
	}
	p.record(1)
	seen := map[string]bool{}
	for range maxSubscriptions {
		d, err := c.delivered()
		if err != nil || seen[d.Subscription] || d.Subscription == "5" {
			t.Fatal(d, err)
		}
		seen[d.Subscription] = true
	}
}

// What a filter lets through, and nothing after the end of a subscription.
func TestSubscribe_Filter(t *testing.T) {
	p := newPost(t)
	ctx := context.Background()
	c := p.mustConnect(4, "websocket", "")
	spot := func(family string, types ...fhirmap.Type) {
		t.Helper()
		if _, err := p.station.StartConsultation(ctx, station.Consultation{ID: "C-" + family, Patient: &fhirmap.Patient{System: "urn:x", ID: family, Family: family}}); err != nil {
			t.Fatal(err)
		}
		report := fhirmap.Report{Link: "test"}
		for _, vital := range types {
			value := fhirmap.NewDecimal(70, 0)
			unit := fhirmap.BeatsPerMinute
			if vital == fhirmap.OxygenSaturation {
				unit = fhirmap.Percent
			}
			report.Measurements = append(report.Measurements, fhirmap.Measurement{
				Type: vital, Device: fhirmap.Device{ID: "d-" + family, Type: fhirmap.PulseOxymeter},
				Readings: []fhirmap.Reading{{Type: vital, Value: &value, Unit: unit}},
			})
		}
		if _, err := p.station.Record(ctx, report); err != nil {
			t.Fatal(err)
		}
	}
	spot("DUPONT", fhirmap.HeartRate, fhirmap.OxygenSaturation) // 2, 3 behind the consultation's 1
	spot("MARTIN", fhirmap.HeartRate)                           // 6 behind its end and its start
	end := p.station.Head()
	for range 3 { // "fhir" has a cursor of its own, and would come in between
		if _, err := c.event(); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []struct {
		filter string
		want   []uint64
	}{
		{`{}`, []uint64{2, 3, 6}},
		{`{"code":"8867-4"}`, []uint64{2, 6}},
		{`{"code":"http://loinc.org|8867-4","device":"d-MARTIN"}`, []uint64{6}},
		{`{"code":"urn:iso:std:iso:11073:10101|150456"}`, []uint64{3}},
		{`{"patient":"DUPONT"}`, []uint64{2, 3}},
		{`{"patient":"urn:x|MARTIN"}`, []uint64{6}},
		{`{"patient":"urn:y|MARTIN"}`, nil},
		{`{"consultation":"C-DUPONT","code":"2708-6"}`, []uint64{3}},
		{`{"deviceType":"thermometer"}`, nil},
		{`{"bed":"3"}`, nil},
	} {
		id := c.subscribe(t, `{"resource":"Observation","after":0,"filter":`+q.filter+`}`)
		for _, want := range q.want {
			if d, err := c.delivered(); err != nil || d.Seq != want || d.Subscription != id {
				t.Errorf("%s: %+v, %v; want %d", q.filter, d, err, want)
			}
		}
		if answer, err := c.ask(9, `["unsubscribe",{"subscription":"`+id+`"}]`); err != nil || answer["ok"] != true {
			t.Errorf("%s: more than was wanted, or %v (%v)", q.filter, answer, err)
		}
	}
	if p.station.Head() != end {
		t.Error("the log has moved")
	}
	if id := c.subscribe(t, `{"resource":"Observation","events":["UPDATE"],"after":0}`); id == "" {
		t.Error("refused")
	}
	spot("PETIT", fhirmap.HeartRate)
	for range 1 { // its "fhir", and nothing of the subscriptions that ended or want updates
		if _, err := c.event(); err != nil {
			t.Error(err)
		}
	}
}

// A client that goes between two Observations of one measurement gets the
// second when it comes back. They share their number as an identifier.
func TestSubscribe_ResumesWithinAMeasurement(t *testing.T) {
	p := newPost(t)
	pressure := func() fhirmap.Measurement {
		reading := func(vital fhirmap.Type, value int64, unit fhirmap.Unit) fhirmap.Reading {
			decimal := fhirmap.NewDecimal(value, 0)
			return fhirmap.Reading{Type: vital, Value: &decimal, Unit: unit}
		}
		return fhirmap.Measurement{
			Type: fhirmap.BloodPressure, Device: fhirmap.Device{ID: "d", Type: fhirmap.BloodPressureMonitor},
			Readings: []fhirmap.Reading{
				reading(fhirmap.Systolic, 128, fhirmap.MillimetreOfMercury), reading(fhirmap.Diastolic, 82, fhirmap.MillimetreOfMercury),
				reading(fhirmap.HeartRate, 71, fhirmap.BeatsPerMinute),
			},
		}
	}
	if _, err := p.station.Record(context.Background(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{pressure(), pressure()}}); err != nil {
		t.Fatal(err)
	}
	if head := p.station.Head(); head != 4 {
		t.Fatalf("head %d, want 4: one for each Observation", head)
	}
	for after, codes := range [][]string{{"85354-9", "8867-4", "85354-9", "8867-4"}, {"8867-4", "85354-9", "8867-4"}, {"85354-9", "8867-4"}, {"8867-4"}, nil} {
		c := p.mustConnect(4, "websocket", "")
		c.subscribe(t, fmt.Sprintf(`{"resource":"Observation","after":%d}`, after))
		for i, code := range codes {
			d, err := c.delivered()
			seq := uint64(after + i + 1)
			shared := strconv.FormatUint((seq-1)/2*2+1, 10) // 1 and 3 are what the measurements are known by
			if err != nil || d.Seq != seq || d.Data.Code.Coding[0].Code != code || d.Data.Identifier[0].Value != shared {
				t.Errorf("after %d: %+v, %v; want %d, %s", after, d, err, seq, code)
			}
		}
		c.close()
	}
}

// Nothing comes behind the answer to the end of a subscription, however much is
// under way.
func TestSubscribe_EndsAtItsAnswer(t *testing.T) {
	p := newPost(t)
	p.record(3000)
	c := p.mustConnect(4, "websocket", "")
	for range short(100, 1000) {
		id := c.subscribe(t, `{"resource":"Observation","after":0}`) // fails at an event of the one before
		if _, err := c.delivered(); err != nil {
			t.Fatal(err)
		}
		if err := c.write(c.ctx, `429["unsubscribe",{"subscription":"`+id+`"}]`); err != nil {
			t.Fatal(err)
		}
		packet, err := c.message()
		for ; err == nil && strings.HasPrefix(packet, `2["event",`); packet, err = c.message() {
		}
		if err != nil || !strings.HasPrefix(packet, "39[") {
			t.Fatal(packet, err)
		}
		if answer, err := c.ask(8, `["x"]`); err != nil || codeOf(answer) != "bad_request" {
			t.Fatal(answer, err)
		}
	}
}
