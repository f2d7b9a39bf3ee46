package localstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeyFile is the name of the file with the key of sealed values, beside the
// store: 32 random bytes, readable by the user alone. A backup of the store
// without it holds nothing of them that can be read.
const KeyFile = "vitalien.key"

// secretKey reads the key at path. Where there is none it makes one if create
// says so; else the fault is store_key, as for a file that holds no key.
func secretKey(path string, create bool) ([]byte, error) {
	key, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		return makeKey(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, keyFault(err)
	case err != nil:
		return nil, faultFor(err)
	case len(key) != chacha20poly1305.KeySize:
		return nil, keyFault(fmt.Errorf("a key of %d bytes instead of %d", len(key), chacha20poly1305.KeySize))
	}
	return key, nil
}

// makeKey makes a key that is whole and on the disk before it has its name.
func makeKey(path string) (key []byte, err error) {
	key = make([]byte, chacha20poly1305.KeySize)
	rand.Read(key)                                      // never fails (crypto/rand)
	f, err := os.CreateTemp(filepath.Dir(path), ".key") // mode 0600
	if err != nil {
		return nil, faultFor(err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, faultFor(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return nil, faultFor(err)
	}
	return key, faultFor(syncFolder(filepath.Dir(path)))
}
