package radio

import (
	"context"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

// Scan implements blelink.Radio.
func (b *bluez) Scan(ctx context.Context, heard func(blelink.Advertisement)) error {
	if _, fault := b.usable(); fault != nil {
		return fault
	}
	b.mu.Lock()
	b.scans[&heard] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.scans, &heard)
		b.mu.Unlock()
		b.discover()
	}()
	for {
		b.mu.Lock()
		changed := b.changed
		b.mu.Unlock()
		if _, fault := b.usable(); fault != nil {
			return fault
		}
		if err := b.discover(); err != nil { // where the adapter has stopped it
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const discoveryTime = 10 * time.Second // that starting or stopping it may take

// discover starts or stops discovery as the scans and connections want it.
func (b *bluez) discover() error {
	b.discovery.Lock()
	defer b.discovery.Unlock()
	b.mu.Lock()
	was, wanted := b.scanning, dbus.ObjectPath("")
	if len(b.scans) > 0 && b.paused == 0 {
		wanted, _ = b.adapterLocked()
	}
	b.scanning = wanted
	b.mu.Unlock()
	if was == wanted {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), discoveryTime)
	defer cancel()
	if was != "" {
		b.call(ctx, was, ifaceAdapter+".StopDiscovery") // it has stopped by itself where this fails
	}
	if wanted == "" {
		return nil
	}
	filter := map[string]any{"Transport": "le", "DuplicateData": true}
	err := b.call(ctx, wanted, ifaceAdapter+".SetDiscoveryFilter", filter).Err
	if err == nil {
		err = b.call(ctx, wanted, ifaceAdapter+".StartDiscovery").Err
	}
	if err != nil {
		b.mu.Lock()
		b.scanning = ""
		b.wakeLocked() // the other scans try, and learn it
		b.mu.Unlock()
		return adapterFault(err)
	}
	return nil
}

// pause has discovery rest while a connection is made, which many adapters
// cannot do beside it.
func (b *bluez) pause(by int) {
	b.mu.Lock()
	b.paused += by
	b.mu.Unlock()
	if err := b.discover(); err != nil {
		b.log.Warn("going on with discovery", "error", err)
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

// advertisement is what BlueZ knows of a device.
func advertisement(p properties) (a blelink.Advertisement, ok bool) {
	if rssi, _ := p["RSSI"].Value().(int16); rssi < 0 { // 127: the controller did not tell
		a.RSSI = int(rssi)
	}
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
