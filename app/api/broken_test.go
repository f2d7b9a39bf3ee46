package api

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// A closing is what a server's close frame says; code 0: there was none.
type closing struct {
	code   int
	reason string
}

// closingOf reads what comes over a WebSocket until the server hangs up.
func closingOf(t *testing.T, r *bufio.Reader) (c closing) {
	t.Helper()
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			if os.IsTimeout(err) {
				t.Error("the connection is kept")
			}
			return c
		}
		length := int(head[1])
		if length == 126 {
			var long [2]byte
			io.ReadFull(r, long[:])
			length = int(binary.BigEndian.Uint16(long[:]))
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return c
		}
		if head[0] == 0x88 {
			c.code = 1005 // no code
			if length >= 2 {
				c = closing{int(binary.BigEndian.Uint16(payload)), string(payload[2:])}
			}
		}
	}
}

func closeFrame(code int, reason string) string {
	return frame(0x88, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// Every way to break RFC 6455, or what the protocols above demand, is refused
// with a close frame that says why.
func TestBroken_Frames(t *testing.T) {
	type row struct {
		name, bytes string
		code        int
		reason      string
	}
	rows := []row{
		{"reserved bit 1", frame(0xc1, "40"), 1002, "RSV1"},
		{"reserved bit 2", frame(0xa1, "40"), 1002, "RSV2"},
		{"reserved bit 3", frame(0x91, "40"), 1002, "RSV3"},
		{"all reserved bits", frame(0xf1, "40"), 1002, "RSV2"},
		{"not masked", "\x81\x0240", 1002, "MASK"},
		{"control frame not masked", "\x89\x00", 1002, "MASK"},
		{"continuation of nothing", frame(0x80, "40"), 1002, "continuation"},
		{"unfinished continuation of nothing", frame(0x00, "40"), 1002, "continuation"},
		{"text within a text", frame(0x01, "4") + frame(0x81, "0"), 1002, "before FIN"},
		{"binary within a text", frame(0x01, "4") + frame(0x82, "0"), 1002, "before FIN"},
		{"fragmented ping", frame(0x09, "x"), 1002, "FIN not set"},
		{"fragmented pong", frame(0x0a, "x"), 1002, "FIN not set"},
		{"fragmented close", frame(0x08, ""), 1002, "FIN not set"},
		{"long ping", frame(0x89, strings.Repeat("x", 126)), 1002, "125"},
		{"long pong", frame(0x8a, strings.Repeat("x", 126)), 1002, "125"},
		{"long close", frame(0x88, "\x03\xe8"+strings.Repeat("x", 124)), 1002, "125"},
		{"giant ping", "\x89\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00", 1002, "125"},
		{"length of 2^63 - 1", "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1009, ""},
		{"length of 2^63", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1002, ""},
		{"length of 2^64 - 1", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1002, ""},
		{"one byte too long", frame(0x81, "4"+strings.Repeat("x", maxBody)), 1009, ""},
		{"fragments too long", frame(0x01, strings.Repeat("x", maxBody)) + frame(0x00, "x"), 1009, ""},
		{"not UTF-8", frame(0x81, "42[\"\xc3\x28\"]"), 1007, "UTF-8"},
		{"half a letter", frame(0x81, "42[\"\xc3"), 1007, "UTF-8"},
		{"a surrogate", frame(0x81, "42[\"\xed\xa0\x80\"]"), 1007, "UTF-8"},
		{"fragments that are not UTF-8", frame(0x01, "42[\"\xc3") + frame(0x80, "\x28\"]"), 1007, "UTF-8"},
		{"close reason that is not UTF-8", closeFrame(1000, "\xff"), 1002, "utf8"},
		{"close, data after it", closeFrame(1000, "") + frame(0x81, "40") + frame(0x81, "42[]"), 1000, ""},
		{"close without a code, data after it", frame(0x88, "") + frame(0x81, "40"), 1005, ""},
		{"not a Socket.IO packet", frame(0x81, "4x"), 1008, "bad_request"},
		{"binary", frame(0x82, "\x04a"), 1008, "bad_request"},
		{"HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 1002, ""},
		{"zeros", strings.Repeat("\x00", 64), 1002, ""},
	}
	for _, opcode := range []byte{3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf} {
		rows = append(rows, row{fmt.Sprintf("opcode %x", opcode), frame(0x80|opcode, ""), 1002, "opcode"})
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		rows = append(rows, row{fmt.Sprintf("close code %d", code), closeFrame(code, ""), 1002, "close code"})
	}
	for _, code := range []int{1000, 1001, 1011, 3000, 4999} { // these are not broken
		rows = append(rows, row{fmt.Sprintf("close code %d", code), closeFrame(code, ""), code, ""})
	}
	p := newPost(t)
	w := p.witness()
	for _, row := range rows {
		for _, eio := range []int{3, 4} {
			for _, within := range []string{"", frame(0x81, "40")} {
				conn, r := p.bare(false, query(eio, "websocket", ""))
				if within == "" || eio == 4 {
					io.WriteString(conn, within+row.bytes)
				} else {
					io.WriteString(conn, frame(0x89, "x")+row.bytes)
				}
				if got := closingOf(t, r); got.code != row.code || !strings.Contains(got.reason, row.reason) {
					t.Errorf("EIO=%d, %s: closed with %d %q, want %d %q", eio, row.name, got.code, got.reason, row.code, row.reason)
				}
				conn.Close()
			}
		}
		w.check(t, row.name)
	}
	p.awaitSessions(1)
}

// Messages whose fragments never end, and frames that are promised and never
// come, hold no more than a message may be long.
func TestBroken_WithoutEnd(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	fragment := frame(0x00, strings.Repeat("x", 4096))
	for _, eio := range []int{3, 4} {
		conn, r := p.bare(false, query(eio, "websocket", ""))
		io.WriteString(conn, frame(0x01, "4"))
		sent, err := 0, error(nil)
		for err == nil && sent < 64<<20 {
			_, err = io.WriteString(conn, fragment)
			sent += len(fragment)
		}
		if sent >= 64<<20 || os.IsTimeout(err) {
			t.Errorf("EIO=%d: %d bytes of fragments were taken, %v", eio, sent, err)
		}
		closingOf(t, r)
		w.check(t, "endless fragments")
	}
	before := living()
	n := short(100, 1000)
	for i := range n {
		conn, _ := p.bare(false, query(3+i%2, "websocket", ""))
		io.WriteString(conn, fmt.Sprintf("\x81\xff\x00\x00\x00\x00\x00\x01\xf0\x00\x00\x00\x00\x00%s", strings.Repeat("x", 1000)))
	}
	p.awaitSessions(n + 1)
	w.check(t, "promised frames")
	if each := (living() - before) / int64(n); each > 96<<10 {
		t.Errorf("%d bytes for each unfinished frame", each)
	}
}

// Whoever pings over WebSocket is answered, and goes on to be served.
func TestPing(t *testing.T) {
	p := newPost(t, func(o *Options) { o.heartbeat = 3 * time.Second })
	conn, r := p.bare(false, query(4, "websocket", ""))
	io.WriteString(conn, frame(0x81, "40")+frame(0x89, "here?"))
	for ponged := false; ; {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal("dropped:", err)
		}
		payload := make([]byte, head[1])
		io.ReadFull(r, payload)
		switch {
		case head[0] == 0x8a:
			ponged = string(payload) == "here?"
		case string(payload) == "2": // later than a deadline of the answer
			if !ponged {
				t.Error("no answer to a ping")
			}
			return
		}
	}
}

// Peers that vanish without a word, or whose machine froze: they answer no
// heartbeat. Those that do, stay.
func TestVanished_NoHeartbeat(t *testing.T) {
	p := newPost(t, func(o *Options) {
		if !long {
			o.heartbeat = 4 * time.Second
		}
	})
	alive := make(chan error, 2)
	for _, transport := range []string{"websocket", "polling"} {
		c := p.mustConnect(4, transport, "")
		go func() { alive <- expect(c, 1, 2) }()
	}
	for _, eio := range []int{3, 4} {
		for range 20 {
			conn, _ := p.bare(true, query(eio, "websocket", ""))
			if eio == 4 {
				io.WriteString(conn, frame(0x81, "40"))
			}
			if _, err := p.connect(eio, "polling", ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.record(1)
	p.awaitClients(2)
	p.awaitSessions(2)
	p.log.await(t, "client gone", "ping timeout")
	p.record(1)
	for range cap(alive) {
		if err := <-alive; err != nil {
			t.Errorf("who answers is dropped: %v", err)
		}
	}
}
