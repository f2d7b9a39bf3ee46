package api

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a piece of code as the page gives it to copy, for the server of p.
func sample(t *testing.T, p *post, name string) string {
	t.Helper()
	_, text, found := strings.Cut(string(fileOf(t, "index.html")), `<pre data-sample="`+name+`" tabindex="0">`)
	text, _, closed := strings.Cut(text, "</pre>")
	if !found || !closed || !strings.Contains(text, "localhost:63336") {
		t.Fatalf("no sample %q for localhost:63336", name)
	}
	return strings.ReplaceAll(html.UnescapeString(text), "localhost:63336", p.address)
}

// TestSamples runs the code of the page with the real clients: it receives a
// measurement, and opens and closes a record.
func TestSamples(t *testing.T) {
	modules, err := filepath.Abs(filepath.Join(clients, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []struct {
		name, program, file, before, calls string
	}{
		{"node", "node", "sample.js", "", "\nopenRecord({ id: '7', family: 'Martin', given: 'Zoé' });\n"},
		{"python", "/usr/bin/python3", "sample.py", "client.wait()", `open_record({"id": "7", "family": "Martin", "given": "Zoé"})` + "\n"},
	} {
		t.Run(language.name, func(t *testing.T) {
			p, folder := newPost(t), t.TempDir()
			if err := os.Mkdir(filepath.Join(folder, "node_modules"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(modules, "sio4"), filepath.Join(folder, "node_modules", "socket.io-client")); err != nil {
				t.Fatal(err)
			}
			code := sample(t, p, language.name)
			before, rest := code, ""
			if language.before != "" {
				before, rest, _ = strings.Cut(code, language.before)
			}
			code = before + language.calls + language.before + rest
			if err := os.WriteFile(filepath.Join(folder, language.file), []byte(code), 0o644); err != nil {
				t.Fatal(err)
			}
			client := run(t, folder, language.program, language.file)
			client.expect("connected")
			client.expect("{") // the answer to startConsultation
			p.record(1)
			if line := client.expect("Pouls "); !strings.Contains(line, "bpm") {
				t.Errorf("printed %q", line)
			}
			if open := p.station.Situation().Consultation; open == nil || open.Patient.Name() != "MARTIN Zoé" {
				t.Errorf("consultation %+v", open)
			}
		})
	}
}

// TestSamples_InTheBrowser: the page of an integrator, with the client of the
// sample from a file.
func TestSamples_InTheBrowser(t *testing.T) {
	p := newPost(t)
	const cdn = "https://cdn.socket.io/4.8.1/socket.io.min.js"
	code := sample(t, p, "browser")
	if !strings.Contains(code, cdn) {
		t.Fatal("the client comes from elsewhere")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/client.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(clients, "node_modules/sio4/dist/socket.io.min.js"))
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:">`, strings.Replace(code, cdn, "/client.js", 1))
	})
	vendor := httptest.NewServer(mux)
	defer vendor.Close()
	if err := p.station.AllowOrigin(t.Context(), vendor.URL); err != nil {
		t.Fatal(err)
	}
	b := browse(vendor.URL, t, english)
	p.awaitClients(1)
	b.do(`global.said = page.waitForEvent('console', (message) => message.text().startsWith('Pouls'))`)
	p.record(1)
	if line, _ := b.do(`return (await global.said).text()`).(string); !strings.Contains(line, "bpm") {
		t.Errorf("said %q", line)
	}
	b.do(`await Promise.all([page.waitForEvent('console'), page.evaluate(() => openRecord({ id: '7', family: 'Martin' }))])`)
	if open := p.station.Situation().Consultation; open == nil || open.Patient == nil || open.Patient.ID != "7" {
		t.Errorf("consultation %+v", open)
	}
}
