package desktop

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"
)

// KeyringVar is the environment variable that, set to "off", leaves the
// system's keyring alone.
const KeyringVar = "VITALIEN_KEYRING"

// keyringService is the name under which the keys stand there.
const keyringService = "Vitalien"

// keyringLimit is how long the keyring may take: one that is locked asks the
// user, who may not be there.
const keyringLimit = 3 * time.Second

// A Keyring keeps keys with the operating system: the Secret Service on Linux,
// the Keychain on macOS, the Credential Manager on Windows.
type Keyring struct {
	limit time.Duration
	get   func(service, name string) (string, error)
	set   func(service, name, key string) error
}

// OpenKeyring gives the keyring of this session; nil when there is none, or
// when KeyringVar says so.
func OpenKeyring() *Keyring {
	if os.Getenv(KeyringVar) == "off" || !hasKeyring() {
		return nil
	}
	return &Keyring{limit: keyringLimit, get: keyring.Get, set: keyring.Set}
}

// hasKeyring spares a system without a session bus that one is started for it.
func hasKeyring() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus"))
	return err == nil && os.Getenv("XDG_RUNTIME_DIR") != ""
}

// Get gives the key of that name; fs.ErrNotExist when the keyring has none. It
// returns within seconds.
func (k *Keyring) Get(name string) ([]byte, error) {
	text, err := within(k.limit, func() (string, error) { return k.get(keyringService, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return hex.DecodeString(text)
}

// Set keeps key under that name. It returns within seconds.
func (k *Keyring) Set(name string, key []byte) error {
	_, err := within(k.limit, func() (string, error) {
		return "", k.set(keyringService, name, hex.EncodeToString(key))
	})
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

// within gives up after limit; what it has begun goes on.
func within(limit time.Duration, do func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := do()
		answers <- answer{text, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-timer.C:
		return "", fmt.Errorf("no answer within %v", limit)
	}
}
