package localstore

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// How much Backward and Heads copy at a time.
const (
	pageRecords = 64
	pageHeads   = 256
	pageBytes   = 256 << 10
)

// First is the first sequence number that the log still holds; 1 unless it was
// cut (see Trim).
func (s *Store) First() uint64 { return s.first.Load() }

// Head is the last sequence number that is durable; 0 when the log is empty.
func (s *Store) Head() uint64 { return s.head.Load() }

// Wait returns nil as soon as Head is greater than after; else the error of
// ctx when it ends, ErrClosed when the store is closed, or the fault that made
// it unusable.
func (s *Store) Wait(ctx context.Context, after uint64) error {
	for {
		if err := s.state(); err != nil {
			return err
		}
		s.wakeMu.Lock()
		changed := s.changed
		s.wakeMu.Unlock()
		// Only now: a head published after this look closes changed.
		if s.Head() > after {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.quit:
		case <-s.broken:
		}
	}
}

// Read returns records in order, starting with the one that holds from (0
// means the first that there is). It stops before maxRecords or maxBytes of payload are
// exceeded, but returns at least one record if there is one; none means that
// from lies after Head. Errors are the faults gone (from lies before First),
// store_corrupt (a gap, an overlap, damage), store_newer, store_failed and
// ErrClosed. Sound records
// before the damage come together with the fault.
func (s *Store) Read(from uint64, maxRecords, maxBytes int) ([]Record, error) {
	if err := s.state(); err != nil {
		return nil, err
	}
	if from == 0 {
		from = s.First()
	}
	head := s.Head()
	switch {
	case from < s.First():
		return nil, goneFault(s.First())
	case from > head:
		return nil, nil
	}
	tail := s.tail.snapshot()
	p := page{maxRecords: maxRecords, maxBytes: maxBytes, maxData: MaxData}
	if border := tail.before(head); from <= border {
		err := s.view(func(tx *bolt.Tx) error { return p.forward(s.cursor(tx), from, border) })
		if err != nil && from < s.First() { // cut meanwhile
			return nil, goneFault(s.First())
		}
		if err != nil || p.full {
			return p.records, err
		}
		from = border + 1
	}
	return p.records, p.forwardTail(tail, from, head)
}

// forward adds what bbolt holds of from to border, which is the end of a
// record.
func (p *page) forward(c *logCursor, from, border uint64) error {
	r, err := c.holding(from)
	for ; err == nil && p.add(r); r, err = c.following(r) {
		if r.Last() > border {
			return gapFault(border+1, r.Last()+1)
		}
		if r.Last() == border || p.filled() {
			return nil
		}
	}
	return err
}

// forwardTail adds the records of the tail from from to head.
func (p *page) forwardTail(tail snapshot, from, head uint64) error {
	for i := tail.search(from); i < len(tail) && tail[i].First <= head; i++ {
		if err := tail.seam(i); err != nil || !p.add(tail[i].clone()) {
			return err
		}
	}
	return nil
}

// Backward calls fn with each record, newest first, until fn returns false or
// the first record is passed. It starts at the Head of the moment of the call.
// fn may take its time: no transaction is open while it runs. The faults are
// those of Read.
func (s *Store) Backward(fn func(Record) (more bool)) error {
	return s.backward(page{maxRecords: pageRecords, maxBytes: pageBytes, maxData: MaxData}, fn)
}

// Heads is Backward with no more than the first size bytes of each record's
// Data, for many records of which little is needed.
func (s *Store) Heads(size int, fn func(Record) (more bool)) error {
	return s.backward(page{maxRecords: pageHeads, maxBytes: pageBytes, maxData: size}, fn)
}

func (s *Store) backward(bounds page, fn func(Record) (more bool)) error {
	if err := s.state(); err != nil {
		return err
	}
	last := s.Head()
	tail := s.tail.snapshot()
	for last >= s.First() {
		p := bounds
		err := s.pageBefore(&p, tail, last)
		for _, r := range p.records {
			if !fn(r) {
				return nil
			}
			last = r.First - 1
		}
		if err != nil && last < s.First() { // cut meanwhile
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pageBefore fills p with the record that ends at last and those before it,
// newest first, from the tail or from bbolt.
func (s *Store) pageBefore(p *page, tail snapshot, last uint64) error {
	if last > tail.before(last) {
		return p.backwardTail(tail, last)
	}
	return s.view(func(tx *bolt.Tx) error {
		c := s.cursor(tx)
		r, err := c.ending(last)
		for ; err == nil && p.add(r) && r.First > c.first; r, err = c.preceding(r) {
		}
		return err
	})
}

func (p *page) backwardTail(tail snapshot, last uint64) error {
	i := tail.search(last)
	for ; i >= 0 && p.add(tail[i].clone()); i-- {
		if err := tail.seam(i); err != nil {
			return err
		}
	}
	return nil
}

// A page is what one step copies out.
type page struct {
	maxRecords, maxBytes int
	maxData              int // bytes of each record
	records              []Record
	bytes                int
	full                 bool
}

// add takes over r, and returns false when the page has no room for it.
func (p *page) add(r Record) bool {
	size := min(len(r.Data), p.maxData)
	if p.filled() || len(p.records) > 0 && p.bytes+size > p.maxBytes {
		p.full = true
		return false
	}
	if size < len(r.Data) {
		r.Data = bytes.Clone(r.Data[:size]) // the rest is let go
	}
	p.records = append(p.records, r)
	p.bytes += size
	return true
}

// filled tells that there is no room for another record, however small.
func (p *page) filled() bool {
	p.full = p.full || len(p.records) > 0 && len(p.records) >= p.maxRecords
	return p.full
}

// A logCursor moves through the log in bbolt.
type logCursor struct {
	*bolt.Cursor
	decode decoder
	first  uint64 // of the log
}

func (s *Store) cursor(tx *bolt.Tx) *logCursor {
	return &logCursor{tx.Bucket(bucketLog).Cursor(), s.keys.Load().decode, s.First()}
}

// holding finds the record that holds sequence, which is at most the head.
func (c *logCursor) holding(sequence uint64) (Record, error) {
	key, value := c.Seek(logKey(sequence))
	if string(key) != string(logKey(sequence)) {
		if key == nil {
			key, value = c.Last()
		} else {
			key, value = c.Prev()
		}
	}
	if key == nil {
		return Record{}, gapFault(sequence, 0)
	}
	r, err := c.decode(key, value)
	if err == nil && r.Last() < sequence {
		err = gapFault(sequence, r.Last())
	}
	if err == nil && r.First > c.first {
		// The seam to what an earlier call has read.
		_, err = c.preceding(r)
		c.Next()
	}
	return r, err
}

// ending finds the record whose last number is sequence.
func (c *logCursor) ending(sequence uint64) (Record, error) {
	r, err := c.holding(sequence)
	if err == nil && r.Last() != sequence {
		err = gapFault(sequence, r.Last())
	}
	return r, err
}

// following moves c to the record after r, which must adjoin it.
func (c *logCursor) following(r Record) (Record, error) {
	key, value := c.Next()
	if key == nil {
		return Record{}, gapFault(r.Last()+1, 0)
	}
	next, err := c.decode(key, value)
	if err == nil && next.First != r.Last()+1 {
		err = gapFault(r.Last()+1, next.First)
	}
	return next, err
}

// preceding moves c to the record before r, which must adjoin it.
func (c *logCursor) preceding(r Record) (Record, error) {
	key, value := c.Prev()
	if key == nil {
		return Record{}, gapFault(r.First-1, 0)
	}
	previous, err := c.decode(key, value)
	if err == nil && previous.Last() != r.First-1 {
		err = gapFault(r.First-1, previous.Last())
	}
	return previous, err
}

// gapFault reports a sequence that is not contiguous; found is 0 when there is
// nothing.
func gapFault(wanted, found uint64) error {
	return corruptFault(fmt.Errorf("sequence number %d expected, %d found", wanted, found))
}
