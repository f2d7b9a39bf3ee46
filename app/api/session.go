package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// How many packets may wait for a client before it counts as gone: answers
// and heartbeats that it does not take.
const maxWaiting = 256

// How long a connection may take until it is accepted, and how long the
// library may take for what is timed elsewhere.
const (
	admitTimeout = 5 * time.Second
	never        = 10000 * time.Hour
)

// The packets of a client that are served (socket.io-protocol, revisions 4
// and 5).
const (
	packetConnect    = '0'
	packetDisconnect = '1'
	packetEvent      = '2'
	packetAck        = '3'
)

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
func (c *socketConn) visit() *visit          { return c.request().Context().Value(visitKey{}).(*visit) }

func (c *socketConn) id() string    { return c.conn.Id()[:min(8, len(c.conn.Id()))] }
func (c *socketConn) protocol() int { return c.conn.Protocol() }

// transport is "polling" or "websocket", which an upgrade changes.
func (c *socketConn) transport() string { return c.conn.Transport().Name() }

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
	c.say(c.reason())
	c.conn.Close(true)
}

// send writes frames, unless ctx has ended, and returns when the transport has
// taken them. A client that takes nothing for longer than patience is an error.
func (c *socketConn) send(ctx context.Context, frames []wsFrame, patience time.Duration) error {
	if len(frames) == 0 || !c.subscriptions.during(ctx, func() { c.writeAll(frames) }) {
		return nil
	}
	if c.waiting.Load() <= 0 {
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
		case <-c.ctx.Done():
			return context.Cause(c.ctx)
		}
	}
	return nil
}

// message serves one Socket.IO packet. Clients 3.x and 4.x first ask for the
// namespace; clients 2.x are given it.
func (c *socketConn) message(text string) error {
	if text == "" {
		return errors.New("empty packet")
	}
	kind := text[0]
	if kind == packetConnect {
		return c.connect(text[1:])
	}
	if c.protocol() != 3 && !c.asked.Load() {
		return errors.New("packet before the connection")
	}
	switch kind {
	case packetEvent:
		if c.wait() {
			return c.event(text[1:])
		}
	case packetAck: // the server asks for none
		c.wait()
	case packetDisconnect:
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
	answer, rest := c.sockets.server.request(c, name, arguments)
	if rest != nil {
		return c.answerLater(id, name, rest)
	}
	defer c.subscriptions.begin()
	return c.acknowledge(id, answer)
}

// answerLater waits for an outcome, and reads on meanwhile.
func (c *socketConn) answerLater(id, name string, rest later) error {
	if id == "" {
		return nil // nobody waits for it
	}
	select {
	case c.awaiting <- struct{}{}:
	default:
		return c.acknowledge(id, refused(&fhirmap.Fault{Code: "limit", English: "too many requests wait for their outcome"}))
	}
	go func() {
		defer func() { <-c.awaiting }()
		if err := c.acknowledge(id, c.sockets.server.guarded(c.ctx, laterTimeout, name, rest)); err != nil {
			c.drop("internal")
		}
	}()
	return nil
}

func (c *socketConn) acknowledge(id string, answer answer) error {
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
