package radio_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio"
	"vitalien/app/blelink/radio/bluezdouble"
	"vitalien/fhirmap"
)

const address = "AA:BB:CC:DD:EE:01"

var (
	pressure = blelink.UUID16("2a35")
	control  = blelink.UUID16("2a52")
	model    = blelink.UUID16("2a24")
)

// desk is bluetoothd with one cuff, and the program's child process beside it.
type desk struct {
	t       *testing.T
	bluez   *bluezdouble.Double
	cuff    *bluezdouble.Device
	radio   *radio.Supervised
	written chan []byte

	mu    sync.Mutex
	fault *fhirmap.Fault
	told  chan struct{}
}

func newDesk(t *testing.T, change ...func(*bluezdouble.Device)) *desk {
	t.Helper()
	bluezdouble.Bus(t)
	k := &desk{t: t, bluez: bluezdouble.New(t), written: make(chan []byte, 16), told: make(chan struct{}, 1)}
	k.cuff = &bluezdouble.Device{
		Address: address, Name: "BLESmart_TEST", Awake: true, Manufacturer: map[uint16][]byte{0x020e: {1, 1, 0xc1}},
		Services: []bluezdouble.Service{
			{UUID: blelink.UUID16("1810"), Values: []bluezdouble.Value{{UUID: pressure, Notified: func() {}}}},
			{UUID: blelink.UUID16("180a"), Values: []bluezdouble.Value{{UUID: model, Read: []byte("HEM-9210T")}}},
			{UUID: blelink.UUID16("1808"), Values: []bluezdouble.Value{{UUID: control, Notified: func() {}, Written: func(b []byte) error {
				k.written <- slices.Clone(b)
				return nil
			}}}},
		},
	}
	for _, c := range change {
		c(k.cuff)
	}
	k.bluez.Add(k.cuff)
	k.radio = parentOf(t, systemChild, func(f *fhirmap.Fault) {
		k.mu.Lock()
		k.fault = f
		k.mu.Unlock()
		select {
		case k.told <- struct{}{}:
		default:
		}
	})
	return k
}

// scan waits for the first advertisement.
func (k *desk) scan() blelink.Advertisement {
	k.t.Helper()
	ctx, stop := context.WithCancel(patiently(k.t))
	var heard blelink.Advertisement
	if err := k.radio.Scan(ctx, func(a blelink.Advertisement) { heard = a; stop() }); heard.Address == "" {
		k.t.Fatal(err)
	}
	return heard
}

// code is the code of the Fault that err is.
func code(err error) string {
	if err == nil {
		return ""
	}
	return fhirmap.FaultOf(err).Code
}

func TestBlueZ_DiscoverConnectMeasure(t *testing.T) {
	k := newDesk(t)
	a := k.scan()
	if a.Address != address || a.Name != "BLESmart_TEST" || a.RSSI != -60 || !slices.Contains(a.Services, blelink.UUID16("1810")) || !bytes.Equal(a.Manufacturer["020e"], []byte{1, 1, 0xc1}) {
		t.Errorf("%+v", a)
	}
	p := connect(t, k.radio, address)
	services, err := p.Services(t.Context())
	if err != nil || len(services) != 3 || services[1].Characteristics[0] != model {
		t.Fatal(services, err)
	}
	if value, err := p.Read(t.Context(), model); err != nil || string(value) != "HEM-9210T" {
		t.Errorf("%q %v", value, err)
	}
	if _, err := p.Read(t.Context(), pressure); code(err) != "device_locked" && code(err) != "device_refused" {
		t.Error(err)
	}
	for _, uuid := range []string{pressure, control} {
		if err := p.Subscribe(t.Context(), uuid); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Write(t.Context(), control, []byte{1, 1}, true); err != nil || !bytes.Equal(<-k.written, []byte{1, 1}) {
		t.Error(err)
	}
	for i := range 200 {
		k.cuff.Notify(pressure, []byte{byte(i), 7})
	}
	k.cuff.Notify(control, []byte{6, 0, 1, 1})
	for i := range 200 {
		if n := <-p.Notifications(); n.Characteristic != pressure || n.Value[0] != byte(i) {
			t.Fatalf("value %d: %+v", i, n)
		}
	}
	if n := <-p.Notifications(); n.Characteristic != control {
		t.Errorf("%+v", n)
	}
	k.cuff.Notify(pressure, []byte{201})
	k.cuff.Disconnect() // by itself, with a value on its way
	var last []byte
	for n := range p.Notifications() {
		last = n.Value
	}
	if !bytes.Equal(last, []byte{201}) {
		t.Errorf("%v", last)
	}
	if _, err := p.Read(t.Context(), model); code(err) != "device_disconnected" {
		t.Error(err)
	}
}

// TestBlueZ_HeardAgain: a device with the same signal as before is heard.
func TestBlueZ_HeardAgain(t *testing.T) {
	k := newDesk(t)
	ctx, stop := context.WithCancel(patiently(t))
	var heard int
	err := k.radio.Scan(ctx, func(blelink.Advertisement) {
		if heard++; heard == 3 {
			stop()
			return
		}
		k.cuff.Advertise()
	})
	if heard != 3 {
		t.Error(heard, err)
	}
}

func TestBlueZ_PairingAsks(t *testing.T) {
	for ask, answers := range map[string]struct{ right, wrong blelink.Agent }{
		"passkey": {person{passkey: "012345"}, person{passkey: "999999"}},
		"pin":     {person{passkey: "012345"}, person{passkey: "000000"}},
		"confirm": {person{}, person{err: &fhirmap.Fault{Code: "pairing_cancelled"}}},
		"display": {person{}, nil},
		"":        {person{}, nil},
	} {
		t.Run("ask "+ask, func(t *testing.T) {
			k := newDesk(t, func(c *bluezdouble.Device) { c.Ask, c.Passkey, c.Protected = ask, 12345, true })
			k.scan()
			if answers.wrong != nil {
				if err := k.radio.Pair(patiently(t), address, answers.wrong); code(err) != "pairing_refused" || k.cuff.Bonded() {
					t.Fatal(err)
				}
			}
			if err := k.radio.Pair(patiently(t), address, answers.right); err != nil || !k.cuff.Bonded() {
				t.Fatal(err)
			}
			p := connect(t, k.radio, address)
			if _, err := p.Read(t.Context(), model); err != nil {
				t.Error(err)
			}
			p.Disconnect()
			for range p.Notifications() {
			}
			if err := k.radio.Pair(patiently(t), address, answers.right); err != nil { // once more: the bond is made anew
				t.Fatal(err)
			}
			if !slices.Contains(k.bluez.Calls(), "RemoveDevice") {
				t.Error("the old bond was kept")
			}
			if err := k.radio.Unpair(patiently(t), address); err != nil || k.cuff.Bonded() {
				t.Error(err)
			}
		})
	}
}

func TestBlueZ_WithoutABond(t *testing.T) {
	k := newDesk(t, func(c *bluezdouble.Device) { c.Protected = true })
	p := connect(t, k.radio, address)
	if _, err := p.Read(t.Context(), model); code(err) != "device_locked" {
		t.Error(err)
	}
	p.Disconnect()
	for range p.Notifications() {
	}
}

// TestBlueZ_LostAtEachStep: each operation says that the link is lost, and the
// next connection works.
func TestBlueZ_LostAtEachStep(t *testing.T) {
	for _, step := range []string{"resolve", "read", "write", "notify"} {
		t.Run(step, func(t *testing.T) {
			k := newDesk(t, func(c *bluezdouble.Device) { c.LoseAt(step) })
			err := k.use()
			if code(err) != "device_disconnected" {
				t.Errorf("%v", err)
			}
			k.cuff.LoseAt("")
			if err := k.use(); err != nil {
				t.Error(err)
			}
		})
	}
}

// use connects, reads, subscribes and writes.
func (k *desk) use() error {
	p, err := k.radio.Connect(patiently(k.t), address)
	if err != nil {
		return err
	}
	defer func() {
		p.Disconnect()
		for range p.Notifications() {
		}
	}()
	if _, err := p.Read(k.t.Context(), model); err != nil {
		return err
	}
	if err := p.Subscribe(k.t.Context(), pressure); err != nil {
		return err
	}
	return p.Write(k.t.Context(), control, []byte{1, 1}, true)
}

// TestBlueZ_TriesAgain: the first tries often fail with a device that has just
// begun to advertise.
func TestBlueZ_TriesAgain(t *testing.T) {
	k := newDesk(t)
	k.bluez.Refuse("Connect", "Failed")
	if err := k.use(); err != nil {
		t.Error(err)
	}
	k.bluez.Refuse("Connect", "NotReady")
	if err := k.use(); code(err) != "bluetooth_off" {
		t.Error(err)
	}
}

func TestBlueZ_AdapterTrouble(t *testing.T) {
	k := newDesk(t)
	k.scan()
	k.bluez.AwaitDiscovery(false)
	await := func(want string) {
		t.Helper()
		for deadline := time.After(time.Minute); ; {
			k.mu.Lock()
			have := ""
			if k.fault != nil {
				if have = k.fault.Code; k.fault.French == "" {
					t.Error("no text for people")
				}
			}
			k.mu.Unlock()
			if have == want {
				return
			}
			select {
			case <-k.told:
			case <-deadline:
				t.Fatalf("%q instead of %q", have, want)
			}
		}
	}
	await("")
	failing := make(chan error, 1)
	go func() { failing <- k.radio.Scan(patiently(t), func(blelink.Advertisement) {}) }()
	k.bluez.AwaitDiscovery(true)
	k.bluez.Power(false, false)
	await("bluetooth_off")
	if err := <-failing; code(err) != "bluetooth_off" {
		t.Error(err)
	}
	k.bluez.Power(false, true)
	k.bluez.Power(true, false)
	await("")
	go func() { failing <- k.radio.Scan(patiently(t), func(blelink.Advertisement) {}) }()
	k.bluez.AwaitDiscovery(true)
	k.bluez.RemoveAdapter()
	await("bluetooth_absent")
	if err := <-failing; code(err) != "bluetooth_absent" {
		t.Error(err)
	}
	if _, err := k.radio.Connect(patiently(t), address); code(err) != "bluetooth_absent" {
		t.Error(err)
	}
	k.bluez.AddAdapter()
	await("")
	k.scan() // discovery begins anew
	k.bluez.AwaitDiscovery(false)
	k.bluez.Refuse("StartDiscovery", "InProgress")
	if err := k.radio.Scan(patiently(t), func(blelink.Advertisement) {}); code(err) != "bluetooth_busy" {
		t.Error(err)
	}
	k.bluez.Refuse("StartDiscovery", "NotAuthorized")
	if err := k.radio.Scan(patiently(t), func(blelink.Advertisement) {}); code(err) != "bluetooth_denied" {
		t.Error(err)
	}
	k.bluez.Stop()
	await("bluetooth_absent")
	k.bluez = bluezdouble.New(t)
	await("")
}

// TestBlueZ_NoBus: a computer without BlueZ or a system bus says so.
func TestBlueZ_NoBus(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
	s := parentOf(t, systemChild, func(*fhirmap.Fault) {})
	if err := s.Scan(patiently(t), func(blelink.Advertisement) {}); code(err) != "bluetooth_absent" {
		t.Error(err)
	}
}
