package localstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeyFile is the name of the file with the master key, beside the store, where
// there is no keyring: 32 random bytes, readable by the user alone. A copy of
// the store without its key holds nothing that can be read.
const KeyFile = "vitalien.key"

// A Keyring keeps master keys outside of the data folder: that of the operating
// system. Its methods return within seconds.
type Keyring interface {
	// Get gives the key of the store of that ID; fs.ErrNotExist when the keyring
	// works and has none.
	Get(store string) ([]byte, error)
	Set(store string, key []byte) error
}

// A keeper finds the master key of the store at path.
type keeper struct {
	path  string
	ring  Keyring // nil: there is none
	log   *slog.Logger
	known []byte // the key that was found before; nil: it is looked for
}

// held is a keeper of a key that is in memory.
func held(key []byte) *keeper { return &keeper{known: key} }

func (k *keeper) file() string { return filepath.Join(filepath.Dir(k.path), KeyFile) }

// create gives a new store its master key: that of a key file which is there
// already, else a new one, in the keyring if that keeps it.
func (k *keeper) create(store string) ([]byte, error) {
	if k.known != nil {
		return k.known, nil
	}
	key, err := readKey(k.file())
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = newKey()
	if err := k.deposit(store, key); err == nil {
		return key, nil
	}
	return key, writeKey(k.file(), key)
}

// find gives the master key that fits, and has the keyring take over that of a
// key file. fits is nil if a key is the right one.
func (k *keeper) find(store string, fits func(key []byte) error) ([]byte, error) {
	if k.known != nil {
		return k.known, fits(k.known)
	}
	key, err := readKey(k.file())
	if err == nil {
		err = fits(key)
	}
	if err == nil {
		k.moveToRing(store, key)
		return key, nil
	}
	if k.ring != nil && (errors.Is(err, fs.ErrNotExist) || codeIs(err, CodeKey)) {
		kept, failed := k.ring.Get(store)
		switch {
		case failed == nil && len(kept) == chacha20poly1305.KeySize:
			return kept, fits(kept)
		case failed != nil && !errors.Is(failed, fs.ErrNotExist):
			return nil, ringFault(failed)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = keyFault(err)
	}
	return nil, err
}

// moveToRing leaves the key in its file unless the keyring has it for certain.
func (k *keeper) moveToRing(store string, key []byte) {
	if err := k.deposit(store, key); err != nil {
		return
	}
	if err := os.Remove(k.file()); err != nil {
		k.log.Warn("store: the key is in the keyring, its file could not be removed", "error", err)
	}
}

// deposit returns nil once the keyring gives back what it was given.
func (k *keeper) deposit(store string, key []byte) error {
	if k.ring == nil {
		return errors.ErrUnsupported
	}
	err := k.ring.Set(store, key)
	if err == nil {
		var kept []byte
		if kept, err = k.ring.Get(store); err == nil && !bytes.Equal(kept, key) {
			err = errors.New("it gives back another key")
		}
	}
	if err != nil {
		k.log.Warn("store: the system's keyring keeps no key, a file does", "error", err)
	}
	return err
}

// readKey reads the key at path. Errors are those of the file system, and the
// fault store_key for a file that holds none.
func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, faultFor(err)
	case len(key) != chacha20poly1305.KeySize:
		return nil, keyFault(fmt.Errorf("a key of %d bytes instead of %d", len(key), chacha20poly1305.KeySize))
	}
	return key, nil
}

func writeKey(path string, key []byte) error {
	return wholeFile(path, func(w io.Writer) error {
		_, err := w.Write(key)
		return err
	})
}
