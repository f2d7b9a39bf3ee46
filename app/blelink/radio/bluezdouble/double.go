//go:build linux

package bluezdouble

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

const (
	adapterPath    = dbus.ObjectPath("/org/bluez/hci0")
	ifaceAdapter   = "org.bluez.Adapter1"
	ifaceDevice    = "org.bluez.Device1"
	ifaceService   = "org.bluez.GattService1"
	ifaceValue     = "org.bluez.GattCharacteristic1"
	ifaceObjects   = "org.freedesktop.DBus.ObjectManager"
	ifaceProps     = "org.freedesktop.DBus.Properties"
	errorPrefix    = "org.bluez.Error."
	bluezName      = "org.bluez"
	agentInterface = "org.bluez.Agent1"
)

type properties = map[string]dbus.Variant

// A Double is bluetoothd with one adapter, which is powered.
type Double struct {
	t    *testing.T
	conn *dbus.Conn

	mu      sync.Mutex
	objects map[dbus.ObjectPath]map[string]properties
	devices map[dbus.ObjectPath]*Device
	agent   dbus.ObjectPath
	client  string // unique name of the agent's owner
	refuse  map[string]string
	calls   []string

	hangs       bool // Pair does not return
	discovering bool
	changed     chan struct{} // closed when calls or discovering have
}

// New starts bluetoothd on the bus of Bus. It ends with the test.
func New(t *testing.T) *Double {
	t.Helper()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	d := &Double{
		t: t, conn: conn, objects: map[dbus.ObjectPath]map[string]properties{},
		devices: map[dbus.ObjectPath]*Device{}, refuse: map[string]string{}, changed: make(chan struct{}),
	}
	d.export(objects{d}, "/", ifaceObjects)
	d.export(agents{d}, "/org/bluez", "org.bluez.AgentManager1")
	d.AddAdapter()
	if reply, err := conn.RequestName(bluezName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	t.Cleanup(d.Stop)
	return d
}

// Stop has bluetoothd end.
func (d *Double) Stop() { d.conn.Close() }

// AddAdapter plugs the adapter in, RemoveAdapter out.
func (d *Double) AddAdapter() {
	d.export(adapter{d}, adapterPath, ifaceAdapter)
	d.add(adapterPath, map[string]properties{ifaceAdapter: {
		"Address": dbus.MakeVariant("00:11:22:33:44:55"), "Powered": dbus.MakeVariant(true), "PowerState": dbus.MakeVariant("on"),
	}})
}

// RemoveAdapter undoes AddAdapter.
func (d *Double) RemoveAdapter() {
	d.discover(false)
	d.remove(adapterPath, ifaceAdapter)
}

// Power switches the adapter on or off; blocked is by rfkill.
func (d *Double) Power(on, blocked bool) {
	state := "off"
	switch {
	case on:
		state = "on"
	case blocked:
		state = "off-blocked"
	}
	d.discover(false)
	d.set(adapterPath, ifaceAdapter, "PowerState", state)
	d.set(adapterPath, ifaceAdapter, "Powered", on)
}

// Refuse has the method of that name ("StartDiscovery") fail with an error of
// BlueZ ("InProgress"), once; empty: not any more.
func (d *Double) Refuse(method, err string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse[method] = err
}

// Calls are the methods that were called, in their order.
func (d *Double) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// Hang has Pair never answer, or answer again.
func (d *Double) Hang(hangs bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hangs = hangs
}

// AwaitCall waits until a method was called.
func (d *Double) AwaitCall(method string) {
	for {
		d.mu.Lock()
		is, changed := slices.Contains(d.calls, method), d.changed
		d.mu.Unlock()
		if is {
			return
		}
		<-changed
	}
}

// AwaitDiscovery waits until discovery is on, or off.
func (d *Double) AwaitDiscovery(on bool) {
	for {
		d.mu.Lock()
		is, changed := d.discovering, d.changed
		d.mu.Unlock()
		if is == on {
			return
		}
		<-changed
	}
}

func (d *Double) discover(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.discovering = on
	close(d.changed)
	d.changed = make(chan struct{})
}

// called notes a call, and gives the error that it is to have.
func (d *Double) called(method string) *dbus.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, method)
	close(d.changed)
	d.changed = make(chan struct{})
	refused := d.refuse[method]
	delete(d.refuse, method)
	if refused == "" {
		return nil
	}
	return failure(refused)
}

func failure(name string) *dbus.Error { return dbus.NewError(errorPrefix+name, []any{name}) }

func (d *Double) export(v any, path dbus.ObjectPath, iface string) {
	if err := d.conn.Export(v, path, iface); err != nil {
		d.t.Error(err)
	}
	if err := d.conn.Export(props{d, path}, path, ifaceProps); err != nil {
		d.t.Error(err)
	}
}

func (d *Double) add(path dbus.ObjectPath, ifaces map[string]properties) {
	d.mu.Lock()
	d.objects[path] = ifaces
	copied := map[string]properties{}
	for iface, p := range ifaces {
		copied[iface] = maps.Clone(p)
	}
	d.mu.Unlock()
	d.conn.Emit("/", ifaceObjects+".InterfacesAdded", path, copied)
}

func (d *Double) remove(path dbus.ObjectPath, iface string) {
	d.mu.Lock()
	delete(d.objects, path)
	d.mu.Unlock()
	d.conn.Emit("/", ifaceObjects+".InterfacesRemoved", path, []string{iface})
}

func (d *Double) set(path dbus.ObjectPath, iface, name string, value any) {
	if d.setQuietly(path, iface, name, value) {
		d.conn.Emit(path, ifaceProps+".PropertiesChanged", iface, properties{name: dbus.MakeVariant(value)}, []string{})
	}
}

// setQuietly is set without telling; false: there is no such object.
func (d *Double) setQuietly(path dbus.ObjectPath, iface, name string, value any) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.objects[path][iface]
	if p != nil {
		p[name] = dbus.MakeVariant(value)
	}
	return p != nil
}

func (d *Double) is(path dbus.ObjectPath, iface, name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	is, _ := d.objects[path][iface][name].Value().(bool)
	return is
}

type objects struct{ d *Double }

func (o objects) GetManagedObjects() (map[dbus.ObjectPath]map[string]properties, *dbus.Error) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	all := map[dbus.ObjectPath]map[string]properties{}
	for path, ifaces := range o.d.objects {
		all[path] = map[string]properties{}
		for iface, p := range ifaces {
			all[path][iface] = maps.Clone(p)
		}
	}
	return all, nil
}

type props struct {
	d    *Double
	path dbus.ObjectPath
}

func (p props) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	value, ok := p.d.objects[p.path][iface][name]
	if !ok {
		return value, dbus.MakeFailedError(fmt.Errorf("no property %s", name))
	}
	return value, nil
}

func (p props) Set(iface, name string, value dbus.Variant) *dbus.Error {
	p.d.set(p.path, iface, name, value.Value())
	return nil
}

type agents struct{ d *Double }

func (a agents) RegisterAgent(sender dbus.Sender, path dbus.ObjectPath, _ string) *dbus.Error {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	a.d.agent, a.d.client = path, string(sender)
	return nil
}

type adapter struct{ d *Double }

func (a adapter) SetDiscoveryFilter(properties) *dbus.Error { return a.d.called("SetDiscoveryFilter") }

func (a adapter) StartDiscovery() *dbus.Error {
	if err := a.d.called("StartDiscovery"); err != nil {
		return err
	}
	a.d.discover(true)
	a.d.advertise()
	return nil
}

func (a adapter) StopDiscovery() *dbus.Error {
	a.d.discover(false)
	return a.d.called("StopDiscovery")
}

func (a adapter) RemoveDevice(path dbus.ObjectPath) *dbus.Error {
	if err := a.d.called("RemoveDevice"); err != nil {
		return err
	}
	a.d.mu.Lock()
	device := a.d.devices[path]
	a.d.mu.Unlock()
	if device == nil {
		return failure("DoesNotExist")
	}
	device.Disconnect()
	a.d.remove(path, ifaceDevice)
	device.bond(false)
	go device.Advertise() // a real one goes on
	return nil
}

// advertise has every device that is awake be heard.
func (d *Double) advertise() {
	d.mu.Lock()
	all := slices.Collect(maps.Values(d.devices))
	d.mu.Unlock()
	for _, device := range all {
		if device.Awake {
			device.Advertise()
		}
	}
}

func devicePath(address string) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprintf("%s/%s", adapterPath, objectName("dev_%s", address)))
}
