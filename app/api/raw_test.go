package api

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// dial opens a bare connection to the server, whose receive buffer holds
// little if small.
func (p *post) dial(small bool) net.Conn {
	p.tb.Helper()
	conn, err := net.Dial("tcp", p.address)
	if err != nil {
		p.tb.Fatal(err)
	}
	if small {
		conn.(*net.TCPConn).SetReadBuffer(4096)
	}
	conn.SetDeadline(time.Now().Add(patience))
	p.tb.Cleanup(func() { conn.Close() })
	return conn
}

// raw sends bytes and returns all that comes back until the server closes, or
// stays silent after an answer.
func (p *post) raw(format string, args ...any) string {
	p.tb.Helper()
	conn := p.dial(false)
	fmt.Fprintf(conn, format, args...)
	answer, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.tb.Errorf("no end of the answer to %.80q", format)
	}
	return string(answer)
}

// bare is a WebSocket whose frames the test writes byte by byte.
func (p *post) bare(small bool, target string) (net.Conn, *bufio.Reader) {
	p.tb.Helper()
	conn := p.dial(small)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", target, p.address)
	r := bufio.NewReader(conn)
	status, err := r.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 101") {
		p.tb.Fatalf("upgrade: %q, %v", status, err)
	}
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			p.tb.Fatal(err)
		}
	}
	return conn, r
}

// frame is a WebSocket frame of a client (RFC 6455, section 5.2), masked with
// zeros. first holds FIN, the reserved bits and the opcode.
func frame(first byte, payload string) string {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = append(b, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return string(append(b, 0, 0, 0, 0)) + payload
}
