package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// changed is the next event of a subscription to Patient, Device or
// Consultation, in short. Others are passed over.
func (c *client2) changed(tb testing.TB) string {
	tb.Helper()
	for {
		packet, err := c.message()
		if err != nil {
			tb.Fatal(err)
		}
		if body, ok := strings.CutPrefix(packet, `2["event",`); ok {
			return inShort(tb, strings.TrimSuffix(body, "]"))
		}
		if !strings.HasPrefix(packet, `2["fhir",`) {
			tb.Fatalf("not an event: %.80q", packet)
		}
	}
}

func inShort(tb testing.TB, text string) string {
	tb.Helper()
	var e struct {
		Subscription, Type, Resource string
		Seq                          uint64
		Data                         struct {
			ResourceType, ID, Status, Gender string
			Identifier                       []fhirmap.Identifier
			Name                             []fhirmap.HumanName
			DeviceName                       []fhirmap.DeviceName
			Subject                          *fhirmap.Reference
			Period                           fhirmap.Period
		}
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		tb.Fatal(err, text)
	}
	short := fmt.Sprintf("%d %s %s/%s", e.Seq, e.Type, e.Resource, e.Data.ResourceType)
	switch d := &e.Data; e.Resource {
	case "Patient":
		short += fmt.Sprintf(" %s|%s", d.Identifier[0].System, d.Identifier[0].Value)
		for _, name := range d.Name {
			short += " " + name.Text
		}
	case "Device":
		short += " " + d.ID
		for _, name := range d.DeviceName {
			short += " " + name.Name
		}
	case "Consultation":
		short += " " + d.ID + " " + d.Status
		if d.Subject != nil {
			short += " " + d.Subject.Display
		}
		if d.Period.Start == "" || (d.Period.End == "") != (d.Status == "in-progress") {
			tb.Error(text)
		}
	}
	return short
}

// quiet holds that nothing more comes of a subscription.
func (c *client2) quiet(tb testing.TB, id string) {
	tb.Helper()
	if answer, err := c.ask(9, `["unsubscribe",{"subscription":"`+id+`"}]`); err != nil || answer["ok"] != true {
		tb.Errorf("more than was wanted, or %v (%v)", answer, err)
	}
}

// consult opens a consultation.
func (p *post) consult(id, family string) {
	p.tb.Helper()
	who := &fhirmap.Patient{System: "urn:ehr", ID: "id-" + strings.ToLower(family), Family: family}
	if _, err := p.station.StartConsultation(context.Background(), station.Consultation{ID: id, Patient: who}); err != nil {
		p.tb.Fatal(err)
	}
}

func (p *post) endConsultation() {
	p.tb.Helper()
	if err := p.station.EndConsultation(context.Background()); err != nil {
		p.tb.Fatal(err)
	}
}

// pulse has a device measure somebody, or nobody in particular.
func (p *post) pulse(d fhirmap.Device, who *fhirmap.Patient) {
	p.tb.Helper()
	value := fhirmap.NewDecimal(72, 0)
	if _, err := p.station.Record(context.Background(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{{
		Type: fhirmap.HeartRate, Device: d, Patient: who,
		Readings: []fhirmap.Reading{{Type: fhirmap.HeartRate, Value: &value, Unit: fhirmap.BeatsPerMinute}},
	}}}); err != nil {
		p.tb.Fatal(err)
	}
}

// morningInTheWard is what happens, and what subscribers are told of it.
func (p *post) morningInTheWard() map[string][]string {
	p.tb.Helper()
	oximeter := fhirmap.Device{ID: "d-1", Type: fhirmap.PulseOxymeter}
	ward := func(id, family string) *fhirmap.Patient {
		return &fhirmap.Patient{System: "urn:ward", ID: id, Family: family}
	}
	p.consult("c-1", "Dupont") // 1
	p.pulse(oximeter, nil)     // 2
	p.consult("c-2", "Martin") // 3 ends, 4 starts
	p.pulse(oximeter, nil)     // 5
	p.endConsultation()        // 6
	oximeter.Name = "Chambre 3"
	p.pulse(oximeter, ward("7", ""))
	p.pulse(fhirmap.Device{ID: "d-2", Type: fhirmap.PatientMonitor, Name: "Lit 4"}, ward("7", "Petit"))
	p.pulse(oximeter, ward("7", "Petit")) // 9: nothing new
	return map[string][]string{
		"Consultation": {
			"1 CREATE Consultation/Encounter c-1 in-progress DUPONT", "3 UPDATE Consultation/Encounter c-1 finished DUPONT",
			"4 CREATE Consultation/Encounter c-2 in-progress MARTIN", "6 UPDATE Consultation/Encounter c-2 finished MARTIN",
		},
		"Patient": {
			"1 CREATE Patient/Patient urn:ehr|id-dupont DUPONT", "4 CREATE Patient/Patient urn:ehr|id-martin MARTIN",
			"7 CREATE Patient/Patient urn:ward|7", "8 UPDATE Patient/Patient urn:ward|7 PETIT",
		},
		"Device": {"2 CREATE Device/Device d-1", "7 UPDATE Device/Device d-1 Chambre 3", "8 CREATE Device/Device d-2 Lit 4"},
	}
}

// replay holds what a subscriber to resource gets behind a number.
func (p *post) replay(c *client2, resource string, after int, want []string) {
	p.tb.Helper()
	id := c.subscribe(p.tb, fmt.Sprintf(`{"resource":%q,"after":%d}`, resource, after))
	for _, w := range want {
		var seq int
		if fmt.Sscan(w, &seq); seq <= after {
			continue
		}
		if have := c.changed(p.tb); have != w {
			p.tb.Errorf("%s after %d: %s, want %s", resource, after, have, w)
		}
	}
	c.quiet(p.tb, id)
}

// Those who were there, those who come later, from whatever number on, and
// those who come after a restart get the same.
func TestVersions_LiveReplayAndRestart(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		folder := t.TempDir()
		p := newPostIn(t, folder, func(*station.Options) {})
		live := map[string]*client2{}
		for resource := range filters {
			live[resource] = p.mustConnect(eio, transport, "")
			live[resource].subscribe(t, `{"resource":"`+resource+`"}`)
		}
		told := p.morningInTheWard()
		for resource, want := range told {
			for _, w := range want {
				if have := live[resource].changed(t); have != w {
					t.Errorf("live: %s, want %s", have, w)
				}
			}
		}
		for range 2 {
			c := p.mustConnect(eio, transport, "")
			for resource, want := range told {
				for after := range int(p.station.Head()) + 1 {
					p.replay(c, resource, after, want)
				}
			}
			p.stop()
			p = newPostIn(t, folder, func(*station.Options) {})
		}
	})
}

// Clients come, read some and go, while new patients come. Each comes back with
// its last number: nothing is missing, nothing comes twice.
func TestVersions_ResumeWithoutGapOrDouble(t *testing.T) {
	p := newPost(t)
	const total = 400
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		for i := range total {
			p.record(2) // of nobody
			p.pulse(fhirmap.Device{ID: "d1", Type: fhirmap.HeartRateMonitor}, &fhirmap.Patient{System: "urn:ward", ID: fmt.Sprint(i)})
		}
	}()
	for next, stay := 0, 1; next < total; stay = stay*2 + 3 {
		c := p.mustConnect(4, "websocket", "")
		c.subscribe(t, fmt.Sprintf(`{"resource":"Patient","after":%d}`, next*3))
		for range min(stay, total-next) {
			if have, want := c.changed(t), fmt.Sprintf("%d CREATE Patient/Patient urn:ward|%d", next*3+3, next); have != want {
				t.Fatalf("%s, want %s", have, want)
			}
			next++
		}
		c.close()
	}
	<-recorded
}

func TestVersions_Filter(t *testing.T) {
	p := newPost(t)
	told := p.morningInTheWard()
	c := p.mustConnect(4, "websocket", "")
	for _, q := range []struct {
		resource, more string
		want           []int // of what is told
	}{
		{"Consultation", `"filter":{"patient":"id-martin"}`, []int{2, 3}},
		{"Consultation", `"filter":{"patient":"urn:ward|id-martin"}`, nil},
		{"Consultation", `"filter":{"consultation":"c-1"}`, []int{0, 1}},
		{"Consultation", `"filter":{"consultation":"c-1","patient":"id-martin"}`, nil},
		{"Consultation", `"events":["UPDATE"]`, []int{1, 3}},
		{"Consultation", `"events":["DELETE"]`, nil},
		{"Patient", `"filter":{"patient":"7"}`, []int{2, 3}},
		{"Patient", `"filter":{"patient":"urn:ehr|id-dupont"}`, []int{0}},
		{"Patient", `"events":["UPDATE","DELETE"]`, []int{3}},
		{"Device", `"filter":{"device":"d-1"}`, []int{0, 1}},
		{"Device", `"filter":{"deviceType":"patient_monitor"}`, []int{2}},
		{"Device", `"filter":{"deviceType":"patient_monitor","device":"d-1"}`, nil},
		{"Device", `"events":["CREATE"],"filter":{"device":"d-1"}`, []int{0}},
	} {
		id := c.subscribe(t, fmt.Sprintf(`{"resource":%q,"after":0,%s}`, q.resource, q.more))
		for _, i := range q.want {
			if have := c.changed(t); have != told[q.resource][i] {
				t.Errorf("%s %s: %s, want %s", q.resource, q.more, have, told[q.resource][i])
			}
		}
		c.quiet(t, id)
	}
}

func TestVersions_EncodedOnceForAll(t *testing.T) {
	p := newPost(t)
	told := p.morningInTheWard()
	for resource, want := range told {
		frames := p.server.frames[subscribed[resource]]
		if err := (versionWaiter{p.station}).Wait(t.Context(), p.station.Head()-1); err != nil {
			t.Fatal(err)
		}
		one, cursor, err := frames.after(0)
		two, _, err2 := frames.after(0)
		if err != nil || err2 != nil || cursor != p.station.Head() || len(one) != len(want) || len(two) != len(want) {
			t.Fatalf("%s: %d and %d frames up to %d, %v, %v", resource, len(one), len(two), cursor, err, err2)
		}
		for i := range one {
			if &one[i].frame[0] != &two[i].frame[0] {
				t.Errorf("%s: event %d was encoded twice", resource, i)
			}
		}
	}
}

func TestVersions_RefusalSaysWhatToDo(t *testing.T) {
	for payload, want := range map[string]string{
		`{"resource":"Patient","filter":{"bed":"3"}}`:          "filter.bed: its filter takes patient",
		`{"resource":"Device","filter":{"consultation":"3"}}`:  "its filter takes device and deviceType",
		`{"resource":"Consultation","filter":{"code":"1"}}`:    "its filter takes patient and consultation",
		`{"resource":"Consultation","filter":{"device":"d1"}}`: "no Consultation ever matches filter.device",
	} {
		if _, err := readSubscription(json.RawMessage(payload)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", payload, err, want)
		}
	}
}
