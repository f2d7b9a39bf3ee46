package station

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

func TestFollow_InLogOrderWithoutGaps(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())                                           // 1
	first := d.record(report(pulse("70"), pulse("71"), pulse("72"))) // 2, 3, 4
	d.start("e", denis())                                            // 5 ends, 6 starts
	second := d.record(report(pulse("73")))                          // 7
	d.end()                                                          // 8
	if first.Seq != 2 || second.Seq != 7 || d.Head() != 8 {
		t.Fatalf("%+v, %+v, head %d", first, second, d.Head())
	}
	var log strings.Builder
	next := uint64(1)
	for _, e := range d.all() {
		if e.First != next {
			t.Fatalf("entry %d where %d is next", e.First, next)
		}
		next = e.Last + 1
		if e.Ended != nil {
			fmt.Fprintf(&log, "%d ends %s\n", e.First, e.Ended.ID)
		}
		if e.Started != nil {
			fmt.Fprintf(&log, "%d starts %s\n", e.First, e.Started.ID)
		}
		for _, m := range e.Measurements {
			fmt.Fprintf(&log, "%d is %s in %s\n", m.Seq, m.Reading(fhirmap.HeartRate).Value, m.Consultation)
		}
	}
	want := "1 starts c\n2 is 70 in c\n3 is 71 in c\n4 is 72 in c\n5 ends c\n6 starts e\n7 is 73 in e\n8 ends e\n"
	if log.String() != want {
		t.Errorf("got\n%swant\n%s", log.String(), want)
	}
}

// Who has seen a part of a message gets the rest of it, and not that part
// again.
func TestFollow_FromWithinAMessage(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("70"), pulse("71"), pulse("72")))
	for after, want := range []int{3, 2, 1, 0} {
		events, err := d.Follow(uint64(after))
		if err != nil {
			t.Fatal(err)
		}
		var got int
		for _, e := range events {
			got += len(e.Measurements)
			if e.First != uint64(after)+1 || e.Last != 3 || e.Measurements[0].Seq != e.First {
				t.Errorf("after %d: %+v", after, e)
			}
		}
		if got != want {
			t.Errorf("after %d: %d measurements, want %d", after, got, want)
		}
	}
}

func TestFollow_InBoundedPieces(t *testing.T) {
	d := newDesk(t)
	entry := func(bytes int) fhirmap.Report { // of that size, in names that differ
		var all []fhirmap.Measurement
		for i := range bytes >> 10 {
			m := pulse("72")
			m.Device.Name = fmt.Sprintf("%04d", i) + strings.Repeat("x", 1<<10-4)
			all = append(all, m)
		}
		return report(all...)
	}
	for range 10 {
		d.record(entry(followBytes / 4))
	}
	var cursor uint64
	for pieces := 0; cursor < d.Head(); pieces++ {
		events, err := d.Follow(cursor)
		if err != nil || len(events) == 0 || len(events) > 3 || pieces > 10 {
			t.Fatalf("piece %d: %d events, %v", pieces, len(events), err)
		}
		cursor = events[len(events)-1].Last
	}
	d.record(entry(2 * followBytes))
	if events, err := d.Follow(cursor); err != nil || len(events) != 1 {
		t.Errorf("an entry larger than a piece: %d events, %v", len(events), err)
	}
}

func TestFollow_AtAndBeyondTheHead(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("72")))
	for _, after := range []uint64{1, 2, 1 << 40} {
		if events, err := d.Follow(after); err != nil || len(events) != 0 {
			t.Errorf("after %d: %v, %v", after, events, err)
		}
	}
}

func TestFollow_OthersDoNotHoldUpEachOther(t *testing.T) {
	d := newDesk(t)
	const messages = 200
	counts := make(chan int)
	for range 3 {
		go func() {
			var cursor uint64
			var count int
			for cursor < messages {
				if err := d.Wait(t.Context(), cursor); err != nil {
					break
				}
				events, err := d.Follow(cursor)
				if err != nil {
					break
				}
				for _, e := range events {
					count, cursor = count+len(e.Measurements), e.Last
				}
			}
			counts <- count
		}()
	}
	for range messages {
		d.record(report(pulse("72")))
	}
	for range 3 {
		if n := <-counts; n != messages {
			t.Errorf("a follower saw %d of %d", n, messages)
		}
	}
}

func TestWait_EndsWithItsContextAndTheStore(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithCancel(context.Background())
	waited := make(chan error)
	go func() { waited <- d.Wait(ctx, 0) }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	go func() { waited <- d.Wait(context.Background(), 0) }()
	d.Close()
	wantFault(t, <-waited, "store_closed")
}

func TestEvent_OfADamagedRecordQuotesNothing(t *testing.T) {
	d := newDesk(t)
	e := entry{Received: morning, Measurements: []recordedEntry{{Measurement: pulse("72"), Subject: claire()}}}
	data, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	before := string(inJSON(t, e))
	for name, damaged := range map[string][]byte{
		"cut short": data[:20], "header alone": data[:headerSize], "half": data[:len(data)/2], "more": append(data, 0),
		"JSON, half":       []byte(before[:len(before)/2]),
		"JSON, wrong type": []byte(strings.Replace(before, `"Lefèvre"`, `[1]`, 1)),
		"JSON, no number":  []byte(strings.Replace(before, `:72`, `:"Lefèvre"`, 1)),
	} {
		_, err := d.events(localstore.Record{First: 7, Count: 1, Kind: kindReport, Data: damaged})
		wantFault(t, err, "store_corrupt")
		if strings.Contains(fmt.Sprint(err), "Lef") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
