package ui

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// fakeCore is a station in memory.
type fakeCore struct {
	archive
	mu        sync.Mutex
	recent    []fhirmap.Recorded
	situation station.Situation
	live      []fhirmap.Live
	courses   []station.Course
	wave      []station.SoundBar
	changed   chan struct{}
	changes   chan struct{} // of live
	ended     chan struct{}
	answers   chan string
	asked     chan string // what a person had the core do about an alarm or a monitor
	fault     error
	held      held
	wait      chan struct{} // not nil: backing up takes until it is ended
}

var _ Core = (*fakeCore)(nil)

func newFakeCore() *fakeCore {
	return &fakeCore{
		changed: make(chan struct{}, 1), changes: make(chan struct{}, 1),
		ended: make(chan struct{}, 8), answers: make(chan string, 8), asked: make(chan string, 8),
	}
}

func (c *fakeCore) Recent(n int) []fhirmap.Recorded {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]fhirmap.Recorded(nil), c.recent[:min(n, len(c.recent))]...)
}

func (c *fakeCore) Situation() station.Situation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.situation
}

func (c *fakeCore) Watch() (<-chan struct{}, func()) { return c.changed, func() {} }

func (c *fakeCore) StartConsultation(_ context.Context, asked station.Consultation) (station.Consultation, error) {
	who := fhirmap.Patient{}
	if asked.Patient != nil {
		who = *asked.Patient
	}
	return asked, c.ask("start", who.ID)
}

func (c *fakeCore) EndConsultation(context.Context) error {
	c.ended <- struct{}{}
	return c.fault
}

func (c *fakeCore) AnswerOrigin(_ context.Context, origin string, a station.Answer) error {
	c.answers <- fmt.Sprintf("%s %s", origin, a)
	return c.fault
}

func (c *fakeCore) Live() []fhirmap.Live {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]fhirmap.Live(nil), c.live...)
}

func (c *fakeCore) WatchLive() (<-chan struct{}, func()) { return c.changes, func() {} }

func (c *fakeCore) ask(what, about string) error {
	c.asked <- what + " " + about
	return c.fault
}

func (c *fakeCore) AcknowledgeAlert(_ context.Context, id string) error {
	return c.ask("acknowledge", id)
}

func (c *fakeCore) AcceptMonitor(_ context.Context, address string) error {
	return c.ask("accept", address)
}

func (c *fakeCore) ForgetMonitor(_ context.Context, address string) error {
	return c.ask("forget", address)
}

func (c *fakeCore) Models() []station.Model { return testModels() }

func (c *fakeCore) StartPairing(_ context.Context, t fhirmap.DeviceType, model string) error {
	return c.ask("search", fmt.Sprintf("%s, %s", t, model))
}

func (c *fakeCore) PairDevice(_ context.Context, address string) error {
	return c.ask("pair", address)
}

func (c *fakeCore) AnswerPairing(_ context.Context, passkey string, yes bool) error {
	return c.ask("answer", fmt.Sprintf("%s, %v", passkey, yes))
}

func (c *fakeCore) RetryPairing(context.Context) error { return c.ask("retry", "") }

func (c *fakeCore) FinishPairing(_ context.Context, name, place string) error {
	return c.ask("finish", name+", "+place)
}

func (c *fakeCore) CancelPairing(context.Context) error { return c.ask("cancel", "") }

func (c *fakeCore) RenameDevice(_ context.Context, id, name, place string) error {
	return c.ask("rename", id+", "+name+", "+place)
}

func (c *fakeCore) UnpairDevice(_ context.Context, id string) error { return c.ask("unpair", id) }

func (c *fakeCore) StartRecording(ssid, _ string) (string, func(context.Context) error, error) {
	return "r1", nil, c.ask("record", ssid)
}

func (c *fakeCore) StopRecording() (func(context.Context) (station.RecordingStatus, error), error) {
	return nil, c.ask("stop", "recording")
}

func (c *fakeCore) Wave() []station.SoundBar {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wave
}

func (c *fakeCore) Sound(id string) (*fhirmap.RecordedSound, *io.SectionReader, error) {
	return &fhirmap.RecordedSound{}, io.NewSectionReader(strings.NewReader("RIFF"), 0, 4), c.ask("sound", id)
}

func (c *fakeCore) Plot(id string, columns int) (*station.SoundPlot, error) {
	return beating(columns), c.ask("plot", id)
}

// change does something to the core and signals it.
func (c *fakeCore) change(f func(*fakeCore)) {
	c.mu.Lock()
	f(c)
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func testBridge(c Core, post func(func())) *bridge {
	return &bridge{
		core: c, post: post, logger: slog.New(slog.DiscardHandler), wake: make(chan struct{}, 1),
		show: func(view) {}, showCourses: func(courses) {}, showLive: func([]fhirmap.Live) {}, age: func() {}, flash: func() bool { return true },
		wanted: func(view) bool { return false }, flashing: func() bool { return false }, hear: func([]fhirmap.Alert) {},
	}
}

func TestBridge_AtMostOneUpdateIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		var pending, most, shown atomic.Int64
		queue := make(chan func(), 100)
		b := testBridge(core, func(f func()) {
			if n := pending.Add(1); n > most.Load() {
				most.Store(n)
			}
			queue <- f
		})
		var last view
		b.show = func(v view) { shown.Add(1); last = v }
		b.visible.Store(true)
		go b.run(ctx)
		go func() { // a toolkit that is slow
			for {
				select {
				case f := <-queue:
					time.Sleep(30 * time.Millisecond)
					pending.Add(-1)
					f()
				case <-ctx.Done():
					return
				}
			}
		}()
		for i := range 5000 {
			core.change(func(c *fakeCore) { c.situation.Clients = i })
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if most.Load() != 1 {
			t.Errorf("%d updates pending at once, want 1", most.Load())
		}
		if n := shown.Load(); n < 20 || n > 60 {
			t.Errorf("%d updates in 5 s, want one every 130 ms", n)
		}
		if last.situation.Clients != 4999 {
			t.Errorf("the last change is not shown: %d", last.situation.Clients)
		}
		cancel()
		time.Sleep(time.Second) // the slow toolkit finishes
		synctest.Wait()
	})
}

func TestBridge_HiddenWindowIsNotRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		var posts atomic.Int64
		b := testBridge(core, func(f func()) { posts.Add(1); f() })
		var shown, aged int
		b.show = func(view) { shown++ }
		b.age = func() { aged++ }
		go b.run(ctx)
		for range 50 {
			core.change(func(c *fakeCore) { c.situation.Clients++ })
			time.Sleep(200 * time.Millisecond)
		}
		synctest.Wait()
		if n := posts.Load(); n != 0 {
			t.Errorf("%d posts while hidden", n)
		}
		b.appear()
		synctest.Wait()
		if shown != 1 {
			t.Errorf("shown %d times after it appeared, want 1", shown)
		}
		time.Sleep(10*time.Second + grace)
		synctest.Wait()
		if aged != 10 || shown != 1 {
			t.Errorf("in 10 s without news: aged %d times, want 10; shown %d, want 1", aged, shown)
		}
		b.disappear()
		before := posts.Load()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if posts.Load() != before {
			t.Error("posts after it was hidden again")
		}
		cancel()
		synctest.Wait()
	})
}

func TestBridge_HiddenButWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		b := testBridge(core, func(f func()) { f() })
		b.wanted = func(v view) bool { return len(v.situation.Origins) > 0 }
		var shown []string
		b.show = func(v view) { shown = append(shown, v.situation.Origins...) }
		go b.run(ctx)
		synctest.Wait()
		core.change(func(c *fakeCore) { c.situation.Origins = []string{"https://a"} })
		time.Sleep(time.Second)
		synctest.Wait()
		if len(shown) != 1 || shown[0] != "https://a" {
			t.Errorf("shown %v", shown)
		}
		cancel()
		synctest.Wait()
	})
}

func TestBridge_IsBackAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := &fallingCore{fakeCore: newFakeCore()}
		b := testBridge(core, func(f func()) { f() })
		shown := 0
		b.show = func(view) {
			if shown++; shown == 1 {
				panic("a widget fell")
			}
		}
		b.visible.Store(true)
		go b.run(ctx)
		time.Sleep(time.Minute)
		synctest.Wait()
		if core.falls.Load() != 2 {
			t.Errorf("the core fell %d times, want 2", core.falls.Load())
		}
		core.change(func(*fakeCore) {})
		synctest.Wait()
		if shown != 2 {
			t.Errorf("shown %d times, want 2: the one that fell and the one after", shown)
		}
		cancel()
		synctest.Wait()
	})
}

// fallingCore panics on its first two reads.
type fallingCore struct {
	*fakeCore
	falls atomic.Int64
}

func (c *fallingCore) Recent(n int) []fhirmap.Recorded {
	if c.falls.Load() < 2 {
		c.falls.Add(1)
		panic("a core fell")
	}
	return c.fakeCore.Recent(n)
}
