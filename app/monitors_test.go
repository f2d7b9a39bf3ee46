package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/app/simulator"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// bedside starts a simulated monitor that serves until the test ends, or stop
// is called.
func bedside(t *testing.T, o simulator.MonitorOptions) (m *simulator.Monitor, stop func()) {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Every == 0 {
		o.Every = 100 * time.Millisecond
	}
	m, err := simulator.ListenMonitor(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Serve(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return m, stop
}

// awaitBoard waits until what the window shows makes check true.
func awaitBoard(t *testing.T, a *App, what string, check func() bool) {
	t.Helper()
	changed, stop := a.station.Watch()
	defer stop()
	late := time.After(patience)
	for !check() {
		select {
		case <-changed:
		case <-late:
			t.Fatalf("never %s: %+v", what, a.station.Monitors())
		}
	}
}

func (a *App) monitorAt(address string) (m station.Monitor) {
	for _, m := range a.station.Monitors() {
		if m.Address == address {
			return m
		}
	}
	return m
}

// command runs a subcommand as another process would.
func command(t *testing.T, folder string, words ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := cli.Program{Version: version, Stdout: &out, Stderr: &errs, DataFolder: config.DataFolder}
	status = p.Main(t.Context(), append(words, "--data-dir", folder))
	return status, out.String(), errs.String()
}

// cells are those of the line of list that begins with address.
func cells(t *testing.T, folder, address string) []string {
	t.Helper()
	status, list, problem := command(t, folder, "monitors", "list")
	if status != cli.Done || problem != "" {
		t.Fatal(status, problem)
	}
	for line := range strings.Lines(list) {
		if c := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); c[0] == address {
			return c
		}
	}
	return nil
}

func freeUDP(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// TestMonitors_Found: a monitor makes itself known, waits, is accepted from
// the command line, and real clients see its values and its alarms, until it
// is forgotten.
func TestMonitors_Found(t *testing.T) {
	folder, port := t.TempDir(), freeUDP(t)
	a := start(t, cli.Flags{DataDir: folder}, func(a *App) { a.config.HL7.Discover, a.beacons = true, []int{port} })
	m, _ := bedside(t, simulator.MonitorOptions{
		Beacon: fmt.Sprintf("127.0.0.1:%d", port), Name: "Moniteur simulé", Bed: "7", Department: "REA",
		Patient: &fhirmap.Patient{ID: "M-1", Family: "Démonstration", Given: "Zoé"},
	})
	awaitBoard(t, a, "discovered", func() bool { return a.monitorAt(m.Address()).Discovered })
	if c := cells(t, folder, m.Address()); len(c) != 8 || c[2] != "7" || c[3] != "waiting" {
		t.Errorf("listed as %q", c)
	}
	if m.Connections() != 0 || len(recorded(t, a)) != 0 {
		t.Error("something was read from a monitor that nobody has accepted")
	}
	var receivers []*realClient
	for _, version := range []string{"sio2", "sio4"} {
		c := run(t, version, "node", filepath.Join(clients, "receive.js"), version, a.server.URL())
		c.expect("connect")
		for _, resource := range []string{"Vitals", "Alert"} {
			if answer := c.emit("subscribe", map[string]any{"resource": resource, "filter": map[string]any{"bed": "7"}}); answer["ok"] != true {
				t.Fatal(answer)
			}
		}
		receivers = append(receivers, c)
	}
	if status, stdout, stderr := command(t, folder, "monitors", "accept", m.Address()); status != cli.Done || stdout+stderr != "" {
		t.Fatal(status, stdout, stderr)
	}
	awaitBoard(t, a, "connected", func() bool { return a.monitorAt(m.Address()).State == station.LinkConnected })
	for _, c := range receivers {
		c.seesRate()
	}
	m.Begin(simulator.Bradycardia)
	for _, c := range receivers {
		began := c.alert(func(e alertEvent) bool { return e.Type == "CREATE" })
		if began.Data.ResourceType != "DetectedIssue" || began.Data.Severity != "moderate" {
			t.Errorf("%s: %+v", c.name, began)
		}
	}
	m.End(simulator.Bradycardia)
	for _, c := range receivers {
		c.alert(func(e alertEvent) bool { return e.Type == "UPDATE" })
	}
	m.Pressure(128, 82, 97, time.Now())
	for _, c := range receivers {
		for text := ""; !strings.Contains(text, "85354-9"); {
			text = c.expect("fhir")
		}
	}
	if c := cells(t, folder, m.Address()); len(c) != 8 || c[3] != "connected" || c[5] == "0" || c[6] != "0" || c[7] != "-" {
		t.Errorf("listed as %q", c)
	}
	if status, _, stderr := command(t, folder, "monitors", "forget", m.Address()); status != cli.Done {
		t.Fatal(stderr)
	}
	awaitBoard(t, a, "forgotten", func() bool {
		is := a.monitorAt(m.Address())
		return !is.Accepted && is.State != station.LinkConnected
	})
	if c := cells(t, folder, m.Address()); len(c) > 0 && c[3] != "waiting" {
		t.Errorf("listed as %q", c)
	}
}

// seesRate waits for an event with a heart rate that can be trusted.
func (c *realClient) seesRate() {
	c.t.Helper()
	for {
		var event struct {
			Bed    string
			Values []struct {
				Type, Unit, State string
				Value             *float64
			}
		}
		if err := json.Unmarshal([]byte(c.expect("vitals")), &event); err != nil {
			c.t.Fatal(err)
		}
		for _, v := range event.Values {
			if event.Bed == "7" && v.Type == "heart_rate" && v.State == "valid" && v.Value != nil && *v.Value > 20 {
				return
			}
		}
	}
}

type alertEvent struct {
	Type, Resource string
	Seq            uint64
	Data           struct{ ResourceType, ID, Severity string }
}

// alert waits for an event of an alarm that check wants.
func (c *realClient) alert(check func(alertEvent) bool) (e alertEvent) {
	c.t.Helper()
	for {
		e = alertEvent{}
		if err := json.Unmarshal([]byte(c.expect("event")), &e); err != nil || e.Resource != "Alert" {
			c.t.Fatal(e, err)
		}
		if check(e) {
			return e
		}
	}
}

// TestMonitors_FromTheSettings connects without anybody accepting, and comes
// back when the monitor does.
func TestMonitors_FromTheSettings(t *testing.T) {
	m, stop := bedside(t, simulator.MonitorOptions{Name: "Moniteur simulé", Bed: "7"})
	folder := t.TempDir()
	configure(t, folder, fmt.Sprintf("[[hl7.monitor]]\naddress = %q\nname = \"Lit 7\"\n", m.Address()))
	a := start(t, cli.Flags{DataDir: folder})
	connected := func() bool { return a.monitorAt(m.Address()).State == station.LinkConnected }
	awaitBoard(t, a, "connected", connected)
	if is := a.monitorAt(m.Address()); !is.Accepted {
		t.Errorf("%+v", is)
	}
	if status, body := get(t, a, "/status"); status != 200 || !strings.Contains(body, `"address":"`+m.Address()+`"`) || !strings.Contains(body, `"state":"connected"`) {
		t.Errorf("%d %s", status, body)
	}
	stop()
	awaitBoard(t, a, "offline", func() bool { return !connected() })
	bedside(t, simulator.MonitorOptions{Listen: m.Address(), Name: "Moniteur simulé", Bed: "7"})
	awaitBoard(t, a, "connected again", connected)
}

// TestMonitors_WithoutAProgram accepts while none runs; the next start
// connects.
func TestMonitors_WithoutAProgram(t *testing.T) {
	m, _ := bedside(t, simulator.MonitorOptions{Bed: "7"})
	folder := t.TempDir()
	if status, stdout, stderr := command(t, folder, "monitors", "list"); status != cli.Done || stdout+stderr != "" {
		t.Error(status, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, station.StoreFile)); err == nil {
		t.Error("list made a store")
	}
	if status, _, stderr := command(t, folder, "monitors", "accept", m.Address()); status != cli.Done {
		t.Fatal(stderr)
	}
	for _, wrong := range []string{":4601", "a b:4601", "host:99999", "a/b", ""} {
		if status, stdout, stderr := command(t, folder, "monitors", "accept", wrong); status != cli.Failed || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("accept %q: %d, %q, %q", wrong, status, stdout, stderr)
		}
	}
	if status, _, _ := command(t, folder, "monitors", "forget", "10.0.0.1:4601"); status != cli.Failed {
		t.Error("forgot what it did not know")
	}
	if c := cells(t, folder, m.Address()); len(c) != 8 || c[3] != "offline" {
		t.Errorf("listed as %q", c)
	}
	a := start(t, cli.Flags{DataDir: folder})
	awaitBoard(t, a, "connected", func() bool { return a.monitorAt(m.Address()).State == station.LinkConnected })
}

// TestMonitors_RepeatedPressure: what the monitor repeats after a connection
// is recorded once, across a restart of the program and after it was forgotten
// and accepted again.
func TestMonitors_RepeatedPressure(t *testing.T) {
	m, _ := bedside(t, simulator.MonitorOptions{Bed: "7", Patient: &fhirmap.Patient{ID: "M-1", Family: "Démonstration"}})
	m.Pressure(128, 82, 97, time.Now())
	folder := t.TempDir()
	pressures := func(a *App) (n int) {
		for _, r := range recorded(t, a) {
			if r.Type == fhirmap.BloodPressure {
				n++
			}
		}
		return n
	}
	if status, _, stderr := command(t, folder, "monitors", "accept", m.Address()); status != cli.Done {
		t.Fatal(stderr)
	}
	for run := range 2 {
		t.Run(fmt.Sprintf("run %d", run+1), func(t *testing.T) {
			a := start(t, cli.Flags{DataDir: folder})
			awaitBoard(t, a, "connected", func() bool { return a.monitorAt(m.Address()).Messages > 20 })
			if n := pressures(a); n != 1 {
				t.Errorf("%d pressures recorded", n)
			}
			for _, word := range []string{"forget", "accept"} {
				if status, _, stderr := command(t, folder, "monitors", word, m.Address()); status != cli.Done {
					t.Fatal(stderr)
				}
				awaitBoard(t, a, word, func() bool { return a.monitorAt(m.Address()).Accepted == (word == "accept") })
			}
			awaitBoard(t, a, "connected again", func() bool { return a.monitorAt(m.Address()).Messages > 20 })
			if n := pressures(a); n != 1 {
				t.Errorf("%d pressures recorded", n)
			}
		})
	}
	a := start(t, cli.Flags{DataDir: folder})
	m.Pressure(131, 85, 99, time.Now().Add(time.Second))
	awaitBoard(t, a, "recorded", func() bool { return pressures(a) == 2 })
}

// TestQuarantine: a message that is refused is listed without its content, and
// exported whole, by the program that runs and from its store afterwards.
func TestQuarantine(t *testing.T) {
	folder := t.TempDir()
	refused := strings.Replace(oru("Q1", 72), "|2.6|", "|9.9|", 1)
	check := func() {
		t.Helper()
		status, list, problem := command(t, folder, "quarantine", "list")
		if status != cli.Done || problem != "" || strings.Count(list, "\n") != 1 || !strings.Contains(list, "\thl7\t127.0.0.1\t") || strings.Contains(list, "Lef") {
			t.Errorf("%d, %q, %q", status, list, problem)
		}
		file := filepath.Join(t.TempDir(), "quarantine.jsonl")
		if status, _, problem := command(t, folder, "quarantine", "export", file); status != cli.Done {
			t.Fatal(problem)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r struct{ Message []byte }
		if err := json.Unmarshal(text, &r); err != nil || string(r.Message) != refused {
			t.Errorf("%v: %q", err, r.Message)
		}
	}
	t.Run("running", func(t *testing.T) {
		a := start(t, cli.Flags{DataDir: folder})
		if answer := exchange(t, a.monitor.Addr().String(), refused); !bytes.Contains(answer, []byte("MSA|AR|Q1")) {
			t.Errorf("answered %q", answer)
		}
		check()
		awaitBoard(t, a, "counted", func() bool {
			peers := a.station.Peers()
			return len(peers) == 1 && peers[0].Rejected == 1
		})
		_, body := get(t, a, "/status")
		if !strings.Contains(body, `"peers":[{"address":"127.0.0.1"`) || !strings.Contains(body, `"rejected":1`) || strings.Contains(body, "Lef") {
			t.Error(body)
		}
	})
	check()
}

// TestLookup: a monitor that asks who somebody is gets the patient whom the
// EHR has named, and nobody else.
func TestLookup(t *testing.T) {
	a := start(t, cli.Flags{})
	ehr := run(t, "sio4", "node", filepath.Join(clients, "receive.js"), "sio4", a.server.URL())
	ehr.expect("connect")
	ehr.emit("startConsultation", map[string]any{"patient": map[string]any{"id": "4711", "family": "Lefèvre", "given": "Éloïse", "birthDate": "1980-03-12"}})
	query := func(id string) string {
		return string(exchange(t, a.monitor.Addr().String(), strings.Join([]string{
			`MSH|^~\&|COMEN|NC5|||20261120101500||QRY^R02|L` + id + `|P|2.3.1||||||UNICODE UTF-8`,
			`QRD|20261120101500|R|I|Q1|||1^RD|` + id + `|RES`, `QRF|MON`,
		}, "\r")+"\r"))
	}
	if found := query("4711"); !strings.Contains(found, "ORF^R04") || !strings.Contains(found, "MSA|AA|L4711") || !strings.Contains(found, "Lefèvre^Éloïse") {
		t.Errorf("%q", found)
	}
	if missing := query("4712"); !strings.Contains(missing, "ORF^R04") || strings.Contains(missing, "Lef") || !strings.Contains(missing, "MSA|AE|L4712") {
		t.Errorf("%q", missing)
	}
}
