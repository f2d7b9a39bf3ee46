package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

const admission = "MSH|^~\\&|MON|BED4|||20261120||ORU^R01|1|P|2.6\rPID|||4711^^^CHU||Lefèvre^Éloïse||19800312|F\rOBX|1|NM|8867-4^^LN||7234|/min\r"

// hidden are what no line may ever hold.
var hidden = []string{"4711", "Lefèvre", "Lef", "Éloïse", "1980", "7234", "s3cr3t"}

type lazy struct{ slog.Value }

func (l lazy) LogValue() slog.Value { return l.Value }

type patientName string

func TestLogging_NothingOfAPatient(t *testing.T) {
	patient := &fhirmap.Patient{System: "urn:ehr", ID: "4711", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1980-03-12"}
	recorded := fhirmap.Recorded{Subject: patient, Consultation: "c"}
	resource, err := json.Marshal(map[string]any{"status": "ok", "subject": map[string]string{"display": "Lefèvre 4711"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]func(*slog.Logger){
		"key":                 func(l *slog.Logger) { l.Info("m", "patient", "Lefèvre") },
		"key of another case": func(l *slog.Logger) { l.Info("m", "Patient_ID", 4711, "birth-date", "1980", "familyName", "Lefèvre") },
		"number under a key":  func(l *slog.Logger) { l.Info("m", "value", 7234.0) },
		"time under a key":    func(l *slog.Logger) { l.Info("m", "birthDate", time.Date(1980, 3, 12, 0, 0, 0, 0, time.UTC)) },
		"secret":              func(l *slog.Logger) { l.Info("m", "token", "s3cr3t", "Authorization", "s3cr3t") },
		"group": func(l *slog.Logger) {
			l.Info("m", slog.Group("patient", "id", "4711", "n", slog.GroupValue(slog.String("x", "Lefèvre"))))
		},
		"nested group":          func(l *slog.Logger) { l.Info("m", slog.Group("request", slog.Group("auth", "user", "s3cr3t"))) },
		"key in a group":        func(l *slog.Logger) { l.Info("m", slog.Group("request", "family", "Lefèvre")) },
		"group of the logger":   func(l *slog.Logger) { l.WithGroup("subject").Info("m", "id", "4711") },
		"attribute of a logger": func(l *slog.Logger) { l.With("given", "Éloïse", "raw", admission).Info("m") },
		"message in the text":   func(l *slog.Logger) { l.Info("got " + admission) },
		"message in a string":   func(l *slog.Logger) { l.Info("m", "frame", admission) },
		"message quoted":        func(l *slog.Logger) { l.Info("m", "frame", fmt.Sprintf("%q", admission)) },
		"one segment":           func(l *slog.Logger) { l.Info("m", "frame", "bad segment NK1|1|Lefèvre") },
		"other delimiters":      func(l *slog.Logger) { l.Info("m", "frame", "MSH#^~\\&#4711#Lefèvre") },
		"message in an error":   func(l *slog.Logger) { l.Error("m", "error", fmt.Errorf("parse: %w", errors.New("at OBX|1|NM|||7234"))) },
		"message in a fault": func(l *slog.Logger) {
			l.Error("m", "error", &fhirmap.Fault{English: "bad", Cause: errors.New(admission)})
		},
		"message in a stack": func(l *slog.Logger) { l.Error("m", "error", fmt.Errorf("panic: %v", admission)) },
		"JSON":               func(l *slog.Logger) { l.Info("m", "resource", string(resource)) },
		"JSON with blanks":   func(l *slog.Logger) { l.Info("m", "resource", `{"family" : "Lefèvre"}`) },
		"JSON quoted":        func(l *slog.Logger) { l.Info("m", "error", fmt.Errorf("bad %q", `{"birthDate":"1980-03-12"}`)) },
		"JSON quoted twice": func(l *slog.Logger) {
			l.Info("m", "error", fmt.Sprintf("%q", fmt.Sprintf("%q", `{"valueQuantity":{"value":7234}}`)))
		},
		"bytes":                  func(l *slog.Logger) { l.Info("m", "frame", []byte(admission)) },
		"raw JSON":               func(l *slog.Logger) { l.Info("m", "packet", json.RawMessage(`["Lefèvre"]`)) },
		"patient":                func(l *slog.Logger) { l.Info("m", "who", *patient) },
		"pointer to a patient":   func(l *slog.Logger) { l.Info("m", "who", patient) },
		"measurement":            func(l *slog.Logger) { l.Info("m", "what", recorded) },
		"pointer to measurement": func(l *slog.Logger) { l.Info("m", "what", &recorded) },
		"consultation":           func(l *slog.Logger) { l.Info("m", "c", station.Consultation{Patient: patient, ID: "4711"}) },
		"list of patients":       func(l *slog.Logger) { l.Info("m", "all", []fhirmap.Patient{*patient}) },
		"map":                    func(l *slog.Logger) { l.Info("m", "all", map[string]string{"n": "Lefèvre"}) },
		"list with a message":    func(l *slog.Logger) { l.Info("m", "all", []string{"a", admission}) },
		"lazy group":             func(l *slog.Logger) { l.Info("m", "patient", lazy{slog.GroupValue(slog.String("id", "4711"))}) },
		"lazy message":           func(l *slog.Logger) { l.Info("m", "frame", lazy{slog.StringValue(admission)}) },
		"address with a token":   func(l *slog.Logger) { l.Info("m", "url", "http://localhost:63336/socket.io/?EIO=3&token=s3cr3t") },
		"bearer":                 func(l *slog.Logger) { l.Info("m", "header", "Bearer s3cr3t") },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log(newLogger(&out))
			if !strings.Contains(out.String(), "[redacted") {
				t.Errorf("nothing redacted: %s", out.String())
			}
			for _, text := range hidden {
				if strings.Contains(out.String(), text) {
					t.Errorf("%q is in %s", text, out.String())
				}
			}
		})
	}
}

func TestLogging_KeepsWhatHelps(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"seq", 12, "seq=12"},
		{"after", time.Second, "after=1s"},
		{"peer", netip.MustParseAddr("192.0.2.7"), "peer=192.0.2.7"},
		{"origin", "https://ehr.example", "origin=https://ehr.example"},
		{"code", patientName("disk_full"), "code=disk_full"},
		{"error", errors.New("read tcp: broken pipe"), `error="read tcp: broken pipe"`},
		{"error", errors.New("at PID|||4711"), `error="at [redacted]"`},
		{"charset", "contradicts MSH-18, read as windows-1252", `charset="contradicts MSH-18, read as windows-1252"`},
		{"reason", "MSH.12: unsupported version", `reason="MSH.12: unsupported version"`},
		{"hosts", []string{"a", "b"}, `hosts="[a b]"`},
		{"nothing", nil, "nothing=<nil>"},
		{"measurements", 3, "measurements=3"},
	} {
		var out bytes.Buffer
		newLogger(&out).Info("connected", c.key, c.value)
		if line := out.String(); !strings.Contains(line, " "+c.want+"\n") || !strings.Contains(line, "msg=connected level=") && !strings.Contains(line, "level=INFO msg=connected") {
			t.Errorf("%s: %s", c.want, line)
		}
	}
}
