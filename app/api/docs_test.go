package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

var update = flag.Bool("update", false, "write the examples of docs/integrators.md anew")

const integrators = "../../docs/integrators.md"

// TestDocs_Examples holds the examples of the guide for integrators to what
// clients get, byte for byte but for the line breaks.
func TestDocs_Examples(t *testing.T) {
	guide, err := os.ReadFile(integrators)
	if err != nil {
		t.Fatal(err)
	}
	text := string(guide)
	examples := conversation(t)
	for name, frame := range map[string]wsFrame{"vitals": exampleVitals(), "alert": exampleAlert(t), "consultation": exampleConsultation(t), "recording": exampleRecording(t)} {
		examples[name] = readable(t, frame)
	}
	for name, want := range examples {
		begin := "<!-- " + name + " -->\n"
		before, rest, found := strings.Cut(text, begin)
		if !found {
			t.Fatalf("no place for the example %q", name)
		}
		have := ""
		if strings.HasPrefix(rest, "```json\n") {
			have, rest, _ = strings.Cut(strings.TrimPrefix(rest, "```json\n"), "```\n")
		}
		if have != want && !*update {
			t.Errorf("the example %q is not what clients get (go test ./app/api -run Docs -update):\n%s", name, want)
		}
		text = before + begin + "```json\n" + want + "```\n" + rest
	}
	if *update {
		if err := os.WriteFile(integrators, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readable is the payload of an event, the values of vitals on a line each.
func readable(t *testing.T, f wsFrame) string {
	t.Helper()
	var event []json.RawMessage
	if err := json.Unmarshal(f.packet()[1:], &event); err != nil || len(event) != 2 {
		t.Fatal(err, len(event))
	}
	if strings.HasPrefix(string(event[1]), `{"bed"`) {
		return strings.NewReplacer(`[{"type"`, "[\n  {\"type\"", `,{"type"`, ",\n  {\"type\"", `}]}`, "}\n]}").Replace(string(event[1])) + "\n"
	}
	return indented(t, event[1])
}

func indented(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatal(err, string(text))
	}
	return b.String() + "\n"
}

var exampleDevice = fhirmap.Device{ID: "4f1c09d2a6b8e37f5a0d1b2c", Type: fhirmap.PatientMonitor, Name: "Lit 3"}

func exampleVitals() wsFrame {
	at := time.Date(2026, 11, 20, 10, 15, 1, 0, time.FixedZone("", 3600))
	value := func(text string) *fhirmap.Decimal { d := fhirmap.MustDecimal(text); return &d }
	return vitalsFrame(&fhirmap.Live{
		Device: exampleDevice, Bed: "3", Time: at,
		Values: []fhirmap.LiveValue{
			{Type: fhirmap.HeartRate, Value: value("72"), Unit: fhirmap.BeatsPerMinute, State: fhirmap.LiveValid, Low: value("50"), High: value("120")},
			{Type: fhirmap.OxygenSaturation, Unit: fhirmap.Percent, State: fhirmap.LiveMissing, Low: value("90"), High: value("100")},
			{Type: fhirmap.BodyTemperature, Value: value("37.20"), Unit: fhirmap.Celsius, State: fhirmap.LiveValid},
			{Type: fhirmap.Systolic, Value: value("128"), Unit: fhirmap.MillimetreOfMercury, State: fhirmap.LiveValid, Time: at.Add(-4 * time.Minute)},
		},
	})
}

func exampleConsultation(t *testing.T) wsFrame {
	t.Helper()
	start := time.Date(2026, 11, 20, 10, 5, 0, 0, time.FixedZone("", 3600))
	frames := newFrames(nil, formConsultation)
	frames.changes = func(uint64) ([]change, uint64) {
		return changes(consultationChange)([]station.Version[station.Consultation]{{Seq: 4712, Type: station.Updated, What: station.Consultation{
			ID: "ac8f39cc-f5eb-450e-a354-0a1b2c3d4e5f", Patient: &fhirmap.Patient{System: "urn:ehr", ID: "4711", Family: "Martin", Given: "Éloïse"},
			Start: start, End: start.Add(12*time.Minute + 30*time.Second),
		}}}, 4712)
	}
	if err := frames.keepChanges(4711); err != nil {
		t.Fatal(err)
	}
	return (&subscribing{Resource: "Consultation"}).picker("1", func(uint64, uint64) {})(frames.known[4712].events)[0]
}

func exampleAlert(t *testing.T) wsFrame {
	t.Helper()
	change := station.AlertChange{Type: station.AlertCreated, Alert: fhirmap.Alert{
		ID: "0b0e6e62-5a9c-4f6e-9d0a-2f3f1f6f7c11", Kind: fhirmap.Physiological, System: "urn:hl7:mindray:alarm", Code: "10025",
		Text: "** FC basse", Priority: fhirmap.PriorityMedium, Type: fhirmap.HeartRate, Device: exampleDevice, Bed: "3",
		Patient: &fhirmap.Patient{System: "urn:ward", ID: "12345", Family: "Martin", Given: "Éloïse"},
		Start:   time.Date(2026, 11, 20, 10, 14, 26, 0, time.FixedZone("", 3600)),
	}}
	e, err := alertEvent(&change, 4711, "9c1f0c5e-2f53-4c0b-8e1b-7a0d3c4b5a69")
	if err != nil {
		t.Fatal(err)
	}
	return (&subscribing{Resource: "Alert"}).picker("1", func(uint64, uint64) {})([]shared{e})[0]
}

func exampleRecording(t *testing.T) wsFrame {
	t.Helper()
	packet, err := recordingPacket(&station.RecordingStatus{
		ID: "9b2e7f40-51c3-4d8a-8e0f-6a7b8c9d0e1f", SSID: "ekuorePro_12345", State: station.RecordingStopped,
		Length: 12_512 * time.Millisecond, Kept: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return textFrame(append([]byte{engineMessage}, packet...))
}
