package localstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// A Rewriting decides what a store holds afterwards; what is nil keeps all.
type Rewriting struct {
	// Record gives what takes the place of a record: entries of as many sequence
	// numbers together, or nil for the record as it is.
	Record func(Record) ([]Entry, error)
	// Setting tells whether a setting stays.
	Setting func(bucket, key string, value []byte) bool
	// Also puts settings beside what stays, once all the rest is written: what must
	// be known when, and only when, the rewriting stands. It is called again for the
	// comparison, and must put the same.
	Also func(put func(bucket, key string, value []byte) error) error
	// Value gives what takes the place of a value of a vault, or of a piece of a
	// blob; nil: nothing.
	Value func(vault string, key, value []byte) []byte
	// Progress is told how many of how many sequence numbers have been written.
	Progress func(done, of uint64)
}

// Rewrite writes the store anew under a new key, without what r leaves out, and
// compares it with the old one before it takes its place. Afterwards the old
// key is nowhere, so that nothing which the old file held can be opened, and
// the file is as small as it can be. It needs as much space again meanwhile.
// Entries that are appended meanwhile are kept by the journal; settings wait.
// Until it returns nil nothing has changed. Errors are those of ctx and Append.
func (s *Store) Rewrite(ctx context.Context, r Rewriting) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { // Close waits for nobody's rewriting
		select {
		case <-s.quit:
			stop(ErrClosed)
		case <-ctx.Done():
		}
	}()
	err := s.rewrite(ctx, &r)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return faultFor(err)
}

func (s *Store) rewrite(ctx context.Context, r *Rewriting) error {
	if err := s.rotate(); err != nil {
		return err
	}
	defer s.yield()
	if err := s.applyAll(); err != nil { // what the old key has sealed
		return err
	}
	next, k := s.path+".new", s.keys.Load()
	err := s.view(func(tx *bolt.Tx) error {
		return copyTo(ctx, next, s.id, k.newest(), s.First(), tx, r.walk(k, s.First(), s.applied))
	})
	if err == nil {
		err = s.state()
	}
	if err != nil {
		_ = os.Remove(next)
		return err
	}
	return s.exchange(next, k.newest())
}

// rotate has everything sealed with a new key from now on. When it returns nil
// the caller has the claim.
func (s *Store) rotate() error {
	if err := s.state(); err != nil {
		return err
	}
	select {
	case s.leading <- struct{}{}:
	case <-s.quit:
		return ErrClosed
	case <-s.broken:
		return s.state()
	}
	defer func() { <-s.leading }()
	if err := s.claim(); err != nil {
		return err
	}
	k := s.keys.Load().rotated()
	if err := s.update(func(tx *bolt.Tx) error { return k.put(tx, s.id) }); err != nil {
		s.yield()
		return err
	}
	s.keys.Store(k)
	return nil
}

// exchange puts the file next in the place of the store's. Readers wait.
func (s *Store) exchange(next string, k *keys) error {
	s.openMu.Lock()
	defer s.openMu.Unlock()
	if s.file == nil {
		return failedFault(fmt.Errorf("the file is not open at the moment"))
	}
	err := s.file.db.Close() // Windows replaces no file that is open
	s.file = nil
	if err == nil {
		err = os.Rename(next, s.path)
	}
	if err == nil {
		s.keys.Store(k)
		_ = syncFolder(filepath.Dir(s.path)) // where a folder cannot be flushed, none needs it
	} else {
		_ = os.Remove(next)
	}
	f, opened := openFile(s.path, held(s.keys.Load().master))
	if opened != nil {
		s.log.Error("store: not reopened", "error", opened)
	} else {
		s.file = f
	}
	if err == nil {
		err = opened
	}
	return err
}

// walk yields what the store holds afterwards, of the file that k opens and
// whose log starts with first.
func (r *Rewriting) walk(k *keys, first, head uint64) walk {
	return func(tx *bolt.Tx, fn func(item) error) error {
		next := first
		err := k.walk(tx, func(it item) (err error) {
			switch string(it.parent) {
			case string(bucketLog):
				next, err = r.record(it, next, fn)
				if err == nil && r.Progress != nil {
					r.Progress(next-1, head)
				}
				return err
			case string(bucketSettings):
				key, value, err := splitSetting(it.content)
				if err != nil || r.Setting != nil && !r.Setting(string(it.child), key, value) {
					return err
				}
			default:
				if r.Value != nil {
					if it.content = r.Value(string(it.child), it.key, it.content); it.content == nil {
						return nil
					}
				}
			}
			return fn(it)
		})
		if err != nil || r.Also == nil {
			return err
		}
		return r.Also(func(bucket, key string, value []byte) error {
			if err := checkSetting(bucket, key, value); err != nil {
				return err
			}
			child := []byte(bucket)
			place, content := k.setting(bucket, key, value)
			return fn(item{parent: bucketSettings, child: child, bound: bound(bucketSettings, child), key: place, content: content})
		})
	}
}

// record yields what takes the place of a record, which must start with next.
func (r *Rewriting) record(it item, next uint64, fn func(item) error) (after uint64, err error) {
	old, err := parseRecord(it.key, it.content)
	if err != nil {
		return 0, err
	}
	if old.First != next {
		return 0, gapFault(next, old.First)
	}
	after = old.Last() + 1
	var entries []Entry
	if r.Record != nil {
		if entries, err = r.Record(old); err != nil {
			return 0, err
		}
	}
	if entries == nil {
		return after, fn(it)
	}
	for _, e := range entries {
		content, err := e.encode()
		if err != nil {
			return 0, err
		}
		if err := fn(item{parent: it.parent, bound: it.bound, key: logKey(next), content: content}); err != nil {
			return 0, err
		}
		next += uint64(e.Count)
	}
	if next != after {
		return 0, invalidFault(fmt.Sprintf("record %d becomes entries that end at %d instead of %d", old.First, next-1, after-1))
	}
	return after, nil
}
