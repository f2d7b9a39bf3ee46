//go:build linux

package bluezperipheral

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

// Names and paths of what is exported (BlueZ, doc/gatt-api.txt and
// doc/advertising-api.txt).
const (
	rootPath          = dbus.ObjectPath("/fr/vitalien/peripheral")
	advertisementPath = rootPath + "/advertisement"
	ifaceService      = "org.bluez.GattService1"
	ifaceValue        = "org.bluez.GattCharacteristic1"
	ifaceAdvert       = "org.bluez.LEAdvertisement1"
)

// The properties that the profiles give to characteristics; the others are
// read alone.
var (
	indicated = uuids("2a35", "2a1c", "2a9d", "2a52")
	notified  = uuids("2a36", "2a18", "2a5f")
	written   = uuids("2a52", "2a08")
)

func uuids(short ...string) (long []string) {
	for _, s := range short {
		long = append(long, blelink.UUID16(s))
	}
	return long
}

// testsOnly is the company identifier of nobody (Assigned Numbers, 7). BlueZ
// tells of an advertisement with a maker's data each time; of one without,
// when its signal has changed, which a virtual controller does not know.
const testsOnly = 0xffff

// flags are the properties of a characteristic.
func (p *Peripheral) flags(uuid string) (flags []string) {
	prefix := ""
	if p.source.Bond {
		prefix = "encrypt-"
	}
	add := func(property string) { flags = append(flags, property) }
	switch {
	case slices.Contains(indicated, uuid):
		add("indicate")
	case slices.Contains(notified, uuid):
		add("notify")
	default:
		add(prefix + "read")
	}
	if p.source.Bond && !slices.Contains(flags, prefix+"read") {
		add(prefix + flags[0])
	}
	if slices.Contains(written, uuid) {
		add(prefix + "write")
	}
	return flags
}

func servicePath(i int) dbus.ObjectPath {
	return rootPath + "/service" + dbus.ObjectPath(strconv.Itoa(i))
}

func valuePath(i, j int) dbus.ObjectPath {
	return servicePath(i) + "/value" + dbus.ObjectPath(strconv.Itoa(j))
}

func (p *Peripheral) valuePath(uuid string) dbus.ObjectPath {
	for i, s := range p.source.Services {
		if j := slices.Index(s.Characteristics, uuid); j >= 0 {
			return valuePath(i, j)
		}
	}
	p.t.Errorf("no characteristic %s", uuid)
	return rootPath
}

// serve exports the device and registers it with its adapter.
func (p *Peripheral) serve() {
	p.t.Helper()
	objects := managed{}
	for i, s := range p.source.Services {
		objects[servicePath(i)] = map[string]properties{ifaceService: {"UUID": dbus.MakeVariant(s.UUID), "Primary": dbus.MakeVariant(true)}}
		for j, uuid := range s.Characteristics {
			path := valuePath(i, j)
			objects[path] = map[string]properties{ifaceValue: {
				"UUID": dbus.MakeVariant(uuid), "Service": dbus.MakeVariant(servicePath(i)), "Flags": dbus.MakeVariant(p.flags(uuid)),
			}}
			p.must(p.conn.Export(value{p, uuid}, path, ifaceValue))
		}
	}
	makers := map[uint16]dbus.Variant{testsOnly: dbus.MakeVariant([]byte{0})}
	for id, data := range p.source.Advertisement.Manufacturer {
		number, err := strconv.ParseUint(id, 16, 16)
		p.must(err)
		makers[uint16(number)] = dbus.MakeVariant(data)
	}
	p.must(p.conn.Export(objects, rootPath, ifaceObjects))
	p.must(p.conn.Export(advertisement{
		"Type": dbus.MakeVariant("peripheral"), "LocalName": dbus.MakeVariant(p.source.Advertisement.Name),
		"ServiceUUIDs": dbus.MakeVariant(p.source.Advertisement.Services), "ManufacturerData": dbus.MakeVariant(makers),
	}, advertisementPath, ifaceProps))
	p.must(p.conn.Export(released{}, advertisementPath, ifaceAdvert))
	p.must(p.call(p.adapter, "org.bluez.GattManager1.RegisterApplication", rootPath, properties{}).Err)
}

type managed map[dbus.ObjectPath]map[string]properties

func (m managed) GetManagedObjects() (map[dbus.ObjectPath]map[string]properties, *dbus.Error) {
	return m, nil
}

type advertisement properties

func (a advertisement) GetAll(string) (properties, *dbus.Error) { return properties(a), nil }

func (a advertisement) Get(_, name string) (dbus.Variant, *dbus.Error) {
	v, ok := a[name]
	if !ok {
		return v, dbus.MakeFailedError(fmt.Errorf("no property %s", name))
	}
	return v, nil
}

type released struct{}

func (released) Release() *dbus.Error { return nil }

// A value is a characteristic as bluetoothd asks for it.
type value struct {
	p    *Peripheral
	uuid string
}

func failed(err error) *dbus.Error {
	if err == nil {
		return nil
	}
	return dbus.NewError("org.bluez.Error.Failed", []any{err.Error()})
}

func (v value) ReadValue(properties) ([]byte, *dbus.Error) {
	link, err := v.p.linked()
	if err != nil {
		return nil, failed(err)
	}
	read, err := link.Read(v.p.ctx, v.uuid)
	return read, failed(err)
}

func (v value) WriteValue(written []byte, _ properties) *dbus.Error {
	link, err := v.p.linked()
	if err != nil {
		return failed(err)
	}
	v.p.resume(link) // who writes has found what it looked for
	return failed(link.Write(v.p.ctx, v.uuid, written, true))
}

func (v value) StartNotify() *dbus.Error {
	link, err := v.p.linked()
	if err != nil {
		return failed(err)
	}
	v.p.remember(v.uuid)
	return failed(link.Subscribe(v.p.ctx, v.uuid))
}

func (v value) StopNotify() *dbus.Error { return nil }
func (v value) Confirm() *dbus.Error    { return nil }
