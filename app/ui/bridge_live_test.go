package ui

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
		if beds := len(core.live); live < 19*beds || live > 21*beds {
			t.Errorf("%d updates in 10 s, want 20", live/beds)
		}
		core.change(func(*fakeCore) {})
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
		b.flash = func() { beats.Add(1) }
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
		over("visible", 39, 41)
		flashing.Store(false)
		core.change(func(*fakeCore) {})
		over("acknowledged", 0, 1)
		cancel()
		synctest.Wait()
	})
}
