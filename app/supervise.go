package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// How long a part of the program rests before it is started again.
const (
	firstRest = 500 * time.Millisecond
	longRest  = 30 * time.Second
)

// supervise runs a part of the program until ctx ends, again with growing
// pauses when it fails or panics, and shows its last error.
func (a *App) supervise(ctx context.Context, services *sync.WaitGroup, name string, part func(context.Context) error) {
	services.Go(func() {
		for rest := firstRest; ; rest = min(2*rest, longRest) {
			err := guarded(ctx, part)
			if ctx.Err() != nil || err == nil {
				return
			}
			a.log.Error("part of the program failed, starting it again", "part", name, "error", err, "after", rest)
			select {
			case <-ctx.Done():
				return
			case <-time.After(rest):
			}
		}
	})
}

func guarded(ctx context.Context, part func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return part(ctx)
}
