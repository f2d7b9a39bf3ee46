package station

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// The limits of what is remembered of monitors and peers.
const (
	mostMonitors    = 512
	mostPeers       = 512
	monitorsBucket  = "monitors"
	monitorPort     = 4601 // Mindray Realtime Result Interface
	longestMonitor  = 260  // bytes of an address: a host name of 253 and a port
	longestNamePart = 256
)

// A Monitor is a bedside monitor of which this program is, or could be, the
// client.
type Monitor struct {
	Address    string // HOST:PORT
	Name       string
	Bed        string
	Department string
	Accepted   bool // the user wants its values
	Configured bool // accepted in the settings file, where alone it can be taken back
	Simulated  bool // configured by the demonstration
	Discovered bool // its beacon is heard now
	// State is connected, offline, failed, or asleep for one that is heard of and
	// not accepted.
	State       LinkState
	Since       time.Time // of State
	LastMessage time.Time
	Messages    uint64
	Rejected    uint64
	Fault       *fhirmap.Fault // nil: none

	given bool // Name is that of the settings file
}

// A Peer is a device that connects to the listener.
type Peer struct {
	Address     string
	Name        string
	Bed         string
	State       LinkState // connected, offline or failed
	Since       time.Time // of State
	LastMessage time.Time
	Messages    uint64
	Rejected    uint64
	Fault       *fhirmap.Fault
}

// monitors are those that are accepted, and those whose beacon is heard.
type monitors struct {
	mu       sync.Mutex
	list     map[string]*Monitor
	seen     map[string]time.Time
	peers    map[string]*Peer
	watchers map[chan struct{}]struct{}
}

// storedMonitor is an accepted one as the settings keep it.
type storedMonitor struct {
	Name       string `json:"name,omitempty"`
	Bed        string `json:"bed,omitempty"`
	Department string `json:"department,omitempty"`
}

func newMonitors() *monitors {
	return &monitors{
		list: map[string]*Monitor{}, seen: map[string]time.Time{}, peers: map[string]*Peer{},
		watchers: map[chan struct{}]struct{}{},
	}
}

// restoreMonitors reads the accepted ones, and adds those of the settings file.
func (s *Station) restoreMonitors(configured []Monitor) error {
	stored, err := s.store.List(monitorsBucket)
	if err != nil {
		return err
	}
	for address, text := range stored {
		var m storedMonitor
		if err := json.Unmarshal(text, &m); err != nil {
			s.log.Warn("an accepted monitor cannot be read; accept it again", "monitor", address)
			continue
		}
		s.monitors.list[address] = &Monitor{
			Address: address, Name: m.Name, Bed: m.Bed, Department: m.Department,
			Accepted: true, State: LinkOffline, Since: s.now(),
		}
	}
	for _, m := range configured {
		address, err := monitorAddress(m.Address)
		if err != nil {
			return err
		}
		s.monitors.list[address] = &Monitor{
			Address: address, Name: m.Name, Bed: m.Bed, Department: m.Department,
			Accepted: true, Configured: true, Simulated: m.Simulated, State: LinkOffline, Since: s.now(), given: m.Name != "",
		}
	}
	return nil
}

// monitorAddress is address as HOST:PORT, with the port that monitors have
// where none is given.
func monitorAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), strconv.Itoa(monitorPort)
		if strings.ContainsRune(host, ':') && net.ParseIP(host) == nil {
			return "", badMonitor()
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || len(address) > longestMonitor || strings.ContainsFunc(host, notInHost) {
		return "", badMonitor()
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(n, 10)), nil
}

func notInHost(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_:%", r))
}

func badMonitor() error {
	return &fhirmap.Fault{
		Code: "bad_request", English: "the address of a monitor must be HOST:PORT",
		French: "L’adresse du moniteur est incorrecte. Indiquez-la sous la forme ADRESSE:PORT, par exemple 192.168.0.100:4601.",
	}
}

// Monitors are the accepted and the discovered monitors, by bed, then address.
func (s *Station) Monitors() []Monitor {
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Monitor, 0, len(m.list))
	for _, monitor := range m.list {
		list = append(list, *monitor)
	}
	slices.SortFunc(list, func(a, b Monitor) int { return byBed(a.Bed, b.Bed, a.Address, b.Address) })
	return list
}

// AcceptedMonitors are those to connect to.
func (s *Station) AcceptedMonitors() []Monitor {
	return slices.DeleteFunc(s.Monitors(), func(m Monitor) bool { return !m.Accepted })
}

func byBed(bedA, bedB, a, b string) int {
	if d := strings.Compare(bedA, bedB); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// WatchMonitors gives a channel that receives when AcceptedMonitors has
// changed, and a function that ends it.
func (s *Station) WatchMonitors() (changed <-chan struct{}, stop func()) {
	m := s.monitors
	watcher := make(chan struct{}, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers[watcher] = struct{}{}
	return watcher, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, watcher)
	}
}

func (m *monitors) wakeLocked() {
	for watcher := range m.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

// AcceptMonitor has the program connect to the monitor at address (HOST:PORT,
// or HOST for port 4601), now and after each start; one that was accepted
// before stays so. It need not have been discovered. It returns once that is
// on disk. Errors are Faults: bad_request, limit, and those of the store.
func (s *Station) AcceptMonitor(_ context.Context, address string) error {
	address, err := monitorAddress(address)
	if err != nil {
		return err
	}
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.list[address]
	if known != nil && known.Accepted {
		return nil
	}
	if known == nil && !m.roomLocked() {
		return &fhirmap.Fault{
			Code: "limit", English: "too many monitors",
			French: "Trop de moniteurs sont déjà acceptés. Oubliez-en un, puis recommencez.",
		}
	}
	next := Monitor{Address: address, Since: s.now()}
	if known != nil {
		next = *known
	}
	next.Accepted, next.State, next.Since = true, LinkOffline, s.now()
	text, err := json.Marshal(storedMonitor{next.Name, next.Bed, next.Department})
	if err == nil {
		err = s.store.Put(monitorsBucket, address, text)
	}
	if err != nil {
		return err
	}
	m.list[address] = &next
	m.wakeLocked()
	s.board.changed()
	return nil
}

// ForgetMonitor undoes AcceptMonitor. Errors are Faults: bad_request (of one
// that the settings file names, too), not_found, and those of the store.
func (s *Station) ForgetMonitor(_ context.Context, address string) error {
	address, err := monitorAddress(address)
	if err != nil {
		return err
	}
	m := s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.list[address]
	switch {
	case known == nil || !known.Accepted:
		return &fhirmap.Fault{
			Code: "not_found", English: "no such monitor is accepted",
			French: "Aucun moniteur accepté n’a cette adresse.",
		}
	case known.Simulated:
		return &fhirmap.Fault{
			Code: "bad_request", English: "the monitor belongs to the demonstration",
			French: "Ce moniteur fait partie de la démonstration\u202f: il disparaît avec elle.",
		}
	case known.Configured:
		return &fhirmap.Fault{
			Code: "bad_request", English: "the monitor is named in config.toml; remove it there",
			French: "Ce moniteur est inscrit dans les réglages\u202f: retirez-le de config.toml.",
		}
	}
	if err := s.store.Delete(monitorsBucket, address); err != nil {
		return err
	}
	s.traffic.mu.Lock()
	s.traffic.forget(address)
	s.traffic.mu.Unlock()
	if known.Discovered {
		*known = Monitor{
			Address: address, Name: known.Name, Bed: known.Bed, Department: known.Department,
			Discovered: true, State: LinkAsleep, Since: s.now(),
		}
	} else {
		delete(m.list, address)
		delete(m.seen, address)
	}
	m.wakeLocked()
	s.board.changed()
	return nil
}
