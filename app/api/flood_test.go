package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitalien/app/station"
)

// long tells whether the stated, long forms are wanted.
var long = os.Getenv("VITALIEN_SOAK") == "1"

// short is value, or its long form.
func short[T any](value, stated T) T {
	if long {
		return stated
	}
	return value
}

// living is what the process holds, without what is garbage.
func living() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// An outcome is how a request over a connection of its own was answered.
type outcome struct {
	status int
	header http.Header
	body   string
	conn   net.Conn
}

// shoot opens a connection, sends text and reads the answer, if one comes. A
// WebSocket that is let in stays open.
func (p *post) shoot(text string) (o outcome, err error) {
	o.conn, err = net.Dial("tcp", p.address)
	if err != nil {
		return o, err
	}
	p.tb.Cleanup(func() { o.conn.Close() })
	o.conn.SetDeadline(time.Now().Add(patience))
	if _, err = io.WriteString(o.conn, text); err != nil {
		return o, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(o.conn), nil)
	if err != nil {
		return o, err
	}
	o.status, o.header = answer.StatusCode, answer.Header
	if o.status == http.StatusSwitchingProtocols {
		return o, nil
	}
	body, err := io.ReadAll(answer.Body)
	o.body = string(body)
	return o, err
}

// A watcher is a witness that reads all the time, so that its heart beats in
// long tests too.
type watcher struct {
	p      *post
	events chan string
	failed chan error
}

func (p *post) watcher() *watcher {
	p.tb.Helper()
	c := p.mustConnect(4, "websocket", "")
	ctx, cancel := context.WithCancel(context.Background())
	p.tb.Cleanup(cancel)
	c.ctx = ctx
	w := &watcher{p, make(chan string, 1), make(chan error, 1)}
	go func() {
		for {
			packet, err := c.event()
			if err != nil {
				w.failed <- err
				return
			}
			select {
			case w.events <- packet:
			case <-ctx.Done():
				return
			}
		}
	}()
	return w
}

func (w *watcher) check(t *testing.T, after string) {
	t.Helper()
	want := w.p.next
	w.p.record(1)
	select {
	case packet := <-w.events:
		if got, err := valueOf(packet); err != nil || got != want {
			t.Fatalf("after %s the other client gets %d, %v, want %d", after, got, err, want)
		}
	case err := <-w.failed:
		t.Fatalf("after %s the other client gets: %v", after, err)
	case <-time.After(patience):
		t.Fatalf("after %s the other client gets nothing", after)
	}
}

// limited checks that an answer is a refusal for want of room.
func limited(t *testing.T, o outcome, status int) {
	t.Helper()
	var said struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(o.body), &said); err != nil || o.status != status ||
		said.Error.Code != "limit" || said.Error.Message == "" || o.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v %q: not a refusal with %d", o.status, o.header, o.body, status)
	}
	if busy := status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests; busy && o.header.Get("Retry-After") == "" {
		t.Errorf("%d without Retry-After", status)
	}
}

const upgradeHeader = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// A page that opens a thousand connections at once gets its share. Native
// clients, other pages and our own go on, and it gets in again afterwards.
func TestFlood_OnePage(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			p := newPost(t)
			const other = "https://other.example"
			for _, origin := range []string{ehr, other} {
				if err := p.station.AllowOrigin(context.Background(), origin); err != nil {
					t.Fatal(err)
				}
			}
			w := p.witness()
			before := living()
			const served = maxPageSessions
			outcomes := p.volley(t, short(1000, 5000), transport, "Origin: "+ehr+"\r\n")
			in := 0
			for _, o := range outcomes {
				if o.status == http.StatusOK || o.status == http.StatusSwitchingProtocols {
					in++
					continue
				}
				limited(t, o, http.StatusTooManyRequests)
				if o.header.Get("Access-Control-Allow-Origin") != ehr {
					t.Error("the page cannot read why")
				}
			}
			if in != served {
				t.Errorf("%d connections were served, want %d", in, served)
			}
			w.check(t, "a page's flood")
			if each := (living() - before) / int64(len(outcomes)); each > 32<<10 {
				t.Errorf("%d bytes for each connection", each)
			}
			for _, header := range []string{"", "Origin: " + other, "Origin: http://" + p.address} {
				var headers []string
				if header != "" {
					headers = []string{header}
				}
				c, err := p.connect(4, "websocket", "", headers...)
				if err != nil {
					t.Fatalf("%q: %v", header, err)
				}
				first := p.next
				p.record(1)
				if err := everyone([]*client2{c, w.c}, first, 1); err != nil {
					t.Errorf("%q: %v", header, err)
				}
			}
			p.log.await(t, "too many connections", ehr)
			if n := strings.Count(p.log.all(), "too many connections"); n > 3 {
				t.Errorf("%d lines of the log", n)
			}
			p.station.RevokeOrigin(context.Background(), ehr)
			p.awaitSessions(4)
			p.station.AllowOrigin(context.Background(), ehr)
			p.mustConnect(4, transport, "", "Origin: "+ehr)
		})
	}
}

// volley makes n handshakes at the same time.
func (p *post) volley(t *testing.T, n int, transport, headers string) []outcome {
	t.Helper()
	if transport == "websocket" {
		headers += upgradeHeader
	}
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", query(4, transport, ""), p.address, headers)
	outcomes := make([]outcome, n)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range outcomes {
		all.Go(func() {
			<-start
			var err error
			if outcomes[i], err = p.shoot(request); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
		})
	}
	close(start)
	all.Wait()
	return outcomes
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// An EHR in many tabs that all come back at once is served.
func TestPlaces_ManyTabs(t *testing.T) {
	if maxPageSessions < 64 {
		t.Fatalf("a page gets %d sessions", maxPageSessions)
	}
	p := newPost(t)
	p.answer(ehr, station.AnswerOnce)
	for _, o := range p.volley(t, 64, "websocket", "Origin: "+ehr+"\r\n") {
		if o.status != http.StatusSwitchingProtocols {
			t.Fatalf("%d %s", o.status, o.body)
		}
	}
}

// A page whose token is wrong leaves room for strangers who have one.
func TestPlaces_StrangersOfOnePage(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	p.answer(ehr, station.AnswerAlways)
	in := 0
	for _, o := range p.volley(t, 200, "polling", "Origin: "+ehr+"\r\n") {
		if o.status == http.StatusOK {
			in++
		} else {
			limited(t, o, http.StatusTooManyRequests)
		}
	}
	if in != maxPageStrangers {
		t.Errorf("%d strangers of one page", in)
	}
	if status, _, _ := p.request("GET", query(4, "polling", ""), ""); status != http.StatusOK {
		t.Errorf("no room for another stranger: %d", status)
	}
}

// The ends of TCP connections that say nothing, or stop in the middle.
func TestFlood_HalfOpen(t *testing.T) {
	p := newPost(t, func(o *Options) {
		if !long {
			o.headerTimeout = 2 * time.Second
		}
	})
	w := p.watcher()
	before := living()
	beginnings := []string{
		"", "G", "GET /socket.io/?EIO=4", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n",
		"GET / HTTP/1.1\r\nHost: " + p.address + "\r\n" + upgradeHeader, "\x16\x03\x01\x02\x00\x01",
	}
	n := short(700, 4200)
	answers := make([]string, n)
	var all sync.WaitGroup
	open := make(chan struct{}, n)
	for i := range answers {
		all.Go(func() {
			conn, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Errorf("connection %d: %v", i, err)
				open <- struct{}{}
				return
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			io.WriteString(conn, beginnings[i%len(beginnings)])
			open <- struct{}{}
			answer, err := io.ReadAll(conn)
			if os.IsTimeout(err) {
				t.Errorf("connection %d is kept", i)
			}
			answers[i] = string(answer)
		})
	}
	for range n {
		<-open
	}
	w.check(t, "many half-open connections")
	if each := (living() - before) / int64(n); each > 32<<10 {
		t.Errorf("%d bytes for each connection", each)
	}
	all.Wait()
	for i, answer := range answers {
		beginning := beginnings[i%len(beginnings)]
		answered := strings.HasPrefix(answer, "HTTP/1.1 408 ") && strings.Contains(answer, `"code":"limit"`)
		madeRoom := answer == "" && n > maxConnections
		if answered != (beginning != "") && !madeRoom {
			t.Fatalf("%q: %.200q", beginning, answer)
		}
	}
	w.check(t, "their end")
}

// When every place is taken, who has been there longest without a request
// makes room.
func TestDoors_QuietMakeRoom(t *testing.T) {
	p := newPost(t, func(o *Options) { o.connections = 20 })
	w := p.witness()
	silent := []net.Conn{}
	for range 19 {
		silent = append(silent, p.dial(false))
	}
	p.awaitConnections(20)
	for i := range 30 {
		if status, _, _ := p.request("GET", "/status", "", "Connection: close"); status != http.StatusOK {
			t.Fatalf("request %d: %d", i, status)
		}
	}
	if _, err := silent[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the oldest is kept: %v", err)
	}
	w.check(t, "silent connections")
	p.log.await(t, "too many connections")
}

// When everybody has a request, newcomers are told that there is no room.
func TestDoors_CrowdIsTold(t *testing.T) {
	p := newPost(t, func(o *Options) { o.connections = 20 })
	w := p.witness()
	for range 19 {
		p.mustConnect(4, "websocket", "")
	}
	p.awaitConnections(20)
	for range 3 * maxCrowd {
		o, err := p.shoot(fmt.Sprintf("GET /status HTTP/1.1\r\nHost: %s\r\n\r\n", p.address))
		if err != nil {
			t.Fatal(err)
		}
		limited(t, o, http.StatusServiceUnavailable)
	}
	w.check(t, "a crowd")
}

// awaitConnections waits until n connections are open, awaitBusy until n have
// a request or are WebSockets.
func (p *post) awaitConnections(n int) { p.tb.Helper(); p.awaitDoors(n, false) }
func (p *post) awaitBusy(n int)        { p.tb.Helper(); p.awaitDoors(n, true) }

func (p *post) awaitDoors(n int, busy bool) {
	p.tb.Helper()
	d := p.server.doors
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		d.mu.Lock()
		have := len(d.open)
		if busy {
			have -= d.quiet.Len()
		}
		d.mu.Unlock()
		if have == n {
			return
		}
		if time.Now().After(end) {
			p.tb.Fatalf("%d connections, want %d", have, n)
		}
	}
}
