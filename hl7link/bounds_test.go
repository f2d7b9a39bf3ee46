package hl7link

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// Large messages under way share what memory there is for them.
func TestHostile_PendingIsBounded(t *testing.T) {
	const most = 8 << 20
	p := newPost(t, ListenerOptions{MaxPending: most, FrameTimeout: short(5*time.Second, 30*time.Second)})
	before := living()
	n := short(60, 250)
	answers := make(chan string, n)
	half := "\x0b" + header + strings.Repeat("OBX|1|NM|8867-4^HR^LN||72||||||F\r", 27000)
	for range n {
		conn := p.dial()
		go func() {
			io.WriteString(conn, half)
			answer, _ := io.ReadAll(conn) // those that are let in hear that they never end
			answers <- string(answer)
		}()
	}
	refused := 0
	for range n {
		answer := <-answers
		if strings.Contains(answer, "too many large messages") {
			refused++
		} else if !strings.Contains(answer, "without its end") {
			t.Errorf("%q", answer)
		}
	}
	if refused < n-2*most/len(half) || refused == n {
		t.Errorf("%d of %d refused", refused, n)
	}
	if held := living() - before; held > 4*most {
		t.Errorf("%d bytes are held", held)
	}
	p.await("too_busy")
	p.check("large messages")
}

// Who sends and sends, and never reads its answers.
func TestHostile_AnswersNotRead(t *testing.T) {
	p := newPost(t, ListenerOptions{WriteTimeout: short(500*time.Millisecond, 10*time.Second)})
	conn := p.dial()
	messages := strings.Repeat(string(Frame([]byte("MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r"))), 100)
	var err error
	for err == nil {
		_, err = io.WriteString(conn, messages)
	}
	if os.IsTimeout(err) {
		t.Error("the connection is kept")
	}
	p.await("monitor_disconnected")
	p.check("answers that are not read")
}
