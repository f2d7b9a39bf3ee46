package hl7link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// A vault is a quarantine in memory.
type vault struct {
	mu    sync.Mutex
	all   []Rejected
	fail  error
	panic bool
}

func (v *vault) Reject(_ context.Context, r Rejected) error {
	if v.panic {
		panic("vault")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, r)
	return v.fail
}

func (v *vault) kept() []Rejected {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]Rejected(nil), v.all...)
}

func TestListener_Quarantine(t *testing.T) {
	unreadable := strings.Replace(heartRate, "72", "fast", 1)
	for _, c := range []struct {
		name, message, answer, reason string
		sink                          *memorySink
	}{
		{"unreadable", unreadable, "AE 1", "OBX[1]-5: value of a vital sign is no number", &memorySink{}},
		{"no header", "PID|||1\r", "AE ", "MSH[1]-1: no MSH segment", &memorySink{}},
		{"binary", "MSH|^~\\&|\x00\xff\r\x01", "AE ", "MSH[1]-9: no message type", &memorySink{}},
		{"type", strings.Replace(heartRate, "ORU^R01", "ORM^O01", 1), "AR 1", "MSH[1]-9: unsupported message type", &memorySink{}},
		{"not stored", heartRate, "AR 1", "not stored: disk_full", &memorySink{fail: &fhirmap.Fault{Code: "disk_full"}}},
		{"no alert", strings.Replace(heartRate, "R01", "R40", 1), "AE 1", "OBX[1]-3: no alert event", &memorySink{}},
	} {
		for _, kept := range []*vault{{}, {fail: errors.New("full")}, {panic: true}} {
			t.Run(fmt.Sprint(c.name, kept.fail, kept.panic), func(t *testing.T) {
				address, _ := start(t, ListenerOptions{Sink: c.sink, Quarantine: kept, Now: func() time.Time { return ackTime }})
				conn := dialRaw(t, address)
				got := exchange(t, conn, []string{"\x0b" + c.message + "\x1c\r"}, 1)
				if diff := cmp.Diff([]string{c.answer}, got); diff != "" {
					t.Fatal(diff)
				}
				if kept.panic {
					return
				}
				want := []Rejected{{Link: "hl7", Peer: "127.0.0.1", Received: ackTime.In(paris), Reason: c.reason, Message: []byte(c.message)}}
				if diff := cmp.Diff(want, kept.kept()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// What is accepted, even in part, is not refused.
func TestListener_QuarantineOfNothing(t *testing.T) {
	kept := &vault{}
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}, Quarantine: kept})
	client := dial(t, address)
	for _, text := range []string{heartRate, heartRate + "OBX|2|NM|9279-1^RR^LN||fast||||||F\r", strings.Replace(heartRate, "ORU^R01", "ADT^A08", 1)} {
		if code, err := client.Send(t.Context(), []byte(text)); err != nil || code != "AA" {
			t.Fatal(code, err)
		}
	}
	if all := kept.kept(); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}

// Too long a message is kept as far as it was held.
func TestListener_QuarantineOfTooLong(t *testing.T) {
	kept := &vault{}
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}, Quarantine: kept, MaxFrame: 1000})
	exchange(t, dialRaw(t, address), []string{"\x0bMSH|^~\\&|", strings.Repeat("x", 2000)}, 1)
	all := kept.kept()
	if len(all) != 1 || !strings.Contains(all[0].Reason, "longer than the limit") || !bytes.HasPrefix(all[0].Message, []byte("MSH|^~\\&|xxx")) {
		t.Errorf("%+v", all)
	}
}

// A watcher collects what is told of peers.
type watcher struct {
	mu   sync.Mutex
	told []PeerStatus
	news chan struct{}
}

func newWatcher() *watcher { return &watcher{news: make(chan struct{}, 1000)} }

func (w *watcher) tell(s PeerStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, s)
	w.news <- struct{}{}
}

// until waits for a status that fits, the newest.
func (w *watcher) until(t *testing.T, what string, fits func(PeerStatus) bool) PeerStatus {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		w.mu.Lock()
		if n := len(w.told); n > 0 && fits(w.told[n-1]) {
			defer w.mu.Unlock()
			return w.told[n-1]
		}
		w.mu.Unlock()
		select {
		case <-w.news:
		case <-deadline:
			t.Fatalf("never %s: %+v", what, w.told)
		}
	}
}

func TestListener_PeerStatus(t *testing.T) {
	w := newWatcher()
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}, OnPeer: w.tell})
	client := dial(t, address)
	w.until(t, "connected", func(s PeerStatus) bool { return s.Connected && s.Peer == "127.0.0.1" && s.Messages == 0 })
	inBed := strings.Replace(heartRate, "OBX", "PV1||I|^^12\rOBX", 1)
	for _, text := range []string{inBed, strings.Replace(inBed, "72", "fast", 1)} {
		if _, err := client.Send(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	s := w.until(t, "two messages", func(s PeerStatus) bool { return s.Messages+s.Rejected == 2 })
	fault := fhirmap.FaultOf(s.Fault)
	if s.Rejected != 1 || s.Name != "Lit 12" || s.Bed != "12" || s.LastMessage.IsZero() || fault.Code != "message_rejected" || fault.French == "" {
		t.Errorf("%+v", s)
	}
	if _, err := client.Send(t.Context(), []byte(inBed)); err != nil {
		t.Fatal(err)
	}
	w.until(t, "recovered", func(s PeerStatus) bool { return s.Messages == 2 && s.Fault == nil })
	client.Close()
	w.until(t, "disconnected", func(s PeerStatus) bool { return !s.Connected && s.Messages == 2 })
	dial(t, address)
	w.until(t, "connected again", func(s PeerStatus) bool { return s.Connected && s.Messages == 2 })
}

// A busy peer is told of once a second, and its last message is not left out.
func TestPeers_AreToldOfOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []PeerStatus
		p := &peers{tell: func(s PeerStatus) { told = append(told, s) }, now: time.Now}
		p.connected("192.0.2.1")
		for range 35 { // 3.5 s
			p.message("192.0.2.1", "Lit 1", "1", nil)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		var counts []uint64
		for _, s := range told {
			counts = append(counts, s.Messages)
		}
		if diff := cmp.Diff([]uint64{0, 11, 21, 31, 35}, counts); diff != "" && len(counts) > 6 || counts[len(counts)-1] != 35 {
			t.Errorf("%v", counts)
		}
		p.connected("192.0.2.1")
		p.disconnected("192.0.2.1", nil)
		p.disconnected("192.0.2.1", errCut)
		if last := told[len(told)-1]; last.Connected || last.Fault != errCut {
			t.Errorf("%+v", last)
		}
	})
}

// Peers that went are forgotten when there are many.
func TestPeers_AreBounded(t *testing.T) {
	p := &peers{tell: func(PeerStatus) {}, now: time.Now}
	p.connected("stays")
	for i := range 3 * maxPeers {
		peer := fmt.Sprint(i)
		p.connected(peer)
		p.disconnected(peer, nil)
	}
	if len(p.all) > maxPeers || p.all["stays"] == nil {
		t.Errorf("%d peers", len(p.all))
	}
}

// What stands between frames is counted and logged, and costs no message.
func TestListener_Junk(t *testing.T) {
	var log lockedBuffer
	sink := &memorySink{}
	address, stop := start(t, ListenerOptions{Sink: sink, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	conn := dialRaw(t, address)
	got := exchange(t, conn, []string{"noise" + string(Frame(numbered("1"))) + "more noise" + string(Frame(numbered("2")))}, 2)
	if diff := cmp.Diff([]string{"AA 1", "AA 2"}, got); diff != "" {
		t.Error(diff)
	}
	conn.Close()
	stop()
	for _, want := range []string{`thrown away" peer=127.0.0.1 bytes=5`, `thrown away" peer=127.0.0.1 bytes=9`, "dropped=14"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log: %s", want, log.String())
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}
