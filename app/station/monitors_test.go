package station

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

const bedside = "192.0.2.10:4601"

func sighting(address, name string) hl7link.Sighting {
	return hl7link.Sighting{Address: address, Name: name, Bed: "4", Department: "Réa", Seen: morning}
}

// monitor is the only one there is.
func (d *desk) monitor() Monitor {
	d.t.Helper()
	list := d.Monitors()
	if len(list) != 1 {
		d.t.Fatalf("%+v", list)
	}
	return list[0]
}

func TestMonitors_FromBeaconToForgotten(t *testing.T) {
	d := newDesk(t)
	changed, stop := d.WatchMonitors()
	defer stop()
	d.MonitorSeen(sighting(bedside, "MON-1"))
	if m := d.monitor(); !m.Discovered || m.Accepted || m.State != LinkAsleep || m.Name != "MON-1" || m.Department != "Réa" {
		t.Errorf("%+v", m)
	}
	if len(d.AcceptedMonitors()) != 0 {
		t.Error("accepted by itself")
	}
	d.SetMonitor(hl7link.MonitorStatus{Address: bedside, State: hl7link.MonitorConnected})
	if d.monitor().State != LinkAsleep {
		t.Error("shown as connected without being accepted")
	}
	if err := d.AcceptMonitor(t.Context(), "192.0.2.10"); err != nil { // port 4601
		t.Fatal(err)
	}
	<-changed
	broken := &fhirmap.Fault{Code: "monitor_unreachable", Temporary: true}
	d.SetMonitor(hl7link.MonitorStatus{Address: bedside, State: hl7link.MonitorConnected, Since: morning, Messages: 7, Rejected: 1, LastMessage: morning})
	if m := d.monitor(); m.State != LinkConnected || m.Messages != 7 || m.Rejected != 1 || m.Bed != "4" || !m.Accepted || m.Fault != nil {
		t.Errorf("%+v", m)
	}
	d.SetMonitor(hl7link.MonitorStatus{Address: bedside, State: hl7link.MonitorOffline, Fault: broken})
	if m := d.monitor(); m.State != LinkOffline || m.Fault != broken {
		t.Errorf("%+v", m)
	}
	d.MonitorLost(bedside)
	d.reopen()
	if m := d.monitor(); !m.Accepted || m.Discovered || m.State != LinkOffline || m.Name != "MON-1" || m.Bed != "4" {
		t.Errorf("after a restart: %+v", m)
	}
	again, stopAgain := d.WatchMonitors()
	defer stopAgain()
	if err := d.ForgetMonitor(t.Context(), bedside); err != nil {
		t.Fatal(err)
	}
	<-again
	wantFault(t, d.ForgetMonitor(t.Context(), bedside), "not_found")
	d.reopen()
	if list := d.Monitors(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestMonitors_ForgottenWhileItsBeaconIsHeard(t *testing.T) {
	d := newDesk(t)
	d.MonitorSeen(sighting(bedside, "MON-1"))
	if err := d.AcceptMonitor(t.Context(), bedside); err != nil {
		t.Fatal(err)
	}
	d.SetMonitor(hl7link.MonitorStatus{Address: bedside, State: hl7link.MonitorConnected, Messages: 7})
	if err := d.ForgetMonitor(t.Context(), bedside); err != nil {
		t.Fatal(err)
	}
	if m := d.monitor(); m.Accepted || !m.Discovered || m.State != LinkAsleep || m.Messages != 0 {
		t.Errorf("%+v", m)
	}
	d.MonitorLost(bedside)
	if m := d.monitor(); m.Discovered || m.State != LinkOffline {
		t.Errorf("%+v", m)
	}
}

func TestMonitors_Addresses(t *testing.T) {
	d := newDesk(t)
	for _, bad := range []string{"", ":4601", "a b:1", "host:0", "host:65536", "host:x", "1:2:3", "h/x:1", strings.Repeat("x", 300) + ":1"} {
		wantFault(t, d.AcceptMonitor(t.Context(), bad), "bad_request")
		wantFault(t, d.ForgetMonitor(t.Context(), bad), "bad_request")
		d.MonitorSeen(sighting(bad, "x"))
	}
	for address, want := range map[string]string{
		"MON-3.local": "mon-3.local:4601", " 192.0.2.1:5000 ": "192.0.2.1:5000", "[2001:db8::1]:4601": "[2001:db8::1]:4601",
		"2001:db8::2": "[2001:db8::2]:4601",
	} {
		if err := d.AcceptMonitor(t.Context(), address); err != nil {
			t.Error(address, err)
		}
		if !slices.ContainsFunc(d.AcceptedMonitors(), func(m Monitor) bool { return m.Address == want }) {
			t.Errorf("%q is not among %+v", want, d.AcceptedMonitors())
		}
	}
	if n := len(d.Monitors()); n != 4 {
		t.Errorf("%d monitors", n)
	}
}

func TestMonitors_OfTheSettingsFile(t *testing.T) {
	folder := t.TempDir()
	s, err := Open(folder, Options{Monitors: []Monitor{{Address: "192.0.2.10", Name: "Lit 4"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := s.AcceptedMonitors()
	if len(list) != 1 || list[0].Address != bedside || !list[0].Configured || list[0].Name != "Lit 4" {
		t.Errorf("%+v", list)
	}
	wantFault(t, s.ForgetMonitor(t.Context(), bedside), "bad_request")
	_, err = Open(t.TempDir(), Options{Monitors: []Monitor{{Address: "no address"}}})
	wantFault(t, err, "bad_request")
}

func TestMonitors_ABoundedNumber(t *testing.T) {
	d := newDesk(t)
	d.MonitorSeen(sighting(bedside, "kept"))
	if err := d.AcceptMonitor(t.Context(), bedside); err != nil {
		t.Fatal(err)
	}
	for i := range mostMonitors + 100 {
		d.clock.advance(time.Millisecond)
		d.MonitorSeen(sighting(fmt.Sprintf("m%d:4601", i), "x"))
	}
	list := d.Monitors()
	if len(list) != mostMonitors || len(d.AcceptedMonitors()) != 1 ||
		!slices.ContainsFunc(list, func(m Monitor) bool { return m.Address == fmt.Sprintf("m%d:4601", mostMonitors+99) }) {
		t.Errorf("%d monitors", len(list))
	}
}

func TestPeers(t *testing.T) {
	d := newDesk(t)
	fault := errors.New("bad frame")
	d.SetPeer(hl7link.PeerStatus{Peer: "192.0.2.7", Name: "NC5", Bed: "2", Connected: true, Since: morning, Messages: 3})
	d.SetPeer(hl7link.PeerStatus{Peer: "192.0.2.8", Bed: "1", Connected: false, Fault: fault, Rejected: 1})
	list := d.Situation().Peers
	if len(list) != 2 || list[0].Address != "192.0.2.8" || list[0].State != LinkOffline || list[0].Fault.Code != "internal" ||
		list[1].State != LinkConnected || list[1].Messages != 3 || !list[1].Since.Equal(morning) {
		t.Errorf("%+v", list)
	}
	d.clock.advance(25 * time.Hour)
	if list := d.Peers(); len(list) != 1 || list[0].Address != "192.0.2.7" {
		t.Errorf("%+v", list)
	}
	for i := range mostPeers + 10 {
		d.SetPeer(hl7link.PeerStatus{Peer: fmt.Sprint(i), LastMessage: morning.Add(time.Duration(i))})
	}
	list = d.Peers()
	if len(list) != mostPeers || !slices.ContainsFunc(list, func(p Peer) bool { return p.Address == "192.0.2.7" }) {
		t.Errorf("%d peers; one that is connected stays", len(list))
	}
}

func TestFindPatient(t *testing.T) {
	d := newDesk(t)
	find := func(id string) *fhirmap.Patient {
		t.Helper()
		p, err := d.FindPatient(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if find("2") != nil || find("") != nil {
		t.Error("somebody was found before anybody was named")
	}
	d.start("c-1", claire())
	named := claire()
	named.Given = "Claire"
	d.start("c-2", named)
	d.start("c-3", nil)
	for range 2 {
		if p := find(" 2 "); p == nil || *p != *named {
			t.Errorf("%+v", p)
		}
		d.reopen()
	}
	find("2").Given = "spoilt"
	if find("2").Given != "Claire" {
		t.Error("a reader can change who is known")
	}
	d.record(report(of(&fhirmap.Patient{System: "urn:monitor", ID: "77"}, pulse("72"))))
	if find("77") != nil {
		t.Error("a monitor's own patient was found")
	}
	d.start("c-4", &fhirmap.Patient{System: "urn:other", ID: "2", Family: "Autre"})
	if p := find("2"); p != nil {
		t.Errorf("two have the id, and %+v was found", p)
	}
}

func TestPatients_ABoundedNumber(t *testing.T) {
	d := newDesk(t)
	for i := range mostPatients {
		d.patients.put(knownPatient{fhirmap.Patient{System: ehr, ID: fmt.Sprint("p", i)}, morning.Add(time.Duration(i) - time.Hour), morning})
	}
	d.start("c-1", claire())
	if n := len(d.patients.all); n != mostPatients || len(d.patients.ids) != n {
		t.Errorf("%d patients, %d ids", n, len(d.patients.ids))
	}
	if p, _ := d.FindPatient(t.Context(), "p0"); p != nil {
		t.Error("the oldest is still there")
	}
	if p, _ := d.FindPatient(t.Context(), "2"); p == nil {
		t.Error("the newest is not there")
	}
}

func TestQuarantine(t *testing.T) {
	d := newDesk(t)
	message := []byte("MSH|^~\\&|MON\rPID|||42||LEFEVRE\xe9\r")
	for i := range 3 {
		err := d.Reject(t.Context(), hl7link.Rejected{
			Link: "hl7", Peer: "192.0.2.7", Received: morning.Add(time.Duration(i) * time.Hour), Reason: "no MSH-10", Message: message,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d.reopen()
	var out bytes.Buffer
	written, unreadable, err := d.ExportRejected(t.Context(), &out)
	if written != 3 || unreadable != 0 || err != nil {
		t.Fatal(written, unreadable, err)
	}
	var first struct {
		Received           time.Time
		Peer, Reason, Text string
		Message            []byte
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	if err := json.Unmarshal([]byte(line), &first); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Message, message) || !first.Received.Equal(morning) || first.Reason != "no MSH-10" ||
		first.Peer != "192.0.2.7" || first.Text != "MSH|^~\\&|MON\rPID|||42||LEFEVRE\uFFFD\r" {
		t.Errorf("%+v", first)
	}
	if n, err := d.RejectedCount(); n != 3 || err != nil {
		t.Error(n, err)
	}
	for _, file := range []string{StoreFile, StoreFile + ".journal"} {
		text, err := os.ReadFile(filepath.Join(d.folder, file))
		if err != nil || bytes.Contains(text, []byte("LEFEVRE")) || bytes.Contains(text, []byte("TEVGRVZSR")) {
			t.Errorf("%s can be read (%v)", file, err)
		}
	}
	if err := d.quarantine.Prune(morning.Add(quarantineAge + time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n, err := d.RejectedCount(); n != 2 || err != nil {
		t.Error(n, err)
	}
}

func TestExportRejectedTo_KeepsWhatIsThere(t *testing.T) {
	d := newDesk(t)
	if err := d.Reject(t.Context(), hl7link.Rejected{Link: "hl7", Message: []byte("PID")}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "refused.jsonl")
	if written, _, err := d.ExportRejectedTo(t.Context(), path); err != nil || written != 1 {
		t.Fatal(written, err)
	}
	_, _, err := d.ExportRejectedTo(t.Context(), path)
	wantFault(t, err, "file_exists")
	_, _, err = d.ExportRejectedTo(t.Context(), filepath.Join(path, "refused.jsonl"))
	wantFault(t, err, "export_failed")
}
