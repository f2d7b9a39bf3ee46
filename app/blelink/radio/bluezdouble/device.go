//go:build linux

package bluezdouble

import (
	"fmt"
	"sync"

	"github.com/godbus/dbus/v5"
)

// A Device is a peripheral in reach of the adapter.
type Device struct {
	Address      string
	Name         string
	Awake        bool // it advertises when discovery starts
	Services     []Service
	Manufacturer map[uint16][]byte
	Ask          string // what pairing asks: "", "passkey", "pin", "confirm", "display"
	Passkey      uint32
	Protected    bool // values can be reached with a bond alone
	Untold       bool // as BlueZ 5.66 at times, it does not tell that the device is connected
	d            *Double
	path         dbus.ObjectPath
	mu           sync.Mutex
	bonded       bool
	lose         string
	values       map[string]dbus.ObjectPath
	notifying    map[string]bool
	greet        func()
}

// A Service with its characteristics.
type Service struct {
	UUID   string
	Values []Value
}

// A Value is a characteristic.
type Value struct {
	UUID     string
	Read     []byte                   // nil: it cannot be read
	Written  func(value []byte) error // nil: it cannot be written
	Notified func()                   // called when a client has subscribed; nil: it cannot
}

// Add brings a device within reach.
func (d *Double) Add(device *Device) {
	device.d, device.path, device.values, device.notifying = d, devicePath(device.Address), map[string]dbus.ObjectPath{}, map[string]bool{}
	d.mu.Lock()
	d.devices[device.path] = device
	d.mu.Unlock()
	d.export(deviceObject{device}, device.path, ifaceDevice)
}

// Advertise has the device be heard once. As BlueZ does, it tells of data each
// time, and of the signal when it is another than before.
func (v *Device) Advertise() {
	v.d.mu.Lock()
	_, known := v.d.objects[v.path]
	v.d.mu.Unlock()
	if known {
		v.d.set(v.path, ifaceDevice, "ManufacturerData", v.makers())
		return
	}
	uuids := []string{}
	for _, s := range v.Services {
		uuids = append(uuids, s.UUID)
	}
	v.mu.Lock()
	bonded := v.bonded
	v.mu.Unlock()
	v.d.add(v.path, map[string]properties{ifaceDevice: {
		"Address": dbus.MakeVariant(v.Address), "Name": dbus.MakeVariant(v.Name), "RSSI": dbus.MakeVariant(int16(-60)),
		"UUIDs": dbus.MakeVariant(uuids), "ManufacturerData": dbus.MakeVariant(v.makers()), "Paired": dbus.MakeVariant(bonded),
		"Connected": dbus.MakeVariant(false), "ServicesResolved": dbus.MakeVariant(false), "Trusted": dbus.MakeVariant(false),
	}})
}

func (v *Device) makers() map[uint16]dbus.Variant {
	makers := map[uint16]dbus.Variant{}
	for id, data := range v.Manufacturer {
		makers[id] = dbus.MakeVariant(data)
	}
	return makers
}

// Notify sends a value, as a notification or an indication.
func (v *Device) Notify(uuid string, value []byte) {
	v.mu.Lock()
	path := v.values[uuid]
	v.mu.Unlock()
	v.d.set(path, ifaceValue, "Value", value)
}

// Rename has the device be called by the name that it was asked for.
func (v *Device) Rename(name string) { v.d.set(v.path, ifaceDevice, "Name", name) }

// Greet is what the device does when it is connected to, before its services
// are resolved; nil: nothing. What was subscribed to once still is.
func (v *Device) Greet(greet func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.greet = greet
}

// Bonded tells whether the system has a bond with the device.
func (v *Device) Bonded() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bonded
}

func (v *Device) bond(bonded bool) {
	v.mu.Lock()
	v.bonded = bonded
	v.mu.Unlock()
	v.d.set(v.path, ifaceDevice, "Paired", bonded)
}

// Disconnect loses the link.
func (v *Device) Disconnect() {
	if !v.d.is(v.path, ifaceDevice, "Connected") {
		return
	}
	v.d.set(v.path, ifaceDevice, "ServicesResolved", false)
	v.d.set(v.path, ifaceDevice, "Connected", false)
}

// LoseAt has the link lost at a step: "connect", "resolve", "read", "write",
// "notify"; empty: at none.
func (v *Device) LoseAt(step string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lose = step
}

// lost loses the link if step is where it is to be lost.
func (v *Device) lost(step string) *dbus.Error {
	v.mu.Lock()
	here := v.lose == step
	v.mu.Unlock()
	if !here {
		return nil
	}
	v.Disconnect()
	return failure("Failed")
}

// resolve shows the device's services.
func (v *Device) resolve() {
	for i, s := range v.Services {
		service := dbus.ObjectPath(fmt.Sprintf("%s/service%04x", v.path, i*16+1))
		v.d.add(service, map[string]properties{ifaceService: {"UUID": dbus.MakeVariant(s.UUID)}})
		for j, value := range s.Values {
			path := dbus.ObjectPath(fmt.Sprintf("%s/char%04x", service, j+1))
			v.mu.Lock()
			v.values[value.UUID] = path
			notifying := v.notifying[value.UUID]
			v.mu.Unlock()
			v.d.export(valueObject{v, value}, path, ifaceValue)
			v.d.add(path, map[string]properties{ifaceValue: {"UUID": dbus.MakeVariant(value.UUID), "Notifying": dbus.MakeVariant(notifying)}})
		}
	}
	v.mu.Lock()
	greet := v.greet
	v.mu.Unlock()
	if greet != nil {
		greet()
	}
	if !v.d.is(v.path, ifaceDevice, "Connected") {
		return
	}
	v.d.set(v.path, ifaceDevice, "ServicesResolved", true)
}

type deviceObject struct{ v *Device }

func (o deviceObject) Connect() *dbus.Error {
	if err := o.v.d.called("Connect"); err != nil {
		return err
	}
	if err := o.v.lost("connect"); err != nil {
		return err
	}
	if o.v.Untold {
		o.v.d.setQuietly(o.v.path, ifaceDevice, "Connected", true)
	} else {
		o.v.d.set(o.v.path, ifaceDevice, "Connected", true)
	}
	if o.v.lost("resolve") == nil {
		o.v.resolve()
	}
	return nil
}

func (o deviceObject) Disconnect() *dbus.Error {
	err := o.v.d.called("Disconnect")
	o.v.Disconnect()
	return err
}

func (o deviceObject) CancelPairing() *dbus.Error { return o.v.d.called("CancelPairing") }

func (o deviceObject) Pair() *dbus.Error {
	if err := o.v.d.called("Pair"); err != nil {
		return err
	}
	o.v.d.mu.Lock()
	agent, hangs := o.v.d.conn.Object(o.v.d.client, o.v.d.agent), o.v.d.hangs
	o.v.d.mu.Unlock()
	if hangs {
		<-o.v.d.conn.Context().Done()
		return nil
	}
	ask := func(method string, args ...any) *dbus.Call {
		return agent.Call(agentInterface+"."+method, 0, append([]any{o.v.path}, args...)...)
	}
	right := true
	var asked *dbus.Call
	switch o.v.Ask {
	case "passkey":
		var given uint32
		asked = ask("RequestPasskey")
		right = asked.Err == nil && asked.Store(&given) == nil && given == o.v.Passkey
	case "pin":
		var given string
		asked = ask("RequestPinCode")
		right = asked.Err == nil && asked.Store(&given) == nil && given == fmt.Sprintf("%06d", o.v.Passkey)
	case "confirm":
		asked = ask("RequestConfirmation", o.v.Passkey)
		right = asked.Err == nil
	case "display":
		asked = ask("DisplayPasskey", o.v.Passkey, uint16(0))
		right = asked.Err == nil
	}
	if !right {
		return failure("AuthenticationFailed")
	}
	o.v.bond(true)
	return nil
}

type valueObject struct {
	v     *Device
	value Value
}

func (o valueObject) locked() *dbus.Error {
	if o.v.Protected && !o.v.Bonded() {
		return failure("NotAuthorized")
	}
	return nil
}

func (o valueObject) ReadValue(properties) ([]byte, *dbus.Error) {
	if err := o.v.lost("read"); err != nil {
		return nil, err
	}
	if o.value.Read == nil {
		return nil, failure("NotPermitted")
	}
	return o.value.Read, o.locked()
}

func (o valueObject) WriteValue(value []byte, _ properties) *dbus.Error {
	if err := o.v.lost("write"); err != nil {
		return err
	}
	if o.value.Written == nil {
		return failure("NotPermitted")
	}
	if err := o.locked(); err != nil {
		return err
	}
	if err := o.value.Written(value); err != nil {
		return failure("Failed")
	}
	return nil
}

func (o valueObject) StartNotify() *dbus.Error {
	if err := o.v.lost("notify"); err != nil {
		return err
	}
	if o.value.Notified == nil {
		return failure("NotSupported")
	}
	if err := o.locked(); err != nil {
		return err
	}
	o.v.mu.Lock()
	o.v.notifying[o.value.UUID] = true
	path := o.v.values[o.value.UUID]
	o.v.mu.Unlock()
	o.v.d.set(path, ifaceValue, "Notifying", true)
	go o.value.Notified()
	return nil
}
