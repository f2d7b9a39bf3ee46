package main

import (
	"context"
	"sync"

	"vitalien/app/desktop"
)

// A renewal is how those who keep connections learn that these may be dead.
type renewal struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait gives a channel that is closed at the next call of now.
func (r *renewal) wait() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = make(chan struct{})
	}
	return r.next
}

func (r *renewal) now() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next != nil {
		close(r.next)
		r.next = nil
	}
}

// watchSurroundings has connections made anew after a sleep and a change of the
// network, until ctx ends, instead of waiting until they are found dead. EHRs
// are on this computer, and devices that call it call again by themselves.
func (a *App) watchSurroundings(ctx context.Context) error {
	desktop.WatchChanges(ctx, a.changed)
	return nil
}

func (a *App) changed(c desktop.Change) {
	a.log.Info("connections are made anew", "reason", c)
	a.renewal.now()
	if c == desktop.Woke && a.supervised != nil {
		a.supervised.Renew()
	}
}
