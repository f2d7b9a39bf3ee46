package station

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// repeatWindow is how long a message counts as sent again.
const repeatWindow = 10 * time.Minute

// repeats remembers the messages of the last ten minutes. It is made anew
// from the log at start, so a message acknowledged before a crash is known
// after it.
type repeats struct {
	mu    sync.Mutex
	known map[string]*repeat // by message key, 32 bytes
	order []*repeat          // by time of reception
}

type repeat struct {
	key     string
	done    chan struct{} // closed when receipt and err count
	receipt fhirmap.Receipt
	err     error
}

func newRepeats() *repeats { return &repeats{known: map[string]*repeat{}} }

var settled = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// past tells whether received no longer counts at now. A time to come does
// not either: the computer's clock was set back since.
func past(received, now time.Time) bool { return now.Sub(received).Abs() > repeatWindow }

func (r *repeats) load(store *localstore.Store, now time.Time) error {
	var newestFirst []repeat
	var bad error
	err := store.Heads(headerSize, func(record localstore.Record) bool {
		received, key, err := header(record)
		if err != nil {
			bad = err
			return false
		}
		if past(received, now) {
			return false
		}
		if key != "" {
			receipt := fhirmap.Receipt{Seq: record.First, Received: received}
			newestFirst = append(newestFirst, repeat{key: key, receipt: receipt, done: settled})
		}
		return true
	})
	if err == nil {
		err = bad
	}
	r.known = make(map[string]*repeat, len(newestFirst))
	r.order = make([]*repeat, 0, len(newestFirst))
	for i := len(newestFirst) - 1; i >= 0; i-- {
		known := &newestFirst[i]
		r.order = append(r.order, known)
		r.known[known.key] = known
	}
	return err
}

// once runs record for the first message with this key and hands its receipt
// to every later one. While the first is under way the others wait for it; if
// it fails, the next tries for itself.
//
// The end of ctx ends the wait and not the recording, whose outcome would be
// uncertain then: when the device sends the message again, it gets the receipt
// of what was stored meanwhile.
func (r *repeats) once(ctx context.Context, key string, now func() time.Time, record func(context.Context) (fhirmap.Receipt, error)) (fhirmap.Receipt, error) {
	for {
		first, mine := r.claim(key, now())
		if mine {
			go r.settle(first, func() (fhirmap.Receipt, error) { return record(context.WithoutCancel(ctx)) })
		}
		select {
		case <-first.done:
		case <-ctx.Done():
			return fhirmap.Receipt{}, ctx.Err()
		}
		if mine || first.err == nil {
			receipt := first.receipt
			receipt.Repeated = !mine
			return receipt, first.err
		}
	}
}

func (r *repeats) claim(key string, now time.Time) (first *repeat, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.order) > 0 && past(r.order[0].receipt.Received, now) {
		if oldest := r.order[0]; r.known[oldest.key] == oldest {
			delete(r.known, oldest.key)
		}
		r.order = r.order[1:]
	}
	if known, ok := r.known[key]; ok {
		return known, false
	}
	first = &repeat{key: key, done: make(chan struct{})}
	r.known[key] = first
	return first, true
}

func (r *repeats) settle(first *repeat, record func() (fhirmap.Receipt, error)) {
	first.receipt, first.err = guarded(record)
	r.mu.Lock()
	defer r.mu.Unlock()
	if first.err == nil {
		r.order = append(r.order, first)
	} else {
		delete(r.known, first.key)
	}
	close(first.done)
}

// guarded makes an error of a panic: nobody must wait for ever, and the
// program goes on.
func guarded(record func() (fhirmap.Receipt, error)) (receipt fhirmap.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			receipt, err = fhirmap.Receipt{}, fmt.Errorf("panic while recording: %v\n%s", p, debug.Stack())
		}
	}()
	return record()
}
