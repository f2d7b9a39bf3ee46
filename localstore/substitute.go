package localstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Substitute puts other entries in the place of records from the one that holds
// from to the one that holds to, but never of the newest: with gives what takes
// the place of a record, with as many sequence numbers, or nil for the record as
// it is. It returns how many records it has exchanged; those are all durable, also
// when it ends early. What they held can be opened until its place is used again,
// or until Rewrite. Errors are those of ctx, with and Append.
func (s *Store) Substitute(ctx context.Context, from, to uint64, with func(Record) (*Entry, error)) (done int, err error) {
	if err := s.apply(); err != nil {
		return 0, err
	}
	for from <= to {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		n, next, err := s.substitute(from, to, with)
		if done += n; err != nil || next == 0 {
			return done, err
		}
		from = next
	}
	return done, nil
}

// substitute exchanges some records in one transaction, and tells where to go on;
// 0: nowhere.
func (s *Store) substitute(from, to uint64, with func(Record) (*Entry, error)) (done int, next uint64, err error) {
	err = s.alter(func(tx *bolt.Tx) error {
		done, next = 0, 0
		c := s.cursor(tx)
		border, err := lastSequence(tx.Bucket(bucketLog), s.keys.Load().decode)
		if err != nil {
			return err
		}
		r, err := c.holding(max(from, s.First()))
		instead := map[uint64][]byte{}
		for count := 0; err == nil && r.First <= to && r.Last() < border; count++ {
			if count == trimRecords {
				next = r.First
				break
			}
			e, failed := with(r)
			if failed != nil {
				return failed
			}
			if e != nil {
				if instead[r.First], err = r.sealed(e, s.keys.Load()); err != nil {
					return err
				}
			}
			r, err = c.following(r)
		}
		for first, value := range instead {
			if err := tx.Bucket(bucketLog).Put(logKey(first), value); err != nil {
				return err
			}
		}
		done = len(instead)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return done, next, nil
}

// sealed is what stands under the number of r when e takes its place.
func (r Record) sealed(e *Entry, k *keys) ([]byte, error) {
	if e.Count != r.Count {
		return nil, invalidFault(fmt.Sprintf("record %d of %d numbers becomes an entry of %d", r.First, r.Count, e.Count))
	}
	content, err := e.encode()
	if err != nil {
		return nil, err
	}
	return k.sealIn(content[len(content):], bucketLog, logKey(r.First), content), nil
}
