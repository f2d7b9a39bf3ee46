package localstore

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A drawer is a keyring in memory.
type drawer struct {
	keys   map[string][]byte
	locked bool // it refuses
	leaky  bool // it forgets what it is given
}

var _ Keyring = (*drawer)(nil)

func (d *drawer) Get(store string) ([]byte, error) {
	switch key, ok := d.keys[store]; {
	case d.locked:
		return nil, errors.New("locked")
	case !ok:
		return nil, fs.ErrNotExist
	default:
		return key, nil
	}
}

func (d *drawer) Set(store string, key []byte) error {
	if d.locked {
		return errors.New("locked")
	}
	if !d.leaky {
		d.keys[store] = bytes.Clone(key)
	}
	return nil
}

// reopened tells whether the store at path opens with ring and holds its record.
func reopened(t *testing.T, path string, ring Keyring) error {
	t.Helper()
	s, err := Open(path, Options{Keyring: ring})
	if err != nil {
		return err
	}
	defer s.Close()
	if all := readAll(t, s); len(all) != 1 || string(all[0].Data) != "kept" {
		t.Errorf("%d records", len(all))
	}
	return nil
}

// oneRecord makes a store with the record that reopened wants.
func oneRecord(t *testing.T, ring Keyring) (path string, inFile bool) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	s, err := Open(path, Options{Keyring: ring})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustAppend(t, s, 1, "kept")
	return path, s.KeyInFile()
}

func TestKey_IsInTheKeyring(t *testing.T) {
	ring := &drawer{keys: map[string][]byte{}}
	path, inFile := oneRecord(t, ring)
	if inFile || len(ring.keys) != 1 {
		t.Errorf("a key file: %t, %d keys in the keyring", inFile, len(ring.keys))
	}
	if err := reopened(t, path, ring); err != nil {
		t.Error(err)
	}
	ring.locked = true
	err := reopened(t, path, ring)
	if wantCode(t, err, CodeKey); !ringFault(nil).Temporary {
		t.Error("a keyring may be unlocked")
	}
	wantCode(t, reopened(t, path, nil), CodeKey)
	wantCode(t, reopened(t, path, &drawer{}), CodeKey)
}

// A keyring that does not keep what it is given is none.
func TestKey_IsInAFileWhereThereIsNoKeyring(t *testing.T) {
	for name, ring := range map[string]Keyring{
		"none": nil, "locked": &drawer{locked: true}, "leaky": &drawer{leaky: true},
	} {
		t.Run(name, func(t *testing.T) {
			path, inFile := oneRecord(t, ring)
			info, err := os.Stat(filepath.Join(filepath.Dir(path), KeyFile))
			if err != nil || !inFile || info.Size() != 32 || info.Mode().Perm() != 0o600 {
				t.Fatalf("%v, %v", info, err)
			}
			if err := reopened(t, path, ring); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKey_MovesToTheKeyring(t *testing.T) {
	path, _ := oneRecord(t, nil)
	file := filepath.Join(filepath.Dir(path), KeyFile)
	ring := &drawer{keys: map[string][]byte{}}
	if err := reopened(t, path, ring); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil || len(ring.keys) != 1 {
		t.Errorf("the file: %v, %d keys in the keyring", err, len(ring.keys))
	}
	if err := os.WriteFile(file, make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reopened(t, path, ring); err != nil {
		t.Errorf("beside the file of another store: %v", err)
	}
}

func TestKey_LostOrAnother(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"lost":    os.Remove,
		"short":   func(file string) error { return os.Truncate(file, 31) },
		"another": func(file string) error { return os.WriteFile(file, make([]byte, 32), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := oneRecord(t, nil)
			file := filepath.Join(filepath.Dir(path), KeyFile)
			kept, err := os.ReadFile(file)
			if err == nil {
				err = spoil(file)
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				wantCode(t, reopened(t, path, nil), CodeKey)
			}
			if err := os.WriteFile(file, kept, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := reopened(t, path, nil); err != nil {
				t.Error(err)
			}
		})
	}
}
