package localstore

import (
	"bytes"
	"context"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

// copyBytes is how much a transaction of a copy takes.
const copyBytes = 8 << 20

// An item is a value of a store, opened, and where it stands.
type item struct {
	parent, child []byte // its bucket; child is nil when the value stands in parent itself
	bound         []byte // what it is sealed for, beside key
	key, content  []byte
}

// A walk calls fn with each item of a transaction, in the order of bbolt.
type walk func(tx *bolt.Tx, fn func(item) error) error

// walk gives each item of a store that k opens. The keys of settings stay.
func (k *keys) walk(tx *bolt.Tx, fn func(item) error) error {
	open := func(b *bolt.Bucket, it item) error {
		return b.ForEach(func(key, value []byte) (err error) {
			it.key = key
			if it.content, err = k.open(it.bound, key, value); err != nil {
				return fmt.Errorf("%s %x: %w", it.bound, key, err)
			}
			return fn(it)
		})
	}
	if err := open(tx.Bucket(bucketLog), item{parent: bucketLog, bound: bucketLog}); err != nil {
		return err
	}
	return eachGroup(tx, func(parent, child []byte, b *bolt.Bucket) error {
		return open(b, item{parent: parent, child: child, bound: bound(parent, child)})
	})
}

// eachGroup calls fn with each bucket of settings and each vault.
func eachGroup(tx *bolt.Tx, fn func(parent, child []byte, b *bolt.Bucket) error) error {
	for _, parent := range [][]byte{bucketSettings, bucketSealed} {
		all := tx.Bucket(parent)
		if all == nil {
			continue
		}
		if err := all.ForEachBucket(func(child []byte) error { return fn(parent, child, all.Bucket(child)) }); err != nil {
			return err
		}
	}
	return nil
}

// bound is what values in a bucket of settings or in a vault are sealed for.
func bound(parent, child []byte) []byte {
	return append(append(append([]byte{}, parent...), '/'), child...)
}

// A copier puts items into a new file, sealed with keys, many at a time.
type copier struct {
	db    *bolt.DB
	keys  *keys
	tx    *bolt.Tx
	bytes int
}

func (c *copier) put(it item) (err error) {
	if c.tx == nil {
		if c.tx, err = c.db.Begin(true); err != nil {
			return err
		}
	}
	b, err := c.tx.CreateBucketIfNotExists(it.parent)
	if err == nil && it.child != nil {
		b, err = b.CreateBucketIfNotExists(it.child)
	}
	if err != nil {
		return err
	}
	if it.child == nil {
		b.FillPercent = 1 // the log comes in order
	}
	if err := b.Put(it.key, c.keys.seal(it.bound, it.key, it.content)); err != nil {
		return err
	}
	if c.bytes += len(it.content); c.bytes >= copyBytes {
		return c.commit()
	}
	return nil
}

func (c *copier) commit() error {
	if c.tx == nil {
		return nil
	}
	tx := c.tx
	c.tx, c.bytes = nil, 0
	return tx.Commit()
}

// copyTo makes a store of that ID at path, whose log starts with first, of all
// that from yields, flushed and compared with it. What it has begun is removed when it fails.
func copyTo(ctx context.Context, path, id string, k *keys, first uint64, tx *bolt.Tx, from walk) (err error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	var raw *os.File
	o := boltOptions(&raw)
	o.NoSync = true // flushed as a whole
	db, err := bolt.Open(path, 0o600, o)
	if err != nil {
		return err
	}
	c := &copier{db: db, keys: k}
	defer func() {
		if c.tx != nil {
			_ = c.tx.Rollback()
		}
		if closed := db.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	if err := db.Update(func(tx *bolt.Tx) error { return makeBuckets(tx, id, k, first) }); err != nil {
		return err
	}
	put := func(it item) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return c.put(it)
	}
	if err := from(tx, put); err != nil {
		return err
	}
	if err := c.commit(); err != nil {
		return err
	}
	if err := db.Sync(); err != nil {
		return err
	}
	return db.View(func(copied *bolt.Tx) error { return compare(ctx, copied, k, tx, from) })
}

// compare tells whether copied holds all that from yields.
func compare(ctx context.Context, copied *bolt.Tx, k *keys, tx *bolt.Tx, from walk) error {
	return from(tx, func(it item) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := copied.Bucket(it.parent)
		if b != nil && it.child != nil {
			b = b.Bucket(it.child)
		}
		if b == nil {
			return corruptFault(fmt.Errorf("the copy has no bucket %s", it.bound))
		}
		content, err := k.open(it.bound, it.key, b.Get(it.key))
		if err == nil && !bytes.Equal(content, it.content) {
			err = corruptFault(fmt.Errorf("the copy has another value at %s %x", it.bound, it.key))
		}
		return err
	})
}
