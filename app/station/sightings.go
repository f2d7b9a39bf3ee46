package station

import (
	"net"
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// MonitorSeen notes the beacon of a monitor. An unknown one appears in
// Monitors, to be accepted.
func (s *Station) MonitorSeen(seen hl7link.Sighting) {
	address, err := monitorAddress(seen.Address)
	if err != nil {
		return
	}
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.list[address]
	if known == nil {
		if !m.roomLocked() {
			return
		}
		known = &Monitor{Address: address, State: LinkAsleep, Since: s.now()}
		m.list[address] = known
	}
	m.seen[address] = s.now()
	before := *known
	known.Discovered = true
	name := seen.Name
	if known.given {
		name = "" // people's own name for it stays
	}
	known.named(name, seen.Bed, seen.Department)
	if !known.Accepted && known.State != LinkAsleep {
		known.State, known.Since = LinkAsleep, s.now()
	}
	if *known != before {
		s.board.changed()
	}
}

// MonitorLost notes that the beacon of a monitor is heard no more. One that was
// not accepted is shown offline.
func (s *Station) MonitorLost(address string) {
	address, err := monitorAddress(address)
	if err != nil {
		return
	}
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.list[address]
	if known == nil || !known.Discovered {
		return
	}
	known.Discovered = false
	if !known.Accepted {
		known.State, known.Since = LinkOffline, s.now()
	}
	s.board.changed()
}

// SetMonitor shows how the connection to an accepted monitor is doing. Of any
// other it changes nothing.
func (s *Station) SetMonitor(status hl7link.MonitorStatus) {
	address, err := monitorAddress(status.Address)
	if err != nil {
		return
	}
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.list[address]
	if known == nil || !known.Accepted {
		return
	}
	name := status.Name
	if host, _, _ := net.SplitHostPort(address); known.Name != "" || name == host {
		name = "" // the settings or its beacon have named it, or nobody has
	}
	known.named(name, status.Bed, status.Department)
	known.Fault = fhirmap.FaultOf(status.Fault)
	known.LastMessage, known.Messages, known.Rejected = status.LastMessage, status.Messages, status.Rejected
	state := linkState(status.State == hl7link.MonitorConnected, known.Fault)
	if state != known.State {
		known.State, known.Since = state, s.now()
		if !status.Since.IsZero() {
			known.Since = status.Since
		}
	}
	s.board.changed()
}

// linkState is what people are shown: a connection that fails by itself is
// offline, one that trying again cannot help has failed.
func linkState(connected bool, fault *fhirmap.Fault) LinkState {
	switch {
	case connected:
		return LinkConnected
	case fault != nil && !fault.Temporary && fault.Code != "internal":
		return LinkFailed
	}
	return LinkOffline
}

// named takes over what is not empty.
func (m *Monitor) named(name, bed, department string) {
	for _, text := range [...]struct {
		to  *string
		now string
	}{{&m.Name, name}, {&m.Bed, bed}, {&m.Department, department}} {
		if text.now != "" && text.now != *text.to {
			*text.to = shortened(text.now)
		}
	}
}

// shortened is the caller's own copy of text, of a length that can be shown.
func shortened(text string) string {
	return strings.Clone(strings.ToValidUTF8(text[:min(len(text), longestNamePart)], "\uFFFD"))
}

// roomLocked makes room for one more monitor; the one that was not accepted and
// not heard of for longest leaves.
func (m *monitors) roomLocked() bool {
	if len(m.list) < mostMonitors {
		return true
	}
	var leaves string
	for address, known := range m.list {
		if !known.Accepted && (leaves == "" || m.seen[address].Before(m.seen[leaves])) {
			leaves = address
		}
	}
	if leaves == "" {
		return false
	}
	delete(m.list, leaves)
	delete(m.seen, leaves)
	return true
}

// SetPeer shows how a device that connects to the listener is doing.
func (s *Station) SetPeer(status hl7link.PeerStatus) {
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.peers[status.Peer]
	if known == nil {
		if len(m.peers) >= mostPeers {
			m.dropPeer()
		}
		known = &Peer{Address: shortened(status.Peer), Since: s.now()}
		m.peers[known.Address] = known
	}
	next := Peer{
		Address: known.Address, Name: shortened(status.Name), Bed: shortened(status.Bed), Since: known.Since,
		LastMessage: status.LastMessage, Messages: status.Messages, Rejected: status.Rejected,
		Fault: fhirmap.FaultOf(status.Fault),
	}
	if next.State = linkState(status.Connected, next.Fault); next.State != known.State {
		next.Since = s.now()
		if !status.Since.IsZero() {
			next.Since = status.Since
		}
	}
	*known = next
	s.board.changed()
}

// dropPeer forgets the peer that has been away, or else silent, for longest.
func (m *monitors) dropPeer() {
	var leaves *Peer
	for _, p := range m.peers {
		if leaves == nil || p.before(leaves) {
			leaves = p
		}
	}
	delete(m.peers, leaves.Address)
}

func (p *Peer) before(o *Peer) bool {
	if (p.State == LinkConnected) != (o.State == LinkConnected) {
		return o.State == LinkConnected
	}
	return p.LastMessage.Before(o.LastMessage)
}

// Peers are the devices that are, or were, connected to the listener, by bed,
// then address. Those that have been away for a day are left out.
func (s *Station) Peers() []Peer {
	m, now := s.monitors, s.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Peer, 0, len(m.peers))
	for address, p := range m.peers {
		if p.State != LinkConnected && now.Sub(p.Since) > 24*time.Hour {
			delete(m.peers, address)
			continue
		}
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Peer) int { return byBed(a.Bed, b.Bed, a.Address, b.Address) })
	return list
}
