package api

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// trickle writes text one byte at a time until the other end hangs up.
func trickle(conn net.Conn, text string, pause time.Duration) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for i := range len(text) {
		<-tick.C
		if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
			return
		}
	}
}

// pour writes text again and again until the other end hangs up, and returns
// how many bytes it took.
func pour(tb testing.TB, conn net.Conn, text string) (sent int) {
	tb.Helper()
	const most = 256 << 20
	for sent < most {
		n, err := io.WriteString(conn, text)
		sent += n
		if os.IsTimeout(err) {
			tb.Error("neither taken nor refused")
		}
		if err != nil {
			return sent
		}
	}
	tb.Errorf("%d bytes were taken", sent)
	return sent
}

// A refused request is answered, and its connection ends.
func ends(t *testing.T, conn net.Conn, name, status string, says ...string) {
	t.Helper()
	answer, err := io.ReadAll(conn)
	if os.IsTimeout(err) {
		t.Errorf("%s: the connection is kept", name)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 "+status) {
		t.Errorf("%s: %.200q, want %s", name, answer, status)
	}
	for _, part := range says {
		if !strings.Contains(string(answer), part) {
			t.Errorf("%s: %.300q without %q", name, answer, part)
		}
	}
}

func TestEndless_Headers(t *testing.T) {
	p := newPost(t, func(o *Options) {
		if !long {
			o.headerTimeout = 500 * time.Millisecond
		}
	})
	w := p.watcher()
	request := fmt.Sprintf("GET /status HTTP/1.1\r\nHost: %s\r\n", p.address)
	for name, flood := range map[string]string{
		"many headers":     request + strings.Repeat("X: y\r\n", 20000) + "\r\n",
		"one huge header":  request + "X: " + strings.Repeat("y", 200<<10) + "\r\n\r\n",
		"huge name":        request + strings.Repeat("y", 200<<10) + ": X\r\n\r\n",
		"huge path":        "GET /" + strings.Repeat("y", 200<<10) + " HTTP/1.1\r\n\r\n",
		"huge Origin":      request + "Origin: https://" + strings.Repeat("y", 200<<10) + "\r\n\r\n",
		"many, WebSocket":  request + upgradeHeader + strings.Repeat("X: y\r\n", 20000) + "\r\n",
		"just over bounds": request + "X: " + strings.Repeat("y", maxHeader+5000) + "\r\n\r\n",
	} {
		conn := p.dial(false)
		go io.WriteString(conn, flood) // the answer comes before all is sent
		answer, _ := io.ReadAll(conn)
		if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 431 ") {
			t.Errorf("%s: %.200q", name, answer)
		}
		w.check(t, name)
	}
	for _, text := range []string{"X: y\r\n", strings.Repeat("y", 4096)} {
		conn := p.dial(false)
		io.WriteString(conn, request)
		if n := pour(t, conn, text); n > 32<<20 {
			t.Errorf("%d bytes of headers were sent", n)
		}
		w.check(t, "headers without end")
	}
	var all sync.WaitGroup
	for range short(5, 200) {
		conn := p.dial(false)
		go trickle(conn, request+"X: "+strings.Repeat("y", 100), short(50*time.Millisecond, time.Second))
		all.Go(func() { ends(t, conn, "one byte a second", "408 ", `"code":"limit"`) })
	}
	w.check(t, "slow headers")
	all.Wait()
	w.check(t, "their end")
}

// Bodies without end: too long, never whole, or a byte a second.
func TestEndless_Bodies(t *testing.T) {
	p := newPost(t, func(o *Options) {
		if !long {
			o.bodyTimeout = 500 * time.Millisecond
		}
	})
	w := p.watcher()
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 4096, strings.Repeat("x", 4096))
	for _, eio := range []int{3, 4} {
		head := func(more string) string {
			c := p.mustConnect(eio, "polling", "")
			return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\n%s\r\n", session(p, c, "polling"), p.address, more)
		}
		conn := p.dial(false)
		io.WriteString(conn, head("Transfer-Encoding: chunked\r\n"))
		if n := pour(t, conn, chunk); n > 32<<20 {
			t.Errorf("%d bytes of a body were sent", n)
		}
		w.check(t, "chunks without end")

		conn = p.dial(false)
		io.WriteString(conn, head("Transfer-Encoding: chunked\r\n")+strings.Repeat(chunk, maxBody/4096)+"1\r\nx\r\n")
		ends(t, conn, "chunks, a byte too many", "413 ", `"code":"limit"`)
		w.check(t, "chunks, a byte too many")

		conn = p.dial(false)
		io.WriteString(conn, head(fmt.Sprintf("Content-Length: %d\r\n", maxBody+1)))
		ends(t, conn, "a length too many", "413 ", `"code":"limit"`)
		w.check(t, "a length too many")

		var all sync.WaitGroup
		for name, c := range map[string][2]string{
			"promised and not sent":   {"Content-Length: 1000\r\n", "42["},
			"promised, nothing sent":  {"Content-Length: 1\r\n", ""},
			"chunks and no end":       {"Transfer-Encoding: chunked\r\n", "3\r\n42[\r\n"},
			"half a chunk":            {"Transfer-Encoding: chunked\r\n", "ffff\r\n42["},
			"half the length":         {"Transfer-Encoding: chunked\r\n", "ff"},
			"chunk extension, no end": {"Transfer-Encoding: chunked\r\n", "3;x="},
		} {
			conn := p.dial(false)
			io.WriteString(conn, head(c[0])+c[1])
			all.Go(func() { ends(t, conn, name, "408 ", `"code":"limit"`, "Connection: close") })
		}
		for range short(3, 100) {
			conn := p.dial(false)
			io.WriteString(conn, head("Content-Length: 100000\r\n"))
			go trickle(conn, strings.Repeat("4", 1000), short(50*time.Millisecond, time.Second))
			all.Go(func() { ends(t, conn, "one byte a second", "408 ", `"code":"limit"`) })
		}
		w.check(t, "slow bodies")
		all.Wait()
		w.check(t, "their end")
	}
}

// Who sends requests without end and reads no answer is cut.
func TestEndless_UnreadAnswers(t *testing.T) {
	p := newPost(t, func(o *Options) { o.SlowAfter = short(soon, o.SlowAfter) })
	w := p.watcher()
	for _, path := range []string{"/", "/nowhere"} {
		conn := p.dial(true)
		pour(t, conn, strings.Repeat(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, p.address), 100))
		w.check(t, "unread answers of "+path)
	}
	p.awaitBusy(1)
}

// A poll whose answer is not read ends with its session.
func TestSlow_UnreadPoll(t *testing.T) {
	p := newPost(t, func(o *Options) { o.SlowAfter = short(soon, o.SlowAfter) })
	w := p.witness()
	var conns []net.Conn
	for _, eio := range []int{3, 4} {
		c := p.mustConnect(eio, "polling", "&format=r4")
		conn := p.dial(true)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", session(p, c, "polling"), p.address)
		c.close()
		conns = append(conns, conn)
	}
	go p.record(4000)
	if err := expect(w.c, 1, 4000); err != nil {
		t.Fatal(err)
	}
	p.awaitSessions(1)
	p.log.await(t, "client gone", "limit: too slow")
	p.awaitBusy(1) // the request has ended too
	for _, conn := range conns {
		answer := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 200" {
			t.Errorf("%q, %v", answer, err)
		}
	}
}
