package api

import (
	"net/http"
	"sync"
)

// How many sessions there may be. One costs more than nothing even without a
// connection. What a page may have is far more than an EHR in many tabs needs,
// and leaves room for other pages and for native clients.
const (
	maxSessions      = 2000
	maxPageSessions  = 128
	maxStrangers     = 64 // of all sessions, those that still owe a token
	maxPageStrangers = 32
)

// places count the sessions.
type places struct {
	mu    sync.Mutex
	all   tally
	pages map[string]*tally // by origin
}

type tally struct {
	open, strangers int
	full            bool // one more was refused since there was room
}

// A place is that of one session: of a stranger until it is known.
type place struct {
	of       *places
	page     string // its origin; empty: no page
	stranger bool
	left     bool
	kept     bool // by a session; else it ends with the request that took it
}

var (
	noPlace = refusal{
		http.StatusServiceUnavailable, "limit",
		"too many connections to this computer's Vitalien; close some, then try again",
	}
	stopping    = refusal{http.StatusServiceUnavailable, "limit", "Vitalien is stopping; try again"}
	noPagePlace = refusal{
		http.StatusTooManyRequests, "limit",
		"this page has too many connections open; close some of its tabs, then try again",
	}
)

// take gives a place to a session that is to be made for a page of origin, or
// says why there is none. news tells that there was room the last time.
func (p *places) take(origin string, known bool) (got *place, no *refusal, news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	page := p.page(origin)
	defer p.forget(origin)
	switch {
	case origin != "" && !page.room(known, maxPageSessions, maxPageStrangers):
		no, news = &noPagePlace, !page.full
		page.full = true
	case !p.all.room(known, maxSessions, maxStrangers):
		no, news = &noPlace, !p.all.full
		p.all.full = true
	default:
		got = &place{of: p, page: origin, stranger: !known}
		for _, t := range []*tally{&p.all, page} {
			t.open++
			t.full = false
			if !known {
				t.strangers++
			}
		}
	}
	return got, no, news
}

func (t *tally) room(known bool, most, strangers int) bool {
	return t.open < most && (known || t.strangers < strangers)
}

func (p *places) page(origin string) *tally {
	t, ok := p.pages[origin]
	if !ok {
		t = &tally{}
		if p.pages == nil {
			p.pages = map[string]*tally{}
		}
		p.pages[origin] = t
	}
	return t
}

func (p *places) forget(origin string) {
	if p.pages[origin].open == 0 {
		delete(p.pages, origin)
	}
}

func (l *place) known() {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.knownLocked()
}

func (l *place) knownLocked() {
	if l.stranger && !l.left {
		l.stranger = false
		l.of.all.strangers--
		l.of.page(l.page).strangers--
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
	l.of.all.open--
	l.of.page(l.page).open--
	l.of.forget(l.page)
}

func (l *place) leaveUnlessKept() {
	if !l.kept {
		l.leave()
	}
}
