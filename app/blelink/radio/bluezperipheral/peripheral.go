//go:build linux

package bluezperipheral

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

const (
	bluezName    = "org.bluez"
	ifaceAdapter = "org.bluez.Adapter1"
	ifaceDevice  = "org.bluez.Device1"
	ifaceProps   = "org.freedesktop.DBus.Properties"
)

type properties = map[string]dbus.Variant

// A Source is a device that is to be served: one that an Air holds. It is
// always there to be connected to.
type Source struct {
	Air           blelink.Radio
	Advertisement blelink.Advertisement
	Services      []blelink.Service
	Bond          bool // its characteristics can be reached over an encrypted link alone
}

// A Peripheral is a device in the air. It sleeps until Wake, and after each
// link.
type Peripheral struct {
	t       *testing.T
	conn    *dbus.Conn
	adapter dbus.ObjectPath
	source  Source
	ctx     context.Context

	mu         sync.Mutex
	awake      bool
	link       blelink.Peripheral // with the source; nil: no central is there
	central    dbus.ObjectPath
	subscribed map[string]bool
	forward    sync.WaitGroup
}

// New has the adapter of that name ("hci1") serve a device, until the test
// ends.
func New(t *testing.T, adapter string, source Source) *Peripheral {
	t.Helper()
	conn, err := dbus.ConnectSystemBus(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		t.Fatal(err)
	}
	p := &Peripheral{
		t: t, conn: conn, adapter: dbus.ObjectPath("/org/bluez/" + adapter), source: source, ctx: t.Context(), subscribed: map[string]bool{},
	}
	t.Cleanup(func() {
		conn.Close()
		p.left()
	})
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	p.must(conn.AddMatchSignal(dbus.WithMatchSender(bluezName), dbus.WithMatchInterface(ifaceProps), dbus.WithMatchArg(0, ifaceDevice)))
	go func() {
		for s := range signals {
			p.changed(s)
		}
	}()
	p.serve()
	return p
}

func (p *Peripheral) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *Peripheral) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return p.conn.Object(bluezName, path).CallWithContext(context.WithoutCancel(p.ctx), method, 0, args...)
}

// Address is that of the adapter.
func (p *Peripheral) Address() (address string) {
	p.t.Helper()
	p.must(p.call(p.adapter, ifaceProps+".Get", ifaceAdapter, "Address").Store(&address))
	return address
}

// Bonded tells whether the device has a bond with anybody.
func (p *Peripheral) Bonded() bool {
	p.t.Helper()
	var objects map[dbus.ObjectPath]map[string]properties
	p.must(p.call("/", "org.freedesktop.DBus.ObjectManager.GetManagedObjects").Store(&objects))
	for path, ifaces := range objects {
		if strings.HasPrefix(string(path), string(p.adapter)+"/") && ifaces[ifaceDevice]["Bonded"].Value() == true {
			return true
		}
	}
	return false
}

// Wake has the device advertise until a link ends.
func (p *Peripheral) Wake() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.awake {
		p.awake = true
		p.must(p.call(p.adapter, "org.bluez.LEAdvertisingManager1.RegisterAdvertisement", advertisementPath, properties{}).Err)
	}
}

// HangUp has the device end the link.
func (p *Peripheral) HangUp() {
	p.mu.Lock()
	central := p.central
	p.mu.Unlock()
	p.call(central, ifaceDevice+".Disconnect")
}

// Vanish has the device lose its power, as when it falls on the floor. Return
// gives it back.
func (p *Peripheral) Vanish() { p.power(false) }

// Return undoes Vanish.
func (p *Peripheral) Return() { p.power(true) }

func (p *Peripheral) power(on bool) {
	p.t.Helper()
	p.must(p.call(p.adapter, ifaceProps+".Set", ifaceAdapter, "Powered", dbus.MakeVariant(on)).Err)
}

// changed follows the links of the adapter.
func (p *Peripheral) changed(s *dbus.Signal) {
	var iface string
	var values properties
	var invalid []string
	if !strings.HasPrefix(string(s.Path), string(p.adapter)+"/") || dbus.Store(s.Body, &iface, &values, &invalid) != nil {
		return
	}
	switch values["Connected"].Value() {
	case true:
		p.mu.Lock()
		p.central = s.Path
		p.mu.Unlock()
		p.linked()
	case false:
		p.left()
	}
}

// linked is the link with the source, which begins with that of the central.
func (p *Peripheral) linked() (blelink.Peripheral, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != nil {
		return p.link, nil
	}
	link, err := p.source.Air.Connect(p.ctx, p.source.Advertisement.Address)
	if err != nil {
		return nil, err
	}
	p.link = link
	p.forward.Go(func() { p.pass(link) })
	for uuid := range p.subscribed { // as the bond remembers it
		if err := link.Subscribe(p.ctx, uuid); err != nil {
			return nil, err
		}
	}
	return link, nil
}

// pass sends what the source says, and hangs up when it does.
func (p *Peripheral) pass(link blelink.Peripheral) {
	for n := range link.Notifications() {
		p.conn.Emit(p.valuePath(n.Characteristic), ifaceProps+".PropertiesChanged", ifaceValue, properties{"Value": dbus.MakeVariant(n.Value)}, []string{})
	}
	p.mu.Lock()
	hangsUp, central := p.link == link, p.central
	p.mu.Unlock()
	if hangsUp {
		p.call(central, ifaceDevice+".Disconnect")
	}
}

// left is called when the central has gone.
func (p *Peripheral) left() {
	p.mu.Lock()
	link := p.link
	p.link = nil
	if p.awake {
		p.awake = false
		p.call(p.adapter, "org.bluez.LEAdvertisingManager1.UnregisterAdvertisement", advertisementPath)
	}
	p.mu.Unlock()
	if link != nil {
		link.Disconnect()
		p.forward.Wait()
	}
}
