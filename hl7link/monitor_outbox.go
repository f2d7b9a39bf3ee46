package hl7link

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// An outbox hands reports to the Sink in their order, so that neither a slow
// Sink nor a full disk keeps the connection waiting. RTI knows no
// acknowledgement: what could not be recorded is tried again from here. Values
// that come each second are not: the next ones replace them.
type outbox struct {
	*monitorClient
	room chan struct{} // a place for each report that must not be lost
	wake chan struct{}

	mu    sync.Mutex
	queue []delivery
	last  error // why the last report was not recorded
}

// A delivery is a report on its way, and the message that it comes from.
type delivery struct {
	report fhirmap.Report
	text   []byte
	owed   bool // it must not be lost
}

const (
	maxOwed     = 256 // reports that must not be lost
	maxPassing  = 32  // reports of which only the newest count
	lastAttempt = 5 * time.Second
)

func newOutbox(c *monitorClient) *outbox {
	return &outbox{monitorClient: c, room: make(chan struct{}, maxOwed), wake: make(chan struct{}, 1)}
}

// put adds a report. It waits while too many are owed.
func (b *outbox) put(ctx context.Context, r fhirmap.Report, text []byte) {
	d := delivery{r, text, len(r.Measurements) > 0 && !r.Streaming || len(r.Alarms) > 0}
	if d.owed {
		select {
		case b.room <- struct{}{}:
		default:
			select {
			case b.room <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, d)
	b.bound()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// bound drops the oldest of too many values that come each second.
func (b *outbox) bound() {
	oldest, passing := -1, 0
	for i := range b.queue {
		if !b.queue[i].owed {
			if passing++; oldest < 0 {
				oldest = i
			}
		}
	}
	if passing > maxPassing {
		b.queue = append(b.queue[:oldest], b.queue[oldest+1:]...)
	}
}

// next takes the first report; while an owed one waits for its next attempt,
// the first of those that are not.
func (b *outbox) next(paused bool) (delivery, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, d := range b.queue {
		if !paused || !d.owed {
			b.queue = append(b.queue[:i], b.queue[i+1:]...)
			return d, true
		}
	}
	return delivery{}, false
}

func (b *outbox) again(d delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append([]delivery{d}, b.queue...)
}

// run delivers until ctx ends, and then once more what is left.
func (b *outbox) run(ctx context.Context) {
	defer b.finish(context.WithoutCancel(ctx))
	recording := context.WithoutCancel(ctx) // what is under way is ended
	var retry <-chan time.Time              // while an owed report waits
	for attempt := 0; ; {
		for ctx.Err() == nil {
			d, found := b.next(retry != nil)
			if !found {
				break
			}
			if b.deliver(recording, &d) {
				if d.owed {
					attempt = 0
				}
				continue
			}
			b.again(d)
			retry, attempt = time.After(b.wait(attempt)), attempt+1
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case <-retry:
			retry = nil
		}
	}
}

// finish tries once what is still there.
func (b *outbox) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastAttempt)
	defer cancel()
	for d, found := b.next(false); found && ctx.Err() == nil; d, found = b.next(false) {
		b.deliver(ctx, &d)
	}
}

// deliver records a report; false if it is owed and must be tried again.
func (b *outbox) deliver(ctx context.Context, d *delivery) (settled bool) {
	ctx, cancel := context.WithTimeout(ctx, b.RecordTimeout)
	defer cancel()
	err := b.record(ctx, d)
	b.outcome(err)
	if err == nil {
		if d.owed {
			<-b.room
		}
		return true
	}
	f := fhirmap.FaultOf(err)
	b.log.Error("not recorded", "code", f.Code, "error", f)
	refused := f.Code == "bad_request" || errors.Is(err, errPanic) // trying again does not help
	if refused {
		b.note(func(s *MonitorStatus) { s.Rejected++ })
		b.keep(ctx, d.text, "not recorded: "+f.Code)
	}
	switch {
	case !d.owed:
		return true
	case refused:
		<-b.room
		return true
	}
	return false
}

func (b *outbox) record(ctx context.Context, d *delivery) (err error) {
	defer func() {
		if p := recover(); p != nil { // its value could quote a message
			b.log.Error("panic in a report", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	_, err = b.Sink.Record(ctx, d.report)
	return err
}

// outcome keeps why the last report was not recorded, which stays true until
// one is.
func (b *outbox) outcome(err error) {
	b.mu.Lock()
	before := b.last
	b.last = err
	b.mu.Unlock()
	if (before == nil) == (err == nil) {
		return
	}
	b.change(func(s *MonitorStatus) {
		if s.State == MonitorConnected {
			s.Fault = b.fault()
		}
	})
}

// fault is why reports are not recorded now; nil if they are.
func (b *outbox) fault() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil {
		return nil
	}
	return fhirmap.FaultOf(b.last)
}
