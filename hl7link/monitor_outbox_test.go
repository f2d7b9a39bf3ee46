package hl7link

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

// A gatedSink takes a report only when the test lets it.
type gatedSink struct {
	memorySink
	gate chan struct{}
}

func (s *gatedSink) Record(ctx context.Context, r fhirmap.Report) (fhirmap.Receipt, error) {
	select {
	case <-s.gate:
	case <-ctx.Done():
		return fhirmap.Receipt{}, ctx.Err()
	}
	return s.memorySink.Record(ctx, r)
}

// A Sink that is slow delays nothing of the connection, loses nothing that is
// owed, and gets the newest of what comes each second.
func TestRunMonitor_SlowSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &gatedSink{gate: make(chan struct{})}
		network, stop := runFake(t, sink, nil)
		defer stop()
		monitor := <-network.dialled
		numbers := listen(monitor)
		say(t, monitor, admitted("812"))
		const seconds = 100
		for n := range seconds {
			say(t, monitor, periodic("101", fmt.Sprint(60+n)), pressureAt(fmt.Sprintf("2026070719%02d%02d", n/60, n%60), "120"))
			time.Sleep(time.Second)
		}
		if got := len(numbers()); got < seconds {
			t.Errorf("%d echoes", got)
		}
		close(sink.gate)
		synctest.Wait()
		time.Sleep(time.Minute) // what failed is tried again
		synctest.Wait()
		pressures, newest := 0, ""
		for _, line := range recordedIn(&sink.memorySink) {
			switch {
			case line[:5] == "heart":
				newest = line
			case line[:14] == "blood_pressure":
				pressures++
			}
		}
		if pressures != seconds || newest != fmt.Sprintf("heart_rate | heart_rate=%d /min", 60+seconds-1) {
			t.Errorf("%d pressures, newest %s", pressures, newest)
		}
	})
}

// A refusingSink refuses some reports for good and panics at others.
type refusingSink struct {
	memorySink
	mu    sync.Mutex
	calls map[fhirmap.Type]int
}

func (s *refusingSink) Record(ctx context.Context, r fhirmap.Report) (fhirmap.Receipt, error) {
	if len(r.Measurements) == 0 {
		return fhirmap.Receipt{}, nil
	}
	kind := r.Measurements[0].Type
	s.mu.Lock()
	s.calls[kind]++
	s.mu.Unlock()
	switch kind {
	case fhirmap.BloodPressure:
		return fhirmap.Receipt{}, &fhirmap.Fault{Code: "bad_request", English: "no"}
	case fhirmap.BodyHeight:
		panic("sink")
	}
	return s.memorySink.Record(ctx, r)
}

func TestRunMonitor_RefusedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, kept := &refusingSink{calls: map[fhirmap.Type]int{}}, &memoryQuarantine{}
		network, stop := runFake(t, sink, func(o *MonitorOptions) { o.Quarantine = kept })
		defer stop()
		monitor := <-network.dialled
		listen(monitor)
		say(t, monitor, admitted("812"), pressureAt(seven, "120"), periodic("101", "72"))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if sink.calls[fhirmap.BloodPressure] != 1 || sink.calls[fhirmap.BodyHeight] != 1 || sink.calls[fhirmap.HeartRate] != 1 {
			t.Error(sink.calls)
		}
		if len(kept.all) != 2 || kept.all[1].Reason != "not recorded: bad_request" {
			t.Errorf("%+v", kept.all)
		}
		say(t, monitor, rti("106"))
		if s := network.last(); s.State != MonitorConnected || s.Rejected != 2 || s.Fault != nil {
			t.Errorf("%+v", s)
		}
	})
}
