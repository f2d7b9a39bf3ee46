package hl7link

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/fhirmap"
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

const patience = 60 * time.Second

// living is what the process holds, without what is garbage.
func living() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// A safeLog is a log that is read while it is written.
type safeLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *safeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *safeLog) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// A post is a listener with a witness: a monitor that must go on being served
// whatever others do.
type post struct {
	t       *testing.T
	address string
	log     *safeLog
	sink    *memorySink
	faults  chan string // codes of what went wrong
	monitor *Client
	sent    int
}

func newPost(t *testing.T, o ListenerOptions) *post {
	t.Helper()
	p := &post{t: t, log: &safeLog{}, sink: &memorySink{}, faults: make(chan string, 20000)}
	o.Sink, o.Logger = p.sink, slog.New(slog.NewTextHandler(p.log, nil))
	o.OnChange = func(_ int, last error) {
		if last != nil {
			p.faults <- fhirmap.FaultOf(last).Code
		}
	}
	p.address, _ = start(t, o)
	p.monitor = dial(t, p.address)
	p.check("nothing")
	return p
}

// check has the witness send a message.
func (p *post) check(after string) {
	p.t.Helper()
	p.sent++
	if got, err := p.monitor.Send(p.t.Context(), numbered(fmt.Sprint("w", p.sent))); err != nil || got != "AA" {
		p.t.Fatalf("after %s the other monitor gets %q, %v", after, got, err)
	}
}

// await waits until it was told that something went wrong.
func (p *post) await(code string) {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case got := <-p.faults:
			if got == code {
				return
			}
		case <-late:
			p.t.Fatalf("%s was not told", code)
		}
	}
}

// from dials from an address of this computer.
func (p *post) from(local string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	conn, err := d.Dial("tcp", p.address)
	if err == nil {
		p.t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(patience))
	}
	return conn, err
}

func (p *post) dial() net.Conn {
	p.t.Helper()
	conn, err := p.from("127.0.0.1")
	if err != nil {
		p.t.Fatal(err)
	}
	return conn
}

// ended reads what comes until the listener hangs up.
func ended(t *testing.T, conn net.Conn) string {
	t.Helper()
	answer, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is kept")
	}
	return string(answer)
}

const header = "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r"

// Messages that no device should send are answered, within a second, and the
// connection goes on.
func TestHostile_Messages(t *testing.T) {
	const many = 100_000
	rows := []struct{ name, stream, want string }{
		{"100,000 empty segments", string(Frame([]byte(header + strings.Repeat("OBX\r", many)))), "AE 1"},
		{"100,000 segments of a field", string(Frame([]byte(header + strings.Repeat("OBX|\r", many)))), "AE 1"},
		{"100,000 segments of others", string(Frame([]byte(header + strings.Repeat("ZZZ\r", many)))), "AA 1"},
		{"100,000 lines that are none", string(Frame([]byte(header + strings.Repeat("\n\r", many)))), "AA 1"},
		{"100,000 headers in a frame", "\x0b" + strings.Repeat("MSH|\r", many) + "\x1c\r", "AE "},
		{"100,000 fields", string(Frame([]byte(header + "OBX|1" + strings.Repeat("|", many) + "\r"))), "AA 1"},
		{"100,000 components", string(Frame([]byte(header + "OBX|1|NM|" + strings.Repeat("^", many) + "\r"))), "AA 1"},
		{"100,000 repetitions", string(Frame([]byte(header + "PID|||" + strings.Repeat("~", many) + "\r"))), "AA 1"},
		{"100,000 escapes", string(Frame([]byte(header + "PID|||" + strings.Repeat("\\F\\", many) + "\r"))), "AA 1"},
		{"escapes without end", string(Frame([]byte(header + "PID|||" + strings.Repeat("\\", many) + "\r"))), "AA 1"},
		{"NULs", "\x0b" + strings.Repeat("\x00", many) + "\x1c\r", "AE "},
		{"NULs before the header", "\x0b\x00\x00" + heartRate + "\x1c\r", "AE "},
		{"a NUL in a name", string(Frame([]byte(strings.Replace(heartRate, "|A|", "|A\x00B|", 1)))), "AA 1"},
		{"NULs between frames", strings.Repeat("\x00", 1000) + string(Frame([]byte(heartRate))), "AA 1"},
		{"an end without a start", "\x1c\r" + string(Frame([]byte(heartRate))), "AA 1"},
		{"many ends without a start", strings.Repeat("\x1c\r", many) + string(Frame([]byte(heartRate))), "AA 1"},
		{"a cut message's end", "72||||||F\r\x1c\r" + string(Frame([]byte(heartRate))), "AA 1"},
		{"many starts", strings.Repeat("\x0b", many) + heartRate + "\x1c\r", "AA 1"},
		{"many empty frames", strings.Repeat("\x0b\x1c\r", many) + string(Frame([]byte(heartRate))), "AA 1"},
	}
	p := newPost(t, ListenerOptions{})
	for _, row := range rows {
		conn := p.dial()
		got := exchange(t, conn, []string{row.stream}, 1)
		if len(got) == 0 || got[0] != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		p.check(row.name)
		if got := exchange(t, conn, []string{string(Frame(numbered("after")))}, 1); row.want != "AE " && (len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "AA")) {
			t.Errorf("%s: then %q", row.name, got)
		}
		conn.Close()
	}
}

// What never ends is cut at the limit, is told why even though it goes on
// sending, and costs no more than the limit.
func TestHostile_WithoutEnd(t *testing.T) {
	p := newPost(t, ListenerOptions{})
	const size = 10 << 20
	line := strings.Repeat("x", 1023) + "\r"
	for _, row := range []struct{ name, begin, code, says string }{
		{"a message", "\x0b" + header, "message_too_long", "longer than the limit"},
		{"a message without frame", header, "message_too_long", "longer than the limit"},
		{"what is no message", "hello", "not_hl7", "no HL7 message"},
		{"what follows a message", string(Frame([]byte(heartRate))) + "hello", "not_hl7", "no HL7 message"},
	} {
		before := living()
		n := short(4, 50)
		var all sync.WaitGroup
		for range n {
			conn := p.dial()
			all.Go(func() {
				go io.WriteString(conn, row.begin+strings.Repeat(line, size/len(line)))
				if answer := ended(t, conn); !strings.Contains(answer, "MSA|AE|") || !strings.Contains(answer, row.says) {
					t.Errorf("%s without end is answered %q", row.name, answer)
				}
				conn.Close()
			})
		}
		p.check(row.name + " without end")
		all.Wait()
		p.await(row.code)
		p.check(row.name + " without end")
		if held := living() - before; held > 4<<20 {
			t.Errorf("%s without end: %d bytes are still held", row.name, held)
		}
	}
}

// Several monitors that send a byte now and then, and never a whole message.
func TestHostile_OneByteASecond(t *testing.T) {
	o := ListenerOptions{}
	if !long {
		o.FrameTimeout = time.Second
	}
	p := newPost(t, o)
	message := string(Frame([]byte(heartRate + strings.Repeat("OBX|2|NM|9279-1^RR^LN||15||||||F\r", 100))))
	var all sync.WaitGroup
	for i := range short(20, 100) {
		conn, text := p.dial(), message
		if i%2 == 1 {
			text = message[1:] // without frame
		}
		all.Go(func() {
			go func() {
				tick := time.NewTicker(short(50*time.Millisecond, time.Second))
				defer tick.Stop()
				for i := range len(text) {
					<-tick.C
					if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
						return
					}
				}
			}()
			if answer := ended(t, conn); !strings.Contains(answer, "MSA|AE|") || !strings.Contains(answer, "without its end") {
				t.Errorf("answered %q", answer)
			}
			conn.Close()
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for p.check("slow senders"); ; p.check("slow senders") {
		select {
		case <-done:
			p.await("message_incomplete")
			if p.sink.count() != p.sent {
				t.Errorf("%d stored, %d sent", p.sink.count(), p.sent)
			}
			return
		default:
		}
	}
}

// Thousands of connections of one address, most of which say nothing, leave
// room for another address, and are told and logged in a few lines.
func TestHostile_ThousandsOfConnections(t *testing.T) {
	p := newPost(t, ListenerOptions{})
	before := living()
	n := short(1500, 8000)
	conns := make([]net.Conn, n)
	beginnings := []string{"", "\x0b", "\x0bMSH|", "MS", header, "\x00"}
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			conn, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Errorf("connection %d: %v", i, err)
				return
			}
			conn.SetDeadline(time.Now().Add(patience))
			io.WriteString(conn, beginnings[i%len(beginnings)]) // refused ones are closed
			conns[i] = conn
		})
	}
	all.Wait()
	p.await("too_many_monitors")
	p.check("thousands of connections")
	if held := living() - before; held > 32<<20 {
		t.Errorf("%d bytes are held", held)
	}
	if lines := p.log.count("connection refused"); lines == 0 || lines > 60 {
		t.Errorf("%d lines of the log", lines)
	}
	for i := range 5 {
		local := fmt.Sprintf("127.0.0.%d", 2+i)
		other, err := p.from(local)
		if err != nil {
			t.Skipf("this computer has only one loopback address: %v", err)
		}
		if got := exchange(t, other, []string{string(Frame(numbered("other")))}, 1); len(got) != 1 || got[0] != "AA other" {
			t.Fatalf("another monitor gets %q", got)
		}
	}
	if p.log.count("in favour of another peer") == 0 {
		t.Error("who made room was not told why")
	}
	p.check("others")
	for _, conn := range conns {
		if conn != nil {
			conn.Close()
		}
	}
	for end := time.Now().Add(patience); ; runtime.Gosched() { // its places are free again
		if got := exchange(t, p.dial(), []string{string(Frame(numbered("again")))}, 1); len(got) == 1 && got[0] == "AA again" {
			return
		}
		if time.Now().After(end) {
			t.Fatal("no room after they had left")
		}
	}
}

// Who takes no more than others is not displaced by them.
func TestListener_NobodyIsDisplacedForLess(t *testing.T) {
	p := newPost(t, ListenerOptions{MaxConnections: 2})
	other, err := p.from("127.0.0.2")
	if err != nil {
		t.Skipf("this computer has only one loopback address: %v", err)
	}
	if got := exchange(t, other, []string{string(Frame(numbered("1")))}, 1); len(got) != 1 {
		t.Fatal(got)
	}
	third, err := p.from("127.0.0.3")
	if err != nil {
		t.Fatal(err)
	}
	if answer := ended(t, third); answer != "" {
		t.Errorf("%q", answer)
	}
	p.await("too_many_monitors")
	p.check("a third")
	if got := exchange(t, other, []string{string(Frame(numbered("2")))}, 1); len(got) != 1 {
		t.Errorf("displaced: %q", got)
	}
}
