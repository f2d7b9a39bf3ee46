package api

import (
	"encoding/binary"
	"strings"
	"time"
)

// Why the server closes a WebSocket (RFC 6455, section 7.4.1).
const (
	closeNormal      = 1000
	closeGoingAway   = 1001
	closeProtocol    = 1002
	closeInvalidText = 1007
	closePolicy      = 1008
	closeInternal    = 1011

	closeMessage = 8   // opcode, section 5.2
	maxReason    = 123 // bytes, section 5.5
)

// farewellPatience is how long a close frame may wait for the packet before it.
// Who does not read gets none.
const farewellPatience = 50 * time.Millisecond

// say tells a client over WebSocket why its session ends.
func (c *socketConn) say(reason string) {
	w, ok := c.conn.Transport().(*webSocket)
	if !ok {
		return
	}
	code := closePolicy
	switch {
	case reason == "client left":
		code = closeNormal
	case reason == "server stopping":
		code = closeGoingAway
	case strings.HasPrefix(reason, "internal"):
		code = closeInternal
	}
	w.say(code, reason)
}

func (w *webSocket) say(code int, reason string) {
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	payload = append(payload, strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")...)
	w.conn.WriteControl(closeMessage, payload, time.Now().Add(farewellPatience))
}

// pong answers a ping of RFC 6455, section 5.5.2. The library's WebSocket would
// leave a deadline on the connection, and our writes go past it.
func (w *webSocket) pong(text string) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	_, err := w.conn.NetConn().Write(append([]byte{pongOpcode, byte(len(text))}, text...))
	return err
}
