package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A conversation with a server of which the clock and the identifiers are known
// gives the examples of the guide, by name.
func conversation(t *testing.T) map[string]string {
	t.Helper()
	clock := time.Date(2026, 11, 20, 10, 15, 0, 0, time.FixedZone("", 3600))
	var ids, seconds atomic.Int64
	p := newPostOf(t, func(o *station.Options) {
		o.Now = func() time.Time { return clock.Add(time.Duration(seconds.Load()) * time.Second) }
		o.NewID = func() string { return fmt.Sprintf("6f0f5c1e-0000-4000-8000-%012d", ids.Add(1)) }
	})
	// What is random, or the place of this very server.
	same := strings.NewReplacer(p.station.ID(), exampleLog, p.station.ID()[:8], exampleLog[:8], p.address, "localhost:63336")
	examples := map[string]string{}
	keep := func(name, text string) {
		t.Helper()
		examples[name] = indented(t, []byte(same.Replace(text)))
	}
	if err := p.station.Keep(blelink.Paired{ID: cuffDevice.ID, Address: "a", Driver: "blood-pressure", Type: cuffDevice.Type, Name: cuffDevice.Name, Place: "Cabinet 1"}); err != nil {
		t.Fatal(err)
	}
	p.station.SetBluetooth(nil)
	p.station.SetDevice(blelink.Status{ID: cuffDevice.ID, State: blelink.Asleep, Battery: 82})
	plain, r4 := p.mustConnect(4, "websocket", ""), p.mustConnect(4, "websocket", "&format=r4")
	follower := p.mustConnect(4, "websocket", "")
	keep("device", payloadOf(t, follower, "device"))
	ask := func(name, request string) {
		t.Helper()
		answer, err := follower.ask(1, request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		keep(name, string(text))
	}
	ask("subscribed", `["subscribe",{"resource":"Observation"}]`)
	ask("refused", `["subscribe",{"resource":"Obsrevation"}]`)
	ask("started", `["startConsultation",{"id":"c-20261120-7","patient":{"id":"4711","family":"Martin","given":"Éloïse","birthDate":"1957-03-14","sex":"female"}}]`)
	others := map[string]*client2{}
	for _, resource := range []string{"Patient", "Device"} { // subscriptions keep no order among them
		others[resource] = p.mustConnect(4, "websocket", "")
		payloadOf(t, others[resource], "device")
		others[resource].subscribe(t, `{"resource":"`+resource+`","after":0}`)
	}
	keep("patient", payloadOf(t, others["Patient"], "event"))
	seconds.Add(60)
	if _, err := p.station.Record(t.Context(), fhirmap.Report{Link: "ble", Measurements: []fhirmap.Measurement{examplePressure()}}); err != nil {
		t.Fatal(err)
	}
	keep("fhir-2019", payloadOf(t, plain, "fhir"))
	keep("fhir-r4", payloadOf(t, r4, "fhir"))
	keep("observation", payloadOf(t, follower, "event"))
	keep("device-resource", payloadOf(t, others["Device"], "event"))
	seconds.Add(240)
	if _, err := p.station.Assign(t.Context(), 2, station.Attribution{Patient: &fhirmap.Patient{System: EHRSystem, ID: "4712", Family: "Durand"}}); err != nil {
		t.Fatal(err)
	}
	keep("corrected", payloadOf(t, follower, "event"))
	for name, path := range map[string]string{
		"search": "/fhir/Observation?combo-code=8480-6&_count=1", "read-patient": "/fhir/Patient?identifier=4711",
		"read-device": "/fhir/Device/" + cuffDevice.ID, "read-encounter": "/fhir/Encounter/c-20261120-7",
		"outcome": "/fhir/Observation?pateint=4711", "status": "/status",
	} {
		_, _, body := p.request("GET", path, "")
		keep(name, body)
	}
	p.deletePatient("4712")
	keep("deleted", payloadOf(t, follower, "event"))
	_, _, body := p.request("GET", "/status", "", "Origin: https://ehr.example")
	keep("pending", body)
	return examples
}

const exampleLog = "9c1f0c5e-2f53-4c0b-8e1b-7a0d3c4b5a69"

var cuffDevice = fhirmap.Device{
	ID: "5b0d1f2e3c4a59687a6b5c4d", Type: fhirmap.BloodPressureMonitor, Name: "Tensiomètre", Manufacturer: "OMRON", Model: "HEM-9210T",
}

func examplePressure() fhirmap.Measurement {
	reading := func(t fhirmap.Type, text string, unit fhirmap.Unit) fhirmap.Reading {
		return fhirmap.Reading{Type: t, Value: new(fhirmap.MustDecimal(text)), Unit: unit}
	}
	return fhirmap.Measurement{
		Type: fhirmap.BloodPressure, Device: cuffDevice, Time: time.Date(2026, 11, 20, 10, 15, 48, 0, time.FixedZone("", 3600)),
		Readings: []fhirmap.Reading{
			reading(fhirmap.Systolic, "128", fhirmap.MillimetreOfMercury), reading(fhirmap.Diastolic, "82", fhirmap.MillimetreOfMercury),
			reading(fhirmap.Mean, "97", fhirmap.MillimetreOfMercury),
		},
	}
}

// payloadOf is the payload of the next event of that name.
func payloadOf(t *testing.T, c *client2, name string) string {
	t.Helper()
	for {
		packet, err := c.message()
		if err != nil {
			t.Fatal(err)
		}
		if body, ok := strings.CutPrefix(packet, `2["`+name+`",`); ok {
			return strings.TrimSuffix(body, "]")
		}
	}
}
