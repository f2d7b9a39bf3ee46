package main

import (
	"context"
	"strings"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// TestMessages: what the listener and the monitors that the program calls were
// sent last is there for the technician.
func TestMessages(t *testing.T) {
	a := start(t, cli.Flags{})
	m, _ := bedside(t, simulator.MonitorOptions{Bed: "7", Patient: &fhirmap.Patient{ID: "M-1", Family: "Démonstration", Given: "Zoé"}})
	if err := a.station.AcceptMonitor(t.Context(), m.Address()); err != nil {
		t.Fatal(err)
	}
	device := dial(t, a.monitor.Addr().String())
	send(t, device, oru("T1", 72))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if code, err := device.Send(ctx, []byte(strings.Replace(oru("T2", 72), "ORU^R01^ORU_R01", "ORM^O01", 1))); err != nil || code != "AR" {
		t.Fatal(code, err)
	}
	send(t, device, oru("T3", 73)) // when it is answered, those before are noted
	list := a.station.Messages("127.0.0.1")
	for len(list) > 0 && hl7link.ReplyCode(list[0].Reply) == "AA" && strings.Contains(string(list[0].Text), "T3") {
		list = list[1:]
	}
	if len(list) != 2 || list[0].ReplyCode() != "AR" || list[0].Reason == "" || string(list[1].Text) != oru("T1", 72) || list[1].ReplyCode() != "AA" {
		t.Errorf("%+v", list)
	}
	awaitBoard(t, a, "messages of the monitor", func() bool { return len(a.station.Messages(m.Address())) > 0 })
	for _, message := range a.station.Messages(m.Address()) {
		if message.Reply != nil || !strings.HasPrefix(string(message.Text), "MSH|") {
			t.Errorf("%+v", message)
		}
	}
}
