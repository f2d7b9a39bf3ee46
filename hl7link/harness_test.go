package hl7link

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/fhirmap"
)

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
	if len(r.Measurements)+len(r.Live)+len(r.Alarms) == 0 {
		return fhirmap.Receipt{}, &fhirmap.Fault{Code: "bad_request", English: "a report that tells nothing"}
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

// count is how many reports there are with something to record.
func (s *memorySink) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.reports {
		if len(s.reports[i].Measurements)+len(s.reports[i].Alarms) > 0 {
			n++
		}
	}
	return n
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

type panicSink struct{ left *int }

func (s panicSink) Record(context.Context, fhirmap.Report) (fhirmap.Receipt, error) {
	if *s.left--; *s.left >= 0 {
		panic("sink")
	}
	return fhirmap.Receipt{}, nil
}
