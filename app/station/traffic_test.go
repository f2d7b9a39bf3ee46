package station

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

func noted(peer string, n int) hl7link.Exchange {
	return hl7link.Exchange{
		Peer: peer, At: time.Unix(int64(n), 0), Message: fmt.Appendf(nil, "MSH|%d|%s", n, peer), Reply: fmt.Appendf(nil, "MSA|AA|%d", n),
	}
}

func TestMessages_AreTheLastOfEachPeerNewestFirst(t *testing.T) {
	d := newDesk(t)
	for n := range 3*trafficCount + 7 {
		d.NoteMessage(noted("192.0.2.7", n))
		if n%100 == 0 {
			d.NoteMessage(noted("192.0.2.8:4601", n))
		}
	}
	list := d.Messages("192.0.2.7")
	if len(list) != trafficCount {
		t.Fatalf("%d messages", len(list))
	}
	for i, m := range list {
		want := noted("192.0.2.7", 3*trafficCount+6-i)
		if !bytes.Equal(m.Text, want.Message) || !bytes.Equal(m.Reply, want.Reply) || !m.At.Equal(want.At) || m.Peer != want.Peer || m.Cut() {
			t.Fatalf("%d: %+v", i, m)
		}
	}
	if list := d.Messages("192.0.2.8:4601"); len(list) != 7 || string(list[0].Text) != "MSH|600|192.0.2.8:4601" {
		t.Errorf("%+v", list)
	}
	if d.Messages("192.0.2.9") != nil {
		t.Error("messages of nobody")
	}
}

// What is looked at is not changed by what comes later, and what is noted does
// not hold on to the buffer of the connection.
func TestMessages_AreCopies(t *testing.T) {
	d := newDesk(t)
	e := noted("p", 1)
	d.NoteMessage(e)
	clear(e.Message)
	list := d.Messages("p")
	for n := range trafficCount {
		d.NoteMessage(noted("p", 1000+n))
	}
	if string(list[0].Text) != "MSH|1|p" || string(list[0].Reply) != "MSA|AA|1" {
		t.Errorf("%+v", list[0])
	}
}

func TestMessages_ALongOneIsCut(t *testing.T) {
	d := newDesk(t)
	d.NoteMessage(hl7link.Exchange{Peer: "p", Message: bytes.Repeat([]byte("X"), trafficWhole+1)})
	if m := d.Messages("p")[0]; !m.Cut() || m.Size != trafficWhole+1 || len(m.Text) != trafficWhole {
		t.Errorf("%d of %d bytes", len(m.Text), m.Size)
	}
}

// TestTraffic_KeepsItsBounds has many peers send messages of any size, and
// compares what is held with what is counted.
func TestTraffic_KeepsItsBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 5))
	text := make([]byte, 2*trafficWhole)
	var all traffic
	check := func() {
		sum := 0
		for peer, of := range all.peers {
			held := 0
			for i := range of.count {
				m := of.at(i)
				held += cap(m.Text) + cap(m.Reply) + len(m.Reason)
			}
			if held != of.bytes || held > 2*trafficBytes || of.count > trafficCount {
				t.Fatalf("%s: %d bytes held, %d counted, %d messages", peer, held, of.bytes, of.count)
			}
			sum += held
		}
		if sum != all.bytes || sum > trafficAll || len(all.peers) > trafficPeers {
			t.Fatalf("%d bytes held, %d counted, %d peers", sum, all.bytes, len(all.peers))
		}
	}
	for n := range 40_000 {
		size := random.IntN(300)
		if random.IntN(4) == 0 {
			size = random.IntN(len(text))
		}
		all.add(hl7link.Exchange{
			Peer: fmt.Sprint(random.IntN(2 * trafficPeers)), At: time.Unix(int64(n), 0), Message: text[:size], Reply: text[:size/3], Reason: "why",
		})
		if n%500 == 0 {
			check()
		}
	}
	check()
	for range trafficCount { // one that says little still has its own
		all.add(hl7link.Exchange{Peer: "quiet", At: time.Unix(1e6, 0), Message: text[:100]})
	}
	for n := range 2000 {
		all.add(hl7link.Exchange{Peer: "loud", At: time.Unix(1e6, 0), Message: text[:20_000+n]})
	}
	if quiet := all.peers["quiet"]; quiet == nil || quiet.count < trafficCount*9/10 {
		t.Error("a loud peer drives out a quiet one")
	}
	check()
}

func TestTraffic_ManyAtOnce(t *testing.T) {
	d := newDesk(t)
	var all sync.WaitGroup
	for p := range 8 {
		all.Go(func() {
			for n := range 500 {
				d.NoteMessage(noted(fmt.Sprint(p), n))
				if n%50 == 0 {
					d.Messages(fmt.Sprint(p ^ 1))
				}
			}
		})
	}
	all.Wait()
	for p := range 8 {
		if n := len(d.Messages(fmt.Sprint(p))); n != trafficCount {
			t.Errorf("%d: %d messages", p, n)
		}
	}
}

func TestMessages_GoWithTheirMonitorAndWithAPatient(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	if err := d.AcceptMonitor(ctx, "192.0.2.7:4601"); err != nil {
		t.Fatal(err)
	}
	d.NoteMessage(noted("192.0.2.7:4601", 1))
	d.NoteMessage(noted("192.0.2.8", 1))
	if err := d.ForgetMonitor(ctx, "192.0.2.7:4601"); err != nil {
		t.Fatal(err)
	}
	if d.Messages("192.0.2.7:4601") != nil || len(d.Messages("192.0.2.8")) != 1 {
		t.Error("forgetting a monitor forgets its messages alone")
	}
	if _, err := d.ErasePatient(ctx, fhirmap.Patient{System: "urn:ehr", ID: "7"}, nil); err != nil {
		t.Fatal(err)
	}
	if d.Messages("192.0.2.8") != nil || d.traffic.bytes != 0 {
		t.Error("messages outlive the patient that they could be of")
	}
}

func TestExplain_ReadsAloneWhatWasNoted(t *testing.T) {
	e := Explain(monitorMessage("A7"), "192.0.2.7")
	if e.Type != "ORU^R01^ORU_R01" || e.Control != "A7" || len(e.Report.Measurements) == 0 || e.Report.Measurements[0].Patient.Family != "Lefèvre" {
		t.Errorf("%+v", e)
	}
}

func TestNewestAudit(t *testing.T) {
	d := newDesk(t)
	for i := range 25 {
		d.clock.advance(time.Second)
		if err := d.AllowOrigin(t.Context(), fmt.Sprintf("https://%d.example", i)); err != nil {
			t.Fatal(err)
		}
		d.NoteRefusal(fmt.Sprintf("https://%d.example", i), "no token")
	}
	allowed := func(e *AuditEntry) bool { return e.Action == AuditOriginAllowed }
	list, older, unreadable, err := d.NewestAudit(t.Context(), 10, allowed)
	if err != nil || unreadable != 0 || older != 15 || len(list) != 10 {
		t.Fatalf("%d entries, %d older, %d unreadable, %v", len(list), older, unreadable, err)
	}
	for i, e := range list {
		if e.Action != AuditOriginAllowed || e.Subject != fmt.Sprintf("https://%d.example", 24-i) {
			t.Errorf("%d: %+v", i, e)
		}
	}
	if list, older, _, _ := d.NewestAudit(t.Context(), 100, func(*AuditEntry) bool { return true }); len(list) != 50 || older != 0 {
		t.Errorf("%d of all, %d older", len(list), older)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := d.NewestAudit(ended, 10, allowed); err == nil {
		t.Error("reads on for nobody")
	}
}

func TestNewestRejected(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		text := []byte(strings.Repeat("X", i+1))
		if i == 4 {
			text = bytes.Repeat([]byte("Y"), trafficWhole+5)
		}
		err := d.Reject(t.Context(), hl7link.Rejected{Peer: "p", Received: d.clock.now().Add(time.Duration(i)), Reason: fmt.Sprint(i), Message: text})
		if err != nil {
			t.Fatal(err)
		}
	}
	list, older, err := d.NewestRejected(t.Context(), 3)
	if err != nil || older != 2 || len(list) != 3 {
		t.Fatalf("%d messages, %d older, %v", len(list), older, err)
	}
	reasons := []string{list[0].Reason, list[1].Reason, list[2].Reason}
	if !slices.Equal(reasons, []string{"4", "3", "2"}) || !list[0].Cut() || list[0].Size != trafficWhole+5 || string(list[2].Text) != "XXX" {
		t.Errorf("%v, %+v", reasons, list[2])
	}
}

// BenchmarkTraffic tells what it costs to remember a message while nobody looks,
// beside what it costs to read it.
func BenchmarkTraffic(b *testing.B) {
	text, reply := monitorMessage("A7"), make([]byte, 200)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Explain(text, "192.0.2.7")
		}
	})
	b.Run("remembered", func(b *testing.B) {
		var all traffic
		b.ReportAllocs()
		for b.Loop() {
			all.add(hl7link.Exchange{Peer: "192.0.2.7", Message: text, Reply: reply})
		}
	})
}
