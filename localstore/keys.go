package localstore

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/crypto/chacha20poly1305"
)

// The keys of a store stand in its bucket "keys", wrapped with the master key,
// which is kept elsewhere (see Keyring): id, 4 bytes big-endian -> version 0x01
// | nonce | ciphertext and tag, bound to the store and the id.
const (
	keyOfNames  = 0 // id of the key of pseudonyms; it stays as long as the store
	wrapVersion = 1
)

var bucketKeys = []byte("keys")

func newKeys(master []byte) *keys {
	k := &keys{master: master, raw: map[uint32][]byte{}, data: map[uint32]cipher.AEAD{}}
	k.add(keyOfNames, newKey())
	k.add(keyOfNames+1, newKey())
	return k
}

// rotated is k with another key to seal with.
func (k *keys) rotated() *keys {
	next := &keys{master: k.master, raw: maps.Clone(k.raw), data: maps.Clone(k.data), current: k.current}
	next.add(k.current+1, newKey())
	return next
}

// newest is k without the keys that nothing is sealed with any more.
func (k *keys) newest() *keys {
	next := &keys{master: k.master, raw: map[uint32][]byte{}, data: map[uint32]cipher.AEAD{}}
	next.add(keyOfNames, k.raw[keyOfNames])
	next.add(k.current, k.raw[k.current])
	return next
}

func (k *keys) add(id uint32, key []byte) {
	if k.raw[id] = key; id == keyOfNames {
		return
	}
	k.data[id] = cipherOf(key)
	k.current = max(k.current, id)
}

// cipherOf takes a key of 32 bytes.
func cipherOf(key []byte) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // whoever reads a key checks its length
	}
	return aead
}

// put makes k the keys of the store in tx.
func (k *keys) put(tx *bolt.Tx, store string) error {
	if err := tx.DeleteBucket(bucketKeys); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
		return err
	}
	b, err := tx.CreateBucket(bucketKeys)
	if err != nil {
		return err
	}
	for id, key := range k.raw {
		if err := b.Put(idOfKey(id), wrap(k.master, store, id, key)); err != nil {
			return err
		}
	}
	return nil
}

// loadKeys reads the keys of a store. The fault is store_key when master is not
// theirs.
func loadKeys(tx *bolt.Tx, store string, master []byte) (*keys, error) {
	b := tx.Bucket(bucketKeys)
	if b == nil {
		return nil, corruptFault(errors.New("a store without keys"))
	}
	k := &keys{master: master, raw: map[uint32][]byte{}, data: map[uint32]cipher.AEAD{}}
	var another error // the master key does not open one of them
	err := b.ForEach(func(name, wrapped []byte) error {
		if len(name) != 4 {
			return corruptFault(fmt.Errorf("a key whose id has %d bytes", len(name)))
		}
		id := binary.BigEndian.Uint32(name)
		key, err := unwrap(master, store, id, wrapped)
		switch {
		case codeIs(err, CodeKey):
			another = err
			return nil
		case err == nil:
			k.add(id, key)
		}
		return err
	})
	switch {
	case err == nil && another != nil && len(k.raw) == 0:
		err = another
	case err == nil && another != nil:
		err = corruptFault(another)
	}
	if err == nil && (k.raw[keyOfNames] == nil || len(k.data) == 0) {
		err = corruptFault(errors.New("a key of the store is missing"))
	}
	return k, err
}

func idOfKey(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

func newKey() []byte {
	key := make([]byte, chacha20poly1305.KeySize)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

// wrap seals key with master.
func wrap(master []byte, store string, id uint32, key []byte) []byte {
	aead := cipherOf(master)
	wrapped := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(key)+aead.Overhead())
	wrapped[0] = wrapVersion
	rand.Read(wrapped[1:])
	return aead.Seal(wrapped, wrapped[1:], key, place([]byte(store), bucketKeys, idOfKey(id)))
}

func unwrap(master []byte, store string, id uint32, wrapped []byte) ([]byte, error) {
	aead := cipherOf(master)
	switch {
	case len(wrapped) < 1+aead.NonceSize() || wrapped[0] == 0:
		return nil, corruptFault(fmt.Errorf("key %d is cut short", id))
	case wrapped[0] > wrapVersion:
		return nil, newerFault(fmt.Errorf("key of version %d", wrapped[0]))
	}
	key, err := aead.Open(nil, wrapped[1:1+aead.NonceSize()], wrapped[1+aead.NonceSize():], place([]byte(store), bucketKeys, idOfKey(id)))
	if err != nil || len(key) != chacha20poly1305.KeySize {
		return nil, keyFault(fmt.Errorf("the master key does not open key %d", id))
	}
	return key, nil
}
