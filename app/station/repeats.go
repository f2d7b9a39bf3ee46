package station

import (
	"context"
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
	known map[string]*repeat
	order []*repeat // by time of reception
}

type repeat struct {
	key     string
	receipt fhirmap.Receipt
	done    chan struct{} // closed when receipt counts, or the first attempt failed
	failed  bool
}

func newRepeats() *repeats { return &repeats{known: map[string]*repeat{}} }

var settled = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (r *repeats) load(store *localstore.Store, now time.Time) error {
	var bad error
	err := store.Backward(func(record localstore.Record) bool {
		received, key, err := header(record)
		if err != nil {
			bad = err
			return false
		}
		if now.Sub(received) > repeatWindow {
			return false
		}
		if key != "" {
			r.order = append(r.order, &repeat{
				key: key, receipt: fhirmap.Receipt{Seq: record.First, Received: received}, done: settled,
			})
		}
		return true
	})
	if err == nil {
		err = bad
	}
	for i, j := 0, len(r.order)-1; i < j; i, j = i+1, j-1 {
		r.order[i], r.order[j] = r.order[j], r.order[i]
	}
	for _, known := range r.order {
		r.known[known.key] = known
	}
	return err
}

// once runs record for the first message with this key and hands its receipt
// to every later one. While the first is under way the others wait for it; if
// it fails, the next tries for itself.
func (r *repeats) once(ctx context.Context, key string, now func() time.Time, record func() (fhirmap.Receipt, error)) (fhirmap.Receipt, error) {
	for {
		first, mine := r.claim(key, now())
		if mine {
			return r.settle(first, record)
		}
		select {
		case <-first.done:
		case <-ctx.Done():
			return fhirmap.Receipt{}, ctx.Err()
		}
		if !first.failed {
			receipt := first.receipt
			receipt.Repeated = true
			return receipt, nil
		}
	}
}

func (r *repeats) claim(key string, now time.Time) (first *repeat, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.order) > 0 && now.Sub(r.order[0].receipt.Received) > repeatWindow {
		delete(r.known, r.order[0].key)
		r.order = r.order[1:]
	}
	if known, ok := r.known[key]; ok {
		return known, false
	}
	first = &repeat{key: key, done: make(chan struct{})}
	r.known[key] = first
	return first, true
}

func (r *repeats) settle(first *repeat, record func() (fhirmap.Receipt, error)) (receipt fhirmap.Receipt, err error) {
	first.failed = true
	defer func() { // also when record panics: others must not wait for ever
		r.mu.Lock()
		defer r.mu.Unlock()
		if first.failed {
			delete(r.known, first.key)
		} else {
			r.order = append(r.order, first)
		}
		close(first.done)
	}()
	if receipt, err = record(); err == nil {
		first.receipt, first.failed = receipt, false
	}
	return receipt, err
}
