package radio

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// Names of BlueZ on the system bus (BlueZ, doc/org.bluez.*.rst).
const (
	bluezName      = "org.bluez"
	ifaceAdapter   = "org.bluez.Adapter1"
	ifaceDevice    = "org.bluez.Device1"
	ifaceService   = "org.bluez.GattService1"
	ifaceValue     = "org.bluez.GattCharacteristic1"
	ifaceAgents    = "org.bluez.AgentManager1"
	ifaceAgent     = "org.bluez.Agent1"
	ifaceObjects   = "org.freedesktop.DBus.ObjectManager"
	ifaceProps     = "org.freedesktop.DBus.Properties"
	ifaceBus       = "org.freedesktop.DBus"
	agentPath      = dbus.ObjectPath("/fr/vitalien/agent")
	agentAbilities = "KeyboardDisplay"
)

type properties = map[string]dbus.Variant

// bluez is the adapter of Linux. It keeps what BlueZ says of its objects, in
// the order in which it says so, and wakes those who wait for a change.
type bluez struct {
	conn *dbus.Conn
	log  *slog.Logger

	connecting chan struct{} // held by the one that connects or pairs

	mu       sync.Mutex
	running  bool // bluetoothd is on the bus
	objects  map[dbus.ObjectPath]map[string]properties
	changed  chan struct{} // closed on each change
	scans    map[*func(blelink.Advertisement)]bool
	paused   int // connections that want the adapter for themselves
	scanning bool
	links    map[dbus.ObjectPath]*bluezLink // by device
	removals map[dbus.ObjectPath]uint64     // of devices, how often
	agent    blelink.Agent                  // of the pairing under way
	pairing  context.Context
}

var _ Adapter = (*bluez)(nil)

// System is the adapter of this computer. It must be closed.
func System(logger *slog.Logger) (Adapter, func(), error) {
	conn, err := dbus.ConnectSystemBus(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return nil, nil, noBus(err)
	}
	b := &bluez{
		conn: conn, log: logger, connecting: make(chan struct{}, 1),
		objects: map[dbus.ObjectPath]map[string]properties{}, changed: make(chan struct{}),
		scans: map[*func(blelink.Advertisement)]bool{}, links: map[dbus.ObjectPath]*bluezLink{}, removals: map[dbus.ObjectPath]uint64{},
	}
	if err := b.begin(); err != nil {
		conn.Close()
		return nil, nil, noBus(err)
	}
	return b, func() { conn.Close() }, nil
}

func (b *bluez) begin() error {
	signals := make(chan *dbus.Signal, 64)
	b.conn.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchSender(bluezName)},
		{dbus.WithMatchInterface(ifaceBus), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, bluezName)},
	} {
		if err := b.conn.AddMatchSignal(match...); err != nil {
			return err
		}
	}
	if err := b.conn.Export(&bluezAgent{b}, agentPath, ifaceAgent); err != nil {
		return err
	}
	b.load()
	go func() {
		for s := range signals {
			b.signal(s)
		}
	}()
	return nil
}

// load reads all objects, when bluetoothd has appeared.
func (b *bluez) load() {
	var objects map[dbus.ObjectPath]map[string]properties
	err := b.conn.Object(bluezName, "/").Call(ifaceObjects+".GetManagedObjects", 0).Store(&objects)
	b.mu.Lock()
	b.running = err == nil
	for path, ifaces := range objects {
		b.objects[path] = ifaces
	}
	b.wakeLocked()
	b.mu.Unlock()
	if err != nil {
		b.log.Info("bluetoothd is not there", "error", err)
		return
	}
	agents := b.conn.Object(bluezName, "/org/bluez")
	if err := agents.Call(ifaceAgents+".RegisterAgent", 0, agentPath, agentAbilities).Err; err != nil {
		b.log.Warn("pairing will not be possible", "error", err)
	}
}

func (b *bluez) wakeLocked() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *bluez) signal(s *dbus.Signal) {
	switch s.Name {
	case ifaceBus + ".NameOwnerChanged":
		var name, before, after string
		if dbus.Store(s.Body, &name, &before, &after) == nil && name == bluezName {
			b.restarted(after != "")
		}
	case ifaceObjects + ".InterfacesAdded":
		var path dbus.ObjectPath
		var ifaces map[string]properties
		if dbus.Store(s.Body, &path, &ifaces) == nil {
			b.added(path, ifaces)
		}
	case ifaceObjects + ".InterfacesRemoved":
		var path dbus.ObjectPath
		var ifaces []string
		if dbus.Store(s.Body, &path, &ifaces) == nil {
			b.removed(path, ifaces)
		}
	case ifaceProps + ".PropertiesChanged":
		var iface string
		var changed properties
		var invalid []string
		if dbus.Store(s.Body, &iface, &changed, &invalid) == nil {
			b.updated(s.Path, iface, changed, invalid)
		}
	}
}

// restarted is called when bluetoothd has ended, or begun.
func (b *bluez) restarted(running bool) {
	b.mu.Lock()
	b.running, b.scanning = false, false
	clear(b.objects)
	for path, l := range b.links {
		l.lose()
		delete(b.links, path)
	}
	b.wakeLocked()
	b.mu.Unlock()
	if running {
		b.load()
	}
}

func (b *bluez) added(path dbus.ObjectPath, ifaces map[string]properties) {
	b.mu.Lock()
	have := b.objects[path]
	if have == nil {
		have = map[string]properties{}
		b.objects[path] = have
	}
	for iface, values := range ifaces {
		have[iface] = values
	}
	b.wakeLocked()
	b.mu.Unlock()
	if _, device := ifaces[ifaceDevice]; device {
		b.advertised(path)
	}
}

func (b *bluez) removed(path dbus.ObjectPath, ifaces []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, iface := range ifaces {
		delete(b.objects[path], iface)
	}
	if len(b.objects[path]) == 0 {
		delete(b.objects, path)
	}
	if slices.Contains(ifaces, ifaceDevice) {
		b.removals[path]++
		if l := b.links[path]; l != nil {
			l.lose()
			delete(b.links, path)
		}
	}
	b.wakeLocked()
}

func (b *bluez) updated(path dbus.ObjectPath, iface string, changed properties, invalid []string) {
	b.mu.Lock()
	have := b.objects[path][iface]
	if have == nil {
		b.mu.Unlock()
		return
	}
	for name, value := range changed {
		have[name] = value
	}
	for _, name := range invalid {
		delete(have, name)
	}
	switch iface {
	case ifaceValue:
		b.valueLocked(path, changed)
	case ifaceDevice:
		if l := b.links[path]; l != nil && !flag(have, "Connected") {
			l.lose()
			delete(b.links, path)
		}
	}
	b.wakeLocked()
	b.mu.Unlock()
	if iface == ifaceDevice && heardNow(changed) {
		b.advertised(path)
	}
}

// heardNow tells whether an advertisement made a change. BlueZ tells of the
// signal only when it differs from the last one, of data each time.
func heardNow(changed properties) bool {
	for _, name := range []string{"RSSI", "ManufacturerData", "ServiceData"} {
		if _, is := changed[name]; is {
			return true
		}
	}
	return false
}

// valueLocked passes a value on to the link that has subscribed to it.
func (b *bluez) valueLocked(path dbus.ObjectPath, changed properties) {
	value, ok := changed["Value"].Value().([]byte)
	if !ok {
		return
	}
	for device, l := range b.links {
		if !strings.HasPrefix(string(path), string(device)+"/") {
			continue
		}
		if uuid := l.subscribed[path]; uuid != "" && !l.put(blelink.Notification{Characteristic: uuid, Value: value}) {
			b.log.Warn("a device sends more than can be taken; its link is ended")
			delete(b.links, device)
			go b.call(context.Background(), device, ifaceDevice+".Disconnect")
		}
	}
}

// advertised tells the scans of a device that was heard.
func (b *bluez) advertised(path dbus.ObjectPath) {
	b.mu.Lock()
	a, ok := advertisement(b.objects[path][ifaceDevice])
	scans := make([]func(blelink.Advertisement), 0, len(b.scans))
	for heard := range b.scans {
		scans = append(scans, *heard)
	}
	b.mu.Unlock()
	if ok {
		for _, heard := range scans {
			heard(a)
		}
	}
}

// advertisement is what BlueZ knows of a device that it hears now.
func advertisement(p properties) (a blelink.Advertisement, ok bool) {
	rssi, ok := p["RSSI"].Value().(int16)
	if !ok {
		return a, false
	}
	a.RSSI = int(rssi)
	a.Address, _ = p["Address"].Value().(string)
	a.Name, _ = p["Name"].Value().(string)
	a.Paired = flag(p, "Paired")
	uuids, _ := p["UUIDs"].Value().([]string)
	for _, uuid := range uuids {
		a.Services = append(a.Services, strings.ToLower(uuid))
	}
	makers, _ := p["ManufacturerData"].Value().(map[uint16]dbus.Variant)
	for id, data := range makers {
		if value, ok := data.Value().([]byte); ok {
			if a.Manufacturer == nil {
				a.Manufacturer = map[string][]byte{}
			}
			a.Manufacturer[companyID(id)] = value
		}
	}
	return a, a.Address != ""
}

func flag(p properties, name string) bool {
	is, _ := p[name].Value().(bool)
	return is
}

// adapterLocked is the first adapter there is.
func (b *bluez) adapterLocked() (path dbus.ObjectPath, p properties) {
	for at, ifaces := range b.objects {
		if have, is := ifaces[ifaceAdapter]; is && (path == "" || at < path) {
			path, p = at, have
		}
	}
	return path, p
}

// usable is the adapter, or why it cannot be used.
func (b *bluez) usable() (dbus.ObjectPath, *fhirmap.Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path, p := b.adapterLocked()
	switch {
	case !b.running:
		return "", noService()
	case path == "":
		return "", noAdapter()
	case !flag(p, "Powered"):
		state, _ := p["PowerState"].Value().(string)
		return "", adapterOff(state == "off-blocked")
	}
	return path, nil
}

// Watch implements Adapter.
func (b *bluez) Watch(ctx context.Context, told func(*fhirmap.Fault)) error {
	last := "?"
	for {
		b.mu.Lock()
		changed := b.changed
		b.mu.Unlock()
		_, fault := b.usable()
		now := ""
		if fault != nil {
			now = fault.English
		}
		if now != last {
			last = now
			told(fault)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// call calls a method of an object of BlueZ.
func (b *bluez) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return b.conn.Object(bluezName, path).CallWithContext(ctx, method, 0, args...)
}

// await waits until is true, which is asked with the lock held.
func (b *bluez) await(ctx context.Context, is func() bool) error {
	for {
		b.mu.Lock()
		ok, changed := is(), b.changed
		b.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errorName is the name of an error of BlueZ, without "org.bluez.Error.".
func errorName(err error) string {
	if e, ok := errors.AsType[dbus.Error](err); ok {
		return strings.TrimPrefix(e.Name, "org.bluez.Error.")
	}
	return ""
}
