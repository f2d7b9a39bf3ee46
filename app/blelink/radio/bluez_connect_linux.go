package radio

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

// deviceLocked is the object of the device with an address, as the adapter in
// use knows it.
func (b *bluez) deviceLocked(address string) dbus.ObjectPath {
	adapter, _ := b.adapterLocked()
	for path, ifaces := range b.objects {
		if at, _ := ifaces[ifaceDevice]["Address"].Value().(string); below(path, adapter) && at != "" && strings.EqualFold(at, address) {
			return path
		}
	}
	return ""
}

// Times of a connection.
const (
	findTime    = 15 * time.Second // until the device is heard
	connectTime = 20 * time.Second // for each try
	resolveTime = 20 * time.Second // until its services are known
	tries       = 3
	tryAgain    = 700 * time.Millisecond
)

// find waits until BlueZ knows the device.
func (b *bluez) find(ctx context.Context, address string) (path dbus.ObjectPath, err error) {
	if _, fault := b.usable(); fault != nil {
		return "", fault
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	b.mu.Lock()
	known := b.deviceLocked(address)
	b.mu.Unlock()
	if known != "" {
		return known, nil
	}
	scan, stop := context.WithCancel(ctx)
	var scanning sync.WaitGroup
	defer scanning.Wait()
	defer stop()
	scanning.Go(func() { b.Scan(scan, func(blelink.Advertisement) {}) })
	err = b.await(ctx, func() bool {
		path = b.deviceLocked(address)
		return path != ""
	})
	if err != nil {
		return "", unreachable(err)
	}
	return path, nil
}

// alone waits for the turn of this connection.
func (b *bluez) alone(ctx context.Context) (done func(), err error) {
	select {
	case b.connecting <- struct{}{}:
		return func() { <-b.connecting }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Connect implements blelink.Radio.
func (b *bluez) Connect(ctx context.Context, address string) (blelink.Peripheral, error) {
	done, err := b.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	path, err := b.find(ctx, address)
	if err != nil {
		return nil, err
	}
	b.pause(1)
	defer b.pause(-1)
	b.expect(path)
	defer b.expectNone()
	if err := b.connect(ctx, path); err != nil {
		b.abandon(path)
		return nil, err
	}
	return b.open(ctx, path)
}

// expect has values of the device kept that come before its link is open.
func (b *bluez) expect(path dbus.ObjectPath) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected, b.left = path, false
	b.forgetEarlyLocked(path)
}

func (b *bluez) expectNone() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = ""
}

// abandon has BlueZ give up a connection that is not wanted any more.
func (b *bluez) abandon(path dbus.ObjectPath) {
	ctx, cancel := context.WithTimeout(context.Background(), discoveryTime)
	defer cancel()
	b.call(ctx, path, ifaceDevice+".Disconnect")
}

// connect tries as often as makes sense: the first try often meets a device
// that has just begun to advertise, or an adapter that is still scanning.
func (b *bluez) connect(ctx context.Context, path dbus.ObjectPath) error {
	for try := 1; ; try++ {
		one, cancel := context.WithTimeout(ctx, connectTime)
		err := b.call(one, path, ifaceDevice+".Connect").Err
		cancel()
		switch errorName(err) {
		case "AlreadyConnected":
			return nil
		case "":
			if err == nil {
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if name := errorName(err); name == "NotReady" || name == "NotAuthorized" || ended(err) || try == tries {
			return connectFault(err)
		}
		b.log.Info("connecting to a Bluetooth device again", "error", err)
		select {
		case <-time.After(tryAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// open makes the link, once BlueZ knows the device's services. BlueZ 5.66 does
// not always tell that the device is connected: not when its attributes are
// there before the kernel has said so. A device that has spoken and left gets a
// link that is good for what it said.
func (b *bluez) open(ctx context.Context, path dbus.ObjectPath) (blelink.Peripheral, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	for {
		b.mu.Lock()
		changed := b.changed
		b.mu.Unlock()
		connected := b.connected(ctx, path)
		b.mu.Lock()
		spoke := !connected && b.spokeLocked(path)
		if connected && flag(b.objects[path][ifaceDevice], "ServicesResolved") || spoke && b.left { // all of it is here
			l := b.linkLocked(path)
			l.over = spoke
			b.mu.Unlock()
			return l, nil
		}
		b.mu.Unlock()
		if !connected && !spoke && ctx.Err() == nil {
			return nil, blelink.Disconnected()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			b.abandon(path)
			return nil, unreachable(ctx.Err())
		}
	}
}

// connected asks BlueZ itself: what it has told may still be on its way.
func (b *bluez) connected(ctx context.Context, path dbus.ObjectPath) bool {
	var is dbus.Variant
	return b.call(ctx, path, ifaceProps+".Get", ifaceDevice, "Connected").Store(&is) == nil && is.Value() == true
}

func (b *bluez) linkLocked(path dbus.ObjectPath) *bluezLink {
	l := &bluezLink{queue: newQueue(), bluez: b, path: path, subscribed: map[dbus.ObjectPath]string{}}
	if before := b.links[path]; before != nil {
		before.lose()
	}
	b.links[path] = l
	return l
}

// Pair implements blelink.Radio. A bond that the system still has is not the
// device's any more, or nobody would pair it: it is made anew.
func (b *bluez) Pair(ctx context.Context, address string, agent blelink.Agent) error {
	done, err := b.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	path, err := b.find(ctx, address)
	if err != nil {
		return err
	}
	b.mu.Lock()
	stale := flag(b.objects[path][ifaceDevice], "Paired")
	b.mu.Unlock()
	if stale {
		if err := b.Unpair(ctx, address); err != nil {
			return err
		}
		if path, err = b.find(ctx, address); err != nil {
			return err
		}
	}
	b.pause(1)
	defer b.pause(-1)
	b.mu.Lock()
	b.agent, b.pairing = agent, ctx
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.agent, b.pairing = nil, nil
	}()
	if err := b.call(ctx, path, ifaceDevice+".Pair").Err; err != nil && errorName(err) != "AlreadyExists" {
		if ctx.Err() != nil {
			b.abandonPairing(path)
			return pairingTimeout(ctx.Err())
		}
		return pairingFault(err)
	}
	return b.call(ctx, path, ifaceProps+".Set", ifaceDevice, "Trusted", dbus.MakeVariant(true)).Err
}

func (b *bluez) abandonPairing(path dbus.ObjectPath) {
	ctx, cancel := context.WithTimeout(context.Background(), discoveryTime)
	defer cancel()
	b.call(ctx, path, ifaceDevice+".CancelPairing")
	b.call(ctx, path, ifaceDevice+".Disconnect")
}

// Unpair implements blelink.Radio.
func (b *bluez) Unpair(ctx context.Context, address string) error {
	b.mu.Lock()
	device := b.deviceLocked(address)
	adapter, _ := b.adapterLocked()
	before := b.removals[device]
	b.mu.Unlock()
	if device == "" || adapter == "" {
		return nil
	}
	err := b.call(ctx, adapter, ifaceAdapter+".RemoveDevice", device).Err
	if err != nil && errorName(err) != "DoesNotExist" {
		return adapterFault(err)
	}
	return b.await(ctx, func() bool { return b.removals[device] > before || b.objects[device] == nil })
}
