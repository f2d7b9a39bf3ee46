package localstore

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Format 1: values are not sealed, but for those of vaults, with the key file
// itself.
//
//	bucket "log"       version 0x01 | kind | count, uvarint | payload
//	bucket "settings"  key -> version 0x01 | value
//	bucket "sealed"    version 0x02 | nonce | ciphertext
const (
	plainVersion1  = 1
	sealedVersion1 = 2
)

// blockVersion1 is that of a journal of format 1.
const blockVersion1 = 1

// decodeFormat1 is the decoder of format 1.
func decodeFormat1(key, value []byte) (Record, error) {
	content, err := openFormat1(value)
	if err != nil {
		return Record{}, fmt.Errorf("record %x: %w", key, err)
	}
	return parseRecord(key, content)
}

func openFormat1(value []byte) ([]byte, error) {
	switch {
	case len(value) == 0 || value[0] == 0:
		return nil, corruptFault(errors.New("value without a version"))
	case value[0] > plainVersion1:
		return nil, newerFault(fmt.Errorf("value of version %d", value[0]))
	}
	return value[1:], nil
}

// A format1 reads a file of format 1 for one of format 2.
type format1 struct {
	keys *keys       // of the new file
	old  cipher.AEAD // of vaults
	lost int         // values of vaults that it does not open
}

func (f *format1) walk(tx *bolt.Tx, fn func(item) error) error {
	f.lost = 0
	next := uint64(firstSequence)
	err := tx.Bucket(bucketLog).ForEach(func(key, value []byte) error {
		r, err := decodeFormat1(key, value)
		if err != nil {
			return err
		}
		if r.First != next {
			return gapFault(next, r.First)
		}
		next = r.Last() + 1
		return fn(item{parent: bucketLog, bound: bucketLog, key: key, content: value[1:]})
	})
	if err != nil {
		return err
	}
	return eachGroup(tx, func(parent, child []byte, b *bolt.Bucket) error {
		return b.ForEach(func(key, value []byte) error {
			it := item{parent: parent, child: child, bound: bound(parent, child), key: key}
			if string(parent) == string(bucketSealed) {
				if it.content = f.openSealed(child, key, value); it.content == nil {
					f.lost++
					return nil
				}
				return fn(it)
			}
			content, err := openFormat1(value)
			if err != nil {
				return err
			}
			it.key, it.content = f.keys.setting(string(child), string(key), content)
			return fn(it)
		})
	})
}

// openSealed is the value of a vault; nil when it cannot be opened.
func (f *format1) openSealed(vault, key, value []byte) []byte {
	if len(value) < 1+f.old.NonceSize() || value[0] != sealedVersion1 {
		return nil
	}
	nonce, text := value[1:1+f.old.NonceSize()], value[1+f.old.NonceSize():]
	plain, err := f.old.Open([]byte{}, nonce, text, slices.Concat(bucketSealed, []byte{0}, vault, []byte{0}, key))
	if err != nil {
		return nil
	}
	return plain
}

// completeFormat1 gives bbolt what only the journal of format 1 holds.
func completeFormat1(db *bolt.DB, journal, id string) error {
	f, err := os.Open(journal)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		log := tx.Bucket(bucketLog)
		head, err := lastSequence(log, decodeFormat1)
		if err != nil {
			return err
		}
		form := journalForm{blockVersion1, decodeFormat1}
		found, err := recoverJournal(f, info.Size()/journalPage*journalPage, id, head, form)
		if err == nil {
			err = found.gap
		}
		for _, r := range found.records {
			if err == nil {
				err = log.Put(logKey(r.First), r.value)
			}
		}
		return err
	})
}

// migrate1 makes a file of format 2 of one of format 1.
func migrate1(m *migration) error {
	if err := completeFormat1(m.db, m.path+journalSuffix, m.id); err != nil {
		return err
	}
	master, err := m.secret.create(m.id)
	if err != nil {
		return err
	}
	if err := m.backUp(master); err != nil {
		return err
	}
	k := newKeys(master)
	f := &format1{keys: k, old: cipherOf(master)}
	if err := m.rewrite(k, f.walk); err != nil {
		return err
	}
	// What is left in the journal is all in the new file, and is not sealed.
	if err := os.Truncate(m.path+journalSuffix, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if f.lost > 0 {
		m.secret.log.Warn("store: values whose key is lost are left out", "values", f.lost)
	}
	return nil
}
