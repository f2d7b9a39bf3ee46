package hl7link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vitalien/fhirmap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A memorySink keeps reports as the station does: a key that is there already
// gets its first receipt again.
type memorySink struct {
	mu       sync.Mutex
	reports  []fhirmap.Report
	receipts map[string]fhirmap.Receipt
	fail     error
	enter    chan struct{} // if set: told of each Record before it waits for leave
	leave    chan struct{}
}

func (s *memorySink) Record(_ context.Context, r fhirmap.Report) (fhirmap.Receipt, error) {
	if s.enter != nil {
		s.enter <- struct{}{}
		<-s.leave
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return fhirmap.Receipt{}, s.fail
	}
	if receipt, ok := s.receipts[r.Key]; ok && r.Key != "" {
		receipt.Repeated = true
		return receipt, nil
	}
	s.reports = append(s.reports, r)
	n := len(s.reports)
	receipt := fhirmap.Receipt{Seq: uint64(n), Received: ackTime.Add(time.Duration(n) * time.Second)}
	if s.receipts == nil {
		s.receipts = map[string]fhirmap.Receipt{}
	}
	s.receipts[r.Key] = receipt
	return receipt, nil
}

func (s *memorySink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reports)
}

// start runs a listener until the test or stop ends it.
func start(t *testing.T, o ListenerOptions) (address string, stop func()) {
	t.Helper()
	o.Zone = paris
	ctx, cancel := context.WithCancel(context.Background())
	l, err := Listen(ctx, "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func dial(t *testing.T, address string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// numbered is a message with that control id.
func numbered(id string) []byte {
	return []byte(strings.Replace(heartRate, "|1|P", "|"+id+"|P", 1))
}

func TestListener_Answers(t *testing.T) {
	for _, c := range []struct {
		name, message, want string
		fail                error
		stored              int
	}{
		{"measured", heartRate, "AA", nil, 1},
		{"partly unreadable", heartRate + "OBX|2|NM|9279-1^RR^LN||fast||||||F\r", "AA", nil, 1},
		{"nothing measured", "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r", "AA", nil, 0},
		{"event R32", strings.Replace(heartRate, "R01", "R32", 1), "AA", nil, 1},
		{"accept acknowledgement", strings.Replace(heartRate, "2.5\r", "2.5|||AL|NE\r", 1), "CA", nil, 1},
		{"unreadable", strings.Replace(heartRate, "72", "fast", 1), "AE", nil, 0},
		{"no type", strings.Replace(heartRate, "ORU^R01", "", 1), "AE", nil, 0},
		{"version", strings.Replace(heartRate, "2.5", "3.0", 1), "AR", nil, 0},
		{"type", strings.Replace(heartRate, "ORU^R01", "ADT^A08", 1), "AR", nil, 0},
		{"event", strings.Replace(heartRate, "R01", "R40", 1), "AR", nil, 0},
		{"disk full", heartRate, "AR", &fhirmap.Fault{Code: "disk_full", English: "disk full"}, 0},
		{"any other failure", heartRate, "AR", errors.New("closed"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			sink := &memorySink{fail: c.fail}
			address, _ := start(t, ListenerOptions{Sink: sink})
			client := dial(t, address)
			for range 2 { // the connection survives every answer
				got, err := client.Send(t.Context(), []byte(c.message))
				if err != nil || got != c.want {
					t.Fatalf("%q, %v, want %s", got, err, c.want)
				}
			}
			if sink.count() != c.stored {
				t.Errorf("%d reports stored, want %d", sink.count(), c.stored)
			}
		})
	}
}

func TestListener_Report(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	if _, err := dial(t, address).Send(t.Context(), []byte(heartRate)); err != nil {
		t.Fatal(err)
	}
	r := sink.reports[0]
	if r.Link != "hl7" || r.Peer != "127.0.0.1" || len(r.Key) != 64 || len(r.Measurements) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestListener_RepetitionGetsTheSameAnswer(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	var answers [][]byte
	for range 3 {
		reply, err := dial(t, address).Exchange(t.Context(), []byte(heartRate))
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, reply)
	}
	if sink.count() != 1 || !bytes.Equal(answers[0], answers[1]) || !bytes.Equal(answers[0], answers[2]) {
		t.Errorf("%d stored, %q", sink.count(), answers)
	}
	if !bytes.Contains(answers[0], []byte("20260102030406.600+0100")) {
		t.Errorf("%q does not bear the time of reception", answers[0])
	}
	other, err := dial(t, address).Exchange(t.Context(), numbered("2"))
	if err != nil || bytes.Equal(other, answers[0]) || sink.count() != 2 {
		t.Errorf("%d stored, %v", sink.count(), err)
	}
}

// exchange writes raw bytes and reads until want answers came or the listener
// closed.
func exchange(t *testing.T, conn net.Conn, pieces []string, want int) []string {
	t.Helper()
	for _, p := range pieces {
		if _, err := conn.Write([]byte(p)); err != nil {
			return nil // the listener may close before it has read all
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	s, buf := NewSplitter(0), make([]byte, 1024)
	var codes []string
	for len(codes) < want {
		n, err := conn.Read(buf)
		s.Feed(buf[:n])
		for reply, _ := s.Next(); reply != nil; reply, _ = s.Next() {
			m, parseErr := Parse(reply)
			if parseErr != nil {
				t.Fatalf("%q: %v", reply, parseErr)
			}
			codes = append(codes, m.First("MSA").Text(1)+" "+m.First("MSA").Text(2))
		}
		if err != nil {
			break
		}
	}
	return codes
}

func dialRaw(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestListener_Framing(t *testing.T) {
	one, two := string(Frame(numbered("1"))), string(Frame(numbered("2")))
	for _, c := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"two in a packet", []string{one + two}, "AA 1,AA 2"},
		{"split", strings.SplitAfter(one+two, "|"), "AA 1,AA 2"},
		{"end without CR", []string{"\x0b" + string(numbered("1")) + "\x1c", two}, "AA 1,AA 2"},
		{"LF", []string{strings.ReplaceAll(one, "\r", "\n")}, "AA 1"},
		{"garbage first", []string{"\x00\xffhello" + one}, "AA 1"},
		{"restarted", []string{"\x0bMSH|^~\\&|cut" + one}, "AA 1"},
		{"no frame, then silence", []string{string(numbered("1"))}, "AA 1"},
		{"no frame, two", []string{string(numbered("1")) + string(numbered("2"))}, "AA 1,AA 2"},
		{"two messages in a frame", []string{"\x0b" + string(numbered("1")) + string(numbered("2")) + "\x1c\r"}, "AA 1,AA 2"},
		{"frame without header", []string{"\x0bhello\x1c\r" + one}, "AE ,AA 1"},
		{"acknowledgements are not answered", []string{"\x0bMSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AA|1\r\x1c\r" + one}, "AA 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, _ := start(t, ListenerOptions{Sink: &memorySink{}, SilenceTimeout: 20 * time.Millisecond})
			got := exchange(t, dialRaw(t, address), c.pieces, strings.Count(c.want, ",")+1)
			if strings.Join(got, ",") != c.want {
				t.Errorf("%q, want %s", got, c.want)
			}
		})
	}
}

func TestListener_EndOfStreamEndsAMessageWithoutFrame(t *testing.T) {
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}})
	conn := dialRaw(t, address).(*net.TCPConn)
	if _, err := conn.Write([]byte(strings.TrimSuffix(heartRate, "\r"))); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := exchange(t, conn, nil, 1); len(got) != 1 || got[0] != "AA 1" {
		t.Errorf("%q", got)
	}
}

func TestListener_LimitAndSlowSender(t *testing.T) {
	long := "\x0bMSH|^~\\&|" + strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct {
		o      ListenerOptions
		stream string
		want   int
	}{
		"2 MiB without end":             {ListenerOptions{}, long, 0}, // the answer may be lost in the reset
		"started and never ended":       {ListenerOptions{FrameTimeout: 30 * time.Millisecond}, "\x0b" + heartRate, 1},
		"without frame, cut in a value": {ListenerOptions{FrameTimeout: 30 * time.Millisecond}, "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\rOBX|1|NM|8867-4^HR^LN||7", 1},
		"idle":                          {ListenerOptions{IdleTimeout: 30 * time.Millisecond}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &memorySink{}
			closed := make(chan error, 8)
			c.o.Sink = sink
			c.o.OnChange = func(peers int, last error) {
				if peers == 0 {
					closed <- last
				}
			}
			address, _ := start(t, c.o)
			got := exchange(t, dialRaw(t, address), []string{c.stream}, 2)
			if err := <-closed; err == nil {
				t.Error("closed without a reason")
			}
			for _, code := range got {
				if code != "AE " {
					t.Errorf("%q", code)
				}
			}
			if len(got) < c.want || sink.count() != 0 {
				t.Errorf("answers %q, %d stored", got, sink.count())
			}
		})
	}
}

func TestListener_BrokenFramesDisturbNobody(t *testing.T) {
	sink := &memorySink{}
	var log bytes.Buffer
	address, stop := start(t, ListenerOptions{Sink: sink, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	good := dial(t, address)
	broken := []string{
		"\x0b\x1c\r", "\x0b\x00\x01\x02\x1c\r", "\x0bMSH\x1c\r", "\x0bMSH|\x1c\r", "\x0bMSH|^^^^|\x1c\r", "\x0bPID|SECRET\x1c\r",
		"\x0bMSH|^~\\&\rOBX\x1c\r", "\x0b\xff\xfe\xfd\x1c\r", "\x0bMSH|^~\\&|||||||ORU^R01|1|P|9\x1c\r", "\x0b\x0b\x0b\x1c",
	}
	for i := range 50 {
		conn := dialRaw(t, address)
		if _, err := conn.Write([]byte(broken[i%len(broken)] + strings.Repeat(broken[(i*7)%len(broken)], i%3))); err != nil {
			t.Fatal(err)
		}
		if got, err := good.Send(t.Context(), numbered(fmt.Sprint(i))); err != nil || got != "AA" {
			t.Fatalf("%q, %v", got, err)
		}
		conn.Close()
	}
	stop()
	if sink.count() != 50 {
		t.Errorf("%d stored", sink.count())
	}
	if strings.Contains(log.String(), "SECRET") || !strings.Contains(log.String(), "no MSH segment") {
		t.Errorf("the log: %s", log.String())
	}
}

func TestListener_PanicIsAnsweredAndSurvived(t *testing.T) {
	sink := panicSink{left: new(int)}
	*sink.left = 1
	address, _ := start(t, ListenerOptions{Sink: sink})
	client := dial(t, address)
	for _, want := range []string{"AE", "AA"} {
		if got, err := client.Send(t.Context(), []byte(heartRate)); err != nil || got != want {
			t.Fatalf("%q, %v, want %s", got, err, want)
		}
	}
}

type panicSink struct{ left *int }

func (s panicSink) Record(context.Context, fhirmap.Report) (fhirmap.Receipt, error) {
	if *s.left--; *s.left >= 0 {
		panic("sink")
	}
	return fhirmap.Receipt{}, nil
}

func TestListener_WhoMayConnect(t *testing.T) {
	for prefix, allowed := range map[string]bool{"127.0.0.0/8": true, "192.0.2.0/24": false} {
		address, _ := start(t, ListenerOptions{Sink: &memorySink{}, Allow: []netip.Prefix{netip.MustParsePrefix(prefix)}})
		_, err := dial(t, address).Send(t.Context(), []byte(heartRate))
		if (err == nil) != allowed {
			t.Errorf("%s: %v", prefix, err)
		}
	}
}

func TestListener_ConnectionLimit(t *testing.T) {
	left := make(chan struct{}, 8)
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}, MaxConnections: 1, OnChange: func(peers int, _ error) {
		if peers == 0 {
			left <- struct{}{}
		}
	}})
	first := dial(t, address)
	if _, err := first.Send(t.Context(), []byte(heartRate)); err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, address).Send(t.Context(), []byte(heartRate)); err == nil {
		t.Error("a second connection was served")
	}
	first.Close()
	<-left
	if _, err := dial(t, address).Send(t.Context(), []byte(heartRate)); err != nil {
		t.Errorf("no room after the first had left: %v", err)
	}
}

// Whatever was answered AA is stored, and the message under way when the
// listener stops is answered.
func TestListener_StopUnderLoad(t *testing.T) {
	sink := &memorySink{}
	address, stop := start(t, ListenerOptions{Sink: sink})
	var accepted sync.Map
	var senders, ready sync.WaitGroup
	for s := range 8 {
		client := dial(t, address)
		ready.Add(1)
		senders.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d.%d", s, i)
				code, err := client.Send(context.Background(), numbered(id))
				if err != nil {
					return
				}
				accepted.Store(id, code)
				if i == 0 {
					ready.Done()
				}
			}
		})
	}
	ready.Wait()
	stop()
	senders.Wait()
	n := 0
	accepted.Range(func(_, code any) bool {
		if code != "AA" {
			t.Errorf("%v", code)
		}
		n++
		return true
	})
	if n < 8 || n != sink.count() {
		t.Errorf("%d accepted, %d stored", n, sink.count())
	}
}

func TestListener_MessageUnderWayIsAnswered(t *testing.T) {
	sink := &memorySink{enter: make(chan struct{}), leave: make(chan struct{})}
	address, stop := start(t, ListenerOptions{Sink: sink})
	client := dial(t, address)
	answer := make(chan string, 1)
	go func() {
		code, err := client.Send(context.Background(), []byte(heartRate))
		answer <- fmt.Sprint(code, err)
	}()
	<-sink.enter
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	sink.leave <- struct{}{}
	if got := <-answer; got != "AA<nil>" {
		t.Error(got)
	}
	<-stopped
	if _, err := Dial(t.Context(), address); err == nil {
		t.Error("still accepting")
	}
}

func TestListen_Faults(t *testing.T) {
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}})
	for bad, code := range map[string]string{address: "port_in_use", "127.0.0.1:99999": "bad_address", "nonsense": "bad_address", "192.0.2.1:2575": "bad_address"} {
		l, err := Listen(t.Context(), bad, ListenerOptions{Sink: &memorySink{}})
		var fault *fhirmap.Fault
		if l != nil || !errors.As(err, &fault) || fault.Code != code || !strings.Contains(fault.French, "HL7") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := Listen(t.Context(), "127.0.0.1:0", ListenerOptions{}); err == nil {
		t.Error("a listener without a sink")
	}
}

func TestClient_Context(t *testing.T) {
	sink := &memorySink{enter: make(chan struct{}), leave: make(chan struct{})}
	address, _ := start(t, ListenerOptions{Sink: sink})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	client := dial(t, address)
	go func() {
		_, err := client.Send(ctx, []byte(heartRate))
		result <- err
	}()
	<-sink.enter
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	sink.leave <- struct{}{}
}
