package hl7link

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// rti is an RTI message with that number.
func rti(number string, segments ...string) string {
	return "MSH|^~\\&|||||||ORU^R01|" + number + "|P|2.3.1|\r" + strings.Join(append(segments, ""), "\r")
}

// admitted is message 103 of a patient with that typed number.
func admitted(number string) string {
	return rti("103", "PID|||guid-"+number+"||DUPONT^Anne||19600102|F|",
		"PV1||I|^^ICU&7&3232235620&4601&&1|||||||||||||||A|||",
		"OBX||NM|52^||170.0||||||F", "OBX||NM|51^||70.0||||||F", "OBX||ST|2301^||"+number+"||||||F", "OBX||ST|2308^||7||||||F")
}

func pressureAt(at, systolic string) string {
	return rti("503", "OBX||NM|171^Dia|2105|80||||||F||APERIODIC|"+at, "OBX||NM|172^Mean|2105|93||||||F||APERIODIC|"+at,
		"OBX||NM|170^Sys|2105|"+systolic+"||||||F||APERIODIC|"+at)
}

func periodic(id, value string) string { return rti("204", "OBX||NM|"+id+"^|2101|"+value+"||||||F") }

const (
	seven    = "20260707190000"
	sevenTen = "20260707191000"
)

// A fakeNetwork gives the client one end of a pipe and a test the other.
type fakeNetwork struct {
	dialled chan net.Conn
	mu      sync.Mutex
	changes []MonitorStatus
}

func (f *fakeNetwork) dial(ctx context.Context, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case f.dialled <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *fakeNetwork) changed(s MonitorStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, s)
}

func (f *fakeNetwork) last() MonitorStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changes[len(f.changes)-1]
}

// runFake runs the client of a monitor until stop; it is for a synctest
// bubble.
func runFake(t *testing.T, sink Sink, change func(*MonitorOptions)) (network *fakeNetwork, stop func()) {
	t.Helper()
	network = &fakeNetwork{dialled: make(chan net.Conn)}
	o := MonitorOptions{
		Address: "192.0.2.7:4601", Sink: sink, Zone: paris, OnChange: network.changed, dial: network.dial,
		wait: func(int) time.Duration { return time.Second },
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- RunMonitor(ctx, o) }()
	return network, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// say writes messages and has the client read them.
func say(t *testing.T, monitor net.Conn, messages ...string) {
	t.Helper()
	for _, m := range messages {
		if _, err := monitor.Write(Frame([]byte(m))); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
}

// listen takes what the client writes, and gives the numbers of the messages.
func listen(monitor net.Conn) (numbers func() []string) {
	var mu sync.Mutex
	var all []string
	go func() {
		s, buf := NewSplitter(0), make([]byte, 4096)
		for {
			n, err := monitor.Read(buf)
			s.Feed(buf[:n])
			for text, _ := s.Next(); text != nil; text, _ = s.Next() {
				mu.Lock()
				all = append(all, controlID(text))
				mu.Unlock()
			}
			if err != nil {
				return
			}
		}
	}()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), all...)
	}
}

func recordedIn(sink *memorySink) []string {
	sink.mu.Lock()
	defer sink.mu.Unlock()
	return summaries(sink.reports)
}

func TestRunMonitor_ReconnectsWithoutDuplicates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &memorySink{}
		network, stop := runFake(t, sink, nil)
		defer stop()
		for connection := range 3 {
			monitor := <-network.dialled
			numbers := listen(monitor)
			say(t, monitor, admitted("812"), pressureAt(seven, "120"), periodic("101", "72"))
			if s := network.last(); s.State != MonitorConnected || s.Fault != nil || s.Bed != "7" || s.Department != "ICU" || s.Name != "Lit 7" {
				t.Errorf("%+v", s)
			}
			time.Sleep(3500 * time.Millisecond)
			if diff := cmp.Diff([]string{"106", "106", "1203", "106", "106"}, numbers()); diff != "" {
				t.Error(connection, diff)
			}
			monitor.Close()
			synctest.Wait()
			if s := network.last(); s.State != MonitorOffline || fhirmap.FaultOf(s.Fault).Code != "monitor_disconnected" {
				t.Errorf("%+v", s)
			}
		}
		want := []string{
			"body_height | body_height=170.0 cm | admission", "body_weight | body_weight=70.0 kg | admission",
			"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:00:00+02:00",
			"heart_rate | heart_rate=72 /min", "heart_rate | heart_rate=72 /min", "heart_rate | heart_rate=72 /min",
		}
		if diff := cmp.Diff(want, recordedIn(sink)); diff != "" {
			t.Error(diff)
		}
		devices := map[string]bool{}
		for _, r := range sink.reports {
			for _, m := range r.Measurements {
				devices[m.Device.ID] = true
				if m.Patient == nil || m.Patient.ID != "812" || m.Bed != "7" || r.Streaming != (m.Type == fhirmap.HeartRate) {
					t.Errorf("%+v", m)
				}
			}
		}
		if len(devices) != 1 {
			t.Errorf("%d devices", len(devices))
		}
	})
}

func TestRunMonitor_SilentMonitorIsOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, stop := runFake(t, &memorySink{}, nil)
		defer stop()
		monitor := <-network.dialled
		listen(monitor)
		say(t, monitor, admitted("1"))
		time.Sleep(10*time.Second - time.Millisecond)
		if s := network.last(); s.State != MonitorConnected {
			t.Fatalf("%+v", s)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if s := network.last(); s.State != MonitorOffline || fhirmap.FaultOf(s.Fault).Code != "monitor_silent" {
			t.Fatalf("%+v", s)
		}
		// Bytes that never make a message do not keep it online.
		monitor = <-network.dialled
		listen(monitor)
		began := time.Now()
		for {
			if _, err := monitor.Write([]byte("\x0bMSH|^~\\&"[:1])); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Error(took)
		}
	})
}

// What RTI has no acknowledgement for is tried again until it is recorded;
// what comes each second goes on meanwhile and is not owed.
func TestRunMonitor_TriesAgainWhatIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &memorySink{fail: &fhirmap.Fault{Code: "disk_full", English: "no space"}}
		network, stop := runFake(t, sink, nil)
		monitor := <-network.dialled
		listen(monitor)
		say(t, monitor, admitted("812"), pressureAt(seven, "120"), periodic("101", "72"), pressureAt(sevenTen, "121"))
		if s := network.last(); s.State != MonitorConnected || fhirmap.FaultOf(s.Fault).Code != "disk_full" {
			t.Errorf("%+v", s)
		}
		time.Sleep(5 * time.Second)
		monitor.Close()
		sink.mu.Lock()
		sink.fail = nil
		sink.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want := []string{
			"body_height | body_height=170.0 cm | admission", "body_weight | body_weight=70.0 kg | admission",
			"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:00:00+02:00",
			"blood_pressure | systolic_blood_pressure=121 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:10:00+02:00",
		}
		if diff := cmp.Diff(want, recordedIn(sink)); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

func TestRunMonitor_LastAttemptAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &memorySink{fail: errors.New("not now")}
		network, stop := runFake(t, sink, func(o *MonitorOptions) { o.wait = func(int) time.Duration { return time.Hour } })
		monitor := <-network.dialled
		listen(monitor)
		say(t, monitor, pressureAt(seven, "120")) // still held: no 103
		if sink.count() != 0 {
			t.Fatal(sink.reports)
		}
		sink.mu.Lock()
		sink.fail = nil
		sink.mu.Unlock()
		stop()
		if got := recordedIn(sink); len(got) != 1 || sink.reports[0].Measurements[0].Patient.Key() != "" || sink.reports[0].Measurements[0].Patient == nil {
			t.Errorf("%+v", sink.reports)
		}
	})
}

// After a restart of the program the monitor repeats what is recorded already.
func TestRunMonitor_RecordedInAnEarlierRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &memorySink{}
		network, stop := runFake(t, sink, func(o *MonitorOptions) {
			o.Recorded = func(_ context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error) {
				if m.Type == fhirmap.BodyWeight || m.Time.Format("1504") == "1900" {
					return &m, nil
				}
				return nil, nil
			}
		})
		monitor := <-network.dialled
		listen(monitor)
		say(t, monitor, admitted("812"), pressureAt(seven, "120"), pressureAt(sevenTen, "121"))
		stop()
		lines := allLines(sink.reports)
		if len(lines) != 5 || !strings.HasPrefix(lines[0], "body_height") || !strings.Contains(lines[4], "19:10:00") ||
			!strings.HasPrefix(lines[1], "live diastolic_blood_pressure 80mmHg valid") {
			t.Errorf("%q", lines)
		}
	})
}

type memoryQuarantine struct {
	mu  sync.Mutex
	all []Rejected
}

func (q *memoryQuarantine) Reject(_ context.Context, r Rejected) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, r)
	return nil
}

func TestRunMonitor_KeepsWhatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, kept := &memorySink{}, &memoryQuarantine{}
		network, stop := runFake(t, sink, func(o *MonitorOptions) { o.Quarantine = kept })
		defer stop()
		monitor := <-network.dialled
		listen(monitor)
		other := strings.Replace(periodic("101", "70"), "2.3.1", "2.6", 1)
		unreadable := rti("204", "OBX||NM|101^|2101|7x||||||F", "OBX||NM|151^|2102|14||||||F")
		answer := "MSH|^~\\&|Mindray|Gateway|||||ORF^R04|3|P|2.3.1|\rMSA|AA|1203\rOBX||NM|101^|2101|99||||||F\r"
		say(t, monitor, admitted("812"), answer, "nonsense", other, unreadable, unreadable) // the last comes each second
		want := []string{
			"nonsense", other, unreadable,
		}
		var got []string
		for _, r := range kept.all {
			got = append(got, strings.ReplaceAll(string(r.Message), "\n", "\r"))
			if r.Peer != "192.0.2.7:4601" || r.Reason == "" || r.Received.IsZero() {
				t.Errorf("%+v", r)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if lines := recordedIn(sink); lines[len(lines)-1] != "respiratory_rate | respiratory_rate=14 /min" {
			t.Error(lines)
		}
		time.Sleep(2 * time.Second)
		say(t, monitor, rti("106"))
		if s := network.last(); s.Rejected != 4 || s.State != MonitorConnected {
			t.Errorf("%+v", s)
		}
	})
}

// A web server behind the address is told from a monitor.
func TestRunMonitor_WrongPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, stop := runFake(t, &memorySink{}, nil)
		defer stop()
		peer := <-network.dialled
		listen(peer)
		if _, err := io.WriteString(peer, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request"); err != nil {
			t.Fatal(err)
		}
		peer.Close()
		synctest.Wait()
		s := network.last()
		if s.State != MonitorOffline || fhirmap.FaultOf(s.Fault).Code != "not_hl7" {
			t.Errorf("%+v", s)
		}
		for _, c := range network.changes {
			if c.State == MonitorConnected {
				t.Error("a web server is no monitor")
			}
		}
	})
}

func TestRunMonitor_Options(t *testing.T) {
	for _, address := range []string{"", "monitor", "monitor:0", "monitor:70000", ":4601"} {
		err := RunMonitor(t.Context(), MonitorOptions{Address: address, Sink: &memorySink{}})
		if fhirmap.FaultOf(err).Code != "bad_address" {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := RunMonitor(t.Context(), MonitorOptions{Address: "localhost:4601"}); err == nil {
		t.Error("no sink")
	}
}

func TestBackOff(t *testing.T) {
	for attempt := range 100 {
		longest := min(time.Second<<min(attempt, 5), 30*time.Second)
		for range 20 {
			if d := backOff(attempt); d < longest/10 || d >= longest {
				t.Fatalf("attempt %d: %v", attempt, d)
			}
		}
	}
}
