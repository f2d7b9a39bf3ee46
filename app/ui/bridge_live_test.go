package ui

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// stream has the core change its live values so often for so long.
func (c *fakeCore) stream(every, during time.Duration) {
	for range during / every {
		select {
		case c.changes <- struct{}{}:
		default:
		}
		time.Sleep(every)
	}
}

func TestBridge_LiveValuesAreCalmAndNeverHoldBackTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		core.live = threeBeds()
		live, shown := 0, 0
		b := testBridge(core, func(f func()) { f() })
		b.showLive = func(l []fhirmap.Live) { live += len(l) }
		b.show = func(view) { shown++ }
		b.visible.Store(true)
		go b.run(ctx)
		core.stream(10*time.Millisecond, 10*time.Second) // 100 a second
		synctest.Wait()
		if beds := len(core.live); live < 9*beds || live > 11*beds {
			t.Errorf("%d updates in 10 s, want 10", live/beds)
		}
		core.change(func(c *fakeCore) { c.situation.Clients++ })
		synctest.Wait()
		if shown != 2 {
			t.Errorf("a change waits for the live values: shown %d times, want 2", shown)
		}
		b.disappear()
		before := live
		core.stream(10*time.Millisecond, 10*time.Second)
		synctest.Wait()
		if live > before+len(core.live) { // one may have been on its way
			t.Errorf("%d live values were shown while hidden", live-before)
		}
		cancel()
		synctest.Wait()
	})
}

func TestBridge_BeatsOnlyWhileAnAlarmFlashesInAVisibleWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		var flashing atomic.Bool
		var beats atomic.Int64
		flashing.Store(true)
		b := testBridge(core, func(f func()) { f() })
		b.flashing = flashing.Load
		b.flash = func() bool { beats.Add(1); return true }
		over := func(what string, least, most int64) {
			t.Helper()
			before := beats.Load()
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if got := beats.Load() - before; got < least || got > most {
				t.Errorf("%s: %d beats in 10 s, want %d to %d", what, got, least, most)
			}
		}
		go b.run(ctx)
		over("hidden", 0, 0)
		b.appear()
		over("visible", 29, 31)
		flashing.Store(false)
		core.change(func(*fakeCore) {})
		over("acknowledged", 0, 1)
		cancel()
		synctest.Wait()
	})
}

// The toolkit paints all of a window for whatever changes on it.
func TestBridge_ShowsValuesAndAgesWithTheBeatWhileAnAlarmFlashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		var posted, values, ages atomic.Int64
		b := testBridge(core, func(f func()) { posted.Add(1); f() })
		b.flashing = func() bool { return true }
		b.showLive = func([]fhirmap.Live) { values.Add(1) }
		b.age = func() { ages.Add(1) }
		go b.run(ctx)
		b.appear()
		synctest.Wait()
		before := posted.Load()
		core.stream(100*time.Millisecond, 10*time.Second)
		synctest.Wait()
		if n := posted.Load() - before; n < 29 || n > 31 {
			t.Errorf("%d updates in 10 s, want the 30 of the beat", n)
		}
		if values.Load() < 29 || ages.Load() < 29 {
			t.Errorf("values were shown %d times and ages %d times, want both with every beat", values.Load(), ages.Load())
		}
		cancel()
		synctest.Wait()
	})
}

// The toolkit paints all of a window for each measurement that is shown, and a
// ward brings several each second.
func TestBridge_MeasurementsOfAWardAreShownOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		core.situation.Monitors = everyMonitor()
		shown, urgent := 0, 0
		b := testBridge(core, func(f func()) { f() })
		b.show = func(v view) {
			shown++
			if v.situation.Alerts != nil {
				urgent++
			}
		}
		b.visible.Store(true)
		go b.run(ctx)
		for range 100 {
			core.change(func(c *fakeCore) { // a counter is no change worth a look of its own
				c.situation.Monitors = slices.Clone(c.situation.Monitors)
				c.situation.Monitors[2].Messages++
			})
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if shown < 9 || shown > 12 {
			t.Errorf("shown %d times in 10 s, want 10", shown)
		}
		core.change(func(c *fakeCore) { c.situation.Alerts = everyAlert() })
		time.Sleep(2 * pace)
		synctest.Wait()
		if urgent == 0 {
			t.Error("an alarm waits behind the measurements")
		}
		before := shown
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if shown > before+1 {
			t.Errorf("shown %d times while nothing changed", shown-before)
		}
		cancel()
		synctest.Wait()
	})
}

// Courses are read when a step of them is over, and shown with what is shown
// anyway; nobody reads them for a hidden window.
func TestBridge_CoursesComeWithEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core := newFakeCore()
		core.courses = make([]station.Course, 1)
		times := 0
		b := testBridge(core, func(f func()) { f() })
		b.showCourses = func(c courses) { times += len(c) }
		go b.run(ctx)
		time.Sleep(time.Minute)
		synctest.Wait()
		if times != 0 {
			t.Errorf("shown %d times while hidden", times)
		}
		b.appear()
		core.stream(100*time.Millisecond, time.Minute)
		synctest.Wait()
		if times < 10 || times > 13 {
			t.Errorf("shown %d times in a minute, want 12", times)
		}
		cancel()
		synctest.Wait()
	})
}
