package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// stuck connects clients that never read, over sockets that hold little.
func (p *post) stuck() {
	for _, eio := range []int{3, 4} {
		conn, _ := p.bare(true, query(eio, "websocket", "&format=r4"))
		if eio == 4 {
			conn.Write([]byte(frame(0x81, "40")))
		}
	}
	if _, err := p.connect(4, "polling", "&format=r4"); err != nil { // never polls again
		p.tb.Fatal(err)
	}
}

// most is the largest number of packets that wait for one client.
func (p *post) most() (n int64) {
	p.server.sockets.conns.Range(func(_, conn any) bool {
		n = max(n, conn.(*socketConn).waiting.Load())
		return true
	})
	return n
}

// Ten megabytes for clients that read nothing: the others see every event at
// once, and no more than a piece is held for each that is stuck.
func TestSlow_DelaysNobodyAndIsBounded(t *testing.T) {
	p := newPost(t)
	p.stuck()
	fast := []*client2{p.mustConnect(4, "websocket", ""), p.mustConnect(3, "websocket", "&format=r4"), p.mustConnect(4, "polling", "")}
	p.awaitClients(6)
	const events, piece = 4000, 2 // packets: the frames of a piece are one, a heartbeat another
	for first := 1; first <= events; first += 400 {
		p.record(400)
		if err := everyone(fast, first, 400); err != nil {
			t.Fatal(err)
		}
		if n := p.most(); n > piece {
			t.Fatalf("%d packets wait for one client", n)
		}
	}
	if n := p.most(); n == 0 {
		t.Error("no client is stuck: the test proves nothing")
	}
	p.awaitClients(6)
}

func TestSlow_IsDropped(t *testing.T) {
	p := newPost(t, func(o *Options) { o.SlowAfter = soon })
	p.stuck()
	fast := p.mustConnect(4, "websocket", "")
	p.awaitClients(4)
	go p.record(4000)
	if err := expect(fast, 1, 4000); err != nil {
		t.Fatal(err)
	}
	p.awaitClients(1)
	p.log.await(t, "client gone", "limit: too slow")
}

// A client that asks and asks and never reads the answers.
func TestSlow_Flood(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	request := strings.Repeat(frame(0x81, `420["`+strings.Repeat("x", 64)+`"]`), 100)
	for _, eio := range []int{3, 4} {
		// Not over a small socket: Linux drops even the acknowledgements of
		// what such a client sends once that is full, and the flood dries up.
		conn, _ := p.bare(false, query(eio, "websocket", ""))
		if eio == 4 {
			conn.Write([]byte(frame(0x81, "40")))
		}
		var err error
		for err == nil { // until the server hangs up
			_, err = io.WriteString(conn, request)
		}
		if os.IsTimeout(err) {
			t.Errorf("EIO=%d: the flood was not ended", eio)
		}
		w.check(t, "a flood")
	}
	c := p.mustConnect(4, "polling", "")
	c.write(c.ctx, strings.TrimSuffix(strings.Repeat("420[\"x\"]\x1e", maxWaiting+100), "\x1e"))
	p.awaitClients(1)
	p.log.await(t, "client gone", "does not read its answers")
}

// A client that does not read gets one piece, however many subscriptions it
// begins and ends.
func TestSlow_Unsubscribed(t *testing.T) {
	p := newPost(t)
	p.record(4000)
	conn, _ := p.bare(true, query(4, "websocket", ""))
	io.WriteString(conn, frame(0x81, "40"))
	p.awaitClients(1)
	var c *socketConn
	p.server.sockets.conns.Range(func(_, conn any) bool { c = conn.(*socketConn); return false })
	for range 100 {
		id, err := c.subscriptions.add(c, 0, subscribing{Resource: "Observation"})
		if err != nil {
			t.Fatal(err)
		}
		c.subscriptions.begin()
		for still := 0; still < 1000; still++ { // until nothing more is taken
			if runtime.Gosched(); c.waiting.Load() == 0 {
				still = 0
			}
		}
		if _, err := unsubscribe(context.Background(), c, json.RawMessage(`{"subscription":"`+id+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
	const piece = 2 // packets, a heartbeat among them
	if n := p.most(); n == 0 || n > piece {
		t.Errorf("%d packets wait for one client", n)
	}
}

// A body that never ends is cut.
func TestSlow_Body(t *testing.T) {
	p := newPost(t, func(o *Options) { o.bodyTimeout = 200 * time.Millisecond })
	w := p.witness()
	for _, eio := range []int{3, 4} {
		c := p.mustConnect(eio, "polling", "")
		_, session, _ := strings.Cut(c.line.(*polling2).url, p.address)
		for _, head := range []string{
			"Content-Length: 1000\r\n\r\n42[", "Transfer-Encoding: chunked\r\n\r\n3\r\n42[\r\n",
			"Upgrade: x\r\nConnection: Upgrade\r\nContent-Length: 1000\r\n\r\n42[",
		} {
			conn := p.dial(false)
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%s", session, p.address, head)
			if _, err := io.ReadAll(conn); os.IsTimeout(err) {
				t.Errorf("the body is awaited for ever: %q", head)
			}
			w.check(t, "an endless body")
		}
	}
	if answer := p.raw("POST /status HTTP/1.1\r\nHost: %s\r\nContent-Length: 10\r\n\r\nx", p.address); !strings.HasPrefix(answer, "HTTP/1.1 405") {
		t.Errorf("%.80q", answer)
	}
}
