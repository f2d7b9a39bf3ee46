package ui

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	pace    = 100 * time.Millisecond // at least, between two updates
	ageing  = time.Second            // how often ages are brought up to date
	backOff = 2 * time.Second        // before a bridge that fell is put up again
)

// bridge carries what the core knows to the toolkit's goroutine. It reads the
// core on its own goroutine and waits until an update has been shown before it
// sends another, so a fast core never makes a queue.
type bridge struct {
	core    Core
	post    func(func())    // runs a function on the toolkit's goroutine, some time
	show    func(view)      // on the toolkit's goroutine
	age     func()          // the same; only time has passed
	wanted  func(view) bool // tells whether a view is worth showing while hidden
	visible atomic.Bool     // whether the window is
	wake    chan struct{}   // the window has become visible
	logger  *slog.Logger
}

// appear and disappear follow the window. They may be called anywhere.
func (b *bridge) appear() {
	b.visible.Store(true)
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

func (b *bridge) carry(ctx context.Context) {
	defer b.survive("bridge")
	changed, stop := b.core.Watch()
	defer stop()
	tick := time.NewTicker(ageing)
	defer tick.Stop()
	b.refresh(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
			b.refresh(ctx)
		case _, open := <-changed:
			if !open {
				changed = nil
				continue
			}
			b.refresh(ctx)
			pause(ctx, pace)
		case <-tick.C:
			if b.visible.Load() {
				b.deliver(ctx, b.age)
			}
		}
	}
}

func (b *bridge) refresh(ctx context.Context) {
	v := view{recent: b.core.Recent(maxCards), situation: b.core.Situation()}
	if b.visible.Load() || b.wanted(v) {
		b.deliver(ctx, func() { b.show(v) })
	}
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
