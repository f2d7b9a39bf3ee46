package api

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
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

// pong answers a ping of RFC 6455, section 5.5.2. The library's WebSocket would
// leave a deadline on the connection, and our writes go past it.
func (w *webSocket) pong(text string) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	_, err := w.conn.NetConn().Write(append([]byte{pongOpcode, byte(len(text))}, text...))
	return err
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
