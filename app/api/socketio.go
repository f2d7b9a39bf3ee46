package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
	"github.com/zishang520/socket.io/v2/socket"
)

// This file is all there is of the Socket.IO library. It is used for the
// handshake, the transports and their upgrade, the heartbeat and the
// namespace. What measurements and requests depend on goes past it:
//
//   - A client's events are taken off the connection in order, one at a time
//     (socketConn.packet), and the library's decoder never sees them: its own
//     dispatch runs each in a goroutine of its own and panics on two bytes.
//   - Packets to the client are written encoded, and the next ones only when
//     those have left its buffer, which is without bound.

const socketPath = "/socket.io/"

// How many packets may wait for a client before it counts as gone: answers
// and heartbeats that it does not take.
const maxWaiting = 2048

// admitTimeout is how long events wait for the connection to be accepted.
const admitTimeout = 5 * time.Second

type sockets struct {
	server  *Server
	io      *socket.Server
	handler http.Handler
	conns   sync.Map // engine id → *socketConn
	stopped chan struct{}
	stop    func()
}

func newSockets(s *Server) *sockets {
	opts := socket.DefaultServerOptions()
	opts.SetServeClient(false)
	opts.SetAllowEIO3(true) // clients 2.x
	opts.SetMaxHttpBufferSize(maxBody)
	opts.SetConnectTimeout(admitTimeout * 2)
	opts.SetTransports(types.NewSet(transports.POLLING, transports.WEBSOCKET))
	opts.SetParser(strictParser{parser.NewParser()})
	x := &sockets{server: s, stopped: make(chan struct{})}
	x.stop = sync.OnceFunc(func() { close(x.stopped) })
	x.io = socket.NewServer(nil, opts)
	x.handler = x.io.ServeHandler(opts)
	x.io.Engine().On("connection", x.opened)
	x.io.Use(x.authorize)
	x.io.On("connection", x.admitted)
	return x
}

func (x *sockets) close() {
	x.stop()
	x.conns.Range(func(_, conn any) bool { conn.(*socketConn).drop("server stopping"); return true })
}

// socketConn is one connection, whatever its transport at the moment.
type socketConn struct {
	sockets *sockets
	conn    engine.Socket
	ctx     context.Context // ends with the connection; its cause is why
	end     context.CancelCauseFunc
	ready   chan struct{} // closed when the client is accepted
	accept  func()
	opened  atomic.Bool // the packet that asks for the namespace has come

	waiting atomic.Int64  // packets that the transport has not taken
	taken   chan struct{} // signals that it took some
}

// opened is called for each new Engine.IO connection, before its first
// packet is read.
func (x *sockets) opened(args ...any) {
	conn := args[0].(engine.Socket)
	c := &socketConn{sockets: x, conn: conn, ready: make(chan struct{}), taken: make(chan struct{}, 1)}
	c.accept = sync.OnceFunc(func() { close(c.ready) })
	c.ctx, c.end = context.WithCancelCause(context.Background())
	x.conns.Store(conn.Id(), c)
	conn.On("packet", c.packet)
	conn.On("packetCreate", c.created)
	conn.On("flush", c.flushed)
	conn.Once("close", func(args ...any) {
		x.conns.Delete(conn.Id())
		c.end(fmt.Errorf("%v", args[0]))
	})
	select {
	case <-x.stopped:
		c.drop("server stopping")
	default:
	}
}

func (x *sockets) find(s *socket.Socket) *socketConn {
	c, ok := x.conns.Load(s.Client().Conn().Id())
	if !ok {
		return nil
	}
	return c.(*socketConn)
}

func (x *sockets) authorize(s *socket.Socket, next func(*socket.ExtendedError)) {
	auth, _ := s.Handshake().Auth.(map[string]any)
	if err := x.server.authorize(s.Request().Request(), auth); err != nil {
		next(socket.NewExtendedError(err.Error(), nil))
		return
	}
	next(nil)
}

// admitted is called when the client is in the namespace and knows it.
func (x *sockets) admitted(args ...any) {
	s := args[0].(*socket.Socket)
	c := x.find(s)
	if c == nil {
		return // gone already
	}
	s.On("disconnect", func(...any) { c.drop("client left") })
	auth, _ := s.Handshake().Auth.(map[string]any)
	joined := x.server.accept(c, s.Request().Request(), auth)
	go joined.run(c.ctx)
	c.accept()
}

func (c *socketConn) id() string    { return c.conn.Id()[:min(8, len(c.conn.Id()))] }
func (c *socketConn) protocol() int { return c.conn.Protocol() }

// reason is why the connection ended.
func (c *socketConn) reason() string {
	if cause := context.Cause(c.ctx); cause != nil {
		return cause.Error()
	}
	return ""
}

// drop ends the connection for a reason of ours.
func (c *socketConn) drop(reason string) {
	c.end(errors.New(reason))
	c.conn.Close(true)
}

func (c *socketConn) created(...any) {
	if c.waiting.Add(1) > maxWaiting {
		go c.drop("limit: does not read its answers")
	}
}

// flushed is called when the transport takes what waits, which it does only
// when all it took before has been written.
func (c *socketConn) flushed(args ...any) {
	packets, _ := args[0].([]*packet.Packet)
	c.waiting.Add(-int64(len(packets)))
	select {
	case c.taken <- struct{}{}:
	default:
	}
}

// send writes packets and returns when the transport has taken the last of
// them. A client that takes nothing for longer than patience is an error.
func (c *socketConn) send(ctx context.Context, packets [][]byte, patience time.Duration) error {
	for _, p := range packets {
		c.write(p)
	}
	if len(packets) == 0 || c.waiting.Load() <= 0 {
		return nil
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for c.waiting.Load() > 0 {
		select {
		case <-c.taken:
			timeout.Reset(patience)
		case <-timeout.C:
			return errors.New("limit: too slow")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (c *socketConn) write(p []byte) {
	c.conn.Write(types.NewStringBuffer(p[:len(p):len(p)]), &packet.Options{}, nil)
}

// packet sees every packet in the order of its coming, in the goroutine that
// reads the connection: while a request is served, nothing more is read.
func (c *socketConn) packet(args ...any) {
	defer func() {
		if p := recover(); p != nil {
			c.sockets.server.log.Error("reading a packet failed", "client", c.id(), "panic", fmt.Sprint(p))
			c.drop("internal")
		}
	}()
	p, ok := args[0].(*packet.Packet)
	if !ok || p.Type != packet.MESSAGE {
		return
	}
	text, ok := p.Data.(*types.StringBuffer)
	if !ok || text.Len() == 0 {
		return // the decoder refuses it
	}
	if c.protocol() != 3 && c.opened.CompareAndSwap(false, true) {
		return // clients 3.x and 4.x first ask for the namespace; clients 2.x are given it
	}
	if !c.wait() || text.Bytes()[0] != byte(parser.EVENT) {
		return
	}
	id, name, arguments, err := parseEvent(text.String()[1:])
	if err != nil {
		c.sockets.server.log.Warn("client sent a broken packet", "client", c.id(), "error", err)
		c.drop("bad_request: " + err.Error())
		return
	}
	answer := c.sockets.server.request(name, arguments)
	if id == "" {
		return
	}
	reply, err := ackPacket(id, answer)
	if err != nil {
		c.drop("internal")
		return
	}
	c.write(reply)
}

// wait waits until the client is accepted: it may speak as soon as it reads
// that it is, which can be before the library has finished.
func (c *socketConn) wait() bool {
	timeout := time.NewTimer(admitTimeout)
	defer timeout.Stop()
	select {
	case <-c.ready:
		return true
	case <-c.ctx.Done():
	case <-timeout.C:
		go c.drop("bad_request: event before the connection")
	}
	return false
}

// parseEvent reads what follows the type of an EVENT packet for the default
// namespace: [/,][id]["name", argument …].
func parseEvent(text string) (id, name string, args []json.RawMessage, err error) {
	text = strings.TrimPrefix(text, "/,")
	body := strings.TrimLeft(text, "0123456789")
	id = text[:len(text)-len(body)]
	if len(id) > 19 {
		return "", "", nil, errors.New("acknowledgement id too long")
	}
	var data []json.RawMessage
	if err := json.Unmarshal([]byte(body), &data); err != nil || len(data) == 0 {
		return "", "", nil, errors.New("event without a JSON array")
	}
	if err := json.Unmarshal(data[0], &name); err != nil {
		return "", "", nil, errors.New("event without a name")
	}
	return id, name, data[1:], nil
}

// strictParser gives the library a decoder that only sees what it handles
// well: the opening and leaving of namespaces.
type strictParser struct{ parser.Parser }

func (p strictParser) NewDecoder() parser.Decoder {
	return &strictDecoder{Decoder: p.Parser.NewDecoder()}
}

type strictDecoder struct{ parser.Decoder }

// Add drops events, which socketConn.packet has served, and acknowledgements,
// of which the server asks none. Binary packets, which no event of ours has,
// and whatever makes the library panic are errors that end the connection.
func (d *strictDecoder) Add(data any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("packet refused: %v", p)
		}
	}()
	text, ok := data.(*types.StringBuffer)
	if !ok || text.Len() == 0 {
		return errors.New("not a text packet")
	}
	switch parser.PacketType(text.Bytes()[0]) {
	case parser.EVENT, parser.ACK:
		return nil
	case parser.CONNECT, parser.DISCONNECT:
		return d.Decoder.Add(text)
	}
	return errors.New("packet type refused")
}
