package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"vitalien/fhirmap"
)

// alarmed is an event of a subscription to Alert.
type alarmed struct {
	Subscription string `json:"subscription"`
	Seq          uint64 `json:"seq"`
	Type         string `json:"type"`
	Resource     string `json:"resource"`
	Data         struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
		Severity     string `json:"severity"`
	} `json:"data"`
}

// alarm has the monitor of a bed list its physiological alarms.
func (p *post) alarm(bed string, list ...fhirmap.Alarm) {
	p.tb.Helper()
	report := fhirmap.Report{Link: "test", Alarms: []fhirmap.Alarms{{
		Device: fhirmap.Device{ID: "m-" + bed, Type: fhirmap.PatientMonitor}, Bed: bed, Patient: &fhirmap.Patient{System: "urn:ward", ID: "p-" + bed},
		Complete: []fhirmap.AlarmKind{fhirmap.Physiological}, List: list,
	}}}
	if _, err := p.station.Record(context.Background(), report); err != nil {
		p.tb.Fatal(err)
	}
}

func slow(priority fhirmap.Priority) fhirmap.Alarm {
	return fhirmap.Alarm{
		Kind: fhirmap.Physiological, System: "urn:maker", Code: "10", Text: "FC basse", Priority: priority, Type: fhirmap.HeartRate,
	}
}

// alert is the next event of a subscription to Alert. Others are passed over.
func (c *client2) alert() (a alarmed, err error) {
	for {
		packet, err := c.message()
		if err != nil {
			return a, err
		}
		if body, ok := strings.CutPrefix(packet, `2["event",`); ok {
			return a, json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &a)
		}
	}
}

// TestAlerts_FromStartToEnd: a start, a raised priority and the end are events
// of one alert; who comes later gets them all, or what came since it was there.
func TestAlerts_FromStartToEnd(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		c := p.mustConnect(eio, transport, "")
		id := c.subscribe(t, `{"resource":"Alert"}`)
		p.record(3)
		p.alarm("3", slow(fhirmap.PriorityMedium))
		p.record(1)
		p.alarm("3", slow(fhirmap.PriorityMedium)) // the same: nothing has changed
		p.alarm("3", slow(fhirmap.PriorityHigh))
		p.alarm("3")
		var all []alarmed
		for i, want := range []struct{ event, severity string }{{"CREATE", "moderate"}, {"UPDATE", "high"}, {"UPDATE", "high"}} {
			a, err := c.alert()
			if err != nil {
				t.Fatal(err)
			}
			if a.Subscription != id || a.Type != want.event || a.Resource != "Alert" || a.Data.ResourceType != "DetectedIssue" || a.Data.Severity != want.severity {
				t.Errorf("%d: %+v, want %v", i, a, want)
			}
			if i > 0 && (a.Seq <= all[i-1].Seq || a.Data.ID != all[0].Data.ID || a.Data.ID == "") {
				t.Errorf("%d: %+v behind %+v", i, a, all)
			}
			all = append(all, a)
		}
		later := p.mustConnect(eio, transport, "")
		for after, want := range map[string][]alarmed{"0": all, marshal(t, all[0].Seq): all[1:], marshal(t, all[2].Seq): nil} {
			id := later.subscribe(t, `{"resource":"Alert","after":`+after+`}`)
			for _, w := range want {
				if a, err := later.alert(); err != nil || a.Seq != w.Seq || a.Type != w.Type || a.Data != w.Data || a.Subscription != id {
					t.Errorf("after %s: %+v, %v; want %+v", after, a, err, w)
				}
			}
			if answer, err := later.ask(9, `["unsubscribe",{"subscription":"`+id+`"}]`); err != nil || answer["ok"] != true {
				t.Fatalf("after %s: more than was wanted, or %v (%v)", after, answer, err)
			}
		}
	})
}

func marshal(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAlerts_Filter(t *testing.T) {
	p := newPost(t)
	for _, bed := range []string{"3", "4"} {
		p.alarm(bed, slow(fhirmap.PriorityLow))
		p.alarm(bed)
	}
	p.record(1)
	for text, want := range map[string]string{
		`{}`: "33 44 ", `{"bed":"4"}`: "44 ", `{"device":"m-3"}`: "33 ", `{"deviceType":"patient_monitor"}`: "33 44 ", `{"patient":"p-3"}`: "33 ",
		`{"patient":"urn:ehr|p-3"}`: "", `{"code":"10"}`: "33 44 ", `{"code":"urn:maker|10"}`: "33 44 ", `{"code":"8867-4"}`: "33 44 ", `{"code":"11"}`: "",
	} {
		for _, events := range []string{`["CREATE","UPDATE"]`, `["CREATE"]`} {
			asked, err := readSubscription(json.RawMessage(`{"resource":"Alert","after":0,"events":` + events + `,"filter":` + text + `}`))
			if err != nil {
				t.Fatal(err)
			}
			list, _, err := p.server.frames[formAlert].after(0)
			if err != nil {
				t.Fatal(err)
			}
			var have string
			for i, f := range asked.picker("1", func(uint64, uint64) {})(list) {
				var event struct{ Type string }
				text, _ := strings.CutPrefix(string(f.packet()), `2["event",`)
				if err := json.Unmarshal([]byte(strings.TrimSuffix(text, "]")), &event); err != nil {
					t.Fatal(i, err, text)
				}
				bed := "4"
				if strings.Contains(text, "m-3") {
					bed = "3"
				}
				if have += bed; event.Type == "UPDATE" {
					have += " "
				}
			}
			want := want
			if events == `["CREATE"]` {
				want = strings.NewReplacer("33 ", "3", "44 ", "4").Replace(want)
			}
			if have != want {
				t.Errorf("%s %s: %q, want %q", text, events, have, want)
			}
		}
	}
}
