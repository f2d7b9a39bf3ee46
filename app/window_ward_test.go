package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWindow_Ward drives the real window of a ward: an alarm is acknowledged,
// which a subscriber learns, and what a patient's monitor has sent is looked at
// and printed.
func TestWindow_Ward(t *testing.T) {
	path, display, home := windowed(t), screen(t), t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	command := desktopCommand(t, display, path, "--demo", "--data-dir", t.TempDir(), "--listen", "localhost:0")
	command.Env = append(command.Env, "HOME="+home)
	command.Stderr = testLog{t}
	p := ready(t, command)
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
	client.expect("connect")
	if answer := client.emit("subscribe", map[string]any{"resource": "Alert"}); answer["ok"] != true {
		t.Fatal(answer)
	}
	window := strings.Fields(xdotool(t, display, "search", "--sync", "--onlyvisible", "--name", "Vitalien"))[0]
	c := &clinician{t: t, display: display}

	c.click(c.await("Acquitter", onPage))
	for {
		var e struct {
			Type string
			Data struct{ Mitigation []any }
		}
		if err := json.Unmarshal([]byte(client.expect("event")), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "UPDATE" && len(e.Data.Mitigation) > 0 {
			break
		}
	}

	c.page("Historique")
	c.chooses("DÉMONSTRATION Louis", "Tableau")
	c.keep("plots")
	c.chooses("Tableau", "Date et heure")
	c.chooses("Exporter…", "Exporter ce qui est affiché")
	c.chooses("Enregistrer", "Export terminé")
	c.keep("exported")
	files, err := filepath.Glob(filepath.Join(home, "*.pdf"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if paper, err := os.ReadFile(files[0]); err != nil || !bytes.HasPrefix(paper, []byte("%PDF-")) {
		t.Errorf("%v: %.20q", err, paper)
	}
	c.types(window, "\r") // «Fermer»
	c.sees("Courbes")
	if err := press(t, display, window, "ctrl+q", p.command); err != nil {
		t.Errorf("Ctrl+Q: %v", err)
	}
}
