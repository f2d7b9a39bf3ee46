package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// pulseOfNobody is a message with a pulse, now, that names no patient.
func pulseOfNobody(id string, rate int) string {
	return strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|||` + time.Now().Format("20060102150405-0700") + `||ORU^R01^ORU_R01|` + id + `|P|2.6||||||UNICODE UTF-8`,
		`OBR|1|||182777000^monitoring of patient^SCT`,
		fmt.Sprintf(`OBX|1|NM|8867-4^Heart rate^LN||%d|/min|||||F`, rate),
	}, "\r") + "\r"
}

// told is an event of a subscriber.
type told struct {
	Type, Resource string
	Data           struct {
		Status  string
		Subject struct{ Display string }
	}
}

func (c *realClient) told(resource string) (e told) {
	c.t.Helper()
	for e.Resource != resource {
		if err := json.Unmarshal([]byte(c.expect("event")), &e); err != nil {
			c.t.Fatal(err)
		}
	}
	return e
}

func (c *realClient) wantTold(kind, status, whose string) {
	c.t.Helper()
	if e := c.told("Observation"); e.Type != kind || e.Data.Status != status || e.Data.Subject.Display != whose {
		c.t.Fatalf("told: %+v, want %s, %s, of %q", e, kind, status, whose)
	}
}

// TestWindow_Consultation drives the real window from its first start: the
// welcome, a consultation for a patient who is typed in, a measurement that
// arrives, is discarded and restored, the end.
func TestWindow_Consultation(t *testing.T) {
	path, display := windowed(t), screen(t)
	command := newcomersCommand(t, display, t.TempDir(), path, "--data-dir", t.TempDir(), "--listen", "localhost:0", "--hl7-listen", "127.0.0.1:0")
	command.Stderr = testLog{t}
	p := ready(t, command)
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
	client.expect("connect")
	for _, resource := range []string{"Observation", "Consultation"} {
		if answer := client.emit("subscribe", map[string]any{"resource": resource}); answer["ok"] != true {
			t.Fatal(answer)
		}
	}
	window := strings.Fields(xdotool(t, display, "search", "--sync", "--onlyvisible", "--name", "Vitalien"))[0]
	c := &clinician{t: t, display: display}

	c.sees("Bienvenue dans Vitalien")
	c.keep("welcome")
	c.chooses("Continuer", "Vos appareils")
	c.chooses("Continuer", "Votre logiciel médical")
	c.chooses("Commencer", "Aucune mesure pour l’instant")
	c.page("Consultation")
	c.chooses("Commencer une consultation…", "Date de naissance")
	c.types(window, "Martin\tPaul\t02/11/1951")
	c.chooses("Commencer la consultation", "Mesures de MARTIN Paul")
	if e := client.told("Consultation"); e.Type != "CREATE" || e.Data.Subject.Display != "MARTIN Paul" {
		t.Fatalf("told: %+v", e)
	}

	send(t, dial(t, p.mllp), pulseOfNobody("C1", 72))
	client.wantTold("CREATE", "final", "MARTIN Paul")
	c.chooses("Écarter…", "Écarter cette mesure")
	c.keep("discard")
	c.types(window, "essai\r")
	client.wantTold("UPDATE", "entered-in-error", "MARTIN Paul")

	c.chooses("Rétablir…", "Rétablir cette mesure")
	c.chooses("Rétablir la mesure", "Corriger l’attribution…")
	client.wantTold("UPDATE", "amended", "MARTIN Paul")

	c.chooses("Terminer…", "Terminer la consultation ?")
	c.chooses("Terminer", "Mesures non attribuées")
	if e := client.told("Consultation"); e.Type != "UPDATE" || e.Data.Status != "finished" {
		t.Errorf("told: %+v", e)
	}
	if err := press(t, display, window, "ctrl+q", p.command); err != nil {
		t.Errorf("Ctrl+Q: %v", err)
	}
}
