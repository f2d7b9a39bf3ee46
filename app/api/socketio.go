package api

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
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

const textMessage = 1 // RFC 6455, section 5.2

type sockets struct {
	server  *Server
	io      *socket.Server
	library http.Handler
	conns   sync.Map     // engine id → *socketConn
	places  places       // how many they are
	making  sync.RWMutex // a session: it cannot be ended before it is made
	stopped bool         // none is made any more
}

func newSockets(s *Server) *sockets {
	opts := socket.DefaultServerOptions()
	opts.SetServeClient(false)
	opts.SetAllowEIO3(true) // clients 2.x
	opts.SetMaxHttpBufferSize(maxBody)
	opts.SetConnectTimeout(admitTimeout * 4) // ours ends the connection before
	opts.SetUpgradeTimeout(never)            // webSocket.read does
	opts.SetPingInterval(s.o.heartbeat)
	opts.SetPingTimeout(s.o.heartbeat * 4 / 5)
	opts.SetTransports(types.NewSet(transports.POLLING, transports.WEBSOCKET))
	opts.SetParser(strictParser{parser.NewParser()})
	x := &sockets{server: s}
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

// socketConn is one connection, whatever its transport at the moment.
type socketConn struct {
	sockets *sockets
	conn    engine.Socket
	ctx     context.Context // ends with the connection; its cause is why
	end     context.CancelCauseFunc
	ready   chan struct{} // closed when the client is accepted
	accept  func()
	asked   atomic.Bool            // the packet that asks for the namespace has come
	barred  atomic.Bool            // it may not enter any more
	token   atomic.Pointer[string] // that admitted it; nil: none was asked for
	start   atomic.Uint64          // head of the log before the client knew that it is accepted
	lanes   lanes
	place   *place

	attempt sync.Mutex // to upgrade
	probe   *webSocket // nil: none yet
	closed  bool       // none any more

	subscriptions subscriptions

	sending chan struct{} // holds one while a piece is under way
	waiting atomic.Int64  // packets that the transport has not taken
	taken   chan struct{} // signals that it took some
}

// opened is called for each new Engine.IO connection, before its first
// packet is read.
func (x *sockets) opened(args ...any) {
	conn := args[0].(engine.Socket)
	c := &socketConn{sockets: x, conn: conn, ready: make(chan struct{}), lanes: newLanes(), taken: make(chan struct{}, 1), sending: make(chan struct{}, 1)}
	c.ctx, c.end = context.WithCancelCause(context.Background())
	late := time.AfterFunc(2*admitTimeout, func() { c.drop("bad_request: asked for no namespace") })
	c.place = c.visit().place
	c.place.kept = true
	c.accept = sync.OnceFunc(func() { late.Stop(); close(c.ready) })
	x.conns.Store(conn.Id(), c)
	ended := x.admit(c)
	conn.On("packet", c.packet)
	conn.On("packetCreate", c.created)
	conn.On("flush", c.flushed)
	conn.Once("close", func(args ...any) {
		late.Stop()
		c.noUpgrade()
		if c.probe != nil { // the upgrade may just have come through
			c.probe.conn.Conn.Close()
		}
		x.conns.Delete(conn.Id())
		ended()
		c.place.leave()
		c.end(fmt.Errorf("%v", args[0]))
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
	if err := x.server.authorize(c, c.request(), auth); err != nil {
		next(socket.NewExtendedError(err.Error(), nil))
		return
	}
	c.place.known()
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

// write writes a packet.
func (c *socketConn) write(p []byte) {
	c.conn.Write(types.NewStringBuffer(p), &packet.Options{}, nil)
}

// writeAll writes frames as if they were one packet.
func (c *socketConn) writeAll(frames []wsFrame) {
	c.conn.Write(&piece{frames: frames}, &packet.Options{}, nil)
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
	text, _ := p.Data.(*types.StringBuffer)
	if text == nil {
		c.drop("bad_request: not a text packet")
	} else if err := c.message(text.String()); err != nil {
		c.sockets.server.log.Warn("client sent a broken packet", "client", c.id(), "error", err)
		c.drop("bad_request: " + err.Error())
	}
}

// strictParser gives the library a decoder that sees the opening of namespaces
// alone, which it handles well. socketConn.message has served all else.
type strictParser struct{ parser.Parser }

func (p strictParser) NewDecoder() parser.Decoder {
	return &strictDecoder{Decoder: p.Parser.NewDecoder()}
}

type strictDecoder struct{ parser.Decoder }

func (d *strictDecoder) Add(data any) error {
	if text, ok := data.(*types.StringBuffer); ok && text.Len() > 0 && text.Bytes()[0] == packetConnect {
		return d.Decoder.Add(text)
	}
	return nil
}
