package localstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// The limits of a setting.
const (
	MaxKey     = 1 << 10 // bytes of a bucket's name or a key; they are not empty
	MaxSetting = 1 << 20 // bytes of a value
)

const settingKeySize = 16 // bytes of a pseudonym

// Put stores a small setting under key in bucket, in place of the one before.
// It is durable on return. Errors are those of Append.
func (s *Store) Put(bucket, key string, value []byte) error {
	if err := checkSetting(bucket, key, value); err != nil {
		return err
	}
	return s.change(func(settings *bolt.Bucket) error {
		b, err := settings.CreateBucketIfNotExists([]byte(bucket))
		if err != nil {
			return err
		}
		return s.keys.Load().putSetting(b, bucket, key, value)
	})
}

// Get returns the caller's own copy of a setting, and whether there is one.
func (s *Store) Get(bucket, key string) (value []byte, found bool, err error) {
	if err := checkSetting(bucket, key, nil); err != nil {
		return nil, false, err
	}
	err = s.settings(bucket, func(b *bolt.Bucket) error {
		keys := s.keys.Load()
		place := keys.settingKey(bucket, key)
		stored := b.Get(place)
		if stored == nil {
			return nil
		}
		found = true
		_, value, err = keys.openSetting(bucket, place, stored)
		return err
	})
	return value, found && err == nil, err
}

// Delete removes a setting; one that does not exist is no error. It is durable
// on return.
func (s *Store) Delete(bucket, key string) error {
	if err := checkSetting(bucket, key, nil); err != nil {
		return err
	}
	return s.change(func(settings *bolt.Bucket) error {
		if b := settings.Bucket([]byte(bucket)); b != nil {
			return b.Delete(s.keys.Load().settingKey(bucket, key))
		}
		return nil
	})
}

// List returns a copy of all settings of bucket; none is an empty map.
func (s *Store) List(bucket string) (map[string][]byte, error) {
	if err := checkSetting(bucket, "any", nil); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	err := s.Each(bucket, func(key string, value []byte) bool {
		all[key] = value
		return true
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Each calls fn with each setting of bucket, in no particular order, until fn
// returns false. fn must not use the store.
func (s *Store) Each(bucket string, fn func(key string, value []byte) (more bool)) error {
	if err := checkSetting(bucket, "any", nil); err != nil {
		return err
	}
	return s.settings(bucket, func(b *bolt.Bucket) error {
		c := b.Cursor()
		for place, stored := c.First(); place != nil; place, stored = c.Next() {
			key, value, err := s.keys.Load().openSetting(bucket, place, stored)
			if err != nil {
				return err
			}
			if !fn(key, value) {
				return nil
			}
		}
		return nil
	})
}

// change has fn committed by bbolt. Settings are few and seldom change, so they
// do not go through the journal.
func (s *Store) change(fn func(settings *bolt.Bucket) error) error {
	return s.alter(func(tx *bolt.Tx) error { return fn(tx.Bucket(bucketSettings)) })
}

// alter has fn committed by bbolt at once.
func (s *Store) alter(fn func(*bolt.Tx) error) error {
	if err := s.state(); err != nil {
		return err
	}
	if err := s.claim(); err != nil {
		return err
	}
	defer s.yield()
	if err := s.state(); err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err := s.update(fn)
	if err != nil {
		s.log.Error("store: setting not stored", "error", err)
		s.revive()
	}
	return err
}

// settings reads one bucket, if it exists.
func (s *Store) settings(bucket string, fn func(*bolt.Bucket) error) error {
	return s.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketSettings).Bucket([]byte(bucket)); b != nil {
			return fn(b)
		}
		return nil
	})
}

// A setting is sealed together with its key, which may be a name, and stands
// under a pseudonym of it.
func (k *keys) putSetting(b *bolt.Bucket, bucket, key string, value []byte) error {
	place, content := k.setting(bucket, key, value)
	return b.Put(place, k.seal(bound(bucketSettings, []byte(bucket)), place, content))
}

func (k *keys) setting(bucket, key string, value []byte) (place, content []byte) {
	content = binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen16+len(key)+len(value)), uint64(len(key)))
	return k.settingKey(bucket, key), append(append(content, key...), value...)
}

func (k *keys) openSetting(bucket string, place, stored []byte) (key string, value []byte, err error) {
	content, err := k.open(bound(bucketSettings, []byte(bucket)), place, stored)
	if err != nil {
		return "", nil, err
	}
	return splitSetting(content)
}

func splitSetting(content []byte) (key string, value []byte, err error) {
	length, n := binary.Uvarint(content)
	if n <= 0 || length > uint64(len(content)-n) {
		return "", nil, corruptFault(errors.New("a setting without a key"))
	}
	content = content[n:]
	return string(content[:length]), content[length:], nil
}

func (k *keys) settingKey(bucket, key string) []byte {
	return k.pseudonym("setting\x00"+bucket, key)[:settingKeySize]
}

func checkSetting(bucket, key string, value []byte) error {
	switch {
	case bucket == "" || len(bucket) > MaxKey || key == "" || len(key) > MaxKey:
		return invalidFault(fmt.Sprintf("names of settings have 1 to %d bytes", MaxKey))
	case len(value) > MaxSetting:
		return invalidFault(fmt.Sprintf("setting of %d bytes: at most %d are possible", len(value), MaxSetting))
	}
	return nil
}
