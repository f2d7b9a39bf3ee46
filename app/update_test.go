package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/app/desktop"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// An announcer is a publisher with a real server.
type announcer struct {
	*httptest.Server
	key     ed25519.PrivateKey
	said    atomic.Pointer[[]byte]
	sending func() // called while the artefact is on its way
}

const artefactText = "the next version of the program"

func announce(t *testing.T) *announcer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &announcer{key: private, sending: func() {}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/release.json":
			w.Write(*p.said.Load())
		case "/vitalien-next":
			w.Write([]byte(artefactText[:10]))
			p.sending()
			w.Write([]byte(artefactText[10:]))
		}
	}))
	t.Cleanup(p.Close)
	p.say(version, time.Hour, p.key)
	return p
}

func (p *announcer) say(version string, good time.Duration, key ed25519.PrivateKey) {
	sum := sha256.Sum256([]byte(artefactText))
	text, _ := json.Marshal(desktop.Release{Version: version, Expires: time.Now().Add(good), Artefacts: map[string]desktop.Artefact{
		desktop.Target(edition): {URL: "vitalien-next", Size: int64(len(artefactText)), SHA256: hex.EncodeToString(sum[:])},
	}})
	envelope, _ := json.Marshal(map[string]any{"signed": text, "signature": ed25519.Sign(key, append([]byte("vitalien release 1\n"), text...))})
	p.said.Store(&envelope)
}

func (p *announcer) public() string {
	return base64.StdEncoding.EncodeToString(p.key.Public().(ed25519.PublicKey))
}

func (p *announcer) set(a *App) {
	a.config.Update = config.Update{URL: p.URL + "/release.json", Key: p.public()}
}

func notices(a *App) (codes []string) {
	for _, f := range a.station.Situation().Notices {
		if strings.HasPrefix(f.Code, "update_") || f.Code == "bad_config" {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

func TestUpdate_IsShown(t *testing.T) {
	p := announce(t)
	p.say("99.0.0", time.Hour, p.key)
	a := start(t, cli.Flags{}, p.set)
	a.awaitStation(t, "the new version", func() bool { return a.station.Situation().Newer == "99.0.0" })
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, version string
		good          time.Duration
		key           ed25519.PrivateKey
		said, code    string
		notices       []string
	}{
		{"newer", "99.0.0", time.Hour, p.key, "99.0.0\tavailable", "", nil},
		{"of somebody else", "99.0.0", time.Hour, other, "", updateUntrusted, []string{updateUntrusted}},
		{"expired", "99.0.0", -time.Second, p.key, "", updateExpired, []string{updateExpired}},
		{"no version", "next", time.Hour, p.key, "", "update_unreachable", []string{updateExpired}},
		{"the same", version, time.Hour, p.key, version + "\tup to date", "", nil},
		{"older", "0.0.9", time.Hour, p.key, version + "\tup to date", "", nil},
	} {
		p.say(c.version, c.good, c.key)
		said, err := a.checkUpdate(t.Context())
		code := ""
		if err != nil {
			code = fhirmap.FaultOf(err).Code
		}
		newer, available := strings.CutSuffix(c.said, "\tavailable")
		if shown := a.station.Situation().Newer; available && shown != newer || !available && shown != "" {
			t.Errorf("%s: version %q is shown", c.name, shown)
		}
		if said != c.said || code != c.code || !slices.Equal(notices(a), c.notices) {
			t.Errorf("%s: %q, %v, notices %v", c.name, said, err, notices(a))
		}
	}
	p.Close()
	if _, err := a.checkUpdate(t.Context()); fhirmap.FaultOf(err).Code != "update_unreachable" || notices(a) != nil {
		t.Errorf("%v, %v", err, notices(a))
	}
}

func TestUpdate_BadSettingsAreShown(t *testing.T) {
	for name, set := range map[string]config.Update{
		"no key":   {URL: "https://example.org/release.json"},
		"bad key":  {URL: "https://example.org/release.json", Key: "AAAA"},
		"no https": {URL: "http://example.org/release.json", Key: base64.StdEncoding.EncodeToString(make([]byte, 32))},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, cli.Flags{}, func(a *App) { a.config.Update = set })
			a.awaitStation(t, "the notice", func() bool { return slices.Equal(notices(a), []string{updateSettings}) })
		})
	}
}

func TestUpdate_DownloadWaitsForTheEndOfTheConsultation(t *testing.T) {
	p := announce(t)
	p.say("99.0.0", time.Hour, p.key)
	a := start(t, cli.Flags{}, p.set)
	open := func() {
		if _, err := a.station.StartConsultation(t.Context(), station.Consultation{}); err != nil {
			t.Error(err)
		}
	}
	refused := func(when string) {
		t.Helper()
		folder := t.TempDir()
		path, err := a.downloadUpdate(t.Context(), folder)
		if left, _ := os.ReadDir(folder); fhirmap.FaultOf(err) == nil || fhirmap.FaultOf(err).Code != "consultation_open" || path != "" || len(left) > 0 {
			t.Errorf("%s: %q, %v, left %v", when, path, err, left)
		}
	}
	open()
	refused("open before")
	if err := a.station.EndConsultation(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.sending = open
	refused("opened meanwhile")
	p.sending = func() {}
	if err := a.station.EndConsultation(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path, err := a.downloadUpdate(t.Context(), folder)
	if content, bad := os.ReadFile(path); err != nil || bad != nil || string(content) != artefactText || filepath.Dir(path) != folder {
		t.Errorf("%s, %v, %q, %v", path, err, content, bad)
	}
	if _, err := a.downloadUpdate(t.Context(), filepath.Join(folder, "missing")); fhirmap.FaultOf(err).Code != "update_unwritten" {
		t.Error(err)
	}
	p.say(version, time.Hour, p.key)
	if _, err := a.downloadUpdate(t.Context(), folder); fhirmap.FaultOf(err).Code != "update_none" {
		t.Error(err)
	}
}

// The commands, with the program and without.
func TestUpdate_ByCommand(t *testing.T) {
	p := announce(t)
	folder := t.TempDir()
	if said, err := executed(t, folder, "update", "check"); err == nil || !strings.Contains(said, updateOff) {
		t.Errorf("%s, %v", said, err)
	}
	settings := fmt.Sprintf("[hl7]\ndiscover = false\n[update]\nurl = %q\nkey = %q\n", p.URL+"/release.json", p.public())
	if err := os.WriteFile(filepath.Join(folder, config.FileName), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	p.say("99.0.0", time.Hour, p.key)
	for _, running := range []bool{false, true} {
		if running {
			program := launch(t, folder)
			defer program.stop(t)
			awaitStatus(t, program.url, `"newer":"99.0.0"`)
		}
		if said, err := executed(t, folder, "update", "check"); err != nil || said != "99.0.0\tavailable\n" {
			t.Errorf("running %v: %q, %v", running, said, err)
		}
		to := t.TempDir()
		said, err := executed(t, folder, "update", "download", to)
		if content, bad := os.ReadFile(strings.TrimSuffix(said, "\n")); err != nil || bad != nil || string(content) != artefactText {
			t.Errorf("running %v: %q, %v, %v", running, said, err, bad)
		}
	}
}
