package api

import "sync"

// How many sessions there may be. One costs more than nothing even without a
// connection.
const (
	maxSessions  = 2000
	maxStrangers = 64 // of them, those that still owe a token
)

// places count the sessions.
type places struct {
	mu              sync.Mutex
	open, strangers int
}

// A place is that of one session: of a stranger until it is known.
type place struct {
	of       *places
	stranger bool
	left     bool
	kept     bool // by a session; else it ends with the request that took it
}

// take gives a place to a session that is to be made, nil when there is none.
func (p *places) take(known bool) *place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open >= maxSessions || !known && p.strangers >= maxStrangers {
		return nil
	}
	p.open++
	if !known {
		p.strangers++
	}
	return &place{of: p, stranger: !known}
}

func (l *place) known() {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.knownLocked()
}

func (l *place) knownLocked() {
	if l.stranger {
		l.stranger = false
		l.of.strangers--
	}
}

func (l *place) leave() {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if l.left {
		return
	}
	l.knownLocked()
	l.left = true
	l.of.open--
}

func (l *place) leaveUnlessKept() {
	if !l.kept {
		l.leave()
	}
}
