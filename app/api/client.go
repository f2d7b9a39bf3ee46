package api

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"vitalien/app/station"
)

// A client is one connected Socket.IO client: a cursor on the log and the
// form it asked for.
type client struct {
	server *Server
	socket *socketConn
	form   form
	cursor uint64
	left   func() // tells that it is gone
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
		if s.tokenValid(r, token) {
			return nil
		}
	}
	origin, _ := originOf(r)
	s.o.Station.NoteRefusal(origin, "a Socket.IO client without a token that is valid")
	return errors.New("forbidden")
}

// knows tells whether r comes from who needs no token, or presents one.
func (s *Server) knows(r *http.Request) bool {
	return !s.o.RequireToken || s.tokenValid(r, tokenOf(r))
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
	given, _ := auth["token"].(string)
	socket.software = s.softwareOf(r, given)
	c := &client{server: s, socket: socket, form: f, cursor: socket.start.Load()}
	c.left = s.o.Station.Connected(station.Connection{Software: socket.software, Protocol: socket.protocol()}, socket.transport)
	s.log.Info("client connected", "client", socket.id(), "protocol", socket.protocol(), "format", string(f), "origin", origin)
	return c
}

// run hands the client the log, and tells it of recordings, until it is gone.
func (c *client) run(ctx context.Context) {
	defer c.left()
	var told sync.WaitGroup
	defer told.Wait()
	told.Go(func() { c.tellDevices(ctx) })
	c.server.recordings.enter(c.socket)
	defer c.server.recordings.leave(c.socket)
	p := pump{c.socket, &logSource{
		log: c.server.o.Station, frames: c.server.frames[c.form], cursor: c.cursor, pick: everything, told: c.socket.received,
	}}
	c.socket.drop(p.run(ctx).Error())
	c.server.log.Info("client gone", "client", c.socket.id(), "reason", c.socket.reason())
}

// tellDevices tells the client of the paired devices until it is gone.
func (c *client) tellDevices(ctx context.Context) {
	changed, stop := c.server.o.Station.WatchDevices()
	defer stop()
	p := pump{c.socket, &devicesSource{board: c.server.o.Station, changed: changed}}
	c.socket.drop(p.run(ctx).Error())
}

// softwareOf is who asks, as far as they say: the page, and the name of the token
// of the request or beside it.
func (s *Server) softwareOf(r *http.Request, beside string) station.Software {
	origin, _ := originOf(r)
	name, known := s.o.Station.TokenName(tokenOf(r))
	if !known {
		name, _ = s.o.Station.TokenName(beside)
	}
	return station.Software{Origin: origin, Token: name}
}

// received notes that the connection is handed the measurements of those numbers.
func (c *socketConn) received(first, last uint64) {
	c.station().NoteReceived(c.software, first, last)
}
