package api

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// A wsFrame is a Socket.IO packet as a WebSocket carries it: a text frame of a
// server (RFC 6455, section 5.2), whose text begins with Engine.IO's type of a
// message. Clients share its bytes.
type wsFrame []byte

const (
	textOpcode    = 0x81 // FIN, text
	pongOpcode    = 0x8A // FIN, pong
	engineMessage = '4'  // engine.io-protocol, revisions 3 and 4
	frameRoom     = 10   // the longest header
)

// packet is the Socket.IO packet, as long-polling carries it.
func (f wsFrame) packet() []byte {
	switch f[1] {
	case 126:
		return f[5:]
	case 127:
		return f[11:]
	}
	return f[3:]
}

// textFrame is a text in a frame of its own.
func textFrame(text []byte) wsFrame {
	return seal(append(make([]byte, frameRoom, frameRoom+len(text)), text...))
}

// seal makes a frame of a text behind frameRoom bytes.
func seal(b []byte) wsFrame {
	n := len(b) - frameRoom
	switch {
	case n < 126:
		b = b[frameRoom-2:]
		b[1] = byte(n)
	case n < 1<<16:
		b = b[frameRoom-4:]
		b[1] = 126
		binary.BigEndian.PutUint16(b[2:], uint16(n))
	default:
		b[1] = 127
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	}
	b[0] = textOpcode
	return b
}

// A piece is the frames that a client is handed at a time: one packet to the
// library, which only keeps it in its turn.
type piece struct {
	io.Reader // never read: our transports know pieces
	frames    []wsFrame
}

// writeBytes is how much goes to the network in one call of the system.
const writeBytes = 32 << 10

// A writer gathers frames for a connection.
type writer struct {
	conn   net.Conn
	buffer []byte
}

var writePool = sync.Pool{New: func() any { return &writer{buffer: make([]byte, 0, writeBytes)} }}

func (w *writer) write(f wsFrame) error {
	if len(w.buffer)+len(f) > writeBytes {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if len(f) > writeBytes {
		_, err := w.conn.Write(f)
		return err
	}
	w.buffer = append(w.buffer, f...)
	return nil
}

func (w *writer) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	_, err := w.conn.Write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}
