package hl7link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// DiscoverOptions say how monitors are listened for.
type DiscoverOptions struct {
	Ports  []int // UDP; default 4600, and 4620, which monitors with DHCP use
	Logger *slog.Logger
	Now    func() time.Time
	// OnSeen tells of a monitor when it is first heard of, when what it says
	// changes, and else every five seconds. OnLost tells that nothing was heard
	// of it for ten. Calls come one after the other; they must return soon. Both
	// may be nil.
	OnSeen func(Sighting)
	OnLost func(address string)
}

const (
	maxSighted    = 256 // monitors known at once
	maxOfSender   = 16  // of them from one address, which has one in earnest
	maxBeacon     = 4 << 10
	maxBeacons    = 1000 // a second; what is more is not looked at
	announceEvery = 5 * time.Second
	changeEvery   = 500 * time.Millisecond // between two changes of one
	lostAfter     = 10 * time.Second
)

func (o *DiscoverOptions) setDefaults() {
	if len(o.Ports) == 0 {
		o.Ports = []int{4600, 4620}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnSeen == nil {
		o.OnSeen = func(Sighting) {}
	}
	if o.OnLost == nil {
		o.OnLost = func(string) {}
	}
}

// A datagram is what came by UDP.
type datagram struct {
	from netip.Addr
	text []byte
}

// A discovery is what was heard of monitors. It is for one goroutine.
type discovery struct {
	DiscoverOptions
	known map[string]*sighted

	second int64 // of the datagrams counted
	count  int
}

// A sighted monitor is one that is heard of.
type sighted struct {
	told   Sighting // what was last told of it
	seen   time.Time
	sender netip.Addr
}

// Discover listens for the beacons of Mindray monitors (ADT^A01, message 101,
// by UDP broadcast each second) until ctx ends. A beacon is not authenticated:
// it is for a list to choose from, and for nothing else. A port that cannot be
// listened on is tried again; if that is so of all of them at the start, it is
// the error.
func Discover(ctx context.Context, o DiscoverOptions) error {
	o.setDefaults()
	ctx, cancel := context.WithCancel(ctx)
	var ports sync.WaitGroup
	defer ports.Wait()
	defer cancel()
	beacons := make(chan datagram, 64)
	var all error
	opened := make([]net.PacketConn, len(o.Ports))
	failed := 0
	for i, port := range o.Ports {
		conn, err := listenBeacons(ctx, port)
		if err != nil {
			failed++
			all = errors.Join(all, err)
		}
		opened[i] = conn
	}
	if failed == len(o.Ports) {
		return fmt.Errorf("hl7link: no port to hear monitors on: %w", all)
	}
	for i, port := range o.Ports {
		ports.Go(func() { o.hear(ctx, port, opened[i], beacons) })
	}
	d := &discovery{DiscoverOptions: o, known: map[string]*sighted{}}
	d.run(ctx, beacons)
	return nil
}

// listenBeacons binds port so that other programs of this computer can listen
// as well.
func listenBeacons(ctx context.Context, port int) (net.PacketConn, error) {
	if port < 1 || port > 65535 {
		return nil, fmt.Errorf("no UDP port: %d", port)
	}
	config := net.ListenConfig{Control: shareAddress}
	return config.ListenPacket(ctx, "udp4", net.JoinHostPort("", strconv.Itoa(port)))
}

// hear passes on what comes to port, listening anew when that fails.
func (o *DiscoverOptions) hear(ctx context.Context, port int, conn net.PacketConn, beacons chan<- datagram) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		err := o.hearOn(ctx, conn, beacons)
		if ctx.Err() != nil {
			return
		}
		o.Logger.Warn("cannot hear monitors", "port", port, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(backOff(attempt)):
		}
		conn, err = listenBeacons(ctx, port)
		if err != nil {
			conn = nil
		}
	}
}

var errNoSocket = errors.New("port is not free")

func (o *DiscoverOptions) hearOn(ctx context.Context, conn net.PacketConn, beacons chan<- datagram) error {
	if conn == nil {
		return errNoSocket
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	buf := make([]byte, maxBeacon+1)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil && n == 0 {
			if passing(err) {
				continue
			}
			return err
		}
		sender, ok := from.(*net.UDPAddr)
		if n > maxBeacon || !ok {
			continue
		}
		select {
		case beacons <- datagram{sender.AddrPort().Addr().Unmap(), append([]byte(nil), buf[:n]...)}:
		case <-ctx.Done():
			return nil
		default: // too many; a beacon comes again
		}
	}
}

// run follows the monitors until ctx ends.
func (d *discovery) run(ctx context.Context, beacons <-chan datagram) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-beacons:
			d.beacon(b)
		case <-tick.C:
			d.forget()
		}
	}
}

// beacon takes one datagram.
func (d *discovery) beacon(b datagram) {
	defer func() {
		if p := recover(); p != nil {
			d.Logger.Error("panic in a beacon", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	now := d.Now()
	if d.count++; d.second != now.Unix() {
		d.second, d.count = now.Unix(), 1
	}
	if d.count > maxBeacons {
		return
	}
	seen, ok := readBeacon(b.text, b.from)
	if !ok {
		return
	}
	seen.Seen = now
	known := d.known[seen.Address]
	if known == nil {
		if !d.room(b.from) {
			return
		}
		known = &sighted{sender: b.from}
		d.known[seen.Address] = known
		d.Logger.Info("monitor seen", "address", seen.Address)
	}
	known.seen = now
	since := now.Sub(known.told.Seen).Abs()
	before := known.told
	before.Seen = now
	if before != seen && since >= changeEvery || since >= announceEvery {
		known.told = seen
		d.OnSeen(seen)
	}
}

// room tells whether one more monitor can be known, sent by that address.
func (d *discovery) room(sender netip.Addr) bool {
	same := 0
	for _, s := range d.known {
		if s.sender == sender {
			same++
		}
	}
	return len(d.known) < maxSighted && same < maxOfSender
}

// forget tells of the monitors that fell silent.
func (d *discovery) forget() {
	now := d.Now()
	for address, s := range d.known {
		if now.Sub(s.seen).Abs() >= lostAfter {
			delete(d.known, address)
			d.Logger.Info("monitor lost", "address", address)
			d.OnLost(address)
		}
	}
}
