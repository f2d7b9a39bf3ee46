//go:build linux

package bluezperipheral

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

const (
	bluezName    = "org.bluez"
	ifaceAdapter = "org.bluez.Adapter1"
	ifaceDevice  = "org.bluez.Device1"
	ifaceObjects = "org.freedesktop.DBus.ObjectManager"
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

// A Peripheral is a device in the air. It can be heard from Wake on, until
// somebody connects.
type Peripheral struct {
	t       *testing.T
	conn    *dbus.Conn
	adapter dbus.ObjectPath
	source  Source
	ctx     context.Context

	mu         sync.Mutex
	sleep      context.CancelFunc // nil: it sleeps
	link       blelink.Peripheral // with the source; nil: no central is there
	central    dbus.ObjectPath
	gone       chan struct{} // closed when the central has gone; nil: none is there
	subscribed []string      // as the bond remembers it
	fails      chan struct{} // closed when it has; nil: it does not
	tasks      sync.WaitGroup

	resuming sync.Mutex // held while link goes on with what is pending
	pending  []string   // of subscribed
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
		t: t, conn: conn, adapter: dbus.ObjectPath("/org/bluez/" + adapter), source: source, ctx: t.Context(),
	}
	t.Cleanup(func() { // p.ctx has ended
		p.left()
		p.tasks.Wait()
		conn.Close()
	})
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	p.must(conn.AddMatchSignal(dbus.WithMatchSender(bluezName)))
	go func() {
		for s := range signals {
			p.changed(s)
		}
	}()
	p.forget()
	p.serve()
	return p
}

// forget has BlueZ forget all that it knows of devices, on either side: the
// adapter was another one's before.
func (p *Peripheral) forget() {
	p.t.Helper()
	for path, ifaces := range p.objects() {
		if adapter, is := ifaces[ifaceDevice]["Adapter"].Value().(dbus.ObjectPath); is {
			p.must(p.call(adapter, ifaceAdapter+".RemoveDevice", path).Err)
		}
	}
}

func (p *Peripheral) objects() (objects map[dbus.ObjectPath]map[string]properties) {
	p.t.Helper()
	p.must(p.call("/", ifaceObjects+".GetManagedObjects").Store(&objects))
	return objects
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
	for path, ifaces := range p.objects() {
		if strings.HasPrefix(string(path), string(p.adapter)+"/") && ifaces[ifaceDevice]["Bonded"].Value() == true {
			return true
		}
	}
	return false
}

// Wake has the device advertise until somebody connects.
func (p *Peripheral) Wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sleep == nil {
		ctx, sleep := context.WithCancel(p.ctx)
		p.sleep = sleep
		gone := p.gone
		p.tasks.Go(func() {
			if gone != nil { // it is silent as long as somebody is connected
				<-gone
			}
			p.advertise(ctx)
		})
	}
}

// again is how often an advertisement begins: a virtual controller tells of it
// then alone, while a real device is heard time and again.
const again = time.Second

func (p *Peripheral) advertise(ctx context.Context) {
	const manager = "org.bluez.LEAdvertisingManager1"
	for ctx.Err() == nil {
		if err := p.call(p.adapter, manager+".RegisterAdvertisement", advertisementPath, properties{}).Err; err != nil {
			p.t.Log("advertising: ", err) // the adapter has no power
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
		p.call(p.adapter, manager+".UnregisterAdvertisement", advertisementPath)
	}
}

// HangUp has the device end the link.
func (p *Peripheral) HangUp() {
	p.t.Helper()
	p.mu.Lock()
	central := p.central
	p.mu.Unlock()
	p.must(p.call(central, ifaceDevice+".Disconnect").Err)
}

// Vanish has the device lose its power, as when it falls on the floor. Return
// gives it back. The link goes first: Linux 6.1 may corrupt its lists of
// channels, and end bluetoothd, when it ends with the adapter.
func (p *Peripheral) Vanish() {
	p.mu.Lock()
	central, gone := p.central, p.gone
	p.mu.Unlock()
	if gone != nil {
		p.call(central, ifaceDevice+".Disconnect") // it fails when the link is lost
		<-gone
	}
	p.power(false)
}

// Return undoes Vanish.
func (p *Peripheral) Return() { p.power(true) }

func (p *Peripheral) power(on bool) {
	if err := p.call(p.adapter, ifaceProps+".Set", ifaceAdapter, "Powered", dbus.MakeVariant(on)).Err; err != nil {
		p.t.Error(err)
	}
}

// Fail has the device vanish when the source hangs up next, which is told.
func (p *Peripheral) Fail() (vanished <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fails = make(chan struct{})
	return p.fails
}

// changed follows the links of the adapter. A central that BlueZ has not met
// comes with its link.
func (p *Peripheral) changed(s *dbus.Signal) {
	path, iface := s.Path, ""
	var values properties
	switch s.Name {
	case ifaceProps + ".PropertiesChanged":
		var invalid []string
		if dbus.Store(s.Body, &iface, &values, &invalid) != nil || iface != ifaceDevice {
			return
		}
	case ifaceObjects + ".InterfacesAdded":
		var ifaces map[string]properties
		if dbus.Store(s.Body, &path, &ifaces) != nil {
			return
		}
		values = ifaces[ifaceDevice]
	}
	if !strings.HasPrefix(string(path), string(p.adapter)+"/") {
		return
	}
	switch {
	case values["Connected"].Value() == true, values["ServicesResolved"].Value() == true: // it may tell the latter alone
		p.came(path)
	case values["Connected"].Value() == false:
		p.left()
	}
}

// came is called when a central is there.
func (p *Peripheral) came(central dbus.ObjectPath) {
	p.mu.Lock()
	there := p.gone != nil
	if !there {
		p.central, p.gone = central, make(chan struct{})
		if p.sleep != nil {
			p.sleep()
			p.sleep = nil
		}
	}
	p.mu.Unlock()
	if !there {
		p.linked()
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
	p.link, p.pending = link, slices.Clone(p.subscribed)
	p.tasks.Go(func() { p.pass(link) })
	p.tasks.Go(func() { p.settle(link) })
	return link, nil
}

// remember keeps a subscription for the next link, as a bond does: BlueZ does
// not tell when it is asked for anew.
func (p *Peripheral) remember(uuid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.source.Bond && !slices.Contains(p.subscribed, uuid) {
		p.subscribed = append(p.subscribed, uuid)
	}
}

// settling is how long a device leaves the other side to find its services,
// before it sends what was subscribed to once.
const settling = 3 * time.Second

func (p *Peripheral) settle(link blelink.Peripheral) {
	select {
	case <-time.After(settling):
	case <-p.ctx.Done():
	}
	p.resume(link)
}

// resume has link go on with the subscriptions that the bond remembers.
func (p *Peripheral) resume(link blelink.Peripheral) {
	p.resuming.Lock()
	defer p.resuming.Unlock()
	p.mu.Lock()
	var pending []string
	if p.link == link {
		pending, p.pending = p.pending, nil
	}
	p.mu.Unlock()
	for _, uuid := range pending {
		link.Subscribe(p.ctx, uuid) // it fails when the link is lost
	}
}

// gathering is more than BlueZ takes to send notifications together; an
// indication would overtake them. No event tells that they are sent: Confirm is
// called for an indication alone (BlueZ, doc/gatt-api.txt).
const gathering = 200 * time.Millisecond

// pass sends what the source says, and ends the link when it does.
func (p *Peripheral) pass(link blelink.Peripheral) {
	var before string
	for n := range link.Notifications() {
		if n.Characteristic != before {
			gather(before)
		}
		before = n.Characteristic
		p.conn.Emit(p.valuePath(n.Characteristic), ifaceProps+".PropertiesChanged", ifaceValue, properties{"Value": dbus.MakeVariant(n.Value)}, []string{})
	}
	p.mu.Lock()
	hangsUp, central, fails := p.link == link, p.central, p.fails
	if hangsUp {
		p.fails = nil
	}
	p.mu.Unlock()
	switch {
	case hangsUp && fails != nil:
		p.Vanish()
		close(fails)
	case hangsUp:
		gather(before)
		p.call(central, ifaceDevice+".Disconnect")
	}
}

// gather waits until a characteristic that is notified is on its way.
func gather(characteristic string) {
	if slices.Contains(notified, characteristic) {
		time.Sleep(gathering)
	}
}

// left is called when the central has gone.
func (p *Peripheral) left() {
	p.mu.Lock()
	link := p.link
	p.link = nil
	if p.gone != nil {
		close(p.gone)
		p.gone = nil
	}
	p.mu.Unlock()
	if link != nil {
		link.Disconnect()
	}
}
