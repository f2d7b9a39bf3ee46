package localstore

import (
	"context"
	"encoding/binary"
	"errors"

	bolt "go.etcd.io/bbolt"
)

// trimRecords is how many records leave in one transaction.
const trimRecords = 2000

// Trim removes the records whose numbers are all below keep, but never the
// newest one, and returns how many. Whoever reads there is told gone. What has
// left can be opened until its place is used again, or until Rewrite. Errors are
// those of ctx and Append.
func (s *Store) Trim(ctx context.Context, keep uint64) (removed int, err error) {
	if err := s.apply(); err != nil {
		return 0, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		n, err := s.trim(keep)
		if removed += n; err != nil || n == 0 {
			return removed, err
		}
	}
}

func (s *Store) trim(keep uint64) (removed int, err error) {
	before := s.First()
	err = s.alter(func(tx *bolt.Tx) error {
		removed = 0
		old, first, err := s.leaving(tx, keep)
		if err != nil || len(old) == 0 {
			return err
		}
		s.first.Store(first) // before the commit: nobody takes it for a gap
		for _, key := range old {
			if err := tx.Bucket(bucketLog).Delete(key); err != nil {
				return err
			}
		}
		removed = len(old)
		return s.keys.Load().putFirst(tx, first)
	})
	if err != nil {
		s.first.Store(before)
		return 0, err
	}
	return removed, nil
}

// leaving gives the keys of some records below keep, and what the log starts
// with without them.
func (s *Store) leaving(tx *bolt.Tx, keep uint64) (old [][]byte, first uint64, err error) {
	c := s.cursor(tx)
	key, value := c.First()
	if key == nil {
		return nil, 0, nil
	}
	r, err := c.decode(key, value)
	for err == nil && r.Last() < keep && len(old) < trimRecords {
		if next, _ := c.Next(); next == nil {
			break // the newest that bbolt holds
		}
		c.Prev()
		old = append(old, logKey(r.First))
		first = r.Last() + 1
		r, err = c.following(r)
	}
	return old, first, err
}

// putFirst notes in tx with which number the log starts.
func (k *keys) putFirst(tx *bolt.Tx, first uint64) error {
	if first == firstSequence {
		return nil
	}
	return tx.Bucket(bucketMeta).Put(keyFirst, k.seal(bucketMeta, keyFirst, logKey(first)))
}

// first reads what putFirst has noted.
func (k *keys) first(tx *bolt.Tx) (uint64, error) {
	value := tx.Bucket(bucketMeta).Get(keyFirst)
	if value == nil {
		return firstSequence, nil
	}
	content, err := k.open(bucketMeta, keyFirst, value)
	if err != nil {
		return 0, err
	}
	if len(content) != 8 || binary.BigEndian.Uint64(content) < firstSequence {
		return 0, corruptFault(errors.New("the log starts with no number"))
	}
	return binary.BigEndian.Uint64(content), nil
}
