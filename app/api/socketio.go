package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
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

// This file and transports.go are all there is of the Socket.IO library. It is
// used for the handshake, long-polling, the upgrade, the heartbeat and the
// namespace. What measurements and requests depend on goes past it:
//
//   - A client's events are taken off the connection in order, one at a time
//     (socketConn.packet), and the library's decoder never sees them: its own
//     dispatch runs each in a goroutine of its own and panics on two bytes.
//   - Packets to the client are written encoded, and the next ones only when
//     those have left its buffer, which is without bound.
//   - Requests that its unguarded state cannot bear are held back before they
//     reach it (front.go).

const socketPath = "/socket.io/"

// How many packets may wait for a client before it counts as gone: answers
// and heartbeats that it does not take.
const maxWaiting = 2048

// How long a connection may take until it is accepted, and how long the
// library may take for what is timed elsewhere.
const (
	admitTimeout = 5 * time.Second
	never        = 10000 * time.Hour
)

type sockets struct {
	server  *Server
	io      *socket.Server
	library http.Handler
	conns   sync.Map     // engine id → *socketConn
	open    atomic.Int64 // how many they are
	stopped chan struct{}
	stop    func()
}

func newSockets(s *Server) *sockets {
	opts := socket.DefaultServerOptions()
	opts.SetServeClient(false)
	opts.SetAllowEIO3(true) // clients 2.x
	opts.SetMaxHttpBufferSize(maxBody)
	opts.SetConnectTimeout(admitTimeout * 4) // ours ends the connection before
	opts.SetUpgradeTimeout(never)            // webSocket.read does
	opts.SetTransports(types.NewSet(transports.POLLING, transports.WEBSOCKET))
	opts.SetParser(strictParser{parser.NewParser()})
	x := &sockets{server: s, stopped: make(chan struct{})}
	x.stop = sync.OnceFunc(func() { close(x.stopped) })
	x.io = socket.NewServer(nil, opts)
	connections := engine.NewServer(opts)
	connections.On("connection", x.opened) // before the library's own listener, which asks authorize
	x.io.Bind(connections)
	x.library = connections
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
	asked   atomic.Bool   // the packet that asks for the namespace has come
	start   atomic.Uint64 // head of the log before the client knew that it is accepted
	lanes   lanes

	attempt sync.Mutex // to upgrade
	probe   *webSocket // nil: none yet
	closed  bool       // none any more

	waiting atomic.Int64  // packets that the transport has not taken
	taken   chan struct{} // signals that it took some
}

// opened is called for each new Engine.IO connection, before its first
// packet is read.
func (x *sockets) opened(args ...any) {
	conn := args[0].(engine.Socket)
	c := &socketConn{sockets: x, conn: conn, ready: make(chan struct{}), lanes: newLanes(), taken: make(chan struct{}, 1)}
	c.ctx, c.end = context.WithCancelCause(context.Background())
	late := time.AfterFunc(2*admitTimeout, func() { c.drop("bad_request: asked for no namespace") })
	c.accept = sync.OnceFunc(func() { late.Stop(); close(c.ready) })
	x.conns.Store(conn.Id(), c)
	x.open.Add(1)
	conn.On("packet", c.packet)
	conn.On("packetCreate", c.created)
	conn.On("flush", c.flushed)
	conn.On("upgrading", func(...any) { c.conn.Write(wake, &packet.Options{}, nil) })
	conn.Once("close", func(args ...any) {
		late.Stop()
		c.noUpgrade()
		if c.probe != nil { // the upgrade may just have come through
			c.probe.conn.Conn.Close()
		}
		x.conns.Delete(conn.Id())
		x.open.Add(-1)
		c.end(fmt.Errorf("%v", args[0]))
	})
	select {
	case <-x.stopped:
		go c.drop("server stopping")
	default:
	}
}

// upgrade has serve start an upgrade, which the library cannot do while the
// connection ends.
func (c *socketConn) upgrade(serve func()) (served bool) {
	c.attempt.Lock()
	defer c.attempt.Unlock()
	if c.closed {
		return false
	}
	serve()
	return true
}

// noUpgrade returns when none is under way any more. None comes after.
func (c *socketConn) noUpgrade() {
	c.attempt.Lock()
	c.closed = true
	probe := c.probe
	c.attempt.Unlock()
	if probe != nil {
		probe.abandon()
	}
}

func (c *socketConn) request() *http.Request { return c.conn.Request().Request() }

// dropOrigin ends the connections of a page, accepted or not yet.
func (x *sockets) dropOrigin(origin string) {
	x.conns.Range(func(_, conn any) bool {
		c := conn.(*socketConn)
		if have, page := originOf(c.request()); page && have == origin {
			go c.drop("revoked")
		}
		return true
	})
}

func (x *sockets) find(s *socket.Socket) *socketConn {
	c, ok := x.conns.Load(s.Client().Conn().Id())
	if !ok {
		return nil
	}
	return c.(*socketConn)
}

func (x *sockets) authorize(s *socket.Socket, next func(*socket.ExtendedError)) {
	c := x.find(s)
	if c == nil {
		return // gone already
	}
	auth, _ := s.Handshake().Auth.(map[string]any)
	if err := x.server.authorize(c.request(), auth); err != nil {
		next(socket.NewExtendedError(err.Error(), nil))
		return
	}
	c.start.Store(x.server.o.Station.Head())
	next(nil)
}

// admitted is called when the client is in the namespace and knows it.
func (x *sockets) admitted(args ...any) {
	s := args[0].(*socket.Socket)
	c := x.find(s)
	if c == nil {
		return // gone already
	}
	auth, _ := s.Handshake().Auth.(map[string]any)
	joined := x.server.accept(c, c.request(), auth)
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

// drop ends the connection for a reason of ours. Within an upgrade the library
// would close neither transport.
func (c *socketConn) drop(reason string) {
	c.end(errors.New(reason))
	c.noUpgrade()
	c.conn.Close(true)
}

func (c *socketConn) created(args ...any) {
	if p, ok := args[0].(*packet.Packet); ok && p.Data == wake {
		p.Type, p.Data = packet.NOOP, nil
	}
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
			c.sockets.server.log.Error("reading a packet failed", "client", c.id(), "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			c.drop("internal")
		}
	}()
	p, ok := args[0].(*packet.Packet)
	if !ok || p.Type != packet.MESSAGE {
		return
	}
	if err := c.message(p.Data); err != nil {
		c.sockets.server.log.Warn("client sent a broken packet", "client", c.id(), "error", err)
		c.drop("bad_request: " + err.Error())
	}
}

// message serves one Socket.IO packet. Clients 3.x and 4.x first ask for the
// namespace; clients 2.x are given it.
func (c *socketConn) message(data any) error {
	buffer, ok := data.(*types.StringBuffer)
	if !ok || buffer.Len() == 0 {
		return errors.New("not a text packet")
	}
	text := buffer.String()
	kind := parser.PacketType(text[0])
	if kind == parser.CONNECT {
		return c.connect(text[1:])
	}
	if c.protocol() != 3 && !c.asked.Load() {
		return errors.New("packet before the connection")
	}
	switch kind {
	case parser.EVENT:
		if c.wait() {
			return c.event(text[1:])
		}
	case parser.ACK: // the server asks for none
		c.wait()
	case parser.DISCONNECT:
		if len(text) > 1 {
			return errors.New("leaves what it did not enter")
		}
		c.wait()
		c.drop("client left")
	default:
		return errors.New("packet type refused")
	}
	return nil
}

// connect checks a CONNECT packet before the library reads it:
// [namespace,][{…}]. The default namespace is asked for once.
func (c *socketConn) connect(text string) error {
	namespace := "/"
	if strings.HasPrefix(text, "/") {
		namespace, text, _ = strings.Cut(text, ",")
	}
	if text != "" && (text[0] != '{' || !json.Valid([]byte(text))) {
		return errors.New("connection without a JSON object")
	}
	if path, _, _ := strings.Cut(namespace, "?"); path == "/" && (c.protocol() == 3 || !c.asked.CompareAndSwap(false, true)) {
		return errors.New("connected already")
	}
	return nil
}

func (c *socketConn) event(text string) error {
	id, name, arguments, err := parseEvent(text)
	if err != nil {
		return err
	}
	answer := c.sockets.server.request(name, arguments)
	if id == "" {
		return nil
	}
	reply, err := ackPacket(id, answer)
	if err != nil {
		return err
	}
	c.write(reply)
	return nil
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
		go c.drop("bad_request: packet before the connection")
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
