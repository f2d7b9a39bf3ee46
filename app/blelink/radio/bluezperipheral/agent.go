//go:build linux

package bluezperipheral

import (
	"fmt"
	"testing"

	"github.com/godbus/dbus/v5"
)

// A Screen is what devices show when they pair.
type Screen struct {
	// Passkeys are the numbers to type on the other side.
	Passkeys chan string
	conn     *dbus.Conn
}

// NewScreen answers for all devices of this computer that are paired with
// until the test ends: one without a screen (abilities "NoInputNoOutput") pairs
// with anybody, one with ("DisplayOnly") shows a number.
func NewScreen(t *testing.T, abilities string) *Screen {
	t.Helper()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &Screen{make(chan string, 1), conn}
	path := rootPath + "/screen"
	if err := conn.Export(screen{s}, path, "org.bluez.Agent1"); err != nil {
		t.Fatal(err)
	}
	agents := conn.Object(bluezName, "/org/bluez")
	if err := agents.Call("org.bluez.AgentManager1.RegisterAgent", 0, path, abilities).Err; err != nil {
		t.Fatal(err)
	}
	if err := agents.Call("org.bluez.AgentManager1.RequestDefaultAgent", 0, path).Err; err != nil {
		t.Fatal(err)
	}
	return s
}

type screen struct{ s *Screen }

func (s screen) DisplayPasskey(_ dbus.ObjectPath, passkey uint32, entered uint16) *dbus.Error {
	if entered == 0 {
		select {
		case s.s.Passkeys <- fmt.Sprintf("%06d", passkey):
		default: // it is shown already
		}
	}
	return nil
}

func (screen) RequestConfirmation(dbus.ObjectPath, uint32) *dbus.Error { return nil }
func (screen) RequestAuthorization(dbus.ObjectPath) *dbus.Error        { return nil }
func (screen) AuthorizeService(dbus.ObjectPath, string) *dbus.Error    { return nil }
func (screen) Cancel() *dbus.Error                                     { return nil }
func (screen) Release() *dbus.Error                                    { return nil }
