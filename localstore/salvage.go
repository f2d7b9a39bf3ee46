package localstore

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// Salvage makes a store anew of all values of the one at path that can be
// opened, and sets the old one aside. Its structure must be sound (CheckFile).
// Fillers stand for records that cannot be opened or are missing, and for what
// only the journal held. Errors are those of Restore; then nothing has changed.
func Salvage(ctx context.Context, path string, r Restoring) (done Restored, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = corruptFault(panicError(p))
		}
	}()
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
	part := path + ".restoring"
	defer os.Remove(part)
	secret := &keeper{path: path, ring: r.Keyring, log: r.Logger}
	master, err := secret.of(path)
	if err != nil {
		return done, faultFor(err)
	}
	damaged := 0
	err = readOnly(path, func(f *file) error {
		return f.db.View(func(tx *bolt.Tx) error {
			_, id, err := identify(tx)
			if err != nil {
				return err
			}
			k, err := loadKeys(tx, id, master)
			if err != nil {
				return err
			}
			s := &salvage{keys: k, filler: r.Filler}
			first := s.first(tx)
			if err := copyTo(ctx, part, id, k, first, tx, s.walk); err != nil {
				return err
			}
			damaged = s.damaged
			return nil
		})
	})
	if err != nil {
		return done, faultFor(err)
	}
	if done.Checked, err = checkCopy(ctx, part, master); err != nil {
		return done, err
	}
	done.Damaged = damaged
	err = r.replace(path, part, secret, master, &done)
	return done, err
}

// A salvage walks over what cannot be opened.
type salvage struct {
	keys    *keys
	filler  func(count int) (Entry, error)
	damaged int
}

// first is the number that the log starts with, as far as can be told.
func (s *salvage) first(tx *bolt.Tx) uint64 {
	if first, err := s.keys.first(tx); err == nil {
		return first
	}
	c := tx.Bucket(bucketLog).Cursor()
	for key, value := c.First(); key != nil; key, value = c.Next() {
		if r, err := s.keys.decode(key, value); err == nil {
			return r.First
		}
	}
	return firstSequence
}

func (s *salvage) walk(tx *bolt.Tx, fn func(item) error) error {
	s.damaged = 0
	next := s.first(tx)
	err := tx.Bucket(bucketLog).ForEach(func(key, value []byte) error {
		content, err := s.keys.open(bucketLog, key, value)
		var r Record
		if err == nil {
			r, err = parseRecord(key, content)
		}
		if err != nil || r.First < next {
			s.damaged++
			return nil
		}
		if err := s.fill(&next, r.First, fn); err != nil {
			return err
		}
		next = r.Last() + 1
		return fn(item{parent: bucketLog, bound: bucketLog, key: key, content: content})
	})
	if err != nil {
		return err
	}
	return eachGroup(tx, func(parent, child []byte, b *bolt.Bucket) error {
		it := item{parent: parent, child: child, bound: bound(parent, child)}
		return b.ForEach(func(key, value []byte) (err error) {
			it.key = key
			if it.content, err = s.keys.open(it.bound, key, value); err != nil {
				s.damaged++
				return nil
			}
			return fn(it)
		})
	})
}

// fill yields fillers for the numbers from next to before first.
func (s *salvage) fill(next *uint64, first uint64, fn func(item) error) error {
	if first-*next > unknownNumbers {
		return corruptFault(errors.New("too much of the log is missing"))
	}
	for *next < first {
		count := min(first-*next, MaxCount)
		e, err := s.filler(int(count))
		if err != nil {
			return err
		}
		content, err := e.encode()
		if err != nil {
			return err
		}
		key := binary.BigEndian.AppendUint64(nil, *next)
		if err := fn(item{parent: bucketLog, bound: bucketLog, key: key, content: content}); err != nil {
			return err
		}
		*next += count
	}
	return nil
}
