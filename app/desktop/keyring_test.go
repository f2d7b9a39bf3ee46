package desktop

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

// A session bus that never answers, as that of a keyring that waits for a
// password, holds nobody up.
func TestKeyring_GivesUp(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the keyring is no service that could be replaced here")
	}
	path := filepath.Join(t.TempDir(), "bus")
	silent, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	t.Setenv(KeyringVar, "")
	k := OpenKeyring()
	if k == nil {
		t.Fatal("there is a session bus")
	}
	k.limit = 10 * time.Millisecond
	if err := k.Set("store", []byte("key")); err == nil {
		t.Error("a key is kept by nobody")
	}
	if _, err := k.Get("store"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no answer is taken for %v", err)
	}
}

func TestKeyring_KeepsKeys(t *testing.T) {
	ring := map[string]string{}
	k := &Keyring{
		limit: time.Minute,
		get: func(service, name string) (string, error) {
			if key, ok := ring[service+name]; ok {
				return key, nil
			}
			return "", keyring.ErrNotFound
		},
		set: func(service, name, key string) error {
			ring[service+name] = key
			return nil
		},
	}
	if _, err := k.Get("store"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that nobody has set gives %v", err)
	}
	key := []byte{0, 1, 0xff}
	if err := k.Set("store", key); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get("store"); err != nil || !bytes.Equal(got, key) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestOpenKeyring_LeavesItAlone(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	t.Setenv(KeyringVar, "off")
	if OpenKeyring() != nil {
		t.Error("it is used")
	}
}
