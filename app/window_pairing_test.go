package main

import (
	"encoding/json"
	"strings"
	"testing"

	"vitalien/fhirmap"
)

// TestWindow_Pairing drives the wizard of the real window, with the mouse, from
// its first click to the event at a client: seven clicks.
func TestWindow_Pairing(t *testing.T) {
	path, display := windowed(t), screen(t)
	command := desktopCommand(t, display, path, "--demo", "--data-dir", t.TempDir(), "--listen", "localhost:0")
	command.Stderr = testLog{t}
	p := ready(t, command)
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
	client.expect("connect")
	c := &clinician{t: t, display: display}
	c.page("Appareils")
	c.chooses("Jumeler un appareil…", "Quel appareil voulez-vous jumeler")
	c.chooses("Tensiomètre", "Préparez l’appareil")
	c.keep("model")
	c.chooses("Rechercher", "Choisissez l’appareil")
	c.chooses("reconnu A&D UA-651BLE", "Mesure d’essai")
	c.sees("Mesure reçue")
	c.keep("measured")
	c.chooses("Continuer", "Nom et lieu")
	c.chooses("Enregistrer", "L’appareil est jumelé")
	c.chooses("Terminer", "Jumeler un appareil…")
	if c.clicks != 7 {
		t.Errorf("%d clicks", c.clicks)
	}
	for {
		var observation struct {
			Device  struct{ Reference string }
			Subject struct{ Display string }
		}
		if err := json.Unmarshal([]byte(client.expect("fhir")), &observation); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(observation.Device.Reference, fhirmap.DeviceID("ble", "5A:00:00:00:00:01")) {
			if observation.Subject.Display != "" {
				t.Errorf("the test measurement is %q's", observation.Subject.Display)
			}
			break
		}
	}
	window := strings.Fields(xdotool(t, display, "search", "--onlyvisible", "--name", "Vitalien"))[0]
	if err := press(t, display, window, "ctrl+q", p.command); err != nil {
		t.Errorf("Ctrl+Q: %v", err)
	}
}
