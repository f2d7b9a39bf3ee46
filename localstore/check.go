package localstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// A Checked is what a check has found in order.
type Checked struct {
	Records     int    // of the log
	First, Last uint64 // their sequence numbers; Last < First: there are none
	Values      int    // beside the log: settings, and what vaults hold
}

// Check opens every value of the store, and tells whether the log is without a
// gap. progress is told how many of how many sequence numbers have been read.
// Errors are those of ctx and Read.
func (s *Store) Check(ctx context.Context, progress func(done, of uint64)) (c Checked, err error) {
	if err := s.apply(); err != nil {
		return c, err
	}
	head := s.Head()
	err = s.view(func(tx *bolt.Tx) error {
		c, err = s.keys.Load().check(ctx, tx, s.First(), func(done uint64) {
			if progress != nil {
				progress(done, head)
			}
		})
		return err
	})
	return c, err
}

// check opens all that tx holds of a log that starts with first.
func (k *keys) check(ctx context.Context, tx *bolt.Tx, first uint64, progress func(done uint64)) (c Checked, err error) {
	c.First, c.Last = first, first-1
	err = k.walk(tx, func(it item) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if it.child != nil {
			c.Values++
			return nil
		}
		r, err := parseRecord(it.key, it.content)
		if err != nil {
			return err
		}
		if r.First != c.Last+1 {
			return gapFault(c.Last+1, r.First)
		}
		c.Last = r.Last()
		c.Records++
		progress(c.Last)
		return nil
	})
	return c, err
}

// checkCopy checks a file that nobody has open, with its master key.
func checkCopy(ctx context.Context, path string, master []byte) (c Checked, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = corruptFault(panicError(p))
		}
	}()
	err = readOnly(path, func(f *file) error {
		return f.db.View(func(tx *bolt.Tx) error {
			if err := f.load(tx, held(master)); err != nil {
				return err
			}
			c, err = f.keys.check(ctx, tx, f.first, func(uint64) {})
			return err
		})
	})
	return c, err
}

// readOnly opens the file at path for fn, and changes nothing in it.
func readOnly(path string, fn func(*file) error) error {
	f := &file{}
	o := boltOptions(&f.raw)
	o.ReadOnly = true
	var err error
	if f.db, err = bolt.Open(path, 0o600, o); err != nil {
		return faultFor(err)
	}
	defer f.db.Close()
	if err := f.checkSize(); err != nil {
		return faultFor(err)
	}
	return faultFor(fn(f))
}

// CheckFile looks at the structure of the file at path, which nobody has open,
// without its key: at its beginning and its size, and if it is to be thorough at
// each page. A file that is damaged can end the process or hold it for ever, so
// this is for a child process. A file that there is not is in order. Errors are
// the faults of Open.
func CheckFile(path string, thorough bool) (err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return faultFor(err)
	case info.Size() == 0:
		return nil
	case info.Size() < minFileSize:
		return corruptFault(fmt.Errorf("a file of %d bytes", info.Size()))
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = corruptFault(panicError(p))
		}
	}()
	return readOnly(path, func(f *file) error {
		return f.db.View(func(tx *bolt.Tx) error {
			if _, _, err := identify(tx); err != nil {
				return err
			}
			if ends(tx) < 0 {
				return corruptFault(errors.New("values of no length"))
			}
			if !thorough {
				return nil
			}
			for err := range tx.Check() {
				return corruptFault(err)
			}
			return nil
		})
	})
}

// ends touches the pages at both ends of every bucket, and adds up what it finds
// there so that no compiler passes over them.
func ends(tx *bolt.Tx) (sum int) {
	touch := func(b *bolt.Bucket) {
		for _, step := range []func() ([]byte, []byte){b.Cursor().First, b.Cursor().Last} {
			if _, value := step(); len(value) > 0 {
				sum += int(value[0]) + int(value[len(value)-1])
			}
		}
	}
	touch(tx.Bucket(bucketLog))
	_ = eachGroup(tx, func(_, _ []byte, b *bolt.Bucket) error {
		touch(b)
		return nil
	})
	return sum
}

// Unclean tells whether the store at path was not closed: what it holds may have
// been cut off in the middle.
func Unclean(path string) bool {
	f, err := os.Open(path + journalSuffix)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return true
	}
	blocks, err := scan(f, info.Size()/journalPage*journalPage)
	return err != nil || len(blocks) > 0
}
