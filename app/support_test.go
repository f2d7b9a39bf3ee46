package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/fhirmap"
)

// secrets are what a support file must not hold, in any encoding that a mistake
// would leave readable: what patients are called, what was measured, what opens
// doors.
var secrets = []string{
	"Quasimodo", "QUASIMODO", "Esmeralda", "ESMERALDA", "PatNum31415", "18310216", "1831-02-16", "16/02/1831", "271828", "161803", "Parvis",
	"ConsultNotreDame", "s3cr3t",
}

// unpack reads a support file.
func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	bundle, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer bundle.Close()
	parts := map[string]string{}
	for _, f := range bundle.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(content)
	}
	return parts
}

func wantNoSecret(t *testing.T, parts map[string]string, more ...string) {
	t.Helper()
	for name, content := range parts {
		for _, secret := range append(secrets, more...) {
			if strings.Contains(name+"\n"+content, secret) {
				at := strings.Index(content, secret)
				t.Errorf("%s holds %q: …%s…", name, secret, content[max(0, at-200):min(len(content), at+100)])
			}
		}
	}
}

// executed runs a subcommand on folder, and gives what it says.
func executed(t *testing.T, folder string, words ...string) (said string, err error) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), path, append(words, "--data-dir", folder)...).CombinedOutput()
	return string(output), err
}

// wander has the program meet a patient on every road, the wrong ones above
// all, and gives what else must stay secret.
func wander(t *testing.T, p *process, folder string) (token string) {
	t.Helper()
	quasimodo := strings.NewReplacer("Lefèvre^Éloïse", "Quasimodo^Esmeralda", "19800312", "18310216", "^^3", "Parvis^^3", "ORU_R01|PatNum31415", "ORU_R01|M1").Replace(oru("PatNum31415", 271828))
	device := dial(t, p.mllp)
	send(t, device, quasimodo)
	for name, message := range map[string]string{
		"of no known type": strings.Replace(quasimodo, "ORU^R01^ORU_R01", "ADT^A01", 1),
		"without version":  strings.Replace(quasimodo, "|P|2.6|", "|P|9.9|", 1),
		"broken":           "MSH|^~\\&|Quasimodo\rPID|||PatNum31415^^^C||Quasimodo^Esmeralda||18310216\rOBX|1|NM|Quasimodo|||161803",
		"a bad value":      strings.Replace(quasimodo, "|271828|", "|Quasimodo 161803|", 1),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if code, err := device.Send(ctx, []byte(message)); err != nil {
			t.Logf("%s: %q, %v", name, code, err)
		}
		cancel()
	}
	for _, path := range []string{
		"/fhir/Observation?patient=PatNum31415", "/fhir/Observation?patient=Quasimodo%27&code=271828", "/fhir/Patient?family=Quasimodo&birthdate=1831-02-16",
		"/fhir/Patient/PatNum31415", "/recordings/PatNum31415", "/Quasimodo", "/socket.io/?EIO=4&transport=polling&token=s3cr3t", "/fhir/Observation?_id=161803&_sort=Quasimodo",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer s3cr3t")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
	client.expect("connect")
	patient := map[string]any{"id": "PatNum31415", "family": "Quasimodo", "given": "Esmeralda", "birthDate": "1831-02-16"}
	client.emit("startConsultation", map[string]any{"id": "ConsultNotreDame", "patient": patient})
	client.emit("startConsultation", map[string]any{"patient": map[string]any{"id": "PatNum31415", "birthDate": "Quasimodo"}})
	client.emit("startConsultation", "Quasimodo")
	client.emit("subscribe", map[string]any{"resource": "Quasimodo", "filter": map[string]any{"patient": "PatNum31415"}})
	client.emit("subscribe", map[string]any{"resource": "Observation", "filter": map[string]any{"patient": "PatNum31415"}})
	for _, words := range [][]string{
		{"measurements", "assign", "1", "PatNum31415"},
		{"measurements", "assign", "99", "Quasimodo"},
		{"measurements", "discard", "2", "Quasimodo a bougé"},
		{"measurements", "attach", "1", "ConsultNotreDame"},
		{"patients", "delete", "Quasimodo", "--yes"},
		{"export", "--out", filepath.Join(t.TempDir(), "Quasimodo"), "--patient", "PatNum31415", "--format", "patient-json"},
		{"export", "--out", "/proc/Quasimodo"},
		{"quarantine", "export", "/proc/Quasimodo"},
		{"origins", "allow", "https://Quasimodo@x y"},
		{"tokens", "revoke", "Quasimodo"},
	} {
		executed(t, folder, words...)
	}
	second := exec.CommandContext(t.Context(), p.command.Path, "--data-dir", folder, "vitalien://consultation?patient=PatNum31415&family=Quasimodo&birthDate=1831-02-16")
	if output, err := second.CombinedOutput(); err == nil {
		t.Errorf("the second start found a window: %s", output)
	}
	token, err := executed(t, folder, "tokens", "create", "ehr")
	if err != nil {
		t.Fatal(token, err)
	}
	p.endWorker(t, syscall.SIGABRT) // a crash, with the stacks of what is under way
	p.answering(t)
	return strings.TrimSpace(token)
}

// TestSupport_HoldsNothingOfAPatient is made on real roads: the program in its
// own processes, its log on disk, and every word in the file.
func TestSupport_HoldsNothingOfAPatient(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	token := wander(t, p, folder)
	for _, serving := range []bool{true, false} {
		t.Run(fmt.Sprintf("serving %v", serving), func(t *testing.T) {
			if !serving {
				p.stop(t)
			}
			path := filepath.Join(t.TempDir(), "help.zip")
			if said, err := executed(t, folder, "support", path); err != nil || said != path+"\n" {
				t.Fatalf("%v, %s", err, said)
			}
			parts := unpack(t, path)
			wantNoSecret(t, parts, token)
			var r report
			if err := json.Unmarshal([]byte(parts["report.json"]), &r); err != nil {
				t.Fatal(err)
			}
			if r.Program.Version != version || r.Program.Serving != serving || r.Store.Records == 0 || r.Store.Error != "" || r.Store.Free == 0 || r.System.Name == "" {
				t.Errorf("%+v", r)
			}
			if serving && len(r.Links) == 0 || !strings.Contains(parts["settings.toml"], "record_every") {
				t.Errorf("no links, or no settings: %v", parts)
			}
			for _, want := range []string{"msg=started", "the program died", "SIGABRT", "goroutine ", "msg=connected"} {
				if !strings.Contains(parts["vitalien.log"], want) {
					t.Errorf("the log lacks %q", want)
				}
			}
		})
	}
}

func TestSupport_OfWhatIsBroken(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, config.FileName), []byte("lang = \"de\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "vitalien.db"), []byte("no log"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "help.zip")
	if said, err := executed(t, folder, "support", path); err != nil {
		t.Fatal(said, err)
	}
	var r report
	if err := json.Unmarshal([]byte(unpack(t, path)["report.json"]), &r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Program.Settings, "lang") || r.Store.Error == "" || r.Store.Bytes != 6 {
		t.Errorf("%+v", r)
	}
}

func TestSupport_WhereItCannotBeWritten(t *testing.T) {
	a := start(t, cli.Flags{})
	there := filepath.Join(t.TempDir(), "there.zip")
	if err := os.WriteFile(there, []byte("a file of somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{there, filepath.Join(t.TempDir(), "missing", "x.zip")} {
		if f := fhirmap.FaultOf(a.Support(t.Context(), path)); f == nil || f.Code != "support_failed" || !strings.Contains(f.French, path) {
			t.Errorf("%s: %v", path, f)
		}
	}
	if content, err := os.ReadFile(there); err != nil || !bytes.Equal(content, []byte("a file of somebody's")) {
		t.Errorf("%q, %v", content, err)
	}
}

func TestSupportFile_WhereAPersonLooks(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	a := start(t, cli.Flags{})
	path, err := a.SupportFile(t.Context())
	if err != nil || filepath.Dir(path) != home || unpack(t, path)["report.json"] == "" {
		t.Errorf("%s, %v", path, err)
	}
}
