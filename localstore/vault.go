package localstore

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// How much Each copies at a time.
const (
	pageSealed      = 64
	pageSealedBytes = 4 << 20
)

// VaultLimits bound a Vault. When one is reached, the oldest values leave.
type VaultLimits struct {
	Count int           // values
	Bytes int           // of all values together
	Age   time.Duration // of a value
}

// A Vault is a bucket of values in the order of their times, of which it holds a
// limited number. Its methods may be called from any goroutine.
type Vault struct {
	store  *Store
	name   []byte
	limits VaultLimits

	mu      sync.Mutex // guards waiting
	waiting []*sealed
	lead    sync.Mutex // held by the one who commits for all that wait
}

// A sealed value waits for its commit, or was read.
type sealed struct {
	at    time.Time
	key   []byte
	value []byte
	err   error // it cannot be opened
	done  chan error
}

// Vault gives the vault of that name.
func (s *Store) Vault(name string, limits VaultLimits) *Vault {
	return &Vault{store: s, name: []byte(name), limits: limits}
}

// Add keeps value, of time at, and returns once it is on disk. Errors are those
// of Put.
func (v *Vault) Add(at time.Time, value []byte) error {
	if len(value) > min(MaxData, v.limits.Bytes) {
		return invalidFault(fmt.Sprintf("value of %d bytes: at most %d are possible", len(value), min(MaxData, v.limits.Bytes)))
	}
	r := &sealed{at: at, key: sealedKey(at), value: value, done: make(chan error, 1)}
	v.mu.Lock()
	v.waiting = append(v.waiting, r)
	v.mu.Unlock()
	v.commit()
	return <-r.done
}

// commit stores all that wait, in one transaction, unless somebody else has
// done so meanwhile.
func (v *Vault) commit() {
	v.lead.Lock()
	defer v.lead.Unlock()
	v.mu.Lock()
	batch := v.waiting
	v.waiting = nil
	v.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	now := batch[0].at
	err := v.store.alter(func(tx *bolt.Tx) error {
		b, err := sealedBucket(tx, v.name)
		if err != nil {
			return err
		}
		for _, r := range batch {
			if err := b.Put(r.key, v.store.keys.Load().seal(v.bucket(), r.key, r.value)); err != nil {
				return err
			}
			if r.at.After(now) {
				now = r.at
			}
		}
		return v.prune(b, now)
	})
	for _, r := range batch {
		r.done <- err
	}
}

// Prune removes what is older than the limit at now.
func (v *Vault) Prune(now time.Time) error {
	old := false
	err := v.view(func(b *bolt.Bucket) error {
		key, _ := b.Cursor().First()
		old = key != nil && v.expired(key, now)
		return nil
	})
	if err != nil || !old {
		return err
	}
	return v.store.alter(func(tx *bolt.Tx) error {
		b, err := sealedBucket(tx, v.name)
		if err != nil {
			return err
		}
		return v.prune(b, now)
	})
}

// prune removes the oldest values until the limits are kept.
func (v *Vault) prune(b *bolt.Bucket, now time.Time) error {
	count, size := 0, 0
	c := b.Cursor()
	for key, value := c.First(); key != nil; key, value = c.Next() {
		count, size = count+1, size+len(value)
	}
	var gone [][]byte
	for key, value := c.First(); key != nil; key, value = c.Next() {
		if count <= v.limits.Count && size <= v.limits.Bytes && !v.expired(key, now) {
			break
		}
		count, size = count-1, size-len(value)
		gone = append(gone, bytes.Clone(key))
	}
	for _, key := range gone { // a cursor may skip when it deletes
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) expired(key []byte, now time.Time) bool {
	return now.Sub(sealedTime(key)) > v.limits.Age
}

// Count is how many values there are.
func (v *Vault) Count() (n int, err error) {
	err = v.view(func(b *bolt.Bucket) error {
		n = b.Stats().KeyN
		return nil
	})
	return n, err
}

// Each calls fn with each value, oldest first, until fn returns false. A value
// that cannot be opened comes with the fault store_corrupt instead. No
// transaction is open while fn runs.
func (v *Vault) Each(fn func(at time.Time, value []byte, err error) (more bool)) error {
	var next []byte
	for {
		page, err := v.page(next)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			if !fn(sealedTime(r.key), r.value, r.err) {
				return nil
			}
			next = append(r.key, 0)
		}
	}
}

// page copies out what comes at or behind key next.
func (v *Vault) page(next []byte) (page []*sealed, err error) {
	size := 0
	err = v.view(func(b *bolt.Bucket) error {
		c := b.Cursor()
		for key, value := c.Seek(next); key != nil && len(page) < pageSealed && size < pageSealedBytes; key, value = c.Next() {
			r := &sealed{key: bytes.Clone(key)}
			r.value, r.err = v.store.keys.Load().open(v.bucket(), key, value)
			page = append(page, r)
			size += len(value)
		}
		return nil
	})
	return page, err
}

// view runs fn on the bucket, if it exists.
func (v *Vault) view(fn func(*bolt.Bucket) error) error {
	return v.store.view(func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketSealed)
		if all == nil {
			return nil
		}
		if b := all.Bucket(v.name); b != nil {
			return fn(b)
		}
		return nil
	})
}

func sealedBucket(tx *bolt.Tx, name []byte) (*bolt.Bucket, error) {
	all, err := tx.CreateBucketIfNotExists(bucketSealed)
	if err != nil {
		return nil, err
	}
	return all.CreateBucketIfNotExists(name)
}

// sealedKey is the time, by which values are ordered, and something random, by
// which those of one time are told apart.
func sealedKey(at time.Time) []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(max(0, at.UnixNano())))
	key = key[:16]
	rand.Read(key[8:]) // never fails (crypto/rand)
	return key
}

func sealedTime(key []byte) time.Time {
	if len(key) < 8 {
		return time.Time{}
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(key)))
}

// bucket is what a value is bound to, together with its key.
func (v *Vault) bucket() []byte { return bound(bucketSealed, v.name) }
