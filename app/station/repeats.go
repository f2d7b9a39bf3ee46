package station

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// repeatWindow is how long a message counts as sent again.
const repeatWindow = 10 * time.Minute

// repeats remembers the messages of the last ten minutes. It is made anew
// from the log at start, so a message acknowledged before a crash is known
// after it. A ward sends more than a hundred thousand in that time: what is
// kept of each is small.
type repeats struct {
	mu    sync.Mutex
	under map[messageKey]*repeat // being recorded
	known map[messageKey]recorded
	order []messageKey // of known, by time of reception
}

// A messageKey is fhirmap.Report.Key as bytes.
type messageKey [32]byte

type recorded struct {
	seq      uint64
	received time.Time
}

// A repeat is a message that is being recorded.
type repeat struct {
	done    chan struct{} // closed when receipt and err count
	receipt fhirmap.Receipt
	err     error
}

func newRepeats() *repeats {
	return &repeats{under: map[messageKey]*repeat{}, known: map[messageKey]recorded{}}
}

// past tells whether received no longer counts at now. A time to come does
// not either: the computer's clock was set back since.
func past(received, now time.Time) bool { return now.Sub(received).Abs() > repeatWindow }

func (r *repeats) load(store *localstore.Store, now time.Time) error {
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
			if _, newer := r.known[messageKey([]byte(key))]; !newer {
				r.known[messageKey([]byte(key))] = recorded{record.First, received}
			}
			r.order = append(r.order, messageKey([]byte(key)))
		}
		return true
	})
	slices.Reverse(r.order)
	if err == nil {
		err = bad
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
func (r *repeats) once(ctx context.Context, key messageKey, now func() time.Time, record func(context.Context) (fhirmap.Receipt, error)) (fhirmap.Receipt, error) {
	for {
		before, first, mine := r.claim(key, now())
		if first == nil {
			return fhirmap.Receipt{Seq: before.seq, Received: before.received, Repeated: true}, nil
		}
		if mine {
			go r.settle(key, first, func() (fhirmap.Receipt, error) { return record(context.WithoutCancel(ctx)) })
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

// claim gives what was recorded before, or, when first is not nil, the recording
// to wait for, which is the caller's to do if it is mine.
func (r *repeats) claim(key messageKey, now time.Time) (before recorded, first *repeat, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.order) > 0 && past(r.known[r.order[0]].received, now) {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
	if before, ok := r.known[key]; ok {
		return before, nil, false
	}
	if first, ok := r.under[key]; ok {
		return before, first, false
	}
	first = &repeat{done: make(chan struct{})}
	r.under[key] = first
	return before, first, true
}

func (r *repeats) settle(key messageKey, first *repeat, record func() (fhirmap.Receipt, error)) {
	first.receipt, first.err = guarded(record)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.under, key)
	if first.err == nil {
		r.known[key] = recorded{first.receipt.Seq, first.receipt.Received}
		r.order = append(r.order, key)
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
