package radio_test

import (
	"context"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio/bluezdouble"
)

// again is bluetoothd that was started again, with its cuff.
func (k *desk) again() {
	k.t.Helper()
	k.bluez = bluezdouble.New(k.t)
	was := k.cuff
	k.cuff = &bluezdouble.Device{Address: was.Address, Name: was.Name, Awake: true, Manufacturer: was.Manufacturer, Services: was.Services}
	k.bluez.Add(k.cuff)
}

// startsAsked are the calls of the bus to start a service.
func startsAsked(t *testing.T) <-chan *dbus.Message {
	t.Helper()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	asked := make(chan *dbus.Message, 16)
	rules := []string{"type='method_call',member='StartServiceByName'"}
	if err := conn.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, rules, uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
	conn.Eavesdrop(asked)
	return asked
}

// TestBlueZ_EndsAndReturns: bluetoothd that dies takes its links and discovery
// with it, and is asked for again; what had arrived is kept.
func TestBlueZ_EndsAndReturns(t *testing.T) {
	k := newDesk(t)
	p := connect(t, k.radio, address)
	if err := p.Subscribe(t.Context(), pressure); err != nil {
		t.Fatal(err)
	}
	scanned := make(chan error, 1)
	go func() { scanned <- k.radio.Scan(patiently(t), func(blelink.Advertisement) {}) }()
	k.bluez.AwaitDiscovery(true)
	asked := startsAsked(t)
	k.cuff.Notify(pressure, []byte{1})
	k.bluez.Stop()
	var got []byte
	for n := range p.Notifications() {
		got = append(got, n.Value...)
	}
	if !slices.Equal(got, []byte{1}) {
		t.Errorf("%v", got)
	}
	if err := <-scanned; code(err) != "bluetooth_absent" {
		t.Error(err)
	}
	for member := ""; member != "StartServiceByName"; {
		select {
		case m := <-asked:
			member, _ = m.Headers[dbus.FieldMember].Value().(string)
		case <-patiently(t).Done():
			t.Fatal("bluetoothd was not asked for")
		}
	}
	if _, err := p.Read(t.Context(), model); code(err) != "device_disconnected" {
		t.Error(err)
	}
	k.again()
	k.returned()
	k.scan()
	if err := k.use(); err != nil {
		t.Error(err)
	}
}

// returned waits until the adapter can be used.
func (k *desk) returned() {
	k.t.Helper()
	for {
		k.mu.Lock()
		fault := k.fault
		k.mu.Unlock()
		if fault == nil {
			return
		}
		select {
		case <-k.told:
		case <-patiently(k.t).Done():
			k.t.Fatal(fault)
		}
	}
}

// TestBlueZ_EndsWhilePairing says that it was bluetoothd, not the device, and
// pairs when it is back.
func TestBlueZ_EndsWhilePairing(t *testing.T) {
	k := newDesk(t)
	k.scan()
	k.bluez.Hang(true)
	paired := make(chan error, 1)
	go func() { paired <- k.radio.Pair(patiently(t), address, person{}) }()
	k.bluez.AwaitCall("Pair")
	k.bluez.Stop()
	if err := <-paired; code(err) != "bluetooth_failed" {
		t.Error(err)
	}
	k.again()
	k.returned()
	k.scan()
	if err := k.radio.Pair(patiently(t), address, person{}); err != nil || !k.cuff.Bonded() {
		t.Error(err)
	}
}

// An expiring context has its deadline pass when passed is closed.
type expiring struct {
	context.Context
	passed chan struct{}
}

func (e expiring) Done() <-chan struct{} { return e.passed }

func (e expiring) Err() error {
	select {
	case <-e.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestBlueZ_PairNeverReturns: a pairing that BlueZ does not end is given up,
// said so, and can be tried again.
func TestBlueZ_PairNeverReturns(t *testing.T) {
	k := newDesk(t)
	k.scan()
	k.bluez.Hang(true)
	ctx := expiring{t.Context(), make(chan struct{})}
	paired := make(chan error, 1)
	go func() { paired <- k.radio.Pair(ctx, address, person{}) }()
	k.bluez.AwaitCall("Pair")
	close(ctx.passed)
	if err := <-paired; code(err) != "pairing_timeout" {
		t.Error(err)
	}
	k.bluez.AwaitCall("CancelPairing")
	k.bluez.Hang(false)
	if err := k.radio.Pair(patiently(t), address, person{}); err != nil || !k.cuff.Bonded() {
		t.Error(err)
	}
}
