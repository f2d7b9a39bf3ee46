package radio

import (
	"context"
	"errors"
	"log/slog"
	"maps"
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
	discovery  sync.Mutex    // held while it is started or stopped

	mu       sync.Mutex
	running  bool // bluetoothd is on the bus
	objects  map[dbus.ObjectPath]map[string]properties
	adapter  dbus.ObjectPath // that is used
	changed  chan struct{}   // closed on each change
	scans    map[*func(blelink.Advertisement)]bool
	paused   int                            // connections that want the adapter for themselves
	scanning dbus.ObjectPath                // the adapter that discovers; empty: none does
	expected dbus.ObjectPath                // the device that is being connected to
	left     bool                           // it was connected, and is not any more
	early    map[dbus.ObjectPath][][]byte   // values by characteristic, before it was subscribed to
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
		early: map[dbus.ObjectPath][][]byte{},
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
	b.running, b.scanning = false, ""
	clear(b.objects)
	clear(b.early)
	for path, l := range b.links {
		l.lose()
		delete(b.links, path)
	}
	b.wakeLocked()
	b.mu.Unlock()
	if running {
		b.load()
		return
	}
	// systemd leaves it dead; the bus starts it for whoever asks.
	b.conn.BusObject().Go(ifaceBus+".StartServiceByName", dbus.FlagNoReplyExpected, nil, bluezName, uint32(0))
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
	if _, heard := ifaces[ifaceDevice]["RSSI"]; heard { // without, it is known from before
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
		b.lostLocked(path)
	}
	if path == b.scanning {
		b.scanning = ""
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
		if changed["Connected"].Value() == false {
			b.lostLocked(path)
		}
	case ifaceAdapter:
		if path == b.scanning && !flag(have, "Powered") {
			b.scanning = ""
		}
	}
	b.wakeLocked()
	b.mu.Unlock()
	if iface == ifaceDevice && heardNow(changed) {
		b.advertised(path)
	}
}

func flag(p properties, name string) bool {
	is, _ := p[name].Value().(bool)
	return is
}

// adapterLocked is the adapter that is used: the same one as long as it can be,
// else the first that is powered, or the first.
func (b *bluez) adapterLocked() (path dbus.ObjectPath, p properties) {
	if flag(b.objects[b.adapter][ifaceAdapter], "Powered") {
		return b.adapter, b.objects[b.adapter][ifaceAdapter]
	}
	for _, at := range slices.Sorted(maps.Keys(b.objects)) {
		have, is := b.objects[at][ifaceAdapter]
		if is && (path == "" || flag(have, "Powered")) {
			path, p = at, have
		}
		if flag(have, "Powered") {
			break
		}
	}
	b.adapter = path
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
