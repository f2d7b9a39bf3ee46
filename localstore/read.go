package localstore

import (
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
// means the first). It stops before maxRecords or maxBytes of payload are
// exceeded, but returns at least one record if there is one; none means that
// from lies after Head. Errors are the faults store_corrupt (a gap, an
// overlap, damage), store_newer, store_failed and ErrClosed. Sound records
// before the damage come together with the fault.
func (s *Store) Read(from uint64, maxRecords, maxBytes int) ([]Record, error) {
	if err := s.state(); err != nil {
		return nil, err
	}
	from, head := max(from, firstSequence), s.Head()
	if from > head {
		return nil, nil
	}
	p := page{maxRecords: maxRecords, maxBytes: maxBytes, maxData: MaxData}
	err := s.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketLog).Cursor()
		r, err := holding(c, from)
		for ; err == nil && p.add(r); r, err = following(c, r) {
			if r.Last() >= head {
				return nil
			}
		}
		return err
	})
	return p.records, err
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
	for last := s.Head(); last >= firstSequence; {
		p := bounds
		err := s.view(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketLog).Cursor()
			r, err := ending(c, last)
			for ; err == nil && p.add(r) && r.First > firstSequence; r, err = preceding(c, r) {
			}
			return err
		})
		for _, r := range p.records {
			if !fn(r) {
				return nil
			}
			last = r.First - 1
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A page is what one transaction copies out.
type page struct {
	maxRecords, maxBytes int
	maxData              int // bytes of each record
	records              []Record
	bytes                int
}

// add copies r, and returns false when the page has no room for it.
func (p *page) add(r Record) bool {
	r.Data = r.Data[:min(len(r.Data), p.maxData)]
	if len(p.records) > 0 && (len(p.records) >= p.maxRecords || p.bytes+len(r.Data) > p.maxBytes) {
		return false
	}
	p.records = append(p.records, r.clone())
	p.bytes += len(r.Data)
	return true
}

// holding finds the record that holds sequence, which is at most the head.
func holding(c *bolt.Cursor, sequence uint64) (Record, error) {
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
	r, err := decode(key, value)
	if err == nil && r.Last() < sequence {
		err = gapFault(sequence, r.Last())
	}
	if err == nil && r.First > firstSequence {
		// The seam to what an earlier call has read.
		_, err = preceding(c, r)
		c.Next()
	}
	return r, err
}

// ending finds the record whose last number is sequence.
func ending(c *bolt.Cursor, sequence uint64) (Record, error) {
	r, err := holding(c, sequence)
	if err == nil && r.Last() != sequence {
		err = gapFault(sequence, r.Last())
	}
	return r, err
}

// following moves c to the record after r, which must adjoin it.
func following(c *bolt.Cursor, r Record) (Record, error) {
	key, value := c.Next()
	if key == nil {
		return Record{}, gapFault(r.Last()+1, 0)
	}
	next, err := decode(key, value)
	if err == nil && next.First != r.Last()+1 {
		err = gapFault(r.Last()+1, next.First)
	}
	return next, err
}

// preceding moves c to the record before r, which must adjoin it.
func preceding(c *bolt.Cursor, r Record) (Record, error) {
	key, value := c.Prev()
	if key == nil {
		return Record{}, gapFault(r.First-1, 0)
	}
	previous, err := decode(key, value)
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
