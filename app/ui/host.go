package ui

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
)

// A host is this computer as others on the network see it.
type host struct {
	name      string
	addresses []netip.Addr // that others can reach; IPv4 first
}

func (x *window) readHost(done func(host)) {
	read(x, "read the addresses of this computer", func(context.Context) (host, error) { return readHost() },
		func(h host, _ error) { done(h) })
}

func readHost() (h host, err error) {
	h.name, err = os.Hostname()
	found, failed := net.InterfaceAddrs()
	if failed != nil {
		return h, failed
	}
	for _, one := range found {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil {
			h.add(prefix.Addr())
		}
	}
	return h, err
}

func (h *host) add(a netip.Addr) {
	if a = a.Unmap(); a.IsGlobalUnicast() { // which private addresses are
		h.addresses = append(h.addresses, a)
	}
	slices.SortFunc(h.addresses, func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(a.BitLen(), b.BitLen()), a.Compare(b)) })
	h.addresses = slices.Compact(h.addresses)
}

// reachable is what a monitor is set to so that it reaches the listener, and what
// is to be known of it.
func (w words) reachable(h host, listener string) (places []string, note string) {
	if listener == "" {
		return nil, w.say("help.addresses.off")
	}
	at, err := netip.ParseAddrPort(listener)
	switch {
	case err != nil:
		return []string{listener}, ""
	case at.Addr().IsLoopback():
		return []string{listener}, w.say("help.addresses.loopback")
	case !at.Addr().IsUnspecified():
		return []string{listener}, w.say("help.addresses.wall")
	}
	for _, a := range h.addresses {
		if a.Is4() || at.Addr().Is6() {
			places = append(places, netip.AddrPortFrom(a, at.Port()).String())
		}
	}
	if len(places) == 0 {
		return []string{listener}, w.say("help.addresses.none")
	}
	return places, w.say("help.addresses.wall")
}
