package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
	"github.com/zishang520/socket.io/v2/socket"
)

// This file is all there is of the Socket.IO library; doc.go tells what it is
// used for, and what goes past it.

const socketPath = "/socket.io/"

const textMessage = 1 // RFC 6455, section 5.2

func newSockets(s *Server) *sockets {
	opts := socket.DefaultServerOptions()
	opts.SetServeClient(false)
	opts.SetAllowEIO3(true) // clients 2.x
	opts.SetMaxHttpBufferSize(maxBody)
	opts.SetConnectTimeout(admitTimeout * 4) // ours ends the connection before
	opts.SetUpgradeTimeout(never)            // webSocket.read does
	opts.SetPingInterval(s.o.heartbeat)
	opts.SetPingTimeout(s.o.heartbeat * 5 / 4) // longer: only the next ping ends the wait that an early answer missed
	opts.SetTransports(types.NewSet(transports.POLLING, transports.WEBSOCKET))
	opts.SetParser(strictParser{parser.NewParser()})
	x := &sockets{server: s}
	namespaces := socket.NewServer(nil, opts)
	connections := engine.NewServer(opts)
	connections.On("connection", x.opened) // before the library's own listener, which asks authorize
	namespaces.Bind(connections)
	x.library = connections
	namespaces.Use(x.authorize)
	namespaces.On("connection", x.admitted)
	return x
}

// socketConn is one connection, whatever its transport at the moment.
type socketConn struct {
	connState
	conn  engine.Socket
	probe *webSocket // that attempt guards; nil: none yet
}

// opened is called for each new Engine.IO connection, before its first
// packet is read.
func (x *sockets) opened(args ...any) {
	conn := args[0].(engine.Socket)
	c := &socketConn{conn: conn}
	c.open(x)
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

// The library's transports lose packets and panic in goroutines of their own
// when requests overlap in unhappy ways. Ours take their place in its table.
func init() {
	table := transports.Transports()
	table[transports.WEBSOCKET] = webSocketCtor{table[transports.WEBSOCKET]}
	table[transports.POLLING] = pollingCtor{table[transports.POLLING]}
}

// probeTimeout is how long a WebSocket that wants to take over from
// long-polling may be silent.
const probeTimeout = 10 * time.Second

// wake is written to a connection to end its pending poll, so that the client
// can move to the WebSocket. It becomes an empty packet on its way
// (socketConn.created), and so takes its turn among the others.
var wake = types.NewStringBufferString("wake")

type pollingCtor struct{ transports.TransportCtor }

func (pollingCtor) New(ctx *types.HttpContext) transports.Transport {
	return &polling{transports.NewPolling(ctx)}
}

// polling is the library's long-polling.
type polling struct{ transports.Transport }

// OnRequest gives the request a clean-up before the library publishes it,
// which sets one too late.
func (p *polling) OnRequest(ctx *types.HttpContext) {
	ctx.Cleanup = func() {}
	p.Transport.OnRequest(ctx)
}

// Close ends it at once. The library would keep a session that nobody can reach
// any more for half a minute, in case a poll comes to be told.
func (p *polling) Close(done ...types.Callable) {
	p.Discard()
	p.Transport.Close(done...)
}

// Send takes pieces apart.
func (p *polling) Send(packets []*packet.Packet) {
	var apart []*packet.Packet
	for _, one := range packets {
		whole, ok := one.Data.(*piece)
		if !ok {
			apart = append(apart, one)
			continue
		}
		for _, f := range whole.frames {
			text := f.packet()
			apart = append(apart, &packet.Packet{Type: packet.MESSAGE, Data: types.NewStringBuffer(text[:len(text):len(text)]), Options: one.Options})
		}
	}
	p.Transport.Send(apart)
}

type webSocketCtor struct{ transports.TransportCtor }

func (webSocketCtor) New(ctx *types.HttpContext) transports.Transport {
	v := ctx.Context().Value(visitKey{}).(*visit)
	w := &webSocket{Transport: transports.MakeTransport(), conn: ctx.Websocket, log: v.log, session: v.session}
	w.Prototype(w)
	w.Construct(ctx)
	w.conn.SetPingHandler(w.pong)
	if v.session != nil {
		w.probing.Store(true)
		v.session.probe = w // which holds attempt
	}
	w.SetWritable(true)
	go w.read(ctx)
	return w
}

// webSocket is a WebSocket connection: from the beginning, or probing until it
// takes over from long-polling.
type webSocket struct {
	transports.Transport
	conn *types.WebSocketConn
	log  *slog.Logger

	writing sync.Mutex
	session *socketConn // that it probes to take over; nil: it is its own from the beginning
	probing atomic.Bool
	turn    sync.Mutex // while probing: between what is read and the end of the session
	over    bool       // there will be no upgrade
}

func (*webSocket) Name() string { return transports.WEBSOCKET }

// OnRequest refuses a request that meant the long-polling before.
func (*webSocket) OnRequest(ctx *types.HttpContext) {
	ctx.SetStatusCode(http.StatusBadRequest)
	ctx.Write(nil)
}

// read reads packets, once the handler has returned: only then does the
// library listen.
func (w *webSocket) read(ctx *types.HttpContext) {
	defer w.ended()
	<-ctx.Context().Done()
	if w.probing.Load() {
		w.conn.SetReadDeadline(time.Now().Add(probeTimeout))
	}
	for {
		kind, message, err := w.conn.NextReader()
		if err != nil {
			w.say(closeProtocol, "broken frame") // unless it was told, or is gone
			return
		}
		data := types.NewStringBuffer(nil)
		if kind != textMessage {
			data = types.NewBytesBuffer(nil)
		}
		if _, err := data.ReadFrom(message); err != nil {
			return
		}
		if kind == textMessage && !utf8.Valid(data.Bytes()) {
			w.say(closeInvalidText, "text that is not UTF-8") // RFC 6455, section 8.1
			return
		}
		p, err := w.Parser().DecodePacket(data)
		if err != nil || w.take(p) != nil {
			return
		}
	}
}

// take hands on a packet. While probing, it answers the probe, since the
// library would start a timer that it cannot always stop, and hands on the
// upgrade alone: the library's state is not guarded against the end of the
// session meanwhile.
func (w *webSocket) take(p *packet.Packet) error {
	if !w.probing.Load() {
		w.OnPacket(p)
		return nil
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	text, _ := p.Data.(*types.StringBuffer)
	probe := p.Type == packet.PING && text != nil && text.String() == "probe"
	switch {
	case w.over:
		return errors.New("the session has ended")
	case probe:
		w.Send([]*packet.Packet{{Type: packet.PONG, Data: text}})
		w.session.conn.Write(wake, &packet.Options{}, nil)
	case p.Type == packet.UPGRADE:
		w.OnPacket(p)
		w.probing.Store(false)
		w.conn.SetReadDeadline(time.Time{})
	default:
		return errors.New("no upgrade")
	}
	return nil
}

// DoClose ends the connection.
func (w *webSocket) DoClose(done types.Callable) {
	w.conn.Conn.Close()
	if done != nil {
		done()
	}
}

// Send writes packets, and says when it can take the next.
func (w *webSocket) Send(packets []*packet.Packet) {
	w.SetWritable(false)
	go w.send(packets)
}

func (w *webSocket) send(packets []*packet.Packet) {
	if err := w.write(packets); err != nil {
		w.conn.Conn.Close() // read then ends the session
		return
	}
	w.Emit("drain")
	w.SetWritable(true)
	w.Emit("ready")
}

// write writes packets in as few calls of the system as writeBytes allows, past
// the library's WebSocket: that would make a call, and a copy, for each.
func (w *webSocket) write(packets []*packet.Packet) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	out := writePool.Get().(*writer)
	defer writePool.Put(out)
	out.conn, out.buffer = w.conn.NetConn(), out.buffer[:0]
	for _, p := range packets {
		if whole, ok := p.Data.(*piece); ok {
			for _, f := range whole.frames {
				if err := out.write(f); err != nil {
					return err
				}
			}
			continue
		}
		data, err := w.Parser().EncodePacket(p, true)
		if err != nil {
			return err
		}
		if err := out.write(textFrame(data.Bytes())); err != nil {
			return err
		}
	}
	return out.flush()
}
