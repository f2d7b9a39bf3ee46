package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// A reader is a Socket.IO client over a WebSocket (Engine.IO revision 4),
// reduced to what costs the measurement least.
type reader struct {
	conn   net.Conn
	frames *bufio.Reader
	buffer []byte
}

// connect opens a WebSocket and enters the default namespace.
func connect(address string) (*reader, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &reader{conn: conn, frames: bufio.NewReaderSize(conn, 16<<10)}
	conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if err := c.enter(address); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *reader) enter(address string) error {
	fmt.Fprintf(c.conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", address)
	response, err := http.ReadResponse(c.frames, nil)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("answered %s", response.Status)
	}
	if err := c.want('0'); err != nil { // Engine.IO's open
		return err
	}
	if err := c.write("40"); err != nil {
		return err
	}
	return c.want('4')
}

func (c *reader) want(kind byte) error {
	packet, err := c.read()
	if err == nil && (len(packet) == 0 || packet[0] != kind) {
		err = fmt.Errorf("unexpected packet %.80q", packet)
	}
	return err
}

// write sends a short text message, masked with zeros (RFC 6455, section 5.3).
func (c *reader) write(text string) error {
	_, err := c.conn.Write(append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...))
	return err
}

// read is the next message, valid until the one after. Heartbeats are answered.
func (c *reader) read() ([]byte, error) {
	for {
		message, err := c.frame()
		if err != nil || len(message) != 1 || message[0] != '2' {
			return message, err
		}
		if err := c.write("3"); err != nil {
			return nil, err
		}
	}
}

// frame reads one frame of a server (RFC 6455, section 5.2): never masked, and
// here never in pieces.
func (c *reader) frame() ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(c.frames, head[:2]); err != nil {
		return nil, err
	}
	if head[0] != 0x81 {
		return nil, fmt.Errorf("unexpected frame %#x", head[0])
	}
	size := int(head[1])
	switch size {
	case 126:
		if _, err := io.ReadFull(c.frames, head[:2]); err != nil {
			return nil, err
		}
		size = int(binary.BigEndian.Uint16(head[:]))
	case 127:
		if _, err := io.ReadFull(c.frames, head[:8]); err != nil {
			return nil, err
		}
		size = int(binary.BigEndian.Uint64(head[:]))
	}
	if size > cap(c.buffer) {
		c.buffer = make([]byte, size)
	}
	c.buffer = c.buffer[:size]
	_, err := io.ReadFull(c.frames, c.buffer)
	return c.buffer, err
}
