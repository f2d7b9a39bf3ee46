package station

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// A Connection is a Software that is connected now.
type Connection struct {
	Software
	Protocol  int    // revision of Engine.IO: 3 for Socket.IO 2.x, 4 since 3.x
	Transport string // "polling" or "websocket"; empty: not known
	Since     time.Time
}

// A Permission is what was answered about a web page.
type Permission struct {
	Origin string
	Answer Answer
	Since  time.Time // of AnswerAlways
	Until  time.Time // of AnswerRefuse; of AnswerOnce while the page has no session
}

// An Access is who may receive measurements, and who does. It is a snapshot.
type Access struct {
	Pages       []Permission // by answer (always, once, refuse), then origin
	Tokens      []TokenInfo  // by name
	Connections []Connection // the longest there first
	Receivers   []Receiver   // the latest first
}

// connections are those of now.
type connections struct {
	mu  sync.Mutex
	all map[*Connection]func() string // the transport, which may change
}

// Connected notes a connection of c until ended is called. transport tells how
// it is carried now.
func (s *Station) Connected(c Connection, transport func() string) (ended func()) {
	c.Since = s.now()
	s.connections.set(&c, transport)
	s.board.changed()
	return sync.OnceFunc(func() {
		s.connections.set(&c, nil)
		s.board.changed()
	})
}

func (x *connections) set(c *Connection, transport func() string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.all == nil {
		x.all = map[*Connection]func() string{}
	}
	if x.all[c] = transport; transport == nil {
		delete(x.all, c)
	}
}

func (x *connections) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.all)
}

func (x *connections) list() []Connection {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]Connection, 0, len(x.all))
	for c, transport := range x.all {
		one := *c
		one.Transport = transport()
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Connection) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Token, b.Token))
	})
	return list
}

// Access is who may receive measurements now, and who does.
func (s *Station) Access() Access {
	return Access{
		Pages: s.access.permissions(), Tokens: s.Tokens(), Connections: s.connections.list(), Receivers: s.Receivers(),
	}
}

func (a *access) permissions() []Permission {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expireLocked(a.now())
	list := make([]Permission, 0, len(a.approved)+len(a.once)+len(a.refused))
	for origin, approval := range a.approved {
		list = append(list, Permission{Origin: origin, Answer: AnswerAlways, Since: approval.Since})
	}
	for origin, until := range a.once {
		if _, always := a.approved[origin]; always || !a.allowedLocked(origin) {
			continue
		}
		p := Permission{Origin: origin, Answer: AnswerOnce}
		if a.sessions[origin] == 0 {
			p.Until = until
		}
		list = append(list, p)
	}
	for origin, until := range a.refused {
		list = append(list, Permission{Origin: origin, Answer: AnswerRefuse, Until: until})
	}
	rank := func(p Permission) int {
		return slices.Index([]Answer{AnswerAlways, AnswerOnce, AnswerRefuse}, p.Answer)
	}
	slices.SortFunc(list, func(a, b Permission) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Origin, b.Origin))
	})
	return list
}
