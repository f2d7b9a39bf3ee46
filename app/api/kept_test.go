package api

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// What is past its retention cannot be resumed from: the client is told where
// the log begins.
func TestSubscribe_BehindTheOldestIsGone(t *testing.T) {
	var later atomic.Int64
	p := newPostOf(t, func(o *station.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
		o.ObservationAge = time.Hour
	})
	p.record(5)
	later.Store(int64(2 * time.Hour))
	p.record(2)
	if done, err := p.station.Retain(t.Context()); err != nil || done.Last != 5 {
		t.Fatal(done, err)
	}
	for _, resource := range []string{"Observation", "Alert", "Patient"} {
		for after, ok := range map[int]bool{0: false, 4: false, 5: true, 7: true} {
			c := p.mustConnect(4, "websocket", "")
			answer, err := c.ask(1, fmt.Sprintf(`["subscribe",{"resource":%q,"after":%d}]`, resource, after))
			if err != nil || answer["ok"] != ok {
				t.Fatalf("%s after %d: %v, %v", resource, after, answer, err)
			}
			if fault, _ := answer["error"].(map[string]any); !ok && (fault["code"] != "gone" || !strings.Contains(fmt.Sprint(fault["message"]), "after 5")) {
				t.Errorf("%s after %d: %v", resource, after, fault)
			}
		}
	}
}

// A client that reads the log again gets nothing of a patient who was deleted,
// although the events were encoded before.
func TestSubscribe_AfterAPatientWasDeleted(t *testing.T) {
	p := newPost(t)
	p.measure(71, fhirmap.HeartRate, "one", 0)
	p.measure(72, fhirmap.HeartRate, "two", 0)
	replay := func(want ...uint64) {
		t.Helper()
		c := p.mustConnect(4, "websocket", "")
		c.subscribe(t, `{"resource":"Observation","after":0}`)
		for _, seq := range want {
			if d, err := c.delivered(); err != nil || d.Seq != seq {
				t.Errorf("%d, %v, want %d", d.Seq, err, seq)
			}
		}
	}
	replay(1, 2)
	who, err := p.station.FindErasable(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.station.ErasePatient(t.Context(), who, nil); err != nil {
		t.Fatal(err)
	}
	replay(2)
	p.measure(73, fhirmap.HeartRate, "two", 0)
	replay(2, 3)
}
