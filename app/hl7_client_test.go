package main

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"vitalien/app/cli"
)

// TestNodeHL7Client sends with the npm package node-hl7-client, many messages
// on one connection: it understands each acknowledgement, and what it is told
// to be safe is recorded.
func TestNodeHL7Client(t *testing.T) {
	a := start(t, cli.Flags{})
	_, port, err := net.SplitHostPort(a.monitor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	sender := run(t, "node-hl7-client", "node", filepath.Join(clients, "send_hl7.js"), port)
	sender.expect("connect")
	deliver := func(message string) (ack struct{ Type, Version, Code, ID, Text string }) {
		t.Helper()
		if err := json.NewEncoder(sender.input).Encode(strings.TrimSuffix(message, "\r")); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(sender.expect("ack")), &ack); err != nil {
			t.Fatal(err)
		}
		return ack
	}
	for i := range 20 {
		id := fmt.Sprintf("N%d", i)
		if ack := deliver(oru(id, 60+i)); ack.Type != "ACK" || ack.Version != "2.6" || ack.Code != "AA" || ack.ID != id {
			t.Errorf("%d: %+v", i, ack)
		}
	}
	refused := deliver(strings.Replace(oru("BAD", 72), "|2.6|", "|9.9|", 1))
	if refused.Code != "AR" || refused.ID != "BAD" || !strings.Contains(refused.Text, "\rERR|") {
		t.Errorf("%+v", refused)
	}
	list := recorded(t, a)
	if len(list) != 40 {
		t.Fatalf("%d recorded", len(list))
	}
	for i := range 20 {
		if m := list[2*i]; m.Readings[0].Value.String() != fmt.Sprint(60+i) || m.Patient.Family != "Lefèvre" {
			t.Errorf("%d: %+v", i, m)
		}
	}
}
