package api

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// session is the path of a long-polling client, for one transport or the
// other.
func session(p *post, c *client2, transport string) string {
	_, path, _ := strings.Cut(c.line.(*polling2).url, p.address)
	return strings.Replace(path, "polling", transport, 1)
}

// An upgrade in the other revision of the protocol has the library look for
// timers that the session lacks.
func TestUpgrade_OtherRevision(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for _, eio := range []int{3, 4} {
		c := p.mustConnect(eio, "polling", "")
		path := strings.Replace(session(p, c, "websocket"), fmt.Sprintf("EIO=%d", eio), fmt.Sprintf("EIO=%d", 7-eio), 1)
		ws, err := dialWebSocket(c.ctx, "ws://"+p.address+path, nil)
		if err == nil {
			t.Errorf("EIO=%d: upgraded", eio)
			for _, packet := range []string{"2probe", "5", "2", "3"} {
				ws.write(c.ctx, packet)
			}
			ws.close()
		}
		w.check(t, path)
	}
}

func TestUpgrade_OnlyOnce(t *testing.T) {
	p := newPost(t)
	for range 20 {
		c := p.mustConnect(4, "polling", "")
		var mu sync.Mutex
		upgraded := 0
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				ws, err := dialWebSocket(c.ctx, "ws://"+p.address+session(p, c, "websocket"), nil)
				if err != nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				upgraded++
				p.tb.Cleanup(ws.close)
			})
		}
		all.Wait()
		if upgraded != 1 {
			t.Fatalf("%d WebSockets for one session", upgraded)
		}
	}
}

// What is not an upgrade leaves the session on long-polling.
func TestUpgrade_Broken(t *testing.T) {
	p := newPost(t)
	for _, packets := range [][]string{{}, {"2"}, {"3"}, {"4"}, {"40"}, {`42["endConsultation"]`}, {"1"}, {"2probex"}, {""}, {"x"}, {"2probe", "2"}, {"2probe", "40"}, {"2probe", "bb"}} {
		for _, eio := range []int{3, 4} {
			c := p.mustConnect(eio, "polling", "")
			ws, err := dialWebSocket(c.ctx, "ws://"+p.address+session(p, c, "websocket"), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, packet := range packets {
				ws.write(c.ctx, packet)
			}
			if len(packets) == 0 {
				ws.close()
			}
			for err = nil; err == nil; { // until the server has hung up
				_, err = ws.read(c.ctx)
			}
			first := p.next
			p.record(3)
			if err := expect(c, first, 3); err != nil {
				t.Errorf("EIO=%d after %q: %v", eio, packets, err)
			}
			c.close()
		}
	}
}

// A session that ends, in one way or another, while its upgrade is under way.
func TestUpgrade_WhileTheSessionEnds(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for round := range 120 {
		c := p.mustConnect(3+round%2, "polling", "")
		ws, err := dialWebSocket(c.ctx, "ws://"+p.address+session(p, c, "websocket"), nil)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			ws.write(c.ctx, "2probe")
			ws.write(c.ctx, "5")
			ws.write(c.ctx, `42["endConsultation"]`)
		})
		all.Go(func() {
			switch round % 4 {
			case 0:
				c.write(c.ctx, "1")
			case 1:
				c.write(c.ctx, "45x")
			case 2:
				c.write(c.ctx, "41")
			case 3:
				p.server.sockets.conns.Range(func(_, conn any) bool {
					if s := conn.(*socketConn); s.conn.Transport().Name() == "polling" {
						s.drop("test")
					}
					return true
				})
			}
		})
		all.Go(func() { p.record(1) })
		all.Wait()
		ws.close()
		c.close()
		if err := expect(w.c, p.next-1, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOverlap_EndsTheSession(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for round := range 4 {
		c := p.mustConnect(3+round%2, "polling", "")
		path := session(p, c, "polling")
		answers := make(chan int, 4)
		for range 4 {
			go func() {
				response, err := http.Get("http://" + p.address + path)
				if err != nil {
					answers <- 0
					return
				}
				response.Body.Close()
				answers <- response.StatusCode
			}()
		}
		refused := 0
		for range 4 {
			if <-answers == http.StatusBadRequest {
				refused++
			}
		}
		if refused < 3 {
			t.Errorf("round %d: %d of 4 polls at a time refused", round, refused)
		}
		if status, _, _ := p.request("GET", path, ""); status != http.StatusBadRequest {
			t.Errorf("round %d: the session goes on: %d", round, status)
		}
		w.check(t, "overlapping polls")
	}
	p.log.await(t, "client gone", "overlapping requests")
}

func TestOverlap_Posts(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	c := p.mustConnect(4, "polling", "")
	path := session(p, c, "polling")
	half := p.dial(false)
	fmt.Fprintf(half, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n42[", path, p.address)
	_, sid, _ := strings.Cut(path, "&sid=")
	conn, ok := p.server.sockets.conns.Load(sid)
	if !ok {
		t.Fatal("no session " + sid)
	}
	for end := time.Now().Add(patience); len(conn.(*socketConn).lanes.post) == 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the first post is not served")
		}
	}
	if status, _, _ := p.request("POST", path, `421["endConsultation"]`); status != http.StatusBadRequest {
		t.Errorf("a second post at a time: %d", status)
	}
	half.Close()
	w.check(t, "overlapping posts")
}

// A poll whose client goes away just when it is answered must not write into
// the answer of somebody else.
func TestPoll_Abandoned(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for round := range 150 {
		c := p.mustConnect(3+round%2, "polling", "")
		conn := p.dial(false)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", session(p, c, "polling"), p.address)
		var all sync.WaitGroup
		all.Go(func() { p.record(1) })
		all.Go(func() {
			for range round % 16 {
				runtime.Gosched() // a little later each round
			}
			conn.Close()
		})
		all.Wait()
		if err := expect(w.c, p.next-1, 1); err != nil {
			t.Fatal(err)
		}
		c.close()
	}
}

// Handshakes whose client goes away at once leave nothing behind.
func TestPoll_AbandonedHandshake(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for range 300 {
		conn := p.dial(false)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", query(3, "polling", ""), p.address)
		conn.Close()
	}
	w.check(t, "abandoned handshakes")
	p.server.Close()
	p.awaitSessions(0)
}
