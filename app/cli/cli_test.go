package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// A run is what one start of the program did.
type run struct {
	status         int
	stdout, stderr string
	served         *Flags // nil: it did not serve
}

// start runs the command line with a data folder of its own.
func start(t *testing.T, stdin string, args ...string) (r run) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	folder := t.TempDir()
	p := Program{
		Version: "1.2.3", Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr,
		DataFolder: func() (string, error) { return folder, nil },
		Serve: func(_ context.Context, f Flags) error {
			r.served = &f
			return nil
		},
		Probe: func() int { return 1 },
	}
	r.status = p.Main(t.Context(), args)
	r.stdout, r.stderr = stdout.String(), stderr.String()
	return r
}

// wantOneLine holds what the contract says of failures.
func (r run) wantOneLine(t *testing.T, status int) {
	t.Helper()
	if r.status != status || r.stdout != "" {
		t.Errorf("status %d, want %d; standard output %q", r.status, status, r.stdout)
	}
	if !strings.HasPrefix(r.stderr, "vitalien: ") || strings.Index(r.stderr, "\n") != len(r.stderr)-1 {
		t.Errorf("standard error is not one line: %q", r.stderr)
	}
}

func TestMain_WrongUse(t *testing.T) {
	for _, line := range []string{
		"--frobnicate", "-x", "--headless=perhaps", "--listen", "--headless extra", "frobnicate", "decode", "decode hl7",
		"decode hl7 a b", "stop now", "decode hl8 -", "decode hl7 - --model X", "decode hl7 - --list", "decode ble", "decode ble 2A35", "decode ble --model",
		"decode ble 2AFF 00", "decode ble frobnicate 00", "decode ble --list 2A35", "decode ble --list --model X", "decode ble 2A35 00 --frobnicate", "export --out d --model X", "decode hl7 - --frobnicate", "origins", "origins allow", "origins list more",
		"origins allow https://a https://b", "monitors", "monitors accept", "monitors accept a b", "monitors list x", "monitors scan", "quarantine", "quarantine export",
		"quarantine list x", "export", "export --out", "export --out d more", "export --out d --format xml", "export --out d --since yesterday",
		"export --out d --frobnicate", "monitors list --out d", "origins frobnicate", "tokens", "tokens create", "tokens revoke", "tokens list more",
		"tokens --data-dir", "patients", "patients delete", "patients find x", "patients delete x y", "patients list --yes", "tokens list --yes", "store", "store expired x", "store backup", "store restore", "store restore a b", "store check x", "store frobnicate x", "store check --since x", "support", "support a b", "update", "update check x", "update install", "update download a b", "measurements", "measurements assign 3", "measurements discard 3", "measurements list 3", "help me", "show", "--version extra",
	} {
		t.Run(line, func(t *testing.T) {
			r := start(t, "", strings.Fields(line)...)
			r.wantOneLine(t, Wrong)
			if r.served != nil {
				t.Error("it served")
			}
		})
	}
}

func TestMain_Help(t *testing.T) {
	for _, line := range []string{"--help", "-h", "help", "decode --help", "origins list -h", "--headless --help"} {
		r := start(t, "", strings.Fields(line)...)
		if r.status != Done || r.stderr != "" || r.served != nil {
			t.Errorf("%s: %+v", line, r)
		}
		for _, part := range []string{"--headless", "--minimized", "--demo", "--data-dir", "--listen", "--hl7-listen", "--version", "decode hl7", "decode ble", "--model", "--list", "origins", "tokens", "monitors", "export", "quarantine"} {
			if !strings.Contains(r.stdout, part) {
				t.Errorf("%s: no %s", line, part)
			}
		}
	}
}

func TestMain_Version(t *testing.T) {
	if r := start(t, "", "--version"); r.status != Done || r.stdout != "vitalien 1.2.3\n" || r.stderr != "" || r.served != nil {
		t.Errorf("%+v", r)
	}
}

func TestMain_ServesWithItsFlags(t *testing.T) {
	for line, want := range map[string]Flags{
		"": {},
		"--headless --minimized --demo --data-dir d --listen localhost:1 --hl7-listen 0.0.0.0:2": {
			Headless: true, Minimized: true, Demo: true, DataDir: "d", Listen: "localhost:1", HL7Listen: "0.0.0.0:2",
		},
		"-headless --data-dir=d": {Headless: true, DataDir: "d"},
	} {
		r := start(t, "", strings.Fields(line)...)
		if r.status != Done || r.served == nil || *r.served != want || r.stdout+r.stderr != "" {
			t.Errorf("%q: %+v", line, r)
		}
	}
}

func TestMain_StatusOfServing(t *testing.T) {
	fault := &fhirmap.Fault{Code: "port_taken", English: "another program listens", French: "Le port est pris\u202f:\nfermez l’autre programme.", Cause: errors.New("bind")}
	for name, c := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"well":      {nil, Done, ""},
		"wrong use": {WrongUse{errors.New("only this\ncomputer")}, Wrong, "only this computer"},
		"fault":     {fault, Failed, "Le port est pris\u202f: fermez l’autre programme. (port_taken: another program listens)"},
		"plain":     {errors.New("broken"), Failed, "broken"},
	} {
		var stdout, stderr bytes.Buffer
		p := Program{Stdout: &stdout, Stderr: &stderr, Serve: func(context.Context, Flags) error { return c.err }}
		status, text := p.Main(t.Context(), nil), ""
		if c.text != "" {
			text = "vitalien: " + c.text + "\n"
		}
		if status != c.status || stderr.String() != text || stdout.Len() > 0 {
			t.Errorf("%s: %d, %q", name, status, stderr.String())
		}
	}
}

func TestMain_ProbeSaysNothing(t *testing.T) {
	if r := start(t, "", ProbeDisplay); r.status != Failed || r.stdout+r.stderr != "" || r.served != nil {
		t.Errorf("%+v", r)
	}
	p := Program{Probe: func() int { return 0 }}
	if status := p.Main(t.Context(), []string{ProbeDisplay}); status != Done {
		t.Errorf("status %d", status)
	}
}

const spotCheck = "MSH|^~\\&|SPOT|WARD|||20261120090000+0100||ORU^R01^ORU_R01|42|P|2.6||||||UNICODE UTF-8\r" +
	"PID|||7^^^WARD||Lefèvre^Éloïse\r" +
	"OBR|1|||182777000^monitoring of patient^SCT|||20261120090000+0100\r" +
	"OBX|1|NM|150364^MDC_TEMP_BODY^MDC|1.2.1.150364|36.60|268192^MDC_DIM_DEGC^MDC|||||F|||20261120090000+0100\r" +
	"OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|72|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||F|||20261120090000+0100\r"

const nothingMeasured = "MSH|^~\\&|SPOT|WARD|||20261120090000||ORU^R01|43|P|2.6\rPID|||7\r"

func framed(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString("\x0b" + m + "\x1c\r")
	}
	return b.String()
}

func TestDecodeHL7_PrintsObservations(t *testing.T) {
	for name, c := range map[string]struct {
		input string
		lines int
	}{
		"raw": {spotCheck, 2}, "raw with line feeds": {strings.ReplaceAll(spotCheck, "\r", "\n"), 2},
		"framed": {framed(spotCheck), 2}, "many": {framed(spotCheck, nothingMeasured, spotCheck), 4},
		"nothing measured": {nothingMeasured, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "message.hl7")
			if err := os.WriteFile(path, []byte(c.input), 0o600); err != nil {
				t.Fatal(err)
			}
			fromFile, fromStdin := start(t, "", "decode", "hl7", path), start(t, c.input, "decode", "hl7", "-")
			if fromFile != fromStdin {
				t.Errorf("from the file %+v, from standard input %+v", fromFile, fromStdin)
			}
			if fromFile.status != Done || fromFile.stderr != "" || strings.Count(fromFile.stdout, "\n") != c.lines {
				t.Fatalf("%+v", fromFile)
			}
			for line := range strings.Lines(fromFile.stdout) {
				wantObservation(t, line)
			}
		})
	}
}

func wantObservation(t *testing.T, line string) {
	t.Helper()
	var o struct {
		ResourceType      string
		EffectiveDateTime time.Time
		ValueQuantity     struct{ Value json.Number }
	}
	if err := json.Unmarshal([]byte(line), &o); err != nil {
		t.Fatal(err)
	}
	value := o.ValueQuantity.Value.String()
	if o.ResourceType != "Observation" || (value != "36.60" && value != "72") ||
		!o.EffectiveDateTime.Equal(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v in %s", o, line)
	}
}

func TestDecodeHL7_MalformedPrintsNothing(t *testing.T) {
	for name, input := range map[string]string{
		"empty": "", "text": "good morning\n", "JSON": `{"resourceType":"Observation"}`, "no header": "PID|||7\r",
		"half a frame": "\x0b" + spotCheck, "garbage between": framed(spotCheck) + "garbage" + framed(spotCheck),
		"good and bad": framed(spotCheck, "MSH|^~\\&|A|B|||20261120||ORU^R01|1|P|9.9\r"), "zeros": strings.Repeat("\x00", 1000),
	} {
		t.Run(name, func(t *testing.T) { start(t, input, "decode", "hl7", "-").wantOneLine(t, Failed) })
	}
}

func TestDecodeHL7_FileThatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "missing.hl7")} {
		r := start(t, "", "decode", "hl7", path)
		r.wantOneLine(t, Failed)
		if !strings.Contains(r.stderr, path) {
			t.Errorf("does not say where: %s", r.stderr)
		}
	}
}

// TestFlags_Args: a supervisor gives its child the flags that it was given.
func TestFlags_Args(t *testing.T) {
	for _, f := range []Flags{
		{},
		{Headless: true, Demo: true, DataDir: "/var/lib/x y", Listen: "localhost:0"},
		{Minimized: true, HL7Listen: "[::]:2575", Supervised: true, Crashing: true, DataDir: "-odd"},
	} {
		var got Flags
		p := Program{Serve: func(_ context.Context, read Flags) error { got = read; return nil }}
		if status := p.Main(t.Context(), f.Args()); status != Done || got != f {
			t.Errorf("%v: status %d, %+v", f.Args(), status, got)
		}
	}
}

func TestMain_ExitSaysNothing(t *testing.T) {
	var errors bytes.Buffer
	p := Program{Stderr: &errors, Serve: func(context.Context, Flags) error { return Exit{7} }}
	if status := p.Main(t.Context(), nil); status != 7 || errors.Len() > 0 {
		t.Errorf("status %d, %q", status, errors.String())
	}
}
