//go:build windows || (darwin && cgo)

package radio

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tinygo.org/x/bluetooth"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// native is the adapter of Windows (WinRT) and macOS (CoreBluetooth), where the
// system pairs by itself, in windows of its own, when a protected value is
// touched. It was never tried on a Mac.
type native struct {
	adapter *bluetooth.Adapter
	log     *slog.Logger
	turn    chan struct{} // held by the one that scans or connects

	mu    sync.Mutex
	scans map[*func(blelink.Advertisement)]bool
	seen  map[string]bluetooth.Address // by what blelink calls it
	links map[bluetooth.Address]*nativeLink
}

// System is the adapter of this computer.
func System(logger *slog.Logger) (Adapter, func(), error) {
	n := &native{
		adapter: bluetooth.DefaultAdapter, log: logger, turn: make(chan struct{}, 1),
		scans: map[*func(blelink.Advertisement)]bool{}, seen: map[string]bluetooth.Address{}, links: map[bluetooth.Address]*nativeLink{},
	}
	if err := n.adapter.Enable(); err != nil {
		return nil, nil, adapterFault(err)
	}
	n.adapter.SetConnectHandler(n.connection)
	return n, func() {}, nil
}

// adapterFault is an error of the adapter: these libraries tell what it is by
// words alone.
func adapterFault(err error) *fhirmap.Fault {
	text := strings.ToLower(err.Error())
	switch {
	case strings.Contains(text, "denied"), strings.Contains(text, "unauthorized"):
		return denied(err)
	case strings.Contains(text, "off"), strings.Contains(text, "not ready"), strings.Contains(text, "radio"):
		return adapterOff(false)
	case strings.Contains(text, "unsupported"), strings.Contains(text, "not found"), strings.Contains(text, "no adapter"):
		return noAdapter()
	case strings.Contains(text, "in use"), strings.Contains(text, "busy"):
		return busy(err)
	}
	return failed(err)
}

// Watch implements Adapter. The libraries do not tell when an adapter comes or
// goes: that shows when it is used.
func (n *native) Watch(ctx context.Context, told func(*fhirmap.Fault)) error {
	told(nil)
	<-ctx.Done()
	return ctx.Err()
}

// Scan implements blelink.Radio.
func (n *native) Scan(ctx context.Context, heard func(blelink.Advertisement)) error {
	n.mu.Lock()
	n.scans[&heard] = true
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.scans, &heard)
	}()
	for ctx.Err() == nil {
		if err := n.scanUntil(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// scanUntil scans until ctx ends or somebody wants to connect.
const shortScan = 4 * time.Second

func (n *native) scanUntil(ctx context.Context) error {
	if err := n.take(ctx); err != nil {
		return nil
	}
	defer n.release()
	short, cancel := context.WithTimeout(ctx, shortScan)
	defer cancel()
	stop := context.AfterFunc(short, func() { n.adapter.StopScan() })
	defer stop()
	err := n.adapter.Scan(func(_ *bluetooth.Adapter, r bluetooth.ScanResult) { n.advertised(r) })
	if err != nil && short.Err() == nil {
		return adapterFault(err)
	}
	return nil
}

func (n *native) take(ctx context.Context) error {
	select {
	case n.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *native) release() { <-n.turn }

func (n *native) advertised(r bluetooth.ScanResult) {
	a := blelink.Advertisement{Address: r.Address.String(), Name: r.LocalName(), RSSI: int(r.RSSI)}
	for _, uuid := range r.ServiceUUIDs() {
		a.Services = append(a.Services, uuid.String())
	}
	for _, m := range r.ManufacturerData() {
		if a.Manufacturer == nil {
			a.Manufacturer = map[string][]byte{}
		}
		a.Manufacturer[companyID(m.CompanyID)] = m.Data
	}
	n.mu.Lock()
	n.seen[a.Address] = r.Address
	scans := make([]func(blelink.Advertisement), 0, len(n.scans))
	for heard := range n.scans {
		scans = append(scans, *heard)
	}
	n.mu.Unlock()
	for _, heard := range scans {
		heard(a)
	}
}

// connection is told of each link that begins or ends.
func (n *native) connection(device bluetooth.Device, connected bool) {
	if connected {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.links[device.Address]; l != nil {
		l.lose()
		delete(n.links, device.Address)
	}
}

// connectTime is how long the system may try.
const connectTime = 20 * time.Second

// Connect implements blelink.Radio.
func (n *native) Connect(ctx context.Context, address string) (blelink.Peripheral, error) {
	if err := n.take(ctx); err != nil {
		return nil, err
	}
	defer n.release()
	n.mu.Lock()
	at, known := n.seen[address]
	n.mu.Unlock()
	if !known {
		return nil, unreachable(errors.New("it was not heard since the start"))
	}
	device, err := n.adapter.Connect(at, bluetooth.ConnectionParams{ConnectionTimeout: bluetooth.NewDuration(connectTime)})
	if err != nil {
		return nil, unreachable(err)
	}
	l := &nativeLink{queue: newQueue(), native: n, device: device, values: map[string]bluetooth.DeviceCharacteristic{}}
	n.mu.Lock()
	n.links[at] = l
	n.mu.Unlock()
	if err := l.discover(); err != nil {
		l.Disconnect()
		return nil, unreachable(err)
	}
	return l, nil
}

// Pair implements blelink.Radio: the system does it, when it is needed.
func (n *native) Pair(context.Context, string, blelink.Agent) error { return nil }

// Unpair implements blelink.Radio. The bond is the system's, whose settings
// alone can end it.
func (n *native) Unpair(context.Context, string) error { return nil }

// A nativeLink is a link to a device. The library must not touch a device whose
// link is lost: each operation looks first.
type nativeLink struct {
	*queue
	native   *native
	device   bluetooth.Device
	services []blelink.Service
	values   map[string]bluetooth.DeviceCharacteristic
}

var _ blelink.Peripheral = (*nativeLink)(nil)

func (l *nativeLink) discover() error {
	services, err := l.device.DiscoverServices(nil)
	if err != nil {
		return err
	}
	for _, service := range services {
		s := blelink.Service{UUID: service.UUID().String()}
		values, err := service.DiscoverCharacteristics(nil)
		if err != nil {
			continue // one that the system keeps for itself
		}
		for _, value := range values {
			uuid := value.UUID().String()
			s.Characteristics = append(s.Characteristics, uuid)
			if _, known := l.values[uuid]; !known {
				l.values[uuid] = value
			}
		}
		l.services = append(l.services, s)
	}
	return nil
}

// Notifications implements blelink.Peripheral.
func (l *nativeLink) Notifications() <-chan blelink.Notification { return l.queue.values }

// Services implements blelink.Peripheral.
func (l *nativeLink) Services(context.Context) ([]blelink.Service, error) {
	if l.isLost() {
		return nil, blelink.Disconnected()
	}
	return l.services, nil
}

// do does something with a characteristic, as long as there is a link.
func (l *nativeLink) do(uuid string, do func(bluetooth.DeviceCharacteristic) error) error {
	if l.isLost() {
		return blelink.Disconnected()
	}
	value, known := l.values[uuid]
	if !known {
		return unsupported(uuid)
	}
	if err := do(value); err != nil {
		if l.isLost() {
			return blelink.Disconnected()
		}
		return &fhirmap.Fault{
			Code: "device_refused", English: "the device refused an operation", Temporary: true, Cause: err,
			French: "L’appareil a refusé une opération. S’il n’est pas jumelé dans les réglages Bluetooth du système, jumelez-le, puis réessayez.",
		}
	}
	return nil
}

// longestValue is that of an attribute (Core Specification, volume 3, part F,
// 3.2.9).
const longestValue = 512

// Read implements blelink.Peripheral.
func (l *nativeLink) Read(_ context.Context, uuid string) (value []byte, err error) {
	buffer := make([]byte, longestValue)
	err = l.do(uuid, func(c bluetooth.DeviceCharacteristic) error {
		size, err := c.Read(buffer)
		if err == nil {
			value = buffer[:size]
		}
		return err
	})
	return value, err
}

// Write implements blelink.Peripheral.
func (l *nativeLink) Write(_ context.Context, uuid string, value []byte, response bool) error {
	return l.do(uuid, func(c bluetooth.DeviceCharacteristic) (err error) {
		if response {
			_, err = c.Write(value)
		} else {
			_, err = c.WriteWithoutResponse(value)
		}
		return err
	})
}

// Subscribe implements blelink.Peripheral.
func (l *nativeLink) Subscribe(_ context.Context, uuid string) error {
	return l.do(uuid, func(c bluetooth.DeviceCharacteristic) error {
		return c.EnableNotifications(func(value []byte) {
			if !l.put(blelink.Notification{Characteristic: uuid, Value: append([]byte(nil), value...)}) {
				l.native.log.Warn("a device sends more than can be taken; its link is ended")
				go l.Disconnect()
			}
		})
	})
}

// Disconnect implements blelink.Peripheral.
func (l *nativeLink) Disconnect() error {
	l.native.mu.Lock()
	_, linked := l.native.links[l.device.Address]
	delete(l.native.links, l.device.Address)
	l.native.mu.Unlock()
	defer l.lose()
	if !linked {
		return nil
	}
	return l.device.Disconnect()
}
