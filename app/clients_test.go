package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/app/cli"
)

const clients = "testdata/clients"

// realClients are the clients that integrators have, with default options:
// those of npm, each of its real package, and Debian's python3-socketio.
func realClients(t *testing.T, url string) map[string]*realClient {
	list := map[string]*realClient{
		"python3-socketio": run(t, "python3-socketio", "/usr/bin/python3", filepath.Join(clients, "receive.py"), url),
	}
	for _, version := range []string{"sio2", "sio3", "sio4"} {
		list[version] = run(t, version, "node", filepath.Join(clients, "receive.js"), version, url)
	}
	return list
}

// TestClients_ReceiveTheSameInTheSameOrder is the road itself: HL7 bytes on a
// TCP socket become the event fhir at unmodified clients of 2019 and of today,
// simple and multiple, and in a page that the clinician has approved.
func TestClients_ReceiveTheSameInTheSameOrder(t *testing.T) {
	a := start(t, cli.Flags{})
	receivers := realClients(t, a.server.URL())
	receivers["chromium"] = page(t, a, nil)
	for _, c := range receivers {
		c.expect("connect")
	}
	const messages = 50
	device := dial(t, a.monitor.Addr().String())
	for i := range messages {
		send(t, device, oru(fmt.Sprintf("M%04d", i), 60+i))
	}
	var want []any
	for name, c := range receivers {
		var have []any
		for range 2 * messages {
			var observation map[string]any
			if err := json.Unmarshal([]byte(c.expect("fhir")), &observation); err != nil {
				t.Fatal(err)
			}
			have = append(have, observation)
		}
		if want == nil {
			want = have
		} else if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s received something else (-others +%s):\n%s", name, name, diff)
		}
	}
	for i := range messages {
		simple, multiple := want[2*i].(map[string]any), want[2*i+1].(map[string]any)
		if value := simple["valueQuantity"].(map[string]any)["value"]; value != float64(60+i) {
			t.Errorf("message %d: heart rate %v", i, value)
		}
		if parts := multiple["component"].([]any); len(parts) != 2 {
			t.Errorf("message %d: %d components", i, len(parts))
		}
		if name := simple["subject"].(map[string]any)["display"]; name != "LEFÈVRE Éloïse" {
			t.Errorf("message %d: of %v", i, name)
		}
	}
}

// TestClients_R4 asks for the other form, each client in its own way.
func TestClients_R4(t *testing.T) {
	a := start(t, cli.Flags{})
	node := func(version, options string) *realClient {
		return run(t, version, "node", filepath.Join(clients, "receive.js"), version, a.server.URL(), options)
	}
	receivers := []*realClient{
		node("sio2", `{"query":{"format":"r4"}}`), node("sio3", `{"auth":{"format":"r4"}}`), node("sio4", `{"auth":{"format":"r4"}}`),
	}
	for _, c := range receivers {
		c.expect("connect")
	}
	send(t, dial(t, a.monitor.Addr().String()), oru("M1", 72))
	for _, c := range receivers {
		var codes []string
		for range 3 { // heart rate, saturation, pulse
			var o struct {
				Code struct{ Coding []struct{ Code string } }
			}
			if err := json.Unmarshal([]byte(c.expect("fhir")), &o); err != nil {
				t.Fatal(err)
			}
			codes = append(codes, o.Code.Coding[0].Code)
		}
		if diff := cmp.Diff([]string{"8867-4", "59408-5", "8867-4"}, codes); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestClients_LongPollingOnly does without WebSocket, as behind some proxies.
func TestClients_LongPollingOnly(t *testing.T) {
	a := start(t, cli.Flags{})
	var receivers []*realClient
	for _, version := range []string{"sio2", "sio3", "sio4"} {
		receivers = append(receivers, run(t, version, "node", filepath.Join(clients, "receive.js"), version, a.server.URL(), `{"transports":["polling"]}`))
	}
	for _, c := range receivers {
		c.expect("connect")
	}
	device := dial(t, a.monitor.Addr().String())
	for i := range 20 {
		send(t, device, oru(fmt.Sprintf("P%d", i), 60+i))
	}
	for _, c := range receivers {
		for i := range 20 {
			var simple struct{ ValueQuantity struct{ Value int } }
			if err := json.Unmarshal([]byte(c.expect("fhir")), &simple); err != nil || simple.ValueQuantity.Value != 60+i {
				t.Fatalf("%s: event %d: %+v, %v", c.name, i, simple, err)
			}
			c.expect("fhir")
		}
	}
}

// TestClients_Consultation starts one from an EHR: what names nobody is then
// the patient's, what names somebody else is not, and all see it.
func TestClients_Consultation(t *testing.T) {
	a := start(t, cli.Flags{})
	old := run(t, "sio2", "node", filepath.Join(clients, "receive.js"), "sio2", a.server.URL())
	old.expect("connect")
	answer := old.emit("startConsultation", map[string]any{"id": "c-1", "patient": map[string]any{"id": "4711", "family": "Martin", "given": "Zoé"}})
	if answer["ok"] != true || answer["consultation"] != "c-1" {
		t.Fatalf("answer %v", answer)
	}
	if answer := old.emit("ekuoreStartRecording", map[string]any{"ssid": "ekuorePro_12345"}); answer["ok"] != false ||
		answer["error"].(map[string]any)["code"] != "no_stethoscope" {
		t.Errorf("answer %v", answer)
	}
	device := dial(t, a.monitor.Addr().String())
	send(t, device, "MSH|^~\\&|SPOT||||||ORU^R01|A1|P|2.6\rOBX|1|NM|8867-4^Heart rate^LN||64|/min|||||F\r")
	type event struct {
		Context, Subject *struct{ Reference, Display string }
	}
	read := func() (e event) {
		if err := json.Unmarshal([]byte(old.expect("fhir")), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := read(); e.Context == nil || e.Context.Reference != "c-1" || e.Subject.Display != "MARTIN Zoé" {
		t.Errorf("within the consultation: %+v", e)
	}
	send(t, device, oru("OTHER", 80))
	if e := read(); e.Context != nil || e.Subject.Display != "LEFÈVRE Éloïse" {
		t.Errorf("of another patient: %+v", e)
	}
	read()
	if answer := old.emit("endConsultation"); answer["ok"] != true {
		t.Errorf("answer %v", answer)
	}
	send(t, device, "MSH|^~\\&|SPOT||||||ORU^R01|A2|P|2.6\rOBX|1|NM|8867-4^Heart rate^LN||65|/min|||||F\r")
	if e := read(); e.Context != nil || e.Subject != nil {
		t.Errorf("after the consultation: %+v", e)
	}
}

// page opens a page of an EHR vendor in headless Chromium, with the client of
// socket.io 4 as the vendor would load it. approve, when given, is called
// while the page waits; without it the page is approved beforehand.
func page(t *testing.T, a *App, approve func(origin string)) *realClient {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: make deps installs what the tests need")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/client.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(clients, "node_modules/sio4/dist/socket.io.js"))
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><script src="client.js"></script><script>
const say = (kind, payload) => console.log(kind + ' ' + JSON.stringify(payload ?? null));
const socket = io(%q);
socket.on('connect', () => say('connect', socket.id));
socket.on('connect_error', (error) => say('connect_error', error.message));
socket.on('fhir', (observation) => say('fhir', observation));
</script>`, a.server.URL())
	})
	vendor := httptest.NewServer(mux)
	t.Cleanup(vendor.Close)
	if approve == nil {
		if err := a.station.AllowOrigin(t.Context(), vendor.URL); err != nil {
			t.Fatal(err)
		}
	}
	c := run(t, "chromium", "node", filepath.Join(clients, "page.js"), chromium, vendor.URL)
	if approve != nil {
		c.expect("connect_error")
		approve(vendor.URL)
	}
	return c
}

// TestPage_WaitsForTheClinician: an unknown page is refused and asked about,
// and its own reconnection succeeds after «Toujours».
func TestPage_WaitsForTheClinician(t *testing.T) {
	a := start(t, cli.Flags{})
	c := page(t, a, func(origin string) {
		if asked := a.station.Situation().Origins; len(asked) != 1 || asked[0] != origin {
			t.Errorf("asked about %v, not %s", asked, origin)
		}
		if err := a.control(t.Context(), []string{"origins", "allow", origin}, os.Stderr); err != nil {
			t.Fatal(err)
		}
	})
	c.expect("connect")
	send(t, dial(t, a.monitor.Addr().String()), oru("M1", 72))
	c.expect("fhir")
}

// TestClients_Resume: a client that was away comes back with the last sequence
// number that it has, and gets what it missed, then what comes.
func TestClients_Resume(t *testing.T) {
	a := start(t, cli.Flags{})
	device := dial(t, a.monitor.Addr().String())
	for _, version := range []string{"sio2", "sio3", "sio4"} {
		before := a.station.Head()
		for i := range 5 {
			send(t, device, one(fmt.Sprintf("%s-%d", version, i), 60+i))
		}
		c := run(t, version, "node", filepath.Join("testdata", "clients", "receive.js"), version, a.server.URL())
		c.expect("connect")
		answer := c.emit("subscribe", map[string]any{"resource": "Observation", "after": before})
		if answer["ok"] != true || answer["head"] != float64(before+5) {
			t.Fatalf("%s: %v", version, answer)
		}
		send(t, device, one(version+"-live", 99))
		for i := range 6 {
			var event struct {
				Subscription   any
				Seq            uint64
				Type, Resource string
				Data           struct{ ValueQuantity struct{ Value float64 } }
			}
			if err := json.Unmarshal([]byte(c.expect("event")), &event); err != nil {
				t.Fatal(err)
			}
			want := []float64{60, 61, 62, 63, 64, 99}[i]
			if event.Seq != before+uint64(i)+1 || event.Subscription != answer["subscription"] || event.Type != "CREATE" ||
				event.Resource != "Observation" || event.Data.ValueQuantity.Value != want {
				t.Errorf("%s: %+v, want %v", version, event, want)
			}
		}
		if answer := c.emit("unsubscribe", map[string]any{"subscription": answer["subscription"]}); answer["ok"] != true {
			t.Errorf("%s: %v", version, answer)
		}
	}
}
