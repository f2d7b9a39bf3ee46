package stethoscope

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// NetworkManager joins networks through the service of that name, as the
// desktops of Linux do (D-Bus API 1.16 and later). It touches the Wi-Fi adapter
// alone, and the network of the stethoscope never becomes the default route, so
// that a wired connection stays as it is. The join is bound to this program: if
// it dies, NetworkManager itself returns to the network before.
type NetworkManager struct{}

var _ Network = NetworkManager{}

// SystemNetwork is how networks are joined on this system.
func SystemNetwork() Network { return NetworkManager{} }

const (
	nmService  = "org.freedesktop.NetworkManager"
	nmPath     = dbus.ObjectPath("/org/freedesktop/NetworkManager")
	nmDevice   = nmService + ".Device"
	nmWireless = nmService + ".Device.Wireless"
	nmPoint    = nmService + ".AccessPoint"
	nmActive   = nmService + ".Connection.Active"
	nmNowhere  = dbus.ObjectPath("/") // no object

	nmTypeWiFi    = 2 // NMDeviceType
	nmActivated   = 2 // NMActiveConnectionState
	nmDeactivated = 4
)

// Join implements Network.
func (NetworkManager) Join(ctx context.Context, ssid string) (func(context.Context) error, error) {
	if err := CheckSSID(ssid); err != nil {
		return nil, err
	}
	m, err := dialManager(ctx)
	if err != nil {
		return nil, wifiRefused("NetworkManager cannot be reached", err)
	}
	leave, err := m.join(ctx, ssid)
	if err != nil {
		m.conn.Close()
		return nil, wifiRefused("the stethoscope's network was not joined", err)
	}
	return func(ctx context.Context) error {
		defer m.conn.Close()
		return leave(ctx)
	}, nil
}

// A manager is a connection to NetworkManager, which wakes whoever waits for it
// to change something.
type manager struct {
	conn    *dbus.Conn
	changed wake
}

// A wake has something in it when there is something to look at.
type wake chan struct{}

// DeliverSignal implements dbus.SignalHandler.
func (w wake) DeliverSignal(string, string, *dbus.Signal) {
	select {
	case w <- struct{}{}:
	default:
	}
}

func dialManager(ctx context.Context) (*manager, error) {
	changed := make(wake, 1)
	// The context of a connection would end it: the join lasts longer than ctx.
	conn, err := dbus.ConnectSystemBus(dbus.WithSignalHandler(changed))
	if err != nil {
		return nil, err
	}
	m := &manager{conn, changed}
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(nmService)); err != nil {
		conn.Close()
		return nil, err
	}
	return m, nil
}

func (m *manager) join(ctx context.Context, ssid string) (func(context.Context) error, error) {
	device, err := m.adapter(ctx)
	if err != nil {
		return nil, err
	}
	var current, former dbus.ObjectPath
	if err := m.get(ctx, device, nmDevice, "ActiveConnection", &current); err != nil {
		return nil, err
	}
	if current != nmNowhere {
		if in, err := m.network(ctx, device); err != nil || in == ssid {
			return func(context.Context) error { return nil }, err // somebody has joined it, and may leave it
		}
		if err := m.get(ctx, current, nmActive, "Connection", &former); err != nil {
			return nil, err
		}
	}
	point, err := m.find(ctx, device, ssid)
	if err != nil {
		return nil, err
	}
	active, err := m.activate(ctx, device, point, ssid)
	if err != nil {
		return nil, err
	}
	leave := func(ctx context.Context) error { return m.leave(ctx, device, active, former) }
	if err := m.until(ctx, active); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		return nil, errors.Join(err, leave(undo))
	}
	return leave, nil
}

// adapter is the first Wi-Fi adapter.
func (m *manager) adapter(ctx context.Context) (dbus.ObjectPath, error) {
	var devices []dbus.ObjectPath
	if err := m.call(ctx, nmPath, nmService+".GetDevices").Store(&devices); err != nil {
		return "", err
	}
	for _, device := range devices {
		var kind uint32
		if err := m.get(ctx, device, nmDevice, "DeviceType", &kind); err != nil {
			return "", err
		}
		if kind == nmTypeWiFi {
			return device, nil
		}
	}
	return "", errors.New("this computer has no Wi-Fi adapter")
}

// network is the name of the one that the adapter is in.
func (m *manager) network(ctx context.Context, device dbus.ObjectPath) (string, error) {
	var point dbus.ObjectPath
	if err := m.get(ctx, device, nmWireless, "ActiveAccessPoint", &point); err != nil || point == nmNowhere {
		return "", err
	}
	name, err := m.nameOf(ctx, point)
	return string(name), err
}

func (m *manager) nameOf(ctx context.Context, point dbus.ObjectPath) (name []byte, err error) {
	err = m.get(ctx, point, nmPoint, "Ssid", &name)
	return name, err
}

// find waits until the adapter hears the network.
func (m *manager) find(ctx context.Context, device dbus.ObjectPath, ssid string) (dbus.ObjectPath, error) {
	for asked := false; ; {
		var points []dbus.ObjectPath
		if err := m.call(ctx, device, nmWireless+".GetAllAccessPoints").Store(&points); err != nil {
			return "", err
		}
		for _, point := range points {
			if name, err := m.nameOf(ctx, point); err == nil && bytes.Equal(name, []byte(ssid)) { // one may just have vanished
				return point, nil
			}
		}
		if !asked {
			asked = true
			options := map[string]dbus.Variant{"ssids": dbus.MakeVariant([][]byte{[]byte(ssid)})}
			_ = m.call(ctx, device, nmWireless+".RequestScan", options).Err // refused where one has just been made
		}
		if err := m.wait(ctx); err != nil {
			return "", fmt.Errorf("the network is not heard: %w", err)
		}
	}
}

// activate begins to join the network, which is open, under settings that vanish
// with the connection. The end of ctx does not end it: who does not know what was
// begun cannot undo it.
func (m *manager) activate(ctx context.Context, device, point dbus.ObjectPath, ssid string) (active dbus.ObjectPath, err error) {
	type group = map[string]dbus.Variant
	settings := map[string]group{
		"connection":      {"id": dbus.MakeVariant(ssid), "type": dbus.MakeVariant("802-11-wireless"), "autoconnect": dbus.MakeVariant(false)},
		"802-11-wireless": {"ssid": dbus.MakeVariant([]byte(ssid)), "mode": dbus.MakeVariant("infrastructure")},
		"ipv4":            {"method": dbus.MakeVariant("auto"), "never-default": dbus.MakeVariant(true), "ignore-auto-dns": dbus.MakeVariant(true)},
		"ipv6":            {"method": dbus.MakeVariant("ignore")},
	}
	options := group{"persist": dbus.MakeVariant("volatile"), "bind-activation": dbus.MakeVariant("dbus-client")}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	var path dbus.ObjectPath
	var result group
	err = m.call(ctx, nmPath, nmService+".AddAndActivateConnection2", settings, device, point, options).Store(&path, &active, &result)
	return active, err
}

// until waits until a connection is active.
func (m *manager) until(ctx context.Context, active dbus.ObjectPath) error {
	for {
		var state uint32
		if err := m.get(ctx, active, nmActive, "State", &state); err != nil {
			return err
		}
		switch state {
		case nmActivated:
			return nil
		case nmDeactivated:
			return errors.New("the network has refused")
		}
		if err := m.wait(ctx); err != nil {
			return err
		}
	}
}

// leave returns to the network before, if there was one.
func (m *manager) leave(ctx context.Context, device, active, former dbus.ObjectPath) error {
	left := m.call(ctx, nmPath, nmService+".DeactivateConnection", active).Err
	if former == "" {
		return left
	}
	var back dbus.ObjectPath
	if err := m.call(ctx, nmPath, nmService+".ActivateConnection", former, device, nmNowhere).Store(&back); err != nil {
		return err
	}
	return m.until(ctx, back)
}

// wait returns when NetworkManager has changed something.
func (m *manager) wait(ctx context.Context) error {
	select {
	case <-m.changed:
		return nil
	case <-m.conn.Context().Done():
		return errors.New("D-Bus has closed the connection")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *manager) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return m.conn.Object(nmService, path).CallWithContext(ctx, method, 0, args...)
}

func (m *manager) get(ctx context.Context, path dbus.ObjectPath, of, name string, into any) error {
	var value dbus.Variant
	if err := m.call(ctx, path, "org.freedesktop.DBus.Properties.Get", of, name).Store(&value); err != nil {
		return err
	}
	return value.Store(into)
}
