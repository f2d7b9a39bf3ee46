package localstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// migrations lead from one format to the next, by the format that they start
// from.
var migrations = map[byte]func(*migration) error{1: migrate1}

// A migration makes a file of the next format beside the old one, and puts it
// in its place once it is flushed and compared with it. Whenever it is
// interrupted, one of them is whole under the name of the store.
type migration struct {
	path   string
	secret *keeper
	db     *bolt.DB
	raw    *os.File
	id     string
}

// migrate brings the file at path up to date, format by format.
func migrate(path string, secret *keeper) error {
	for {
		format, err := migrateOnce(path, secret)
		if err != nil {
			return faultFor(err)
		}
		if format == formatVersion {
			return nil
		}
	}
}

// migrateOnce does one step, and gives the format that it has led to.
func migrateOnce(path string, secret *keeper) (format byte, err error) {
	m := &migration{path: path, secret: secret}
	if m.db, err = bolt.Open(path, 0o600, boltOptions(&m.raw)); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.db.Close()) }() // a second time is no harm
	err = m.db.View(func(tx *bolt.Tx) error {
		format, m.id, err = identify(tx)
		return err
	})
	if err != nil || format == formatVersion {
		return format, err
	}
	step := migrations[format]
	if step == nil {
		return format, corruptFault(fmt.Errorf("a file of format %d", format))
	}
	secret.log.Info("store: bringing the file up to date", "format", format, "to", format+1)
	if err := step(m); err != nil {
		return format, fmt.Errorf("migration from format %d: %w", format, err)
	}
	secret.log.Info("store: the file is up to date", "format", format+1)
	return format + 1, nil
}

// backUp keeps the old file as a backup that the master key opens.
func (m *migration) backUp(master []byte) error {
	return m.db.View(func(tx *bolt.Tx) error {
		return writeBackup(context.Background(), beforeFormat(m.path), ownPassphrase(master), ownEffort, master, tx)
	})
}

// beforeFormat is where the backup before a migration stands.
func beforeFormat(path string) string {
	return fmt.Sprintf("%s.before-format-%d%s", path, formatVersion, BackupSuffix)
}

// DropOldFormat removes the backup that was made before a migration.
func (s *Store) DropOldFormat() error {
	if err := os.Remove(beforeFormat(s.path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return faultFor(err)
	}
	return nil
}

// rewrite replaces the file by one with the keys k, of all that from yields.
func (m *migration) rewrite(k *keys, from walk) error {
	next := m.path + ".new"
	err := m.db.View(func(tx *bolt.Tx) error { return copyTo(context.Background(), next, m.id, k, firstSequence, tx, from) })
	if err != nil {
		return err
	}
	if err := m.db.Close(); err != nil { // Windows replaces no file that is open
		return err
	}
	if err := os.Rename(next, m.path); err != nil {
		return err
	}
	_ = syncFolder(filepath.Dir(m.path)) // where a folder cannot be flushed, none needs it
	return nil
}
