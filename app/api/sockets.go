package api

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"vitalien/app/station"
)

// sockets are all connections.
type sockets struct {
	server  *Server
	library http.Handler
	conns   sync.Map     // engine id → *socketConn
	places  places       // how many they are
	making  sync.RWMutex // a session: it cannot be ended before it is made
	stopped bool         // none is made any more
}

// connState is what is known of a connection beside the connection itself.
type connState struct {
	sockets  *sockets
	ctx      context.Context // ends with the connection; its cause is why
	end      context.CancelCauseFunc
	ready    chan struct{} // closed when the client is accepted
	accept   func()
	asked    atomic.Bool            // the packet that asks for the namespace has come
	barred   atomic.Bool            // it may not enter any more
	token    atomic.Pointer[string] // that admitted it; nil: none was asked for
	software station.Software       // who is connected, once it is accepted
	start    atomic.Uint64          // head of the log before the client knew that it is accepted
	lanes    lanes
	place    *place

	attempt sync.Mutex // to upgrade
	closed  bool       // no attempt any more

	subscriptions subscriptions
	awaiting      chan struct{} // holds one for each outcome that the client waits for

	sending chan struct{} // holds one while a piece is under way
	waiting atomic.Int64  // packets that the transport has not taken
	taken   chan struct{} // signals that it took some
}

func (s *connState) open(x *sockets) {
	s.sockets, s.lanes, s.ready = x, newLanes(), make(chan struct{})
	s.sending, s.taken, s.awaiting = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, mostLater)
	s.ctx, s.end = context.WithCancelCause(context.Background())
}

func (x *sockets) close() {
	x.making.Lock()
	x.stopped = true
	x.making.Unlock()
	var all sync.WaitGroup
	defer all.Wait()
	x.conns.Range(func(_, conn any) bool {
		all.Go(func() { conn.(*socketConn).drop("server stopping") })
		return true
	})
}

// admit tells the station of a page's session. One that may not be any more,
// since the guard let its request pass, is not entered.
func (x *sockets) admit(c *socketConn) (ended func()) {
	origin, page := originOf(c.request())
	if !page || x.server.guard.own[origin] {
		return func() {}
	}
	ended, ok := x.server.o.Station.AdmitSession(origin)
	if !ok {
		c.bar("forbidden")
		return func() {}
	}
	return ended
}

// of tells whether a page of origin opened the session.
func (c *socketConn) of(origin string) bool {
	have, page := originOf(c.request())
	return page && have == origin
}

// has tells whether r belongs to an open session that a page of origin opened,
// which is the approval of what follows.
func (x *sockets) has(r *http.Request, origin string) bool {
	conn, ok := x.conns.Load(r.URL.Query().Get("sid"))
	return ok && strings.HasPrefix(r.URL.Path, socketPath) && conn.(*socketConn).of(origin)
}

// dropOrigin ends the connections of a page, accepted or not yet.
func (x *sockets) dropOrigin(origin string) {
	x.bar(func(c *socketConn) bool { return c.of(origin) })
}

// dropTokens ends the connections whose token has ended.
func (x *sockets) dropTokens() {
	x.bar(func(c *socketConn) bool {
		token := c.token.Load()
		return token != nil && !x.server.tokenValid(c.request(), *token)
	})
}

func (x *sockets) bar(which func(*socketConn) bool) {
	x.conns.Range(func(_, conn any) bool {
		if c := conn.(*socketConn); which(c) {
			c.bar("revoked")
		}
		return true
	})
}

// bar has the connection enter no more, and ends it as soon as it is made.
func (c *socketConn) bar(reason string) {
	c.barred.Store(true)
	go func() {
		<-c.visit().made
		c.drop(reason)
	}()
}
