package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

// A client is one connected Socket.IO client: a cursor on the log and the
// form it asked for.
type client struct {
	server *Server
	socket *socketConn
	form   form
	cursor uint64
}

// authorize decides on a client when it asks for the namespace, and remembers
// the token that admits it: one of the request, or auth.token.
func (s *Server) authorize(socket *socketConn, r *http.Request, auth map[string]any) error {
	if socket.barred.Load() {
		return errors.New("forbidden") // its page, since the guard let it pass
	}
	if !s.o.RequireToken {
		return nil
	}
	given, _ := auth["token"].(string)
	for _, token := range []string{tokenOf(r), given} {
		socket.token.Store(&token) // before it is checked, or a revocation meanwhile would miss it
		if s.o.Station.TokenValid(token) {
			return nil
		}
	}
	return errors.New("forbidden")
}

// knows tells whether r comes from who needs no token, or presents one.
func (s *Server) knows(r *http.Request) bool {
	return !s.o.RequireToken || s.o.Station.TokenValid(tokenOf(r))
}

// accept makes a client of an accepted connection. Measurements from its
// acceptance on are its own.
func (s *Server) accept(socket *socketConn, r *http.Request, auth map[string]any) *client {
	wanted := r.URL.Query().Get("format")
	if format, ok := auth["format"].(string); ok {
		wanted = format
	}
	f := formKligo
	if wanted == string(formR4) {
		f = formR4
	}
	origin, _ := originOf(r)
	c := &client{server: s, socket: socket, form: f, cursor: socket.start.Load()}
	s.count(1)
	s.log.Info("client connected", "client", socket.id(), "protocol", socket.protocol(), "format", string(f), "origin", origin)
	return c
}

// run hands the client the log until it is gone.
func (c *client) run(ctx context.Context) {
	defer c.server.count(-1)
	p := pump{socket: c.socket, frames: c.server.frames[c.form], cursor: c.cursor, pick: everything}
	c.socket.drop(p.run(ctx).Error())
	c.server.log.Info("client gone", "client", c.socket.id(), "reason", c.socket.reason())
}

func everything(events []shared) (frames []wsFrame) {
	for _, e := range events {
		frames = append(frames, e.frame)
	}
	return frames
}

// A pump hands a connection the log behind a cursor, piece by piece. The next
// piece is made only when the last has left.
type pump struct {
	socket *socketConn
	frames *frames
	cursor uint64
	pick   func([]shared) []wsFrame
}

// run returns why it ended: the cause of ctx, or why the connection must.
func (p *pump) run(ctx context.Context) (reason error) {
	server := p.socket.sockets.server
	defer func() {
		if failed := recover(); failed != nil {
			server.log.Error("handing on the log failed", "client", p.socket.id(), "panic", fmt.Sprintf("%T", failed), "stack", string(debug.Stack()))
			reason = errors.New("internal")
		}
	}()
	for {
		err := server.o.Station.Wait(ctx, p.cursor)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err // the store is closed
		}
		if err := p.step(ctx); err != nil {
			return err
		}
	}
}

// step hands on one piece. A connection has one at a time, however many
// subscriptions it has or had: one that ends meanwhile still waits until its
// piece has left.
func (p *pump) step(ctx context.Context) error {
	select {
	case p.socket.sending <- struct{}{}:
		defer func() { <-p.socket.sending }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	events, cursor, err := p.frames.after(p.cursor)
	if err != nil {
		p.socket.sockets.server.log.Error("reading the log for a client", "client", p.socket.id(), "error", err)
		return errors.New("internal")
	}
	p.cursor = cursor
	return p.socket.send(ctx, p.pick(events), p.socket.sockets.server.o.SlowAfter)
}
