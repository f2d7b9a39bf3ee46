package localstore

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/crypto/chacha20poly1305"
)

// valueSealed is the version of a value that is encrypted: nonce, then
// ciphertext of XChaCha20-Poly1305, which vouches for bucket and key as well.
const valueSealed = 2

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

// A Vault is a bucket of sealed values in the order of their times: nothing of
// them can be read in the file. Its methods may be called from any goroutine.
type Vault struct {
	store  *Store
	name   []byte
	limits VaultLimits
	aead   cipher.AEAD // nil until the key has been needed; guarded by the store's keyMu

	mu      sync.Mutex // guards waiting
	waiting []*sealed
	lead    sync.Mutex // held by the one who commits for all that wait
}

// A sealed value waits for its commit.
type sealed struct {
	at    time.Time
	key   []byte
	value []byte
	done  chan error
}

// Vault gives the vault of that name. It needs no key before the first value
// is added or read: a key that is lost is no obstacle to anything else.
func (s *Store) Vault(name string, limits VaultLimits) *Vault {
	return &Vault{store: s, name: []byte(name), limits: limits}
}

// Add seals value, of time at, and returns once it is on disk. Errors are the
// faults store_key (the key is lost, or is none), store_invalid and those of
// Put.
func (v *Vault) Add(at time.Time, value []byte) error {
	if len(value) > min(MaxData, v.limits.Bytes) {
		return invalidFault(fmt.Sprintf("value of %d bytes: at most %d are possible", len(value), min(MaxData, v.limits.Bytes)))
	}
	aead, err := v.cipher()
	if err != nil {
		return err
	}
	r := &sealed{at: at, key: sealedKey(at), done: make(chan error, 1)}
	nonce := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(value)+aead.Overhead())
	nonce[0] = valueSealed
	rand.Read(nonce[1:]) // never fails (crypto/rand)
	r.value = aead.Seal(nonce, nonce[1:], value, v.bound(r.key))

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
			if err := b.Put(r.key, r.value); err != nil {
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
// that cannot be opened (another key, damage) comes with the fault store_key
// instead. No transaction is open while fn runs.
func (v *Vault) Each(fn func(at time.Time, value []byte, err error) (more bool)) error {
	var next []byte
	for {
		page, err := v.page(next)
		if err != nil || len(page) == 0 {
			return err
		}
		aead, err := v.cipher()
		if err != nil {
			return err
		}
		for _, r := range page {
			value, err := v.open(aead, r)
			if !fn(sealedTime(r.key), value, err) {
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
			page = append(page, &sealed{key: bytes.Clone(key), value: bytes.Clone(value)})
			size += len(value)
		}
		return nil
	})
	return page, err
}

func (v *Vault) open(aead cipher.AEAD, r *sealed) ([]byte, error) {
	if len(r.value) < 1+aead.NonceSize() || r.value[0] != valueSealed {
		return nil, keyFault(errors.New("a value that is not sealed"))
	}
	nonce, text := r.value[1:1+aead.NonceSize()], r.value[1+aead.NonceSize():]
	value, err := aead.Open(nil, nonce, text, v.bound(r.key))
	if err != nil {
		return nil, keyFault(errors.New("a value that this key does not open"))
	}
	return value, nil
}

// cipher reads the key when it is needed first. One is made only while nothing
// is sealed with another.
func (v *Vault) cipher() (cipher.AEAD, error) {
	s := v.store
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	if v.aead != nil {
		return v.aead, nil
	}
	empty, err := s.nothingSealed()
	if err != nil {
		return nil, err
	}
	key, err := secretKey(filepath.Join(filepath.Dir(s.path), KeyFile), empty)
	if err != nil {
		return nil, err
	}
	v.aead, err = chacha20poly1305.NewX(key)
	return v.aead, err
}

// nothingSealed tells that no vault holds anything.
func (s *Store) nothingSealed() (empty bool, err error) {
	empty = true
	err = s.view(func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketSealed)
		if all == nil {
			return nil
		}
		return all.ForEachBucket(func(name []byte) error {
			key, _ := all.Bucket(name).Cursor().First()
			empty = empty && key == nil
			return nil
		})
	})
	return empty, err
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

// bound is what a sealed value belongs to: it cannot be put elsewhere.
func (v *Vault) bound(key []byte) []byte {
	return slices.Concat(bucketSealed, []byte{0}, v.name, []byte{0}, key)
}
