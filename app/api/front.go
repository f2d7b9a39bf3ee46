package api

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	requestEnd = 90 * time.Second // of a poll; the heartbeat answers it earlier
	overlap    = time.Second      // for the answer of the request before to be finished
)

// A visit is what a request's context tells our transports, which the library
// makes.
type visit struct {
	log     *slog.Logger
	session *socketConn   // nil: a new one
	place   *place        // of a new one
	made    chan struct{} // closed when the new one is made
}

type visitKey struct{}

// lanes hold back requests of one session that the library cannot bear at the
// same time: one poll, one post, and one attempt to upgrade, ever.
type lanes struct{ poll, post, upgrade chan struct{} }

func newLanes() lanes {
	return lanes{make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)}
}

// ServeHTTP lets a request pass to the library if it is one that a client
// makes, and waits for its end.
func (x *sockets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sid := r.URL.Query().Get("sid")
	ctx := r.Context()
	if sid == "" {
		ctx = context.WithoutCancel(ctx) // a session half made cannot be ended cleanly
	}
	ctx, cancel := context.WithTimeout(ctx, requestEnd)
	defer cancel() // from here on a WebSocket is read
	upgrade := r.Header.Get("Upgrade") != ""
	if !plausible(r, upgrade) {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	v := &visit{log: x.server.log}
	if sid == "" {
		x.making.RLock()
		defer x.making.RUnlock()
		if v.place = x.enter(w, r); v.place == nil {
			return
		}
		v.made = make(chan struct{})
		defer close(v.made)
		defer v.place.leaveUnlessKept()
	}
	if conn, ok := x.conns.Load(sid); ok {
		v.session = conn.(*socketConn)
		leave, ok := v.session.enter(ctx, r, upgrade)
		if !ok {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		defer leave()
	}
	r = r.WithContext(context.WithValue(ctx, visitKey{}, v))
	held := &heldResponse{header: w.Header().Clone(), to: w}
	defer held.end()
	if upgrade && v.session != nil {
		if !v.session.upgrade(func() { x.library.ServeHTTP(held, r) }) {
			http.Error(w, "bad request", http.StatusBadRequest)
		}
		return
	}
	x.library.ServeHTTP(held, r)
}

// enter gives the session that r asks for a place, or says why there is none.
func (x *sockets) enter(w http.ResponseWriter, r *http.Request) *place {
	if x.stopped {
		stopping.write(w)
		return nil
	}
	origin, _ := originOf(r)
	got, no, news := x.places.take(origin, x.server.knows(r))
	if no != nil {
		if news {
			x.server.log.Warn("too many connections", "origin", origin)
		}
		no.write(w)
	}
	return got
}

// plausible tells whether r is one way or the other, and not both: the library
// takes the last of several parameters, and answers some mixtures never.
func plausible(r *http.Request, upgrade bool) bool {
	query := r.URL.Query()
	for _, name := range []string{"EIO", "sid", "transport"} {
		if len(query[name]) > 1 {
			return false
		}
	}
	if upgrade != (query.Get("transport") == "websocket") {
		return false
	}
	binary := r.Header.Get("Content-Type") == "application/octet-stream"
	return r.Method == http.MethodGet || r.Method == http.MethodPost && !upgrade && !(binary && query.Get("EIO") == "4")
}

// enter waits for the request before it of the same kind, of which only the
// last bytes may be under way. Two at the same time end the session, as the
// protocol demands.
func (c *socketConn) enter(ctx context.Context, r *http.Request, upgrade bool) (leave func(), ok bool) {
	if (r.URL.Query().Get("EIO") == "4") != (c.protocol() == 4) {
		return nil, false // the library would look for timers of the other protocol
	}
	if upgrade {
		select {
		case c.lanes.upgrade <- struct{}{}:
			return func() {}, true
		default:
			return nil, false
		}
	}
	lane := c.lanes.poll
	if r.Method == http.MethodPost {
		lane = c.lanes.post
	}
	late := time.NewTimer(overlap)
	defer late.Stop()
	select {
	case lane <- struct{}{}:
		return func() { <-lane }, true
	case <-late.C:
		c.drop("bad_request: overlapping requests")
	case <-ctx.Done():
	case <-c.ctx.Done():
	}
	return nil, false
}

// heldResponse is an answer that the library may write in a goroutine of its
// own, even after the request has ended. It keeps hold of it as long as the
// session lasts, so what the request took is let go at its end.
type heldResponse struct {
	header http.Header

	mu sync.Mutex
	to http.ResponseWriter // nil: it has ended
}

func (h *heldResponse) Header() http.Header { return h.header }

func (h *heldResponse) WriteHeader(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.to == nil {
		return
	}
	for name, values := range h.header {
		h.to.Header()[name] = values
	}
	h.to.WriteHeader(status)
}

func (h *heldResponse) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.to == nil {
		return 0, http.ErrHandlerTimeout
	}
	return h.to.Write(b)
}

// Hijack hands out the connection of a WebSocket, and ends the answer.
func (h *heldResponse) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.to == nil {
		return nil, nil, http.ErrHandlerTimeout
	}
	conn, buffers, err := http.NewResponseController(h.to).Hijack()
	if err == nil {
		h.to = nil
	}
	return conn, buffers, err
}

func (h *heldResponse) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.to = nil
}
