package ui

import (
	"context"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

const (
	pace    = 100 * time.Millisecond // at least, between two looks at what has changed
	hush    = 500 * time.Millisecond // the same while the window is hidden: so late is an alarm heard, at most
	ageing  = time.Second            // how often ages are brought up to date
	backOff = 2 * time.Second        // before a bridge that fell is put up again
	calmly  = ageing                 // at least, between two updates of live values
	grace   = ageing / 4             // ages wait for values that come with them, so that the window is painted once
)

// bridge carries what the core knows to the toolkit's goroutine. It reads the
// core on its own goroutine and waits until an update has been shown before it
// sends another, so a fast core never makes a queue.
type bridge struct {
	core    Core
	post    func(func())    // runs a function on the toolkit's goroutine, some time
	wanted  func(view) bool // tells whether a view is worth showing while hidden
	visible atomic.Bool     // whether the window is
	front   atomic.Int32    // the page in front
	wake    chan struct{}   // the core is to be read at once
	logger  *slog.Logger

	// On the toolkit's goroutine:
	show        func(view)
	showCourses func(courses)        // with what is shown next
	showLive    func([]fhirmap.Live) // nothing else has changed
	age         func()               // only time has passed
	flash       func() bool          // one beat of the alarms has passed; tells whether that shows

	flashing func() bool           // tells, anywhere, whether an alarm needs flash
	hear     func([]fhirmap.Alert) // sounds them, whether the window is shown or not

	shown  station.Situation // the last one
	traced time.Time         // when the courses were read
}

// appear and disappear follow the window. They may be called anywhere.
func (b *bridge) appear() {
	b.visible.Store(true)
	b.again()
}

// turn follows the page in front. It may be called anywhere.
func (b *bridge) turn(page int) {
	b.front.Store(int32(page))
	if page == pageConsultation {
		b.again()
	}
}

func (b *bridge) again() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *bridge) disappear() { b.visible.Store(false) }

// run returns when ctx ends. A panic in the core's methods or in the widgets
// is logged, and the bridge put up again.
func (b *bridge) run(ctx context.Context) {
	for ctx.Err() == nil {
		b.carry(ctx)
		pause(ctx, backOff)
	}
}

// A cadence is when the bridge carries what.
type cadence struct {
	tick, beat *time.Ticker
	rest       <-chan time.Time // what can wait waits until it is over
	waits      bool             // and more than live values do
	soon       <-chan time.Time // what changes is looked at when it is over
}

func (b *bridge) carry(ctx context.Context) {
	defer b.survive("bridge")
	changed, stop := b.core.Watch()
	defer stop()
	live, stopLive := b.core.WatchLive()
	defer stopLive()
	c := &cadence{tick: time.NewTicker(ageing), beat: time.NewTicker(flashBeat)}
	defer c.tick.Stop()
	defer c.beat.Stop()
	b.refreshAll(ctx, c)
	for {
		news, values, ticks, beats := changed, live, c.tick.C, c.beat.C
		if c.soon != nil {
			news = nil
		}
		shown, flashing := b.visible.Load(), b.flashing()
		if !shown || flashing { // what appears later takes everything at once; a beat takes it along
			values, ticks = nil, nil
		}
		if !shown || !flashing {
			beats = nil
		}
		if c.rest != nil {
			values = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
			b.refreshAll(ctx, c)
		case <-c.soon:
			c.soon = nil
		case _, open := <-news:
			if !open {
				changed = nil
				continue
			}
			if c.waits = c.rest != nil && b.calm() && alike(b.shown, b.core.Situation()); !c.waits {
				b.refreshAll(ctx, c)
			}
			c.soon = time.After(b.pace())
		case _, open := <-values:
			if !open {
				live = nil
				continue
			}
			b.refreshLive(ctx)
			c.rest = time.After(calmly)
			c.tick.Reset(ageing + grace)
		case <-c.rest:
			if c.rest = nil; c.waits {
				b.refreshAll(ctx, c)
			}
		case <-ticks:
			c.tick.Reset(ageing)
			b.deliverVisible(ctx, b.age)
		case <-beats:
			b.flashOn(ctx)
		}
	}
}

// pace is how long what changes waits at least.
func (b *bridge) pace() time.Duration {
	if b.visible.Load() {
		return pace
	}
	return hush
}

func (b *bridge) refreshAll(ctx context.Context, c *cadence) {
	b.refresh(ctx)
	if c.rest, c.waits = nil, false; b.visible.Load() {
		c.rest = time.After(calmly)
	}
	c.tick.Reset(ageing + grace)
}

// calm tells whether measurements can wait: other pages are there to work with
// them.
func (b *bridge) calm() bool { return b.front.Load() == pageLive }

// alike tells whether nothing but measurements has come from one situation to the
// other: a ward brings several each second, and the toolkit paints all of a
// window for each.
func alike(a, b station.Situation) bool {
	return reflect.DeepEqual(uncounted(a), uncounted(b))
}

// uncounted is a situation without the numbers that grow with every message.
func uncounted(s station.Situation) station.Situation {
	s.Monitors, s.Peers = slices.Clone(s.Monitors), slices.Clone(s.Peers)
	for i := range s.Monitors {
		s.Monitors[i].Messages, s.Monitors[i].LastMessage = 0, time.Time{}
	}
	for i := range s.Peers {
		s.Peers[i].Messages, s.Peers[i].LastMessage = 0, time.Time{}
	}
	return s
}

func (b *bridge) refresh(ctx context.Context) {
	b.shown = b.core.Situation()
	b.hear(b.shown.Alerts)
	v := view{situation: b.shown}
	if !b.visible.Load() {
		if v.recent = b.core.Recent(1); b.wanted(v) {
			v.recent, v.live = b.core.Recent(maxCards), b.core.Live()
			b.deliver(ctx, func() { b.show(v) })
		}
		return
	}
	v.recent, v.live = b.core.Recent(maxCards), b.core.Live()
	if v.situation.Stethoscope.Now.Active() {
		v.wave = b.core.Wave()
	}
	if b.front.Load() == pageConsultation {
		v.desk = readDesk(b.core)
	}
	b.deliverVisible(ctx, func() { b.show(v) })
}

// refreshLive shows the values with the ages of its moment, so that the window is
// painted once for both.
func (b *bridge) refreshLive(ctx context.Context) {
	live := b.core.Live()
	b.deliverVisible(ctx, func() {
		b.showLive(live)
		b.age()
	})
}

// flashOn shows one beat of the alarms, and where it changes what is lit the values
// and ages of its moment, so that the window is painted once for all of them.
func (b *bridge) flashOn(ctx context.Context) {
	live := b.core.Live()
	b.deliverVisible(ctx, func() {
		if b.flash() {
			b.showLive(live)
			b.age()
		}
	})
}

// deliverVisible shows the courses as well when another step of them is over.
func (b *bridge) deliverVisible(ctx context.Context, f func()) {
	if !b.visible.Load() {
		return
	}
	if time.Since(b.traced) < station.CourseStep {
		b.deliver(ctx, f)
		return
	}
	b.traced = time.Now()
	c := coursesOf(b.core.Courses())
	b.deliver(ctx, func() {
		b.showCourses(c)
		f()
	})
}

// deliver returns once f has run, so that at most one is ever pending.
func (b *bridge) deliver(ctx context.Context, f func()) {
	done := make(chan struct{})
	b.post(func() {
		defer close(done)
		defer b.survive("window")
		f()
	})
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (b *bridge) survive(where string) {
	if cause := recover(); cause != nil {
		b.logger.Error("panic", "where", where, "cause", cause, "stack", string(debug.Stack()))
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
