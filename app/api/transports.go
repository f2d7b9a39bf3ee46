package api

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

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

// Send drops the empty packets by which the library's timer hastens an
// upgrade: they do not take their turn, and steal the poll that packets under
// way are to answer. wake is there instead.
func (p *polling) Send(packets []*packet.Packet) {
	if len(packets) == 1 && packets[0].Type == packet.NOOP && packets[0].Options == nil {
		return
	}
	p.Transport.Send(packets)
}

type webSocketCtor struct{ transports.TransportCtor }

func (webSocketCtor) New(ctx *types.HttpContext) transports.Transport {
	v := ctx.Context().Value(visitKey{}).(*visit)
	w := &webSocket{Transport: transports.MakeTransport(), conn: ctx.Websocket, log: v.log}
	w.Prototype(w)
	w.Construct(ctx)
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
	probing atomic.Bool
	turn    sync.Mutex // while probing: between what is read and the end of the session
	over    bool       // there will be no upgrade
}

func (*webSocket) Name() string          { return transports.WEBSOCKET }
func (*webSocket) HandlesUpgrades() bool { return true }

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
			return
		}
		data := types.NewStringBuffer(nil)
		if kind != textMessage {
			data = types.NewBytesBuffer(nil)
		}
		if _, err := data.ReadFrom(message); err != nil {
			return
		}
		p, err := w.Parser().DecodePacket(data)
		if err != nil || w.take(p) != nil {
			return
		}
	}
}

const textMessage = 1 // RFC 6455, section 5.2

// ended ends the connection, and the session if it is its transport. A panic
// of the library ends nothing else.
func (w *webSocket) ended() {
	if p := recover(); p != nil {
		w.log.Error("reading a connection failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	}
	w.conn.Conn.Close()
	w.abandon()
	if !w.probing.Load() {
		w.OnClose()
	}
}

// abandon tells the library that there will be no upgrade: when probing ends,
// or when the session does.
func (w *webSocket) abandon() {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.probing.Load() && !w.over {
		w.over = true
		w.Emit("close")
	}
}

// take hands on a packet. While probing, those of an upgrade alone; the
// library's state is not guarded against the end of the session meanwhile.
func (w *webSocket) take(p *packet.Packet) error {
	if !w.probing.Load() {
		w.OnPacket(p)
		return nil
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	text, _ := p.Data.(*types.StringBuffer)
	probe := p.Type == packet.PING && text != nil && text.String() == "probe"
	if w.over || !probe && p.Type != packet.UPGRADE {
		return errors.New("no upgrade")
	}
	w.OnPacket(p)
	if p.Type == packet.UPGRADE {
		w.probing.Store(false)
		w.conn.SetReadDeadline(time.Time{})
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

func (w *webSocket) write(packets []*packet.Packet) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	for _, p := range packets {
		data, err := w.Parser().EncodePacket(p, true)
		if err != nil {
			return err
		}
		if err := w.conn.WriteMessage(textMessage, data.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// strictParser gives the library a decoder that only sees what it handles
// well: the opening and leaving of namespaces.
type strictParser struct{ parser.Parser }

func (p strictParser) NewDecoder() parser.Decoder {
	return &strictDecoder{Decoder: p.Parser.NewDecoder()}
}

type strictDecoder struct{ parser.Decoder }

// Add drops events, which socketConn.packet has served, and acknowledgements,
// of which the server asks none. It refuses what socketConn.packet refused.
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
