package station

import (
	"slices"
	"sync"

	"vitalien/fhirmap"
)

// board is what is shown to people besides measurements, and wakes those who
// show it.
type board struct {
	mu           sync.Mutex
	demo         bool
	consultation *Consultation
	links        []Link
	notices      []*fhirmap.Fault
	newer        string
	watchers     map[chan struct{}]struct{}
}

func newBoard(demo bool) *board {
	return &board{demo: demo, watchers: map[chan struct{}]struct{}{}}
}

// changed wakes every watcher; one that has not looked yet is not woken twice.
func (b *board) changed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wakeLocked()
}

func (b *board) wakeLocked() {
	for watcher := range b.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

func (b *board) setConsultation(c *Consultation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c != nil {
		c = new(*c)
	}
	b.consultation = c
	b.wakeLocked()
}

// SetLink shows the state of a link; one with the same ID replaces the last.
func (s *Station) SetLink(l Link) {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.links, func(have Link) bool { return have.ID == l.ID }); i >= 0 {
		if b.links[i].State == l.State {
			l.Since = b.links[i].Since
		} else {
			l.Since = s.now()
		}
		b.links[i] = l
	} else {
		l.Since = s.now()
		b.links = append(b.links, l)
	}
	b.wakeLocked()
}

// Notice shows people what they should know and need not act on at once, until
// Settle. One with the same code replaces the last.
func (s *Station) Notice(f *fhirmap.Fault) {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := b.noticed(f.Code); i >= 0 {
		b.notices[i] = f
	} else {
		b.notices = append(b.notices, f)
	}
	b.wakeLocked()
}

// Settle takes away the notice of that code, if there is one.
func (s *Station) Settle(code string) {
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := b.noticed(code); i >= 0 {
		b.notices = slices.Delete(b.notices, i, i+1)
		b.wakeLocked()
	}
}

func (b *board) noticed(code string) int {
	return slices.IndexFunc(b.notices, func(f *fhirmap.Fault) bool { return f.Code == code })
}

// SetNewer shows which newer version of the program is announced; empty: none.
func (s *Station) SetNewer(version string) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	s.board.newer = version
	s.board.wakeLocked()
}

// Situation is everything but measurements that the window shows.
func (s *Station) Situation() (now Situation) {
	defer s.bluetooth.situation(&now)
	origins, clients := s.access.questions(), s.connections.count()
	monitors, peers, alerts, sound := s.Monitors(), s.Peers(), s.Alerts(), s.stethoscope()
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	return Situation{
		Consultation: b.consultation, Links: slices.Clone(b.links), Clients: clients, Origins: origins, Demo: b.demo,
		Monitors: monitors, Peers: peers, Alerts: alerts, Stethoscope: sound.within(b.consultation), Notices: slices.Clone(b.notices), Newer: b.newer,
	}
}

// Watch gives a channel that receives when Recent or Situation have changed,
// however often they changed meanwhile, and a function that ends it.
func (s *Station) Watch() (changed <-chan struct{}, stop func()) {
	b := s.board
	watcher := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[watcher] = struct{}{}
	return watcher, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, watcher)
	}
}
