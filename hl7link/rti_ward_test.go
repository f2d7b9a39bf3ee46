package hl7link

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// sendAll sends messages over one connection, each of which is accepted.
func sendAll(t *testing.T, c *Client, messages ...string) {
	t.Helper()
	for _, m := range messages {
		if code, err := c.Send(t.Context(), []byte(m)); err != nil || code != "AA" {
			t.Fatalf("%q: %s %v", m, code, err)
		}
	}
}

func linesOf(sink *memorySink) []string {
	sink.mu.Lock()
	defer sink.mu.Unlock()
	return allLines(sink.reports)
}

// bedside puts a monitor's patient and place into a message, as the gateway
// does.
func bedside(bed, id, message string) string {
	head, rest, _ := strings.Cut(message, "\r")
	return head + "\rPID|||" + id + "||DUPONT^" + id + "\rPV1||I|^^ICU&" + bed + "&3232235620&4601&&1\r" + rest
}

func TestListener_MindrayUnsolicited(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	c := dial(t, address)
	sendAll(t, c, periodic("101", "71"), admitted("812"), rti("51", "OBX||NM|2002^|101|120||||||F"), periodic("101", "72"),
		stated("101", "2"), periodic("101", "20"), pressureAt(seven, "120"), rti("54", "OBX||CE|1|1|10002^***HR||||||F"), rti("54"))
	again := dial(t, address)
	sendAll(t, again, admitted("812"), pressureAt(seven, "120"))
	want := []string{
		"heart_rate | heart_rate=71 /min of the consultation's",
		"body_height | body_height=170.0 cm | admission of 812", "body_weight | body_weight=70.0 kg | admission of 812",
		"live heart_rate <nil>bpm  of 812 in <nil>..120",
		"heart_rate | heart_rate=72 /min of 812 heart_rate in <nil>..120",
		"live heart_rate 20bpm invalid of 812 in <nil>..120",
		"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:00:00+02:00 of 812",
		"alarms [physiological] of 812", `alarm high physiological 10002 "HR"`, "alarms [physiological] of 812",
	}
	got := linesOf(sink)
	if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
		t.Error(diff)
	}
	for _, line := range got[len(want):] { // what is known is shown, and not recorded
		if !strings.HasPrefix(line, "live ") {
			t.Errorf("again: %s", line)
		}
	}
	for _, r := range sink.reports {
		if pulse := len(r.Measurements) == 1 && r.Measurements[0].Type == fhirmap.HeartRate; pulse && !r.Streaming {
			t.Errorf("%+v", r)
		}
		if len(r.Measurements) == 1 && r.Measurements[0].Type == fhirmap.BloodPressure && r.Streaming {
			t.Errorf("%+v", r)
		}
	}
}

// The beds behind a gateway are kept apart, and what does not say its bed is
// nobody's.
func TestListener_MindrayGateway(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	c := dial(t, address)
	sendAll(t, c, bedside("1", "11", rti("51", "OBX||NM|2002^|101|120||||||F")), bedside("2", "22", rti("51", "OBX||NM|2002^|101|130||||||F")),
		bedside("1", "11", periodic("101", "71")), bedside("2", "22", periodic("101", "72")), periodic("101", "73"),
		bedside("1", "33", periodic("101", "74")))
	want := []string{
		"live heart_rate <nil>bpm  of 11 in <nil>..120", "live heart_rate <nil>bpm  of 22 in <nil>..130",
		"heart_rate | heart_rate=71 /min of 11 heart_rate in <nil>..120",
		"heart_rate | heart_rate=72 /min of 22 heart_rate in <nil>..130",
		"heart_rate | heart_rate=73 /min of nobody",
		"heart_rate | heart_rate=74 /min of 33",
	}
	if diff := cmp.Diff(want, linesOf(sink)); diff != "" {
		t.Error(diff)
	}
	if beds := []string{sink.reports[2].Measurements[0].Bed, sink.reports[3].Measurements[0].Bed}; !cmp.Equal(beds, []string{"1", "2"}) {
		t.Error(beds)
	}
}

// A pressure that could not be stored is new when it is sent again.
func TestListener_MindraySentAgain(t *testing.T) {
	sink := &memorySink{fail: &fhirmap.Fault{Code: "disk_full", English: "no space"}}
	address, _ := start(t, ListenerOptions{Sink: sink})
	c := dial(t, address)
	text := []byte(bedside("1", "11", pressureAt(seven, "120")))
	if code, err := c.Send(t.Context(), text); err != nil || code != "AR" {
		t.Fatal(code, err)
	}
	sink.mu.Lock()
	sink.fail = nil
	sink.mu.Unlock()
	sendAll(t, c, string(text), string(text))
	recorded := 0
	for _, r := range sink.reports {
		recorded += len(r.Measurements)
	}
	if recorded != 1 {
		t.Errorf("%v", linesOf(sink))
	}
}

// Somebody whose name is too long to be recorded is nobody: not whom the open
// consultation is of. The readings are not lost.
func TestListener_MindrayNamesTooLong(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	c := dial(t, address)
	long := strings.Repeat("9", 2000)
	for _, m := range []string{admitted(long), periodic("101", "72"), bedside("1", long, periodic("101", "73")), bedside(long, "11", periodic("101", "74"))} {
		if _, err := c.Send(t.Context(), []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"body_height | body_height=170.0 cm | admission of nobody", "body_weight | body_weight=70.0 kg | admission of nobody",
		"heart_rate | heart_rate=72 /min of nobody", "heart_rate | heart_rate=73 /min of nobody", "heart_rate | heart_rate=74 /min of 11"}
	if diff := cmp.Diff(want, linesOf(sink)); diff != "" {
		t.Error(diff)
	}
}

// A device that names no sender and counts its messages comes to the numbers of
// Mindray's. Its codes tell that it is another.
func TestListener_ControlIDsLikeMindrays(t *testing.T) {
	for _, id := range []string{"12", "51", "54", "56", "103", "204", "205", "503", "504"} {
		sink := &memorySink{}
		address, stop := start(t, ListenerOptions{Sink: sink})
		text := "MSH|^~\\&|||||20260101120000||ORU^R01|" + id + "|P|2.3.1\rPID|||1\rOBR|1\rOBX|1|NM|8867-4^HR^LN||72|/min|||||F\r"
		c := dial(t, address)
		sendAll(t, c, text, text)
		if diff := cmp.Diff([]string{"heart_rate | heart_rate=72 /min | 2026-01-01T12:00:00+01:00 of 1"}, linesOf(sink)); diff != "" {
			t.Error(id, diff)
		}
		stop()
	}
}

// When a gateway has more beds than are remembered, what does not say its bed
// stays nobody's.
func TestRTIWard_TooManyBeds(t *testing.T) {
	var w rtiWard
	read := func(text string) *fhirmap.Patient {
		d := decode([]byte(text), decoding{zone: paris, peer: "192.0.2.1", dialects: dialects, ward: &w})
		return d.report.Measurements[0].Patient
	}
	for bed := range maxBeds + 1 {
		read(bedside(strconv.Itoa(bed), strconv.Itoa(bed), periodic("101", "72")))
	}
	if p := read(periodic("101", "73")); len(w.beds) > maxBeds || p == nil || p.ID != "" {
		t.Errorf("%d beds, %+v", len(w.beds), p)
	}
}

// What a monitor that names its patients says on a new connection, before it
// says of whom, is not of whose consultation is open.
func TestListener_MindrayConnectsAgain(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	sendAll(t, dial(t, address), periodic("101", "70"), admitted("812"), periodic("101", "71"))
	sendAll(t, dial(t, address), periodic("101", "72"), stated("101", "3"), admitted("812"), periodic("101", "73"), rti("103", "PID|||||", "PV1||I|^^ICU&7&3232235620&4601&&0"), periodic("101", "74"))
	var got []string
	for _, line := range linesOf(sink) {
		if strings.HasPrefix(line, "heart_rate") {
			got = append(got, line)
		}
	}
	want := []string{"heart_rate | heart_rate=70 /min of the consultation's", "heart_rate | heart_rate=71 /min of 812",
		"heart_rate | heart_rate=72 /min of nobody", "heart_rate | heart_rate=73 /min of 812", "heart_rate | heart_rate=74 /min of the consultation's"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// What is read from a large message does not keep it in memory.
func TestDecode_KeepsNoMessages(t *testing.T) {
	const size, many = 512 << 10, 50
	padding := strings.Repeat("NTE|"+strings.Repeat("x", 1000)+"\r", size/1000)
	before, kept := heap(), make([]fhirmap.Report, many)
	for i := range kept {
		text := oru("PID|||1||DUPONT^Anne", "PV1||I|^^7", "OBX|1|NM|8867-4^HR^LN||72|/min|||||F|||||||1^A^B", "OBX|2|NM|8310-5^T^LN||99|furlong|||||F") + padding
		kept[i] = decode([]byte(text), decoding{zone: paris, peer: "192.0.2.1", dialects: dialects}).report
	}
	if held := heap() - before; held > many*size/10 || len(kept[0].Measurements)+len(kept[0].Live) != 2 {
		t.Errorf("%d MiB are kept of %d messages", held>>20, many)
	}
	runtime.KeepAlive(kept)
}

// What is kept of a monitor does not keep its messages.
func TestRTIWard_KeepsNoMessages(t *testing.T) {
	const size = 512 << 10
	padding := strings.Repeat("NTE|"+strings.Repeat("x", 1000)+"\r", size/1000)
	var w rtiWard
	before := heap()
	const beds = 100
	for bed := range beds {
		for _, text := range []string{admitted("812"), stated("101", "2"), rti("51", "OBX||NM|2002^|101|120||||||F"), rti("54", "OBX||CE|1|1|10002^***HR||||||F"), pressureAt(seven, "120"), periodic("101", "72")} {
			text = bedside(strconv.Itoa(bed), strconv.Itoa(bed), strings.Replace(text, "PV1||I|", "NTE|", 1)) + padding
			decode([]byte(text), decoding{zone: paris, peer: "192.0.2.1", dialects: dialects, ward: &w})
		}
	}
	if kept := heap() - before; kept > beds*size/10 {
		t.Errorf("%d MiB are kept of %d beds", kept>>20, beds)
	}
	runtime.KeepAlive(&w)
}
