package localstore

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// The form of a sealed value, the only one that a store holds:
//
//	version 0x03 | id of the key, 4 bytes big-endian | nonce, 24 bytes |
//	ciphertext and tag of XChaCha20-Poly1305
//
// The tag vouches for version, key id, bucket and key as well: a value that was
// changed, or moved to another place, is none.
const (
	valueSealed = 3
	sealedHead  = 1 + 4
	sealedCost  = sealedHead + chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
)

// keys are the secrets of a store. They are never changed; a rotation makes
// others.
type keys struct {
	master  []byte
	raw     map[uint32][]byte      // by id
	data    map[uint32]cipher.AEAD // of them, those that values may be sealed with
	current uint32                 // with which values are sealed
}

// seal makes the value that stands under key in bucket.
func (k *keys) seal(bucket, key, plain []byte) []byte {
	return k.sealIn(make([]byte, 0, sealedCost+len(plain)), bucket, key, plain)
}

// sealIn is seal in the memory of room, as far as that suffices. None of it may
// be that of plain.
func (k *keys) sealIn(room, bucket, key, plain []byte) []byte {
	aead := k.data[k.current]
	value := append(room[:0], make([]byte, sealedHead+aead.NonceSize())...)
	value[0] = valueSealed
	binary.BigEndian.PutUint32(value[1:], k.current)
	nonce := value[sealedHead:]
	rand.Read(nonce) // never fails (crypto/rand)
	return aead.Seal(value, nonce, plain, place(value[:sealedHead], bucket, key))
}

// open gives what is sealed in value, in memory of its own. The fault is
// store_corrupt unless value belongs there, store_newer if its form is not
// known.
func (k *keys) open(bucket, key, value []byte) ([]byte, error) {
	switch {
	case len(value) == 0 || value[0] < valueSealed:
		return nil, corruptFault(errors.New("a value that is not sealed"))
	case value[0] > valueSealed:
		return nil, newerFault(fmt.Errorf("value of version %d", value[0]))
	case len(value) < sealedCost:
		return nil, corruptFault(errors.New("a sealed value is cut short"))
	}
	id := binary.BigEndian.Uint32(value[1:])
	aead := k.data[id]
	if aead == nil {
		return nil, corruptFault(fmt.Errorf("a value is sealed with key %d, which there is not", id))
	}
	nonce, text := value[sealedHead:][:aead.NonceSize()], value[sealedHead+aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, text, place(value[:sealedHead], bucket, key))
	if err != nil {
		return nil, corruptFault(errors.New("a sealed value has been changed, or belongs elsewhere"))
	}
	return plain, nil
}

// place is what a sealed value is bound to.
func place(head, bucket, key []byte) []byte {
	bound := make([]byte, 0, 64)
	bound = append(bound, head...)
	bound = binary.BigEndian.AppendUint16(bound, uint16(len(bucket)))
	return append(append(bound, bucket...), key...)
}

// pseudonym stands for a name where it could be read.
func (k *keys) pseudonym(kind, name string) []byte {
	h := hmac.New(sha256.New, k.raw[keyOfNames])
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(name))
	return h.Sum(nil)
}
