package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink/radio/bluezdouble"
	"vitalien/app/desktop"
	"vitalien/localstore"
)

const (
	secretService = "org.freedesktop.secrets"
	loginKeyring  = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
)

// TestKeyring_OfTheDesktop: with gnome-keyring the key of the data is there and
// in no file. A keyring that is locked, and one that has lost the key, are told
// apart, and neither costs the data.
func TestKeyring_OfTheDesktop(t *testing.T) {
	if _, err := exec.LookPath("gnome-keyring-daemon"); err != nil {
		t.Skip("gnome-keyring-daemon is missing: make test-deps installs it on Debian and Ubuntu")
	}
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	bus := sessionBus(t)
	t.Setenv(desktop.KeyringVar, "")
	lock := unlockKeyring(t, bus)
	folder := t.TempDir()
	p := launch(t, folder)
	send(t, dial(t, p.mllp), oru("KEYRING", 72))
	p.stop(t)
	if _, err := os.Stat(filepath.Join(folder, localstore.KeyFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the key stands in a file as well: %v", err)
	}
	check := func(want string) {
		t.Helper()
		said, err := executed(t, folder, "store", "check")
		if !strings.Contains(said, want) || (err == nil) != (want == "") {
			t.Errorf("%v, said %q, want %q", err, said, want)
		}
	}
	check("")
	launch(t, folder).stop(t)

	lock()
	check("Déverrouillez-le")
	unlockKeyring(t, bus)
	check("")

	for _, item := range items(t, bus) {
		if err := bus.Object(secretService, item).Call("org.freedesktop.Secret.Item.Delete", 0).Err; err != nil {
			t.Fatal(err)
		}
	}
	check("La clé de chiffrement des données est absente")
	if _, err := os.Stat(filepath.Join(folder, "vitalien.db")); err != nil {
		t.Error(err)
	}
}

// sessionBus is a session of the test's own, with a keyring of its own.
func sessionBus(t *testing.T) *dbus.Conn {
	t.Helper()
	bluezdouble.Bus(t)
	address := os.Getenv("DBUS_SYSTEM_BUS_ADDRESS")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	for _, name := range []string{"XDG_DATA_HOME", "XDG_RUNTIME_DIR"} {
		t.Setenv(name, t.TempDir())
	}
	t.Setenv("DISPLAY", "") // nobody is asked for a password
	t.Setenv("WAYLAND_DISPLAY", "")
	bus, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	return bus
}

// unlockKeyring starts the keyring's daemon as logging in does. lock locks the
// keyring under it; it ends with the next, or with the test.
func unlockKeyring(t *testing.T, bus *dbus.Conn) (lock func()) {
	t.Helper()
	changes := make(chan *dbus.Signal, 16)
	bus.Signal(changes)
	defer bus.RemoveSignal(changes)
	watch := []dbus.MatchOption{dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secretService)}
	if err := bus.AddMatchSignal(watch...); err != nil {
		t.Fatal(err)
	}
	defer bus.RemoveMatchSignal(watch...)
	daemon := exec.CommandContext(t.Context(), "gnome-keyring-daemon", "--foreground", "--replace", "--unlock", "--components=secrets")
	daemon.Stdin = strings.NewReader("password")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { daemon.Wait() }) // its context ends it
	for owner := ""; owner == ""; {
		select {
		case change := <-changes:
			if change.Name == "org.freedesktop.DBus.NameOwnerChanged" { // not that this client has its own
				owner = change.Body[2].(string)
			}
		case <-time.After(patience):
			t.Fatal("gnome-keyring-daemon does not take its name")
		}
	}
	return func() {
		t.Helper()
		call := bus.Object(secretService, "/org/freedesktop/secrets").Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{loginKeyring})
		if call.Err != nil {
			t.Fatal(call.Err)
		}
	}
}

// items are those of the program in the keyring.
func items(t *testing.T, bus *dbus.Conn) (unlocked []dbus.ObjectPath) {
	t.Helper()
	var locked []dbus.ObjectPath
	call := bus.Object(secretService, "/org/freedesktop/secrets").Call("org.freedesktop.Secret.Service.SearchItems", 0, map[string]string{"service": "Vitalien"})
	if err := call.Store(&unlocked, &locked); err != nil || len(unlocked) != 1 || len(locked) > 0 {
		t.Fatalf("%v and locked %v are there, %v", unlocked, locked, err)
	}
	return unlocked
}
