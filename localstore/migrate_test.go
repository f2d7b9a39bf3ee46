package localstore

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// oldStore is a copy of the kept store of format 1, whose journal holds more
// than its bbolt.
func oldStore(t *testing.T) (path string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata/format1")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "vitalien.db")
}

const oldHead = 68

func TestMigrate1_KeepsWhatBboltAndJournalHold(t *testing.T) {
	path := oldStore(t)
	edit(t, path, func(tx *bolt.Tx) error {
		if head, err := lastSequence(tx.Bucket(bucketLog), decodeFormat1); head >= oldHead || err != nil {
			t.Fatalf("the old bbolt ends at %d, %v: its journal proves nothing", head, err)
		}
		return nil
	})
	for range 2 {
		s := open(t, path)
		if s.Head() != oldHead || inBbolt(t, s) != oldHead {
			t.Errorf("head %d, %d in bbolt, want %d", s.Head(), inBbolt(t, s), oldHead)
		}
		if all := readAll(t, s); len(all) == 0 || all[len(all)-1].Last() != oldHead {
			t.Errorf("%d records", len(all))
		}
		if values, closed := contents(t, s.Vault("quarantine", vaultLimits)); len(values) != 1 || closed != 0 {
			t.Errorf("%d values in the vault, %d closed", len(values), closed)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// The backup is made before anything is changed, and holds what the old file
// and its journal did.
func TestMigrate1_BacksUpTheOldFile(t *testing.T) {
	path := oldStore(t)
	key, err := os.ReadFile(filepath.Join(filepath.Dir(path), KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	open(t, path).Close()
	sealed, err := os.Open(beforeFormat(path))
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close()
	master, content, err := readBackup(sealed, hex.EncodeToString(key))
	if err != nil || !bytes.Equal(master, key) {
		t.Fatalf("key %x, %v", master, err)
	}
	again := filepath.Join(t.TempDir(), "again.db")
	old, err := io.ReadAll(content)
	if err == nil {
		err = os.WriteFile(again, old, 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(filepath.Dir(again), KeyFile), master, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s := open(t, again); s.Head() != oldHead {
		t.Errorf("the backup ends at %d", s.Head())
	}
}

// An interrupted migration begins again, or has been done.
func TestMigrate1_Interrupted(t *testing.T) {
	for name, interrupt := range map[string]func(path string) error{
		"before the new file was whole": func(path string) error {
			return os.WriteFile(path+".new", []byte("half a file"), 0o600)
		},
		"before the journal was emptied": func(path string) error {
			journal, err := os.ReadFile(path + journalSuffix)
			if err != nil {
				return err
			}
			s, err := Open(path, Options{})
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return err
			}
			return os.WriteFile(path+journalSuffix, journal, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := oldStore(t)
			if err := interrupt(path); err != nil {
				t.Fatal(err)
			}
			s := open(t, path)
			if readAll(t, s); s.Head() != oldHead {
				t.Errorf("head %d, want %d", s.Head(), oldHead)
			}
			mustAppend(t, s, 1, "goes on")
			journal, err := os.ReadFile(path + journalSuffix)
			if err != nil || bytes.Contains(journal, []byte("IPP-7788")) {
				t.Errorf("the journal is readable, or %v", err)
			}
			if _, err := os.Stat(path + ".new"); err == nil {
				t.Error("half a file is left")
			}
		})
	}
}

// What cannot be read is left as it was.
func TestMigrate1_RefusesADamagedFile(t *testing.T) {
	for name, change := range map[string]func(log *bolt.Bucket) error{
		"gap":   func(log *bolt.Bucket) error { return log.Delete(logKey(4)) },
		"value": func(log *bolt.Bucket) error { return log.Put(logKey(4), []byte{plainVersion1, 1}) },
		"newer": func(log *bolt.Bucket) error { return log.Put(logKey(4), []byte{9}) },
	} {
		t.Run(name, func(t *testing.T) {
			path := oldStore(t)
			edit(t, path, func(tx *bolt.Tx) error { return change(tx.Bucket(bucketLog)) })
			for range 2 {
				s, err := Open(path, Options{})
				if err == nil {
					s.Close()
					t.Fatal("it was opened")
				}
				wantOneOf(t, err, CodeCorrupt, CodeNewer)
			}
			edit(t, path, func(tx *bolt.Tx) error {
				if format, _, err := identify(tx); format != 1 || err != nil {
					t.Errorf("format %d, %v", format, err)
				}
				return nil
			})
		})
	}
}

// Without its key a vault of format 1 is lost, and nothing else.
func TestMigrate1_WithoutTheKeyOfItsVaults(t *testing.T) {
	path := oldStore(t)
	if err := os.Remove(filepath.Join(filepath.Dir(path), KeyFile)); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if values, closed := contents(t, s.Vault("quarantine", vaultLimits)); len(values)+closed != 0 || s.Head() != oldHead {
		t.Errorf("%d values, %d closed, head %d", len(values), closed, s.Head())
	}
}

func TestBackup_OpensWithItsPassphraseAlone(t *testing.T) {
	path := oldStore(t)
	open(t, path).Close()
	sealed, err := os.ReadFile(beforeFormat(path))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = readBackup(bytes.NewReader(sealed), "another")
	wantCode(t, err, CodePassphrase)
	_, _, err = readBackup(strings.NewReader("no backup"), "another")
	wantCode(t, err, CodeCorrupt)
}
