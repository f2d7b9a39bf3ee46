package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// deletePatient has all of a patient deleted.
func (p *post) deletePatient(id string) {
	p.tb.Helper()
	who, err := p.station.FindErasable(p.tb.Context(), id)
	if err == nil {
		_, err = p.station.ErasePatient(p.tb.Context(), who, nil)
	}
	if err != nil {
		p.tb.Fatal(err)
	}
}

// deletion is what the next event of a subscription tells: number, resource of
// the contract, type and id. Its data has nothing else.
func (c *client2) deletion(tb testing.TB) string {
	tb.Helper()
	for {
		packet, err := c.message()
		if err != nil {
			tb.Fatal(err)
		}
		body, found := strings.CutPrefix(packet, `2["event",`)
		if !found {
			continue
		}
		var e struct {
			Seq            uint64
			Type, Resource string
			Data           map[string]any
		}
		if err := json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &e); err != nil {
			tb.Fatal(err)
		}
		if e.Type != "DELETE" || len(e.Data) != 2 {
			tb.Fatalf("not a deletion: %s", body)
		}
		return fmt.Sprint(e.Seq, " ", e.Resource, " ", e.Data["resourceType"], "/", e.Data["id"])
	}
}

// Subscriptions are told of each resource that was deleted with a patient,
// whatever they filter: those who are there, and those who come back.
func TestSubscribe_Deletions(t *testing.T) {
	p := newPost(t)
	if _, err := p.station.StartConsultation(t.Context(), station.Consultation{ID: "c-1", Patient: &fhirmap.Patient{System: EHRSystem, ID: "a"}}); err != nil {
		t.Fatal(err)
	}
	if err := p.station.EndConsultation(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.measure(71, fhirmap.HeartRate, "b", 0)
	p.measure(72, fhirmap.HeartRate, "c", 0)
	kept := p.station.Head()
	log := p.station.ID()[:8]
	there := map[string]*client2{}
	for _, resource := range []string{"Observation", "Patient", "Consultation", "Alert"} {
		there[resource] = p.mustConnect(4, "websocket", "")
		there[resource].subscribe(t, `{"resource":"`+resource+`","filter":{"patient":"c"}}`)
	}
	fhir := p.mustConnect(4, "websocket", "&format=r4")
	p.deletePatient("a")
	p.deletePatient("b")
	key := func(system, id string) string { return (&fhirmap.Patient{System: system, ID: id}).Key() }
	for resource, want := range map[string][]string{
		"Consultation": {fmt.Sprint(kept+1, " Consultation Encounter/c-1")},
		"Patient":      {fmt.Sprint(kept+2, " Patient Patient/", key(EHRSystem, "a")), fmt.Sprint(kept+4, " Patient Patient/", key("urn:test", "b"))},
		"Observation":  {fmt.Sprint(kept+3, " Observation Observation/", log, "-", kept-1)},
	} {
		after := fmt.Sprintf(`{"resource":%q,"events":["DELETE"],"filter":{"patient":"c"},"after":0}`, resource)
		later := p.mustConnect(4, "websocket", "")
		later.subscribe(t, after)
		for _, want := range want {
			if got := there[resource].deletion(t); got != want {
				t.Errorf("%s: %s, want %s", resource, got, want)
			}
			if got := later.deletion(t); got != want {
				t.Errorf("%s, later: %s, want %s", resource, got, want)
			}
		}
		others := p.mustConnect(4, "websocket", "")
		others.quiet(t, others.subscribe(t, strings.Replace(after, "DELETE", "UPDATE", 1)))
	}
	there["Alert"].quiet(t, "1")
	p.measure(73, fhirmap.HeartRate, "c", 0)
	if got := payloadOf(t, fhir, "fhir"); !strings.Contains(got, `"value":73`) {
		t.Errorf("fhir tells of a deletion: %s", got)
	}
}
