package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/app/station"
)

// A movedClock is the station's, for what lapses.
type movedClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *movedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *movedClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func (p *post) answer(origin string, a station.Answer) {
	p.tb.Helper()
	if err := p.station.AnswerOrigin(context.Background(), origin, a); err != nil {
		p.tb.Fatal(err)
	}
}

// A page approved «cette fois» is served while it is open, comes back soon
// after, and not later.
func TestOnce_EndsWithThePage(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		clock := &movedClock{}
		p := newPostAt(t, clock.now)
		p.answer(ehr, station.AnswerOnce)
		for range 2 { // the second time it reconnects
			c := p.mustConnect(eio, transport, "", "Origin: "+ehr)
			p.awaitClients(1)
			clock.advance(24 * time.Hour)
			first := p.next
			p.record(3)
			if err := expect(c, first, 3); err != nil {
				t.Fatal(err)
			}
			p.leave(c)
			clock.advance(time.Minute)
		}
		clock.advance(time.Minute)
		if _, err := p.connect(eio, transport, "", "Origin: "+ehr); err == nil {
			t.Error("the page came back after its approval had lapsed")
		}
		p.check(t, []question{{name: "lapsed", path: "/status", headers: []string{"Origin: " + ehr}, status: 403, says: "origin_pending"}})
	})
}

// leave ends a client's session and waits until the server knows.
func (p *post) leave(c *client2) {
	p.tb.Helper()
	c.write(c.ctx, "41") // long-polling may be answered that its session has ended
	p.awaitClients(0)
	p.awaitSessions(0)
}

// Every sandboxed frame of every site has the origin "null": what the
// clinician approved is one session, whose own requests go on.
func TestOnce_NullIsOneSession(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		clock := &movedClock{}
		p := newPostAt(t, clock.now)
		p.answer("null", station.AnswerOnce)
		c := p.mustConnect(eio, transport, "", "Origin: null")
		for _, other := range []string{"websocket", "polling"} {
			if _, err := p.connect(eio, other, "", "Origin: null"); err == nil {
				t.Errorf("a second session over %s", other)
			}
		}
		sid := idOf(p).(string)
		p.check(t, []question{
			{name: "another frame", path: "/status", headers: []string{"Origin: null"}, status: 403, says: "origin_pending"},
			{name: "the session's id elsewhere", path: "/status?sid=" + sid, headers: []string{"Origin: null"}, status: 403, says: "origin_pending"},
			{name: "a made-up id", path: query(eio, "polling", "&sid=x"), headers: []string{"Origin: null"}, status: 403, says: "origin_pending"},
			{name: "another page with its id", path: query(eio, "polling", "&sid="+sid), headers: []string{"Origin: https://evil.example"}, status: 403, says: "origin_pending"},
		})
		clock.advance(24 * time.Hour)
		p.record(3)
		if err := expect(c, 1, 3); err != nil {
			t.Fatal(err)
		}
		p.leave(c)
		if _, err := p.connect(eio, transport, "", "Origin: null"); err == nil {
			t.Error("null was remembered")
		}
	})
}

// The session of "null" may move to the WebSocket, as clients do.
func TestOnce_NullUpgrades(t *testing.T) {
	p := newPost(t)
	p.answer("null", station.AnswerOnce)
	c := p.mustConnect(4, "polling", "", "Origin: null")
	address := strings.Replace(c.line.(*polling2).url, "http", "ws", 1)
	ws, err := dialWebSocket(c.ctx, strings.Replace(address, "polling", "websocket", 1), http.Header{"Origin": {"null"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ws.close)
	if err := ws.write(c.ctx, "2probe"); err != nil {
		t.Fatal(err)
	}
	if packet, err := ws.read(c.ctx); err != nil || packet != "3probe" {
		t.Fatalf("%q, %v", packet, err)
	}
}

// Two frames that come at the same time: one is served.
func TestOnce_NullAtTheSameTime(t *testing.T) {
	p := newPost(t)
	p.answer("null", station.AnswerOnce)
	var frames sync.WaitGroup
	entered := make(chan *client2, 20)
	for range cap(entered) {
		frames.Go(func() {
			if c, err := p.connect(4, "websocket", "", "Origin: null"); err == nil {
				entered <- c
			}
		})
	}
	frames.Wait()
	if n := len(entered); n != 1 {
		t.Errorf("%d were served", n)
	}
	p.awaitClients(1)
	p.awaitSessions(1)
}

// A page whose approval ended after the guard let its request pass does not
// enter, and its session ends.
func TestOnce_EndedSinceTheGuard(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		behind := httptest.NewServer(p.server.sockets)
		t.Cleanup(behind.Close)
		passed := *p
		passed.address = behind.Listener.Addr().String()
		for _, origin := range []string{"null", ehr} {
			if _, err := passed.connect(eio, transport, "", "Origin: "+origin); err == nil {
				t.Errorf("%s entered", origin)
			}
		}
		p.awaitSessions(0)
		if _, err := passed.connect(eio, transport, ""); err != nil {
			t.Errorf("a native client: %v", err)
		}
	})
}

// Our own page is no page that was approved.
func TestOnce_OwnPage(t *testing.T) {
	p := newPost(t)
	c := p.mustConnect(4, "websocket", "", "Origin: http://"+p.address)
	p.record(1)
	if err := expect(c, 1, 1); err != nil {
		t.Error(err)
	}
}

func TestGuard_FullQueueIsNoRefusal(t *testing.T) {
	p := newPost(t)
	for _, name := range strings.Fields("a b c d") {
		p.station.CheckOrigin("https://" + name + ".evil.example")
	}
	status, h, body := p.request("GET", "/status", "", "Origin: https://e.evil.example")
	if status != http.StatusTooManyRequests || !strings.Contains(body, `"limit"`) || strings.Contains(body, "refused") {
		t.Errorf("%d %s", status, body)
	}
	if h.Get("Access-Control-Allow-Origin") != "https://e.evil.example" {
		t.Error("the page cannot read why")
	}
	p.check(t, []question{{name: "another site", path: "/status", headers: []string{"Origin: " + ehr}, status: 403, says: "origin_pending"}})
}
