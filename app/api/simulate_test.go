package api

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestSimulate: a demonstration records what is asked for, marked as simulated.
func TestSimulate(t *testing.T) {
	p := newPostOf(t, demonstration)
	c := p.mustConnect(4, "websocket", "&format=r4")
	for i, kind := range append(simulations, simulation{}) {
		event := `["simulateMeasurement",{"type":"` + string(kind.of) + `"}]`
		if kind.of == "" {
			event = `["simulateMeasurement"]`
		}
		if err := c.write(c.ctx, `42`+event); err != nil {
			t.Fatal(err)
		}
		packet, err := c.event()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(packet, `"code":"HTEST"`) || !strings.Contains(packet, `"status":"final"`) {
			t.Errorf("%d: %s", i, packet)
		}
		if kind.of == "blood_pressure" || kind.of == "oxygen_saturation" {
			if _, err := c.event(); err != nil { // its pulse
				t.Fatal(err)
			}
		}
	}
	for seq, after := 0, uint64(0); after < p.station.Head(); {
		events, err := p.station.Follow(after)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			after = e.Last
			for _, m := range e.Measurements {
				if seq++; !m.Test || m.Implausible || m.Device.Name != "Appareil simulé" {
					t.Errorf("%d: %+v", seq, m)
				}
			}
		}
	}
}

// TestSimulate_Answers: nothing is simulated outside a demonstration, whatever
// is asked for.
func TestSimulate_Answers(t *testing.T) {
	for _, demo := range []bool{true, false} {
		p := newPost(t)
		if demo {
			p = newPostOf(t, demonstration)
		}
		c := p.mustConnect(3, "polling", "")
		before := p.station.Head()
		for i, payload := range []string{`"blood_pressure"`, `7`, `[]`, `{"type":7}`, `{"type":"mood"}`, `{"value":120}`, `{"type":"systolic_blood_pressure"}`} {
			answer, err := c.ask(i, `["simulateMeasurement",`+payload+`]`)
			if err != nil {
				t.Fatal(err)
			}
			want := map[bool]string{true: "bad_request", false: "forbidden"}[demo]
			if answer["ok"] != false || codeOf(answer) != want {
				t.Errorf("demo %v, %s: %v", demo, payload, answer)
			}
		}
		if p.station.Head() != before {
			t.Error("something was recorded")
		}
		if demo {
			continue
		}
		for i, event := range []string{`["simulateMeasurement"]`, `["simulateMeasurement",null]`, `["simulateMeasurement",{"type":"heart_rate"}]`} {
			if answer, err := c.ask(100+i, event); err != nil || codeOf(answer) != "forbidden" {
				t.Errorf("%s: %v, %v", event, answer, err)
			}
		}
	}
}

// TestSimulate_Acknowledged also without a payload or with an empty one.
func TestSimulate_Acknowledged(t *testing.T) {
	p := newPostOf(t, demonstration)
	c := p.mustConnect(4, "websocket", "")
	for _, arguments := range []string{"", ",null", ",{}", `,{"type":"body_weight"}`} {
		if err := c.write(c.ctx, `421["simulateMeasurement"`+arguments+`]`); err != nil {
			t.Fatal(err)
		}
		for answered, measured := false, false; !answered || !measured; {
			packet, err := c.message()
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case strings.HasPrefix(packet, `2["fhir",`):
				measured = true
			case packet == `31[{"ok":true}]`:
				answered = true
			default:
				t.Fatalf("%s: %s", arguments, packet)
			}
		}
	}
}

// TestSimulate_Valid: each simulation is one that its type can hold.
func TestSimulate_Valid(t *testing.T) {
	for i := range simulations {
		for range 100 {
			if m := simulations[i].measure(); m.Validate() != nil || !m.Plausible() {
				text, _ := json.Marshal(m)
				t.Errorf("%v: %s", m.Validate(), text)
			}
		}
	}
}

// TestSimulate_Offered: the page and the guide name what can be simulated.
func TestSimulate_Offered(t *testing.T) {
	guide, err := os.ReadFile(integrators)
	if err != nil {
		t.Fatal(err)
	}
	for i := range simulations {
		kind := string(simulations[i].of)
		if !strings.Contains(string(fileOf(t, "index.html")), `<option value="`+kind+`"`) || !strings.Contains(string(guide), "`"+kind+"`") {
			t.Errorf("%s is not offered", kind)
		}
	}
}
