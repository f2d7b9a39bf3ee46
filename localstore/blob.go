package localstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	bolt "go.etcd.io/bbolt"
)

// MaxPiece is how many bytes one Append to a blob may have.
const MaxPiece = 1 << 20

// Blobs are sealed sequences of bytes that grow at their end, piece by piece.
// A piece is durable when Append returns, so that a crash keeps what came
// before. The pieces stand in the file as the values of a Vault do.
type Blobs struct{ vault *Vault }

// Blobs gives the blobs of that name, which must not be a vault's.
func (s *Store) Blobs(name string) *Blobs {
	return &Blobs{&Vault{store: s, name: []byte(name)}}
}

// Append adds piece, of 1 to MaxPiece bytes, to the blob id, which has at bytes
// so far; 0 makes it. Errors are those of Put.
func (b *Blobs) Append(id string, at int64, piece []byte) error {
	if id == "" || len(id) > MaxKey-1-offsetSize || len(piece) == 0 || len(piece) > MaxPiece || at < 0 {
		return invalidFault(fmt.Sprintf("%d bytes at %d of a blob: 1 to %d are possible", len(piece), at, MaxPiece))
	}
	key := pieceKey(id, at)
	return b.vault.store.alter(func(tx *bolt.Tx) error {
		bucket, err := sealedBucket(tx, b.vault.name)
		if err != nil {
			return err
		}
		if end := sizeOf(bucket, id); end != at {
			return invalidFault(fmt.Sprintf("a piece at %d of a blob of %d bytes", at, end))
		}
		return bucket.Put(key, b.vault.store.keys.Load().seal(b.vault.bucket(), key, piece))
	})
}

// Size is how many bytes the blob id has; 0 when there is none.
func (b *Blobs) Size(id string) (size int64, err error) {
	err = b.vault.view(func(bucket *bolt.Bucket) error {
		size = sizeOf(bucket, id)
		return nil
	})
	return size, err
}

// IDs are those of all blobs, in order.
func (b *Blobs) IDs() (ids []string, err error) {
	err = b.vault.view(func(bucket *bolt.Bucket) error {
		c := bucket.Cursor()
		for key, _ := c.First(); key != nil; {
			id, _, ok := splitPiece(key)
			if !ok {
				return corruptFault(fmt.Errorf("the key of a blob has %d bytes", len(key)))
			}
			ids = append(ids, id)
			key, _ = c.Seek(append([]byte(id), 1))
		}
		return nil
	})
	return ids, err
}

// Delete removes the blob id; one that does not exist is no error.
func (b *Blobs) Delete(id string) error {
	return b.vault.store.alter(func(tx *bolt.Tx) error {
		bucket, err := sealedBucket(tx, b.vault.name)
		if err != nil {
			return err
		}
		var keys [][]byte
		c := bucket.Cursor()
		for key, _ := c.Seek(pieceKey(id, 0)); bytes.HasPrefix(key, blobPrefix(id)); key, _ = c.Next() {
			keys = append(keys, bytes.Clone(key))
		}
		for _, key := range keys { // a cursor may skip when it deletes
			if err := bucket.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reader reads the blob id from anywhere. It keeps the piece that it read last,
// so it is for one goroutine. Errors are io.EOF and those of Get.
func (b *Blobs) Reader(id string) io.ReaderAt { return &blobReader{blobs: b, id: id} }

type blobReader struct {
	blobs *Blobs
	id    string
	start int64
	piece []byte
}

// ReadAt implements io.ReaderAt.
func (r *blobReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at < r.start || at >= r.start+int64(len(r.piece)) {
			if err := r.load(at); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], r.piece[at-r.start:])
	}
	return n, nil
}

// load opens the piece that holds the byte at.
func (r *blobReader) load(at int64) error {
	var piece []byte
	start := int64(-1)
	err := r.blobs.vault.view(func(bucket *bolt.Bucket) (err error) {
		c := bucket.Cursor()
		key, stored := c.Seek(pieceKey(r.id, at))
		if !bytes.Equal(key, pieceKey(r.id, at)) {
			key, stored = before(c, key)
		}
		if id, from, ok := splitPiece(key); ok && id == r.id && at < from+plainLength(stored) {
			start = from
			piece, err = r.blobs.vault.store.keys.Load().open(r.blobs.vault.bucket(), key, stored)
		}
		return err
	})
	if err != nil {
		return err
	}
	if start < 0 {
		return io.EOF
	}
	r.start, r.piece = start, piece
	return nil
}

// before is what stands before key, where c is; nil: behind the last.
func before(c *bolt.Cursor, key []byte) (k, v []byte) {
	if key == nil {
		return c.Last()
	}
	return c.Prev()
}

func sizeOf(bucket *bolt.Bucket, id string) int64 {
	c := bucket.Cursor()
	key, _ := c.Seek(append([]byte(id), 1)) // behind all pieces of id
	key, value := before(c, key)
	if have, at, ok := splitPiece(key); ok && have == id {
		return at + plainLength(value)
	}
	return 0
}

// plainLength is how many bytes a sealed value holds.
func plainLength(value []byte) int64 {
	return int64(max(0, len(value)-sealedCost))
}

const offsetSize = 8

func blobPrefix(id string) []byte { return append([]byte(id), 0) }

// pieceKey is id, NUL, and where in the blob the piece begins, big-endian.
func pieceKey(id string, at int64) []byte {
	return binary.BigEndian.AppendUint64(blobPrefix(id), uint64(at))
}

func splitPiece(key []byte) (id string, at int64, ok bool) {
	n := len(key) - 1 - offsetSize
	if n < 1 || key[n] != 0 {
		return "", 0, false
	}
	return string(key[:n]), int64(binary.BigEndian.Uint64(key[n+1:])), true
}
