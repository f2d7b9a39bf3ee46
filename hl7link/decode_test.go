package hl7link

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Messages written for the project, in testdata/*.hl7, and what they come to.
func TestDecode_Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hl7")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			reports, err := Decode(data, paris)
			if err != nil {
				t.Fatal(err)
			}
			var measurements []fhirmap.Measurement
			var rest []string
			for i, r := range reports {
				measurements = append(measurements, r.Measurements...)
				rest = append(rest, beside(i, r)...)
			}
			base := strings.TrimSuffix(file, ".hl7")
			golden(t, base+".json", measurements)
			if rest != nil {
				golden(t, base+".live.json", rest)
			}
		})
	}
}

// beside is what the report of a message says beside its measurements, in
// lines.
func beside(message int, r fhirmap.Report) (lines []string) {
	add := func(format string, values ...any) {
		lines = append(lines, fmt.Sprintf("%d: ", message+1)+fmt.Sprintf(format, values...))
	}
	if r.Streaming {
		add("streaming")
	}
	for _, l := range r.Live {
		add("live %s, %s, bed %q, %s", l.Device.Name, l.Patient.Name(), l.Bed, l.Time.Format(time.RFC3339Nano))
		for _, v := range l.Values {
			add("%s %s %q %s, limits %s to %s", v.Type, decimal(v.Value), v.Unit.Label, v.State, decimal(v.Low), decimal(v.High))
		}
	}
	for _, all := range r.Alarms {
		add("alarms %s, %s, bed %q, complete %v", all.Device.Name, all.Patient.Name(), all.Bed, all.Complete)
		for _, a := range all.List {
			add("%s %s %s %q about %q, priority %s, since %s, ended %v, acknowledged %v",
				a.Kind, a.System, a.Code, a.Text, a.Type, a.Priority, a.Start.Format(time.RFC3339Nano), a.Ended, a.Acknowledged)
		}
	}
	return lines
}

func decimal(d *fhirmap.Decimal) string {
	if d == nil {
		return "-"
	}
	return d.String()
}

// golden compares what came out with the file, which -update writes.
func golden(t *testing.T, file string, out any) {
	t.Helper()
	got, err := json.MarshalIndent(out, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Error(diff)
	}
}

const heartRate = "MSH|^~\\&|A|B|||20260101120000||ORU^R01|1|P|2.5\rOBX|1|NM|8867-4^HR^LN||72||||||F\r"

func TestDecode_Containers(t *testing.T) {
	for _, c := range []struct {
		name, data    string
		reports, rate int
	}{
		{"raw", heartRate, 1, 1},
		{"raw without its last end", strings.TrimSuffix(heartRate, "\r"), 1, 1},
		{"LF", strings.ReplaceAll(heartRate, "\r", "\n"), 1, 1},
		{"CRLF", strings.ReplaceAll(heartRate, "\r", "\r\n"), 1, 1},
		{"byte order mark", "\xEF\xBB\xBF" + heartRate, 1, 1},
		{"blank lines", "\r\n\r\n" + heartRate + "\n\n" + heartRate, 2, 2},
		{"framed", string(Frame([]byte(heartRate))), 1, 1},
		{"framed, only 1C", "\x0b" + heartRate + "\x1c", 1, 1},
		{"two frames", string(Frame([]byte(heartRate))) + "\n" + string(Frame([]byte(heartRate))), 2, 2},
		{"two in a frame", string(Frame([]byte(heartRate + heartRate))), 2, 2},
		{"raw and framed", heartRate + string(Frame([]byte(heartRate))), 2, 2},
		{"batch", "FHS|^~\\&|A\rBHS|^~\\&|A\r" + heartRate + heartRate + "BTS|2\rFTS|1\r", 2, 2},
		{"framed batch", string(Frame([]byte("BHS|^~\\&|A\r" + heartRate + "BTS|1\r"))), 1, 1},
		{"nothing measured", "MSH|^~\\&|A|B|||||ADT^A08|1|P|2.5\rPID|||1\rOBX|1|NM|8867-4^HR^LN||72||||||F\r", 1, 0},
		{"acknowledgement", "MSH|^~\\&|A|B|||||ACK|1|P|2.5\rMSA|AA|1\r", 1, 0},
		{"no observation", "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r", 1, 0},
		{"no version", "MSH|^~\\&|A|B|||||ORU|1\rOBX|1|NM|8867-4^HR^LN||72||||||F\r", 1, 1},
		{"partly unreadable", heartRate + "OBX|1|NM|9279-1^RR^LN||fast||||||F\r", 1, 1},
	} {
		reports, err := Decode([]byte(c.data), paris)
		if err != nil || len(reports) != c.reports || len(summaries(reports)) != c.rate {
			t.Errorf("%s: %d reports, %v, %v", c.name, len(reports), summaries(reports), err)
		}
	}
}

func TestDecode_Malformed(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "blank": "\r\n ", "text": "hello", "no MSH": "PID|||1\rOBX|1\r", "frame without MSH": "\x0bPID|||1\x1c\r",
		"no end": "\x0b" + heartRate, "garbage before": "hello\r" + heartRate, "garbage between": string(Frame([]byte(heartRate))) + "x" + heartRate,
		"restarted": "\x0bMSH|^~\\&|\x0b" + heartRate + "\x1c\r", "half a header": heartRate + "\x0bMS", "trailing MS": string(Frame([]byte(heartRate))) + "MS",
		"delimiters": "MSH|^^^^|A\r", "version 3": strings.Replace(heartRate, "2.5", "3.0", 1), "version 1": strings.Replace(heartRate, "2.5", "1.0", 1),
		"version abc": strings.Replace(heartRate, "2.5", "abc", 1), "no type": strings.Replace(heartRate, "ORU^R01", "", 1),
		"second unreadable": heartRate + strings.Replace(heartRate, "72", "fast", 1),
		"batch alone":       "FHS|^~\\&|A\rFTS|0\r", "binary": "\x00\x01\x02\xff", "HTTP": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		reports, err := Decode([]byte(data), paris)
		var fault *fhirmap.Fault
		if reports != nil || !errors.As(err, &fault) || fault.Code != "malformed" || fault.French == "" {
			t.Errorf("%s: %d reports, %v", name, len(reports), err)
		}
	}
	_, err := Decode([]byte(heartRate+strings.Replace(heartRate, "72", "fast", 1)), paris)
	if err == nil || !strings.Contains(err.Error(), "message 2: OBX[1]-5") || strings.Contains(err.Error(), "fast") {
		t.Errorf("%v", err)
	}
}

// A message of which nothing can be taken for a vital sign is not malformed.
func TestDecode_NothingMeasured(t *testing.T) {
	for name, obx := range map[string]string{
		"unknown unit":      "OBX|1|NM|8867-4^HR^LN||72|furlong|||||F",
		"unit of another":   "OBX|1|NM|8867-4^HR^LN||72|mm[Hg]|||||F",
		"no unit":           "OBX|1|NM|8310-5^T^LN||98.6||||||F",
		"two meanings":      "OBX|1|NM|8867-4^HR^LN^9279-1^RR^LN||72|/min|||||F",
		"unknown status":    "OBX|1|NM|8867-4^HR^LN||72|/min|||||?",
		"unknown parameter": "OBX|1|NM|1^x^99X||72|/min|||||F",
	} {
		reports, err := Decode([]byte(oru(obx)), paris)
		if err != nil || len(reports) != 1 || len(reports[0].Measurements) > 0 {
			t.Errorf("%s: %+v, %v", name, reports, err)
		}
	}
}

func TestDecode_Test(t *testing.T) {
	for mode, want := range map[string]bool{"P": false, "T": true, "D": true, "T^A": true, "": false} {
		reports, err := Decode([]byte(strings.Replace(heartRate, "|P|", "|"+mode+"|", 1)), paris)
		if err != nil || reports[0].Measurements[0].Test != want {
			t.Errorf("%q: %v", mode, err)
		}
	}
}

func TestDecode_Key(t *testing.T) {
	keyOf := func(text, peer string) string {
		return decode([]byte(text), decoding{zone: paris, peer: peer, dialects: dialects}).report.Key
	}
	first := keyOf(heartRate, "192.0.2.1")
	if len(first) != 64 || first != keyOf(heartRate, "192.0.2.1") {
		t.Errorf("%q", first)
	}
	for name, other := range map[string]string{
		"peer": keyOf(heartRate, "192.0.2.2"), "bytes": keyOf(heartRate+"NTE|1\r", "192.0.2.1"),
		"control id": keyOf(strings.Replace(heartRate, "|1|P", "|2|P", 1), "192.0.2.1"),
	} {
		if other == first || other == "" {
			t.Errorf("another %s has the key %q", name, other)
		}
	}
	mindray := "MSH|^~\\&|||||||ORU^R01|204|P|2.3.1|\rOBX||NM|101^HR|2101|60||||||F\r"
	biolight := "MSH|^~\\&|||||||ORU^R01|1004|P|2.6\rOBX||NM|201^HR^BHC||60||||||F\r"
	for name, text := range map[string]string{
		"no control id": strings.Replace(heartRate, "|1|P", "||P", 1), "Mindray type number": mindray, "Biolight type number": biolight,
	} {
		if got := keyOf(text, "192.0.2.1"); got != "" {
			t.Errorf("%s has the key %q", name, got)
		}
	}
	if keyOf(strings.Replace(mindray, "|204|", "|20260101.1|", 1), "192.0.2.1") == "" {
		t.Error("a real control id of a Mindray gives no key")
	}
}

// What no record can hold is refused, by decode as by the listener.
func TestDecode_TooLong(t *testing.T) {
	long := oru("PID|||1^^^"+strings.Repeat("A", 1100), "OBX|1|NM|8867-4^HR^LN||72||||||F")
	d := decode([]byte(long), decoding{zone: paris, dialects: dialects})
	if d.verdict.code != "AE" || len(d.report.Measurements) > 0 || !strings.Contains(d.verdict.String(), "at most 1024") {
		t.Errorf("%+v", d)
	}
	if _, err := Decode([]byte(long), paris); fhirmap.FaultOf(err).Code != "malformed" {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.hl7")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
	f.Add([]byte(heartRate))
	f.Add([]byte("OBX|1|NM|8480-6^S^LN|1|120|mm[Hg]|||||F\rOBX|2|NM|8462-4^D^LN|1|80|mm[Hg]|||||F\rPID|||1\rOBX|3|NM|150456^^MDC|1.2.3|97||||||R"))
	f.Add(Frame([]byte(heartRate + heartRate)))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Most inputs are no messages at all: read them as the rest of one, too.
		if inner := decode(append([]byte(oru()), data...), decoding{zone: paris, dialects: dialects}); inner.verdict.code == "AA" {
			validate(t, inner.report)
		}
		if inner := decode(append([]byte(r40()), data...), decoding{zone: paris, dialects: dialects}); inner.verdict.code == "AA" {
			validate(t, inner.report)
		}
		reports, err := Decode(data, paris)
		if err != nil {
			if fault := fhirmap.FaultOf(err); fault.Code != "malformed" {
				t.Fatal(err)
			}
			return
		}
		for _, r := range reports {
			validate(t, r)
		}
	})
}

func validate(t *testing.T, r fhirmap.Report) {
	t.Helper()
	for i := range r.Measurements {
		if err := r.Measurements[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range r.Live {
		if err := r.Live[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range r.Alarms {
		if err := r.Alarms[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
}

// Several persons in one ORU keep what is theirs.
func TestDecode_SeveralPersons(t *testing.T) {
	const rate = "OBX|1|NM|8867-4^HR^LN||"
	reports, err := Decode([]byte(oru("PID|||1||One", "PV1|||^^A", "OBR|1", rate+"61||||||F", "PID|||2||Two", "PV1|||^^B", "OBR|1", rate+"62||||||F",
		"PID|", rate+"63||||||F")), paris)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range reports[0].Measurements {
		got = append(got, m.Patient.Name()+"/"+m.Bed+"/"+m.Readings[0].Value.String())
	}
	if diff := cmp.Diff([]string{"ONE/A/61", "TWO/B/62", "//63"}, got); diff != "" {
		t.Error(diff)
	}
}

// What is made to be slow or large is refused, or read, in linear time.
func TestDecode_HostileSizes(t *testing.T) {
	const head = "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r"
	for name, filling := range map[string]string{
		"fields": "|", "components": "^", "repetitions": "~", "subcomponents": "&", "escapes": "\\", "lines": "x\n", "unknown escapes": "\\a",
		"segments": "OBX|\r", "persons": "PID|\r", "observations": "OBX||NM|8867-4^^LN||7||||||F\r", "pulses": "OBX||NM|8889-8^^LN||7||||||F\r",
		"troubles": "OBX||NM|8867-4^^LN||x||||||F\r", "tokens": "\x02", "accents": "é", "empty lines": "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte(head + "PID|||" + strings.Repeat(filling, DefaultMaxFrame/len(filling)))
			d := decode(text, decoding{zone: paris, dialects: dialects})
			if len(acknowledge(text, answer{verdict: d.refusal(), warnings: d.troubles[:min(len(d.troubles), maxWarnings)], at: ackTime})) > 10_000 {
				t.Error("a long answer")
			}
			if len(d.report.Measurements) > maxObservations {
				t.Errorf("%d measurements", len(d.report.Measurements))
			}
		})
	}
}

// Many different values are sorted in little time, too.
func TestDecode_ManyDifferentValues(t *testing.T) {
	for name, pattern := range map[string]string{
		"one rate":         "OBX||NM|8867-4^^LN||%[1]d||||||F",
		"rates by OBX-4":   "OBX||NM|8867-4^^LN|%[1]d|%[1]d||||||F",
		"panels by OBX-4":  "OBX||NM|59408-5^^LN|%[1]d|97||||||F\rOBX||NM|8889-8^^LN|%[1]d|%[1]d||||||F",
		"pulses elsewhere": "OBX||NM|59408-5^^LN|1.%[1]d.1|%[1]d||||||F\rOBX||NM|8889-8^^LN|%[1]d|%[1]d||||||F",
		"panels in order":  "OBX||NM|8480-6^^LN||%[1]d|mmHg|||||F\rOBX||NM|8462-4^^LN||%[1]d|mmHg|||||F",
	} {
		t.Run(name, func(t *testing.T) {
			each := 1 + strings.Count(pattern, "\r")
			segments := make([]string, maxObservations/each)
			for i := range segments {
				segments[i] = fmt.Sprintf(pattern, 40_000+i)
			}
			d := decode([]byte(oru(segments...)), decoding{zone: paris, dialects: dialects})
			readings := 0
			for _, m := range d.report.Measurements {
				readings += len(m.Readings)
			}
			if d.verdict.code != "AA" || readings != maxObservations {
				t.Errorf("%v, %d readings", d.verdict, readings)
			}
		})
	}
}

func TestDecode_ObservationLimit(t *testing.T) {
	segments := make([]string, maxObservations+1)
	for i := range segments {
		segments[i] = fmt.Sprintf("OBX||NM|8867-4^^LN|%d|%d||||||F", i, 50+i%100)
	}
	full := decode([]byte(oru(segments[1:]...)), decoding{zone: paris, dialects: dialects})
	if full.verdict.code != "AA" || len(full.report.Measurements) != 100 { // equal values collapse
		t.Errorf("%v, %d measurements", full.verdict, len(full.report.Measurements))
	}
	over := decode([]byte(oru(segments...)), decoding{zone: paris, dialects: dialects})
	if over.verdict.code != "AE" || len(over.report.Measurements) != 0 {
		t.Errorf("%v, %d measurements", over.verdict, len(over.report.Measurements))
	}
}
