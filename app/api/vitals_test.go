package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

// shown is the event "vitals".
type shown struct {
	Bed    string    `json:"bed"`
	Device string    `json:"device"`
	Time   time.Time `json:"time"`
	Values []struct {
		Type  string       `json:"type"`
		Value *json.Number `json:"value"`
		Unit  string       `json:"unit"`
		State string       `json:"state"`
		Low   *json.Number `json:"low"`
		High  *json.Number `json:"high"`
	} `json:"values"`
}

// show has a monitor say a heart rate, that it sees no saturation, and a limit.
func (p *post) show(bed string, rate int64) {
	p.tb.Helper()
	value, low := fhirmap.NewDecimal(rate, 0), fhirmap.MustDecimal("50.0")
	live := fhirmap.Live{
		Device: fhirmap.Device{ID: "m-" + bed, Type: fhirmap.PatientMonitor}, Bed: bed,
		Patient: &fhirmap.Patient{System: "urn:ward", ID: "p-" + bed, Family: "Lefèvre"},
		Values: []fhirmap.LiveValue{
			{Type: fhirmap.HeartRate, Value: &value, Unit: fhirmap.BeatsPerMinute, State: fhirmap.LiveValid, Low: &low},
			{Type: fhirmap.OxygenSaturation, Unit: fhirmap.Percent, State: fhirmap.LiveMissing},
		},
	}
	if _, err := p.station.Record(context.Background(), fhirmap.Report{Link: "test", Streaming: true, Live: []fhirmap.Live{live}}); err != nil {
		p.tb.Error(err)
	}
}

// vitals is the next event "vitals". Others are passed over.
func (c *client2) vitals() (s shown, err error) {
	for {
		packet, err := c.message()
		if err != nil {
			return s, err
		}
		if body, ok := strings.CutPrefix(packet, `2["vitals",`); ok {
			return s, json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &s)
		}
		if !strings.HasPrefix(packet, `2["fhir",`) && !strings.HasPrefix(packet, `2["event",`) {
			return s, fmt.Errorf("not an event: %.80q", packet)
		}
	}
}

func (s *shown) rate() string {
	for _, v := range s.Values {
		if v.Type == "heart_rate" && v.Value != nil {
			return v.Value.String()
		}
	}
	return ""
}

// A subscriber gets the present state at once, then what changes.
func TestVitals_PresentThenChanges(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		p.show("3", 71)
		p.show("3", 72)
		p.show("4", 80)
		c := p.mustConnect(eio, transport, "")
		c.subscribe(t, `{"resource":"Vitals"}`)
		present := map[string]string{}
		for range 2 {
			s, err := c.vitals()
			if err != nil {
				t.Fatal(err)
			}
			present[s.Bed] = s.rate()
		}
		if present["3"] != "72" || present["4"] != "80" {
			t.Errorf("at first %v", present)
		}
		p.show("3", 73)
		s, err := c.vitals()
		if err != nil || s.Bed != "3" || s.Device != "m-3" || s.rate() != "73" || s.Time.IsZero() || len(s.Values) != 2 {
			t.Fatalf("%+v, %v", s, err)
		}
		rate, saturation := s.Values[0], s.Values[1]
		if rate.State != "valid" || rate.Unit != "bpm" || rate.Low == nil || rate.Low.String() != "50.0" || rate.High != nil {
			t.Errorf("%+v", rate)
		}
		if saturation.Type != "oxygen_saturation" || saturation.Value != nil || saturation.State != "missing" {
			t.Errorf("%+v", saturation)
		}
	})
}

func TestVitals_NothingUnasked(t *testing.T) {
	p := newPost(t)
	p.show("3", 71)
	c := p.mustConnect(4, "websocket", "")
	id := c.subscribe(t, `{"resource":"Observation"}`)
	p.show("3", 72)
	if answer, err := c.ask(5, `["unsubscribe",{"subscription":"`+id+`"}]`); err != nil || answer["ok"] != true {
		t.Fatal(answer, err)
	}
	id = c.subscribe(t, `{"resource":"Vitals"}`)
	if _, err := c.vitals(); err != nil {
		t.Fatal(err)
	}
	if answer, err := c.ask(6, `["unsubscribe",{"subscription":"`+id+`"}]`); err != nil || answer["ok"] != true {
		t.Fatal(answer, err)
	}
	p.show("3", 73)
	if answer, err := c.ask(7, `["x"]`); err != nil || codeOf(answer) != "bad_request" {
		t.Errorf("something came after the end: %v, %v", answer, err)
	}
}

func TestVitals_Filter(t *testing.T) {
	p := newPost(t)
	for i, bed := range []string{"3", "4", "5"} {
		p.show(bed, int64(60+i))
	}
	for text, want := range map[string]string{
		`{}`: "345", `{"bed":"4"}`: "4", `{"device":"m-5"}`: "5", `{"deviceType":"patient_monitor"}`: "345", `{"deviceType":"thermometer"}`: "",
		`{"patient":"p-3"}`: "3", `{"patient":"urn:ward|p-4"}`: "4", `{"patient":"urn:ehr|p-4"}`: "", `{"code":"8867-4"}`: "345",
		`{"code":"http://loinc.org|59408-5","bed":"3"}`: "3", `{"code":"heart_rate","bed":"3"}`: "3", `{"code":"8310-5"}`: "",
	} {
		asked, err := readSubscription(json.RawMessage(`{"resource":"Vitals","filter":` + text + `}`))
		if err != nil {
			t.Fatal(err)
		}
		frames, _ := p.server.vitals.after(0, &asked.Filter)
		var beds string
		for _, f := range frames {
			_, bed, _ := strings.Cut(string(f.packet()), `"bed":"`)
			beds += bed[:1]
		}
		if beds != want {
			t.Errorf("%s: beds %q, want %q", text, beds, want)
		}
	}
}

// A client that takes nothing costs one piece at a time, holds nobody up, and
// finds the newest values when it comes to.
func TestVitals_SlowClientGetsTheNewest(t *testing.T) {
	p := newPost(t)
	const beds, rounds = 50, 400 // 8 MB of events
	conn, r := p.bare(true, query(4, "websocket", ""))
	io.WriteString(conn, frame(0x81, "40")+frame(0x81, `42["subscribe",{"resource":"Vitals"}]`))
	fast := p.mustConnect(4, "websocket", "")
	fast.subscribe(t, `{"resource":"Vitals","filter":{"bed":"49"}}`)
	p.awaitClients(2)
	for round := range rounds {
		for bed := range beds {
			p.show(fmt.Sprint(bed), int64(round+1))
		}
		for {
			s, err := fast.vitals()
			if err != nil {
				t.Fatal(err)
			}
			if s.rate() == fmt.Sprint(round+1) {
				break
			}
		}
		if n := p.most(); n > 2 {
			t.Fatalf("%d packets wait for one client", n)
		}
	}
	if p.most() == 0 {
		t.Fatal("no client is stuck: the test proves nothing")
	}
	v := p.server.vitals
	if v.order.Len() != beds || len(v.known) != beds {
		t.Errorf("%d and %d values are kept, of %d beds", v.order.Len(), len(v.known), beds)
	}
	received, newest := 0, map[string]bool{}
	for len(newest) < beds {
		text, err := readFrame(r)
		if err != nil {
			t.Fatalf("after %d events, %d of %d beds: %v", received, len(newest), beds, err)
		}
		if body, ok := strings.CutPrefix(text, `42["vitals",`); ok {
			var s shown
			if err := json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &s); err != nil {
				t.Fatal(err)
			}
			received++
			newest[s.Bed] = newest[s.Bed] || s.rate() == fmt.Sprint(rounds)
		}
	}
	if received > beds*rounds/2 {
		t.Errorf("it was owed %d events of %d", received, beds*rounds)
	}
	t.Logf("%d events of %d", received, beds*rounds)
}

// readFrame reads a text frame of the server.
func readFrame(r io.Reader) (string, error) {
	var head [10]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return "", err
	}
	n, more := uint64(head[1]), 0
	switch n {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	if more > 0 {
		n = 0
		if _, err := io.ReadFull(r, head[2:2+more]); err != nil {
			return "", err
		}
		for _, b := range head[2 : 2+more] {
			n = n<<8 | uint64(b)
		}
	}
	text := make([]byte, n)
	_, err := io.ReadFull(r, text)
	return string(text), err
}

// Values are encoded once, whoever asks, and not at all while nobody does.
func TestVitals_EncodedOnceForAll(t *testing.T) {
	p := newPost(t)
	p.show("3", 71)
	p.show("4", 72)
	if n := p.server.vitals.order.Len(); n != 0 {
		t.Errorf("%d encoded for nobody", n)
	}
	one, cursor := p.server.vitals.after(0, &filter{})
	two, _ := p.server.vitals.after(0, &filter{})
	if len(one) != 2 || len(two) != 2 || &one[0][0] != &two[0][0] || &one[1][0] != &two[1][0] {
		t.Errorf("encoded twice: %d, %d", len(one), len(two))
	}
	if p.server.vitals.beyond(cursor) {
		t.Error("something is beyond the end")
	}
	p.show("3", 73)
	if next, _ := p.server.vitals.after(cursor, &filter{}); len(next) != 1 {
		t.Errorf("%d changed", len(next))
	}
}

// What is shown no more is let go, and a place holds one entry however often
// it changes.
func TestVitals_ForgetsTheSilent(t *testing.T) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	p := newPostAt(t, now, func(o *Options) { o.now = now })
	p.show("3", 71)
	v := p.server.vitals
	if !v.beyond(0) {
		t.Fatal("nothing shown")
	}
	ahead.Store(int64(vitalsKept + time.Minute))
	p.show("4", 72)
	if next, _ := v.after(0, &filter{}); len(next) != 1 || v.order.Len() != 1 || len(v.known) != 1 {
		t.Errorf("%d, %d, %d", len(next), v.order.Len(), len(v.known))
	}
}

// A monitor that is at another bed in each message fills nothing.
func TestVitals_ABoundedNumberOfBeds(t *testing.T) {
	p := newPost(t)
	v := p.server.vitals
	for i := range 3 * vitalsMost {
		p.show(fmt.Sprint(i), 71)
		if i%100 == 0 {
			v.beyond(0)
		}
	}
	v.beyond(0)
	if v.order.Len() > vitalsMost || len(v.known) != v.order.Len() {
		t.Errorf("%d kept, %d known", v.order.Len(), len(v.known))
	}
	newest := v.order.Back().Value.(*vital)
	if next, cursor := v.after(newest.number-1, &filter{}); len(next) != 1 || cursor != newest.number {
		t.Errorf("%d, %d", len(next), cursor)
	}
}

// A client hears that what it was shown of the person before is gone.
func TestVitals_AnEmptyBed(t *testing.T) {
	p := newPost(t)
	p.show("3", 71)
	c := p.mustConnect(4, "websocket", "")
	c.subscribe(t, `{"resource":"Vitals"}`)
	if s, err := c.vitals(); err != nil || s.rate() != "71" {
		t.Fatal(s, err)
	}
	typed := fhirmap.Measurement{
		Type: fhirmap.BodyHeight, Origin: fhirmap.OriginAdmission, Bed: "3", Patient: &fhirmap.Patient{System: "urn:ward", ID: "next"},
		Device:   fhirmap.Device{ID: "m-3", Type: fhirmap.PatientMonitor},
		Readings: []fhirmap.Reading{{Type: fhirmap.BodyHeight, Value: new(fhirmap.MustDecimal("170")), Unit: fhirmap.Centimetre}},
	}
	if _, err := p.station.Record(t.Context(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{typed}}); err != nil {
		t.Fatal(err)
	}
	if s, err := c.vitals(); err != nil || s.Bed != "3" || s.Device != "m-3" || s.Values == nil || len(s.Values) != 0 || s.Time.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestVitals_Pace: a client is handed what changed at once, and what changes
// meanwhile a little later in one piece.
func TestVitals_Pace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := &fakeBoard{wake: make(chan struct{}, 1)}
		v := newVitals(board, time.Now)
		s := &vitalsSource{vitals: v, changed: board.wake}
		board.change(1)
		began := time.Now()
		for range 3 {
			if err := s.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if frames, _ := s.next(); len(frames) != 1 {
				t.Fatalf("%d frames", len(frames))
			}
			board.change(1)
		}
		if took := time.Since(began); took != 2*vitalsPace {
			t.Errorf("three pieces in %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.next()
		if err := s.wait(ctx); err != context.Canceled {
			t.Error(err)
		}
	})
}

type fakeBoard struct {
	version uint64
	wake    chan struct{}
}

func (b *fakeBoard) change(n uint64) {
	b.version += n
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *fakeBoard) LiveSince(version uint64) (changed []fhirmap.Live, now uint64) {
	if version < b.version {
		changed = []fhirmap.Live{{Device: fhirmap.Device{ID: "m"}, Time: time.Now()}}
	}
	return changed, b.version
}

func (b *fakeBoard) WatchLive() (<-chan struct{}, func()) { return b.wake, func() {} }

// Clients come and go while values change: no watch of the board is left.
func TestVitals_ComeAndGo(t *testing.T) {
	p := newPost(t)
	before := runtime.NumGoroutine()
	for i := range short(30, 300) {
		p.show("3", int64(i+1))
		c := p.mustConnect(3+i%2, "websocket", "")
		c.subscribe(t, `{"resource":"Vitals"}`)
		if s, err := c.vitals(); err != nil || s.rate() != fmt.Sprint(i+1) {
			t.Fatal(s, err)
		}
		c.close()
	}
	p.awaitSessions(0)
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before+5; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
