package api

import (
	"container/list"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Beyond maxConnections a few more are let in to be told so.
const (
	maxConnections = 4096
	maxCrowd       = 64
)

// doors count the connections of all listeners. When there are too many,
// whoever has been there longest without a request makes room; when everybody
// has one, newcomers are refused.
type doors struct {
	most, crowd int
	log         *slog.Logger

	mu    sync.Mutex
	open  map[*guest]struct{}
	quiet *list.List // of *guest: those without a request, longest first
	full  bool
}

func newDoors(most, crowd int, log *slog.Logger) *doors {
	return &doors{most: most, crowd: crowd, log: log, open: map[*guest]struct{}{}, quiet: list.New()}
}

// guard hands out the connections of l.
func (d *doors) guard(l net.Listener) net.Listener { return &guardedListener{l, d} }

type guardedListener struct {
	net.Listener
	doors *doors
}

func (l *guardedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetWriteBuffer(writeBuffer)
		}
		if g := l.doors.enter(c); g != nil {
			return g, nil
		}
		c.Close()
	}
}

func (d *doors) enter(c net.Conn) *guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) >= d.most {
		if !d.full {
			d.full = true
			d.log.Warn("too many connections", "open", len(d.open))
		}
		if longest := d.quiet.Front(); longest != nil {
			longest.Value.(*guest).Conn.Close()
			d.leaveLocked(longest.Value.(*guest))
		}
	} else if len(d.open) < d.most/2 {
		d.full = false
	}
	if len(d.open) >= d.most+d.crowd {
		return nil
	}
	g := &guest{Conn: c, doors: d, crowded: len(d.open) >= d.most}
	g.place = d.quiet.PushBack(g)
	d.open[g] = struct{}{}
	return g
}

// state follows what the server says of a connection.
func (d *doors) state(c net.Conn, state http.ConnState) {
	g, ok := c.(*guest)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, open := d.open[g]; !open {
		return
	}
	switch state {
	case http.StateIdle:
		g.begun.Store(false)
		g.place = d.quiet.PushBack(g)
	case http.StateActive, http.StateHijacked:
		d.busyLocked(g)
	}
}

func (d *doors) busyLocked(g *guest) {
	if g.place != nil {
		d.quiet.Remove(g.place)
		g.place = nil
	}
}

func (d *doors) leaveLocked(g *guest) {
	d.busyLocked(g)
	delete(d.open, g)
}

// A guest is one connection.
type guest struct {
	net.Conn
	doors   *doors
	crowded bool          // it is told that there is no room
	place   *list.Element // among the quiet; nil: it has a request
	begun   atomic.Bool   // a request has, which is not whole yet
}

type guestKey struct{}

func withGuest(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, c)
}

// crowded tells whether r came over a connection too many.
func crowded(r *http.Request) bool {
	g, ok := r.Context().Value(guestKey{}).(*guest)
	return ok && g.crowded
}

const tooLate = "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" +
	`{"error":{"code":"limit","message":"the request was not sent in time"}}` + "\n"

// Read tells who did not send a whole request in time, which the server does
// not.
func (g *guest) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && g.late() {
		g.SetWriteDeadline(time.Now().Add(time.Second))
		io.WriteString(g.Conn, tooLate)
	}
	if n > 0 {
		g.begun.Store(true)
	}
	return n, err
}

func (g *guest) late() bool {
	g.doors.mu.Lock()
	defer g.doors.mu.Unlock()
	return g.begun.Load() && g.place != nil
}

// Close makes room.
func (g *guest) Close() error {
	g.doors.mu.Lock()
	g.doors.leaveLocked(g)
	g.doors.mu.Unlock()
	return g.Conn.Close()
}
