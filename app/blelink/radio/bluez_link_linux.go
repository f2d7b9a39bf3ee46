package radio

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

// A bluezLink is a link to a device.
type bluezLink struct {
	*queue
	bluez      *bluez
	path       dbus.ObjectPath
	subscribed map[dbus.ObjectPath]string // to its UUID; guarded by bluez.mu
	over       bool                       // the device has left, before there was a link
}

// Notifications implements blelink.Peripheral.
func (l *bluezLink) Notifications() <-chan blelink.Notification { return l.values }

// Services implements blelink.Peripheral.
func (l *bluezLink) Services(context.Context) ([]blelink.Service, error) {
	if l.isLost() {
		return nil, blelink.Disconnected()
	}
	l.bluez.mu.Lock()
	defer l.bluez.mu.Unlock()
	var list []blelink.Service
	for _, service := range l.belowLocked(l.path, ifaceService) {
		s := blelink.Service{UUID: l.uuidLocked(service, ifaceService)}
		for _, value := range l.belowLocked(service, ifaceValue) {
			s.Characteristics = append(s.Characteristics, l.uuidLocked(value, ifaceValue))
		}
		list = append(list, s)
	}
	return list, nil
}

// belowLocked are the objects with an interface below path, in the device's
// own order, which their names keep.
func (l *bluezLink) belowLocked(path dbus.ObjectPath, iface string) (list []dbus.ObjectPath) {
	for at, ifaces := range l.bluez.objects {
		if _, is := ifaces[iface]; is && below(at, path) {
			list = append(list, at)
		}
	}
	slices.Sort(list)
	return list
}

func (l *bluezLink) uuidLocked(path dbus.ObjectPath, iface string) string {
	uuid, _ := l.bluez.objects[path][iface]["UUID"].Value().(string)
	return strings.ToLower(uuid)
}

// value finds the object of a characteristic.
func (l *bluezLink) value(uuid string) (dbus.ObjectPath, error) {
	if l.isLost() {
		return "", blelink.Disconnected()
	}
	l.bluez.mu.Lock()
	defer l.bluez.mu.Unlock()
	for _, path := range l.belowLocked(l.path, ifaceValue) {
		if l.uuidLocked(path, ifaceValue) == uuid {
			return path, nil
		}
	}
	return "", unsupported(uuid)
}

// do calls a method of a characteristic.
func (l *bluezLink) do(ctx context.Context, uuid, method string, args ...any) (*dbus.Call, error) {
	path, err := l.value(uuid)
	if err != nil {
		return nil, err
	}
	if l.over {
		return nil, blelink.Disconnected()
	}
	done := l.bluez.call(ctx, path, ifaceValue+"."+method, args...)
	if done.Err != nil {
		return nil, l.failed(ctx, done.Err)
	}
	return done, nil
}

// failed is why an operation did: most often because the link is lost, which
// BlueZ tells of only then.
func (l *bluezLink) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if l.isLost() || !l.bluez.connected(ctx, l.path) {
		return blelink.Disconnected()
	}
	return gattFault(err)
}

// Read implements blelink.Peripheral.
func (l *bluezLink) Read(ctx context.Context, uuid string) (value []byte, err error) {
	done, err := l.do(ctx, uuid, "ReadValue", map[string]any{})
	if err != nil {
		return nil, err
	}
	return value, done.Store(&value)
}

// Write implements blelink.Peripheral.
func (l *bluezLink) Write(ctx context.Context, uuid string, value []byte, response bool) error {
	kind := "command"
	if response {
		kind = "request"
	}
	_, err := l.do(ctx, uuid, "WriteValue", value, map[string]any{"type": kind})
	return err
}

// Subscribe implements blelink.Peripheral.
func (l *bluezLink) Subscribe(ctx context.Context, uuid string) error {
	path, err := l.value(uuid)
	if err != nil {
		return err
	}
	l.bluez.mu.Lock()
	l.subscribed[path] = uuid // before the first value comes
	for _, value := range l.bluez.early[path] {
		l.bluez.putLocked(l, blelink.Notification{Characteristic: uuid, Value: value})
	}
	delete(l.bluez.early, path)
	l.bluez.mu.Unlock()
	if l.over {
		return nil
	}
	_, err = l.do(ctx, uuid, "StartNotify")
	return err
}

// Disconnect implements blelink.Peripheral.
func (l *bluezLink) Disconnect() error {
	if l.isLost() {
		return nil
	}
	if l.over {
		l.bluez.mu.Lock()
		defer l.bluez.mu.Unlock()
		l.bluez.lostLocked(l.path)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), discoveryTime)
	defer cancel()
	err := l.bluez.call(ctx, l.path, ifaceDevice+".Disconnect").Err
	l.bluez.await(ctx, func() bool { return l.bluez.links[l.path] != l })
	l.lose()
	if err != nil {
		return gattFault(err)
	}
	return nil
}

var _ blelink.Peripheral = (*bluezLink)(nil)

// lostLocked ends the link to a device.
func (b *bluez) lostLocked(device dbus.ObjectPath) {
	if l := b.links[device]; l != nil {
		l.lose()
		delete(b.links, device)
	}
	if device == b.expected {
		b.left = true
		return
	}
	b.forgetEarlyLocked(device)
}

// spokeLocked tells whether a device has sent what nobody had subscribed to.
func (b *bluez) spokeLocked(device dbus.ObjectPath) bool {
	for path := range b.early {
		if below(path, device) {
			return true
		}
	}
	return false
}

// forgetEarlyLocked drops what a device has sent that nobody had subscribed
// to: the next link would take it for new.
func (b *bluez) forgetEarlyLocked(device dbus.ObjectPath) {
	maps.DeleteFunc(b.early, func(path dbus.ObjectPath, _ [][]byte) bool { return below(path, device) })
}

func below(path, device dbus.ObjectPath) bool {
	return device != "" && strings.HasPrefix(string(path), string(device)+"/")
}

// valueLocked passes a value on to the link that has subscribed to it. BlueZ
// goes on with the subscriptions of an earlier link by itself, and a device
// that remembers them may speak before anybody has asked anew.
func (b *bluez) valueLocked(path dbus.ObjectPath, changed properties) {
	value, ok := changed["Value"].Value().([]byte)
	if !ok {
		return
	}
	awaited := below(path, b.expected)
	for device, l := range b.links {
		if !below(path, device) {
			continue
		}
		if uuid := l.subscribed[path]; uuid != "" {
			b.putLocked(l, blelink.Notification{Characteristic: uuid, Value: value})
			return
		}
		awaited = true
	}
	notifies := flag(b.objects[path][ifaceValue], "Notifying") // else it was read
	if awaited && notifies && len(b.early[path]) < mostQueued {
		b.early[path] = append(b.early[path], value)
	}
}

func (b *bluez) putLocked(l *bluezLink, n blelink.Notification) {
	if !l.put(n) {
		b.log.Warn("a device sends more than can be taken; its link is ended")
		delete(b.links, l.path)
		go b.call(context.Background(), l.path, ifaceDevice+".Disconnect")
	}
}
