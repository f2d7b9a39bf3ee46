package desktop

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var (
	releaseDay = time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	installer  = bytes.Repeat([]byte("a program "), 1000)
)

// publisher is a key, and what it signs.
type publisher struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newPublisher(t *testing.T) publisher {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return publisher{public, private}
}

// announce signs text, which is JSON or means to be.
func (p publisher) announce(text string) []byte {
	signature := ed25519.Sign(p.private, []byte(releaseContext+text))
	return fmt.Appendf(nil, `{"signed":%q,"signature":%q}`, base64.StdEncoding.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString(signature))
}

func releaseText(change func(*Release)) string {
	sum := sha256.Sum256(installer)
	r := Release{Version: "1.2.3", Expires: releaseDay.AddDate(0, 2, 0), Artefacts: map[string]Artefact{
		"linux-amd64": {"vitalien-1.2.3.tar.gz", int64(len(installer)), hex.EncodeToString(sum[:])},
	}}
	if change != nil {
		change(&r)
	}
	text, _ := json.Marshal(r)
	return string(text)
}

func changed(change func(*Artefact)) string {
	return releaseText(func(r *Release) {
		a := r.Artefacts["linux-amd64"]
		change(&a)
		r.Artefacts["linux-amd64"] = a
	})
}

func TestOpenRelease(t *testing.T) {
	p, other := newPublisher(t), newPublisher(t)
	good := p.announce(releaseText(nil))
	unlike := func(field string, value any) []byte {
		var envelope map[string]any
		if err := json.Unmarshal(good, &envelope); err != nil {
			t.Fatal(err)
		}
		envelope[field] = value
		text, _ := json.Marshal(envelope)
		return text
	}
	bare, _ := json.Marshal(map[string]any{"signed": []byte(releaseText(nil)), "signature": ed25519.Sign(p.private, []byte(releaseText(nil)))})
	for name, c := range map[string]struct {
		text []byte
		want error // nil: any
		says string
	}{
		"of somebody else":        {other.announce(releaseText(nil)), ErrSignature, ""},
		"other bytes":             {unlike("signed", []byte(releaseText(func(r *Release) { r.Version = "9.9.9" }))), ErrSignature, ""},
		"no signature":            {unlike("signature", ""), ErrSignature, ""},
		"a signature of nothing":  {unlike("signature", make([]byte, ed25519.SignatureSize)), ErrSignature, ""},
		"no base64":               {unlike("signed", "!"), ErrSignature, ""},
		"signed for another use":  {bare, ErrSignature, ""},
		"cut":                     {good[:len(good)/2], ErrSignature, ""},
		"nothing":                 {nil, ErrSignature, ""},
		"expired":                 {p.announce(releaseText(func(r *Release) { r.Expires = releaseDay })), ErrExpired, ""},
		"without an end":          {p.announce(releaseText(func(r *Release) { r.Expires = time.Time{} })), ErrExpired, ""},
		"no version":              {p.announce(releaseText(func(r *Release) { r.Version = "1.2" })), nil, "version"},
		"a version with a tail":   {p.announce(releaseText(func(r *Release) { r.Version = "1.2.3-rc1" })), nil, "version"},
		"a negative version":      {p.announce(releaseText(func(r *Release) { r.Version = "1.2.-3" })), nil, "version"},
		"no JSON":                 {p.announce("release"), nil, "invalid"},
		"a file elsewhere":        {p.announce(changed(func(a *Artefact) { a.URL = "https://x.example/.." })), nil, "names no file"},
		"a file without a name":   {p.announce(changed(func(a *Artefact) { a.URL = "https://x.example/" })), nil, "names no file"},
		"a hidden file":           {p.announce(changed(func(a *Artefact) { a.URL = ".bashrc" })), nil, "names no file"},
		"a path of Windows":       {p.announce(changed(func(a *Artefact) { a.URL = `a\b.exe` })), nil, "names no file"},
		"an artefact of no size":  {p.announce(changed(func(a *Artefact) { a.Size = 0 })), nil, "bytes"},
		"an artefact too large":   {p.announce(changed(func(a *Artefact) { a.Size = maxArtefact + 1 })), nil, "bytes"},
		"a sum of something else": {p.announce(changed(func(a *Artefact) { a.SHA256 = "00" })), nil, "SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := OpenRelease(c.text, p.public, releaseDay)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	if r, err := OpenRelease(good, p.public, releaseDay); err != nil || r.Version != "1.2.3" || r.Artefacts["linux-amd64"].Size != int64(len(installer)) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRelease_Newer(t *testing.T) {
	for than, want := range map[string]bool{"1.2.2": true, "1.1.9": true, "0.99.0": true, "1.2.3": false, "1.2.4": false, "1.2.10": false, "2.0.0": false, "10.0.0": false} {
		if newer, err := (Release{Version: "1.2.3"}).Newer(than); err != nil || newer != want {
			t.Errorf("than %s: %v, %v", than, newer, err)
		}
	}
	if _, err := (Release{Version: "1.2.3"}).Newer("dev"); err == nil {
		t.Error("newer than what has no version")
	}
}

func TestCheckUpdateURL(t *testing.T) {
	for address, good := range map[string]bool{
		"https://example.org/release.json": true, "http://127.0.0.1:8080/r": true, "http://localhost/r": true, "http://[::1]:9/r": true,
		"http://example.org/r": false, "http://localhost.example.org/r": false, "http://192.168.1.1/r": false, "ftp://localhost/r": false,
		"file:///etc/passwd": false, "https://user:secret@example.org/": false, "release.json": false, "": false, "https://": false, "://": false,
	} {
		if err := CheckUpdateURL(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// site is a real server with a handler for each path.
func site(t *testing.T, paths map[string]http.HandlerFunc) *httptest.Server {
	mux := http.NewServeMux()
	for path, h := range paths {
		mux.HandleFunc(path, h)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func serves(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }
}

func TestUpdates_Latest(t *testing.T) {
	p := newPublisher(t)
	good := p.announce(releaseText(nil))
	s := site(t, map[string]http.HandlerFunc{
		"/good": serves(good), "/moved": http.RedirectHandler("/good", http.StatusFound).ServeHTTP,
		"/plain": http.RedirectHandler("http://example.org/release.json", http.StatusFound).ServeHTTP,
		"/round": http.RedirectHandler("/round", http.StatusFound).ServeHTTP,
		"/large": serves(append(bytes.Repeat([]byte(" "), maxAnnouncement), good...)),
		"/error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); w.Write(good) },
		"/cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			w.Write(good[:50])
		},
	})
	for path, want := range map[string]string{
		"/good": "", "/moved": "", "/plain": "not https", "/round": "redirects", "/large": "more than", "/error": "500", "/cut": "unexpected EOF", "/none": "404",
	} {
		r, err := (&Updates{URL: s.URL + path, Key: p.public}).Latest(t.Context(), releaseDay)
		if want == "" && (err != nil || r.Version != "1.2.3") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %+v, %v", path, r, err)
		}
	}
	secure := httptest.NewTLSServer(serves(good))
	t.Cleanup(secure.Close)
	if _, err := (&Updates{URL: secure.URL, Key: p.public, Trust: secure.Client().Transport}).Latest(t.Context(), releaseDay); err != nil {
		t.Error(err)
	}
	if _, err := (&Updates{URL: secure.URL, Key: p.public}).Latest(t.Context(), releaseDay); err == nil {
		t.Error("a certificate of nobody is trusted")
	}
}

func TestUpdates_Download(t *testing.T) {
	waits := make(chan struct{})
	t.Cleanup(func() { close(waits) })
	other := bytes.Clone(installer)
	other[5000] ^= 1
	s := site(t, map[string]http.HandlerFunc{
		"/good/vitalien-1.2.3.tar.gz": serves(installer), "/other/vitalien-1.2.3.tar.gz": serves(other),
		"/short/vitalien-1.2.3.tar.gz": serves(installer[1:]), "/long/vitalien-1.2.3.tar.gz": serves(append(installer, 0)),
		"/stalls/vitalien-1.2.3.tar.gz": func(w http.ResponseWriter, r *http.Request) {
			w.Write(installer[:100])
			w.(http.Flusher).Flush()
			select {
			case <-waits:
			case <-r.Context().Done():
			}
		},
		"/plain/vitalien-1.2.3.tar.gz": http.RedirectHandler("http://example.org/vitalien-1.2.3.tar.gz", http.StatusFound).ServeHTTP,
	})
	var r Release
	if err := json.Unmarshal([]byte(releaseText(nil)), &r); err != nil {
		t.Fatal(err)
	}
	artefact := r.Artefacts["linux-amd64"]
	busy := errors.New("a consultation is open")
	for name, c := range map[string]struct {
		ready error
		want  error
	}{
		"good": {}, "other": {nil, ErrDamaged}, "short": {nil, ErrDamaged}, "long": {nil, ErrDamaged}, "stalls": {nil, errors.New("nothing came")},
		"none": {nil, errors.New("404")}, "plain": {nil, errors.New("not https")}, "busy": {busy, busy},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			u := &Updates{URL: s.URL + "/" + strings.Replace(name, "busy", "good", 1) + "/release.json"}
			if name == "stalls" {
				u.Stall = 100 * time.Millisecond
			}
			path, err := u.Download(t.Context(), artefact, folder, func() error { return c.ready })
			left, _ := os.ReadDir(folder)
			if c.want != nil {
				if err == nil || !errors.Is(err, c.want) && !strings.Contains(err.Error(), c.want.Error()) || len(left) > 0 {
					t.Errorf("%v; left: %v", err, left)
				}
				return
			}
			content, bad := os.ReadFile(path)
			if err != nil || bad != nil || path != filepath.Join(folder, "vitalien-1.2.3.tar.gz") || !bytes.Equal(content, installer) || len(left) != 1 {
				t.Errorf("%s, %v, %v, %v", path, err, bad, left)
			}
		})
	}
	if _, err := (&Updates{URL: s.URL + "/good/release.json"}).Download(t.Context(), artefact, filepath.Join(t.TempDir(), "missing"), func() error { return nil }); err == nil {
		t.Error("downloaded into a folder that is not there")
	}
}

// TestReleaseScript: what the publisher's script signs is what the program reads.
func TestReleaseScript(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the publisher's script is for Linux")
	}
	folder := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		output, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v, %s", name, args, err, output)
		}
		return strings.TrimSpace(string(output))
	}
	private := filepath.Join(folder, "key.pem")
	run("openssl", "genpkey", "-algorithm", "ed25519", "-out", private)
	key, err := ReadKey(run("../../packaging/release.sh", private))
	if err != nil {
		t.Fatal(err)
	}
	details, err := os.ReadFile("../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(string(details), `Version = "`)
	version, _, _ = strings.Cut(version, `"`)
	for _, name := range []string{"Vitalien-" + version + ".exe", "vitalien_" + version + "_amd64.deb", "vitalien-headless-" + version + "-linux-amd64.tar.gz"} {
		if err := os.WriteFile(filepath.Join(folder, name), installer, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("../../packaging/release.sh", private, folder, "30")
	s := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(s.Close)
	u := &Updates{URL: s.URL + "/release.json", Key: key}
	r, err := u.Latest(t.Context(), time.Now())
	if err != nil || r.Version != version || len(r.Artefacts) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	if left := time.Until(r.Expires); left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("good for %v", left)
	}
	for _, target := range []string{"windows-amd64", "linux-amd64-deb", "linux-amd64-headless"} {
		path, err := u.Download(t.Context(), r.Artefacts[target], t.TempDir(), func() error { return nil })
		if err != nil {
			t.Errorf("%s: %v", target, err)
		} else if content, _ := os.ReadFile(path); !bytes.Equal(content, installer) {
			t.Errorf("%s: %d bytes", target, len(content))
		}
	}
}

func FuzzOpenRelease(f *testing.F) {
	p := publisher{private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	p.public = p.private.Public().(ed25519.PublicKey)
	f.Add(releaseText(nil))
	f.Add(`{"version":"1.2.3","expires":"2099-01-01T00:00:00Z"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := OpenRelease([]byte(text), p.public, releaseDay); err == nil {
			t.Errorf("not signed and taken: %q", text)
		}
		r, err := OpenRelease(p.announce(text), p.public, releaseDay)
		if err != nil {
			return
		}
		for target, a := range r.Artefacts {
			if name, err := a.name(); err != nil || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
				t.Errorf("%s: %q, %v", target, name, err)
			}
		}
	})
}
