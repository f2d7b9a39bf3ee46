package localstore

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// The bounds of one transaction, and of what waits for the next.
const (
	maxBatch      = 1024
	maxBatchBytes = 4 << 20
)

// A request waits for a commit: an encoded entry, or a change of settings.
type request struct {
	ctx   context.Context
	value []byte
	count int
	apply func(*bolt.Tx) error // nil for an entry
	first uint64               // set before the answer
	done  chan error           // takes one answer without blocking
}

// Append stores e and returns the first of its sequence numbers once it is
// durable. It waits while too many others do, as long as ctx lasts. When ctx
// ends first, its error is returned, and the entry may or may not be stored:
// whoever sends it again must reckon with a duplicate. The same holds for the
// faults of the disk, store_failed and disk_full, after which the store goes on
// as soon as the disk does. The other faults are store_invalid, store_corrupt
// (writing has ended for good) and ErrClosed.
func (s *Store) Append(ctx context.Context, e Entry) (first uint64, err error) {
	value, err := e.encode()
	if err != nil {
		return 0, err
	}
	r := &request{ctx: ctx, value: value, count: e.Count}
	if err := s.submit(r); err != nil {
		return 0, err
	}
	return r.first, nil
}

// submit has r committed and waits for the answer.
func (s *Store) submit(r *request) error {
	if err := s.state(); err != nil {
		return err
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.done = make(chan error, 1)
	select {
	case s.queue <- r:
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-s.quit:
		return ErrClosed
	case <-s.broken:
		return s.state()
	}
	if r.ctx.Done() == nil {
		return s.await(r)
	}
	// Nobody can leave a commit that hangs in the disk, so somebody else leads.
	answer := make(chan error, 1)
	go func() { answer <- s.await(r) }()
	select {
	case err := <-answer:
		return err
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// await returns the answer to r, which is in the queue. Whoever waits there
// while nobody commits does it for all: a lone writer pays for no change of
// goroutine, and several share their commits.
func (s *Store) await(r *request) error {
	lead := s.lead
	for {
		select {
		case err := <-r.done:
			return err
		case lead <- struct{}{}:
			if s.state() == nil {
				s.commitWaiting()
			} else {
				lead = nil
			}
			<-s.lead
			continue
		case <-s.done:
		case <-s.broken:
		}
		select {
		case err := <-r.done: // it was answered before the end
			return err
		default:
			return s.state()
		}
	}
}

// commitWaiting commits what is in the queue. The caller holds the lead.
func (s *Store) commitWaiting() {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if s.crowded {
		// Those whom the last commit has just woken are about to append again:
		// let them join, which doubles the groups and waits for nobody.
		runtime.Gosched()
	}
	batch := s.gather()
	s.crowded = len(batch) > 1
	s.commit(batch)
}

// gather takes what waits already, without waiting for more.
func (s *Store) gather() []*request {
	batch, size := []*request(nil), 0
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case r := <-s.queue:
			// Who has given up is not stored, as far as that can be known.
			if err := r.ctx.Err(); err != nil {
				r.done <- err
				continue
			}
			batch = append(batch, r)
			size += len(r.value)
		default:
			return batch
		}
	}
	return batch
}

// commit writes batch in one transaction and answers all of it.
func (s *Store) commit(batch []*request) {
	if len(batch) == 0 {
		return
	}
	head := s.head.Load()
	err := s.update(func(tx *bolt.Tx) (err error) {
		head, err = s.write(tx, batch)
		return err
	})
	if err == nil {
		s.publish(head)
	} else {
		s.log.Error("store: commit failed", "entries", len(batch), "error", err)
	}
	for _, r := range batch {
		r.done <- err
	}
	if err != nil {
		s.revive()
	}
}

// write puts batch into tx and returns the new head. The next number comes
// from the log itself: a transaction whose last flush failed may be in the
// file nevertheless.
func (s *Store) write(tx *bolt.Tx, batch []*request) (head uint64, err error) {
	log := tx.Bucket(bucketLog)
	log.FillPercent = 1 // keys only grow, so a half-full page would stay so
	if head, err = lastSequence(log); err != nil {
		return 0, err
	}
	if known := s.head.Load(); head < known {
		return 0, corruptFault(fmt.Errorf("the log ends at %d instead of %d", head, known))
	}
	for _, r := range batch {
		if r.apply != nil {
			err = r.apply(tx)
		} else {
			r.first = head + 1
			head += uint64(r.count)
			err = log.Put(logKey(r.first), r.value)
		}
		if err != nil {
			return 0, err
		}
	}
	return head, nil
}

// update runs fn in a transaction that is durable when it returns nil.
func (s *Store) update(fn func(*bolt.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.breakDown(p)
		}
	}()
	f := s.current()
	if f == nil {
		if f, err = s.attach(); err != nil {
			return err
		}
	}
	return faultFor(f.db.Update(fn))
}

// publish makes head known and wakes all who wait for it.
func (s *Store) publish(head uint64) {
	if head == s.head.Load() {
		return
	}
	s.head.Store(head)
	s.wakeMu.Lock()
	woken := s.changed
	s.changed = make(chan struct{})
	s.wakeMu.Unlock()
	close(woken)
}
