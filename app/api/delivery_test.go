package api

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// everyone runs expect for all clients at the same time.
func everyone(clients []*client2, first, n int) error {
	errs := make(chan error, len(clients))
	for i, c := range clients {
		go func() {
			if err := expect(c, first, n); err != nil {
				errs <- fmt.Errorf("client %d: %w", i, err)
				return
			}
			errs <- nil
		}()
	}
	var failed error
	for range clients {
		if err := <-errs; err != nil {
			failed = err
		}
	}
	return failed
}

func TestDelivery_EveryRecordOnceInOrder(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		for _, format := range []string{"", "&format=r4"} {
			p := newPost(t)
			p.record(3) // before the connection: not for this client
			c := p.mustConnect(eio, transport, format)
			p.record(250)
			if err := expect(c, 4, 250); err != nil {
				t.Fatalf("format %q: %v", format, err)
			}
		}
	})
}

func TestDelivery_FormatGivenAsAuth(t *testing.T) {
	p := newPost(t)
	c, err := p.open(4, "websocket", "")
	if err != nil {
		t.Fatal(err)
	}
	c.write(c.ctx, `40{"format":"r4"}`)
	if packet, err := c.message(); err != nil || packet[0] != '0' {
		t.Fatal(packet, err)
	}
	p.record(1)
	packet, err := c.event()
	if err != nil || !strings.Contains(packet, `"meta"`) && !strings.Contains(packet, "dataAbsentReason") && !strings.Contains(packet, "data-absent-reason") {
		t.Fatalf("not the R4 form: %.300s, %v", packet, err)
	}
}

// The client knows that it is connected as soon as it reads so, which can be
// before the server has finished.
func TestDelivery_FromTheAcceptanceOn(t *testing.T) {
	p := newPost(t)
	for round := range 100 {
		eio := 3 + round%2
		c := p.mustConnect(eio, "websocket", "")
		first := p.next
		p.record(1)
		if err := expect(c, first, 1); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		c.close()
	}
}

func TestDelivery_Bursts(t *testing.T) {
	for _, burst := range []struct {
		eio       int
		transport string
		clients   int
		events    int
	}{
		{4, "websocket", 1, 10000},
		{3, "websocket", 1, 10000},
		{4, "polling", 1, 10000},
		{3, "polling", 1, 10000},
		{4, "websocket", 50, 1000},
		{4, "polling", 10, 1000},
	} {
		t.Run(fmt.Sprintf("EIO=%d %s %d×%d", burst.eio, burst.transport, burst.clients, burst.events), func(t *testing.T) {
			p := newPost(t)
			var clients []*client2
			for range burst.clients {
				clients = append(clients, p.mustConnect(burst.eio, burst.transport, ""))
			}
			go p.record(burst.events)
			if err := everyone(clients, 1, burst.events); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A client that reads one event for ten of the others loses nothing and holds
// nobody up.
func TestDelivery_SlowAndFast(t *testing.T) {
	p := newPost(t)
	fast := []*client2{p.mustConnect(4, "websocket", ""), p.mustConnect(3, "polling", "&format=r4")}
	slow := p.mustConnect(4, "websocket", "&format=r4")
	for round := range 10 {
		p.record(500)
		if err := everyone(fast, 1+500*round, 500); err != nil {
			t.Fatal(err)
		}
		if err := expect(slow, 1+50*round, 50); err != nil {
			t.Fatal(err)
		}
	}
	if err := expect(slow, 501, 4500); err != nil {
		t.Fatal(err)
	}
}

// upgrade moves a client from long-polling to a WebSocket as the clients do:
// probe, wait for the answer and for the pending poll, switch.
func (p *post) upgrade(c *client2) error {
	poll := c.line.(*polling2)
	_, rest, _ := strings.Cut(poll.url, "?")
	values, _ := url.ParseQuery(rest)
	values.Set("transport", "websocket")
	ws, err := dialWebSocket(c.ctx, "ws://"+p.address+"/socket.io/?"+values.Encode(), poll.header)
	if err != nil {
		return err
	}
	p.tb.Cleanup(ws.close)
	polled := make(chan error, 1)
	before := poll.packets
	poll.packets = nil
	go func() { // the poll that is pending when the probe starts
		packet, err := poll.read(c.ctx)
		poll.packets = append([]string{packet}, poll.packets...)
		polled <- err
	}()
	if err := ws.write(c.ctx, "2probe"); err != nil {
		return err
	}
	if pong, err := ws.read(c.ctx); err != nil || pong != "3probe" {
		return fmt.Errorf("probe: %q, %v", pong, err)
	}
	if err := <-polled; err != nil {
		return fmt.Errorf("pending poll: %w", err)
	}
	poll.close()
	c.line = &queued{before: append(before, poll.packets...), line: ws}
	return ws.write(c.ctx, "5")
}

func TestDelivery_UpgradeInABurst(t *testing.T) {
	p := newPost(t)
	for round := range 60 {
		c := p.mustConnect(3+round%2, "polling", "")
		first := p.next
		var recorded sync.WaitGroup
		recorded.Go(func() { p.record(400) })
		if err := expect(c, first, round*3); err != nil {
			t.Fatal(err)
		}
		if err := p.upgrade(c); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := expect(c, first+round*3, 400-round*3); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		recorded.Wait()
		c.close()
	}
}

// An upgrade that takes long, while events come one by one.
func TestDelivery_LongUpgrade(t *testing.T) {
	p := newPost(t)
	var clients []*client2
	for i := range 8 {
		clients = append(clients, p.mustConnect(3+i%2, "polling", ""))
	}
	var probes []*webSocket2
	for _, c := range clients {
		_, rest, _ := strings.Cut(c.line.(*polling2).url, "?")
		ws, err := dialWebSocket(c.ctx, "ws://"+p.address+"/socket.io/?"+strings.Replace(rest, "=polling", "=websocket", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(ws.close)
		ws.write(c.ctx, "2probe")
		if pong, err := ws.read(c.ctx); err != nil || pong != "3probe" {
			t.Fatal(pong, err)
		}
		probes = append(probes, ws)
	}
	end := time.Now().Add(1200 * time.Millisecond) // the library's own timer would beat a dozen times
	n := 0
	for ; time.Now().Before(end); n++ {
		p.record(1)
		if err := everyone(clients, 1+n, 1); err != nil {
			t.Fatalf("after %d events: %v", n, err)
		}
	}
	for i, c := range clients {
		c.line = probes[i]
		if err := probes[i].write(c.ctx, "5"); err != nil {
			t.Fatal(err)
		}
	}
	p.record(200)
	if err := everyone(clients, 1+n, 200); err != nil {
		t.Fatal(err)
	}
}

// queued hands out packets that came before, then those of its line.
type queued struct {
	line
	before []string
}

func (q *queued) read(ctx context.Context) (string, error) {
	if len(q.before) > 0 {
		packet := q.before[0]
		q.before = q.before[1:]
		return packet, nil
	}
	return q.line.read(ctx)
}
