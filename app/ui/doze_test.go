package ui

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// toolkit is a loop that does what is posted to it in turn, until it is ended.
type toolkit struct{ posts chan func() }

func (k toolkit) run() {
	for f := range k.posts {
		f()
	}
}

func TestDoze_HoldsTheToolkitUpWhileNothingIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := toolkit{make(chan func(), 16)}
		var shown atomic.Bool
		var naps atomic.Int64
		d := newDoze(func(f func()) { naps.Add(1); k.posts <- f })
		d.hidden = func() bool { return !shown.Load() }
		go k.run()
		d.post(func() {
			d.begin()
			d.begin() // hidden again before it woke
		})
		over := func(what string, least, most int64) {
			t.Helper()
			before := naps.Load()
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if n := naps.Load() - before; n < least || n > most {
				t.Errorf("%s: the toolkit was held up %d times in 10 s, want %d to %d", what, n, least, most)
			}
		}
		over("hidden", 49, 52)

		time.Sleep(napTime / 2)
		before, late := time.Now(), time.Duration(-1)
		d.post(func() { late = time.Since(before); shown.Store(true) })
		synctest.Wait()
		if late != 0 {
			t.Errorf("what is posted waits for %v", late)
		}
		over("shown", 0, 2)

		d.post(func() { shown.Store(false); d.begin() })
		over("hidden again", 49, 52)
		d.post(func() { shown.Store(true) })
		synctest.Wait()
		time.Sleep(time.Second)
		close(k.posts)
	})
}
