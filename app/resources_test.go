package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/app/cli"
)

// TestClients_Resources has real clients follow consultations, patients and
// devices, at once and from the start of the log. What they get passes the
// validators.
func TestClients_Resources(t *testing.T) {
	a := start(t, cli.Flags{})
	receive := func(version, payload string) *realClient {
		c := run(t, version, "node", filepath.Join(clients, "receive.js"), version, a.server.URL())
		c.expect("connect")
		if answer := c.emit("subscribe", json.RawMessage(payload)); answer["ok"] != true {
			t.Fatalf("%s: %s: %v", version, payload, answer)
		}
		return c
	}
	resources := []string{"Consultation", "Patient", "Device"}
	live := map[string]*realClient{}
	for _, resource := range resources {
		live[resource] = receive("sio4", `{"resource":"`+resource+`"}`)
	}

	ehr := run(t, "sio2", "node", filepath.Join(clients, "receive.js"), "sio2", a.server.URL())
	ehr.expect("connect")
	device := dial(t, a.monitor.Addr().String())
	for i, family := range []string{"Martin", "Nguyễn"} {
		patient := map[string]any{"id": fmt.Sprint("47", i), "system": "urn:ehr", "family": family, "birthDate": "1980-03", "sex": "female"}
		if answer := ehr.emit("startConsultation", map[string]any{"id": fmt.Sprint("c-", i), "patient": patient}); answer["ok"] != true {
			t.Fatal(answer)
		}
		send(t, device, oru(fmt.Sprint("P", i), 80+i))
	}
	if answer := ehr.emit("endConsultation"); answer["ok"] != true {
		t.Fatal(answer)
	}

	want := map[string][]string{
		"Consultation": {"CREATE c-0 in-progress", "UPDATE c-0 finished", "CREATE c-1 in-progress", "UPDATE c-1 finished"},
		"Patient":      {"CREATE 470", "CREATE P0", "CREATE 471", "CREATE P1"},
		"Device":       {"CREATE"},
	}
	var all []json.RawMessage
	for _, resource := range resources {
		later := receive("sio2", `{"resource":"`+resource+`","after":0}`)
		var told []string
		for range want[resource] {
			event := live[resource].expect("event")
			short, data := shortEvent(t, event)
			told, all = append(told, short), append(all, data)
			var first, again any
			if json.Unmarshal([]byte(event), &first) != nil || json.Unmarshal([]byte(later.expect("event")), &again) != nil || !cmp.Equal(first, again) {
				t.Errorf("replayed otherwise: %v and %v", first, again)
			}
		}
		if diff := cmp.Diff(want[resource], told); diff != "" {
			t.Errorf("%s: %s", resource, diff)
		}
	}
	file := filepath.Join(t.TempDir(), "events.json")
	text, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if findings, valid := validate(t, file); !valid {
		t.Error(findings)
	}
}

// shortEvent is what an event says in short, and its resource.
func shortEvent(t *testing.T, text string) (short string, data json.RawMessage) {
	t.Helper()
	var event struct {
		Type string
		Data json.RawMessage
	}
	var resource struct {
		ID, Status string
		Identifier []struct{ Value string }
	}
	if err := json.Unmarshal([]byte(text), &event); err != nil {
		t.Fatal(err, text)
	}
	if err := json.Unmarshal(event.Data, &resource); err != nil {
		t.Fatal(err, text)
	}
	short = event.Type
	if len(resource.Identifier) > 0 {
		short += " " + resource.Identifier[0].Value
	}
	if resource.Status != "" {
		short += " " + resource.Status
	}
	return short, event.Data
}
