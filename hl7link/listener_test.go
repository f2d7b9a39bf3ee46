package hl7link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vitalien/fhirmap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
		{"type", strings.Replace(heartRate, "ORU^R01", "ORM^O01", 1), "AR", nil, 0},
		{"event", strings.Replace(heartRate, "R01", "R33", 1), "AR", nil, 0},
		{"who is in a bed", strings.Replace(heartRate, "ORU^R01", "ADT^A08", 1), "AA", nil, 0},
		{"a query that nobody answers", strings.Replace(heartRate, "ORU^R01", "QRY^R02", 1) + "QRD|20260101|R|I|Q1||||1|RES\r", "AR", nil, 0},
		{"disk full", heartRate, "AR", &fhirmap.Fault{Code: "disk_full", English: "disk full"}, 0},
		{"content that is not kept", heartRate, "AE", &fhirmap.Fault{Code: "bad_request", English: "a text is too long"}, 0},
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
	// Somebody else may hold the port by now; this listener must not.
	if other, err := Dial(t.Context(), address); err == nil {
		defer other.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go other.Send(ctx, []byte(heartRate))
		select {
		case <-sink.enter:
			t.Error("still accepting")
			sink.leave <- struct{}{}
		case <-ctx.Done():
		}
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

// What is opened is what was named: 0.0.0.0 is not the IPv6 network too.
func TestListen_Network(t *testing.T) {
	for address, want := range map[string]string{"0.0.0.0:0": "0.0.0.0:", "127.0.0.1:0": "127.0.0.1:", "localhost:0": ""} {
		l, err := Listen(t.Context(), address, ListenerOptions{Sink: &memorySink{}})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if at := l.Addr().String(); !strings.HasPrefix(at, want) {
			t.Errorf("%s: listens on %s", address, at)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Serve(ctx); err != nil {
			t.Error(err)
		}
	}
}
