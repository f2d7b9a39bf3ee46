package localstore

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"

	"vitalien/fhirmap"
)

// When bbolt is given what waits: so many bytes, or so long after the first.
// After a failure it is tried again, at first soon; with less at a time on a
// full disk.
const (
	applyBytes = 1 << 20
	applyDelay = 100 * time.Millisecond
	applyRetry = 5 * time.Second // at the latest
	applyLeast = 64 << 10
)

// keepApplying moves the tail to bbolt, many records at a time, until nobody
// appends any more.
func (s *Store) keepApplying() {
	defer close(s.idle)
	defer func() {
		if p := recover(); p != nil {
			s.breakDown(p)
		}
	}()
	delay := applyDelay
	for s.waiting() {
		s.pause(delay)
		if err := s.apply(); err == nil {
			delay = applyDelay
		} else {
			delay = min(2*delay, applyRetry)
			s.signal(s.filled)
		}
	}
}

// waiting returns true once something is there for bbolt, false at the end.
func (s *Store) waiting() bool {
	select {
	case <-s.filled:
	case <-s.done:
	case <-s.broken:
	}
	select {
	case <-s.done: // what is left is for Close
		return false
	case <-s.broken:
		return false
	default:
		return true
	}
}

// pause lets more come, for a time or until it is much.
func (s *Store) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.urgent:
	case <-s.done:
	case <-s.broken:
	}
}

// signal wakes who waits for c, now or later.
func (s *Store) signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// apply moves the tail to bbolt. When that fails, tail and journal keep what is
// left, and the error is remembered.
func (s *Store) apply() error {
	if s.tail.empty() {
		return nil
	}
	if err := s.claim(); err != nil {
		return err
	}
	defer s.yield()
	return s.applyAll()
}

// applyAll is apply for who has the claim.
func (s *Store) applyAll() error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for {
		records := s.tail.oldest(s.portion)
		if len(records) == 0 {
			return nil
		}
		err := s.update(func(tx *bolt.Tx) error { return s.write(tx, records) })
		s.remember(err)
		if err == nil {
			s.applied = records[len(records)-1].Last()
			s.tail.drop(s.applied)
			s.portion = min(2*s.portion, maxBatchBytes)
			continue
		}
		s.revive()
		if s.portion == applyLeast || !codeIs(err, CodeDiskFull) {
			return err
		}
		s.portion = applyLeast // there may be room for less
	}
}

// remember keeps why bbolt took nothing, and logs when that changes.
func (s *Store) remember(err error) {
	before := s.failing.Swap(fhirmap.FaultOf(err))
	switch {
	case err == nil && before != nil:
		s.log.Info("store: bbolt goes on")
	case err != nil && (before == nil || !codeIs(err, before.Code)):
		s.log.Error("store: bbolt failed, the journal keeps what it did not take", "error", err)
	}
}

// write puts records into tx. They may be there already: a transaction whose
// last flush failed can be in the file nevertheless.
func (s *Store) write(tx *bolt.Tx, records []pending) error {
	log := tx.Bucket(bucketLog)
	log.FillPercent = 1 // keys only grow, so a half-full page would stay so
	last, err := lastSequence(log, s.keys.Load().decode)
	if err != nil {
		return err
	}
	if last < s.applied {
		return corruptFault(fmt.Errorf("the log ends at %d instead of %d", last, s.applied))
	}
	for _, r := range records {
		if err := log.Put(logKey(r.First), r.value); err != nil {
			return err
		}
	}
	return nil
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

// claim waits for the right to write to bbolt and to choose its file.
func (s *Store) claim() error {
	select {
	case s.writer <- struct{}{}:
	case <-s.broken:
		return s.fault
	}
	if s.isBroken() { // its locks may be held for ever
		s.yield()
		return s.fault
	}
	return nil
}

func (s *Store) yield() { <-s.writer }

// damaged tells that bbolt was found damaged, or exchanged for another file.
// Then nothing more is acknowledged, although the journal could take it.
func (s *Store) damaged() bool {
	f := s.failing.Load()
	return f != nil && f.Code == CodeCorrupt
}

// finish gives bbolt all that is left, and ends the journal.
func (s *Store) finish() error {
	err := s.apply()
	if err == nil && !s.isBroken() {
		err = s.journal.reset()
	}
	return faultFor(errors.Join(err, s.journal.file.Close()))
}
