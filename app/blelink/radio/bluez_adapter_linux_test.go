package radio

import (
	"testing"

	"github.com/godbus/dbus/v5"
)

// TestBluez_WhichAdapter: one that can be used, and the same as long as it can.
func TestBluez_WhichAdapter(t *testing.T) {
	b := &bluez{objects: map[dbus.ObjectPath]map[string]properties{"/org/bluez": {"org.bluez.AgentManager1": {}}}}
	for _, step := range []struct {
		adapter dbus.ObjectPath
		powered bool
		used    dbus.ObjectPath
	}{
		{"/org/bluez/hci1", false, "/org/bluez/hci1"}, // to say that it is off
		{"/org/bluez/hci0", false, "/org/bluez/hci0"},
		{"/org/bluez/hci1", true, "/org/bluez/hci1"},
		{"/org/bluez/hci0", true, "/org/bluez/hci1"},
		{"/org/bluez/hci2", true, "/org/bluez/hci1"},
		{"/org/bluez/hci1", false, "/org/bluez/hci0"},
		{"/org/bluez/hci1", true, "/org/bluez/hci0"},
		{"/org/bluez/hci0", false, "/org/bluez/hci1"},
	} {
		b.objects[step.adapter] = map[string]properties{ifaceAdapter: {"Powered": dbus.MakeVariant(step.powered)}}
		if used, _ := b.adapterLocked(); used != step.used {
			t.Errorf("%s powered %v: %s is used", step.adapter, step.powered, used)
		}
	}
}
