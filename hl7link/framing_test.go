package hl7link

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestListener_Framing(t *testing.T) {
	one, two := string(Frame(numbered("1"))), string(Frame(numbered("2")))
	for _, c := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"two in a packet", []string{one + two}, "AA 1,AA 2"},
		{"split", strings.SplitAfter(one+two, "|"), "AA 1,AA 2"},
		{"end without CR", []string{"\x0b" + string(numbered("1")) + "\x1c", two}, "AA 1,AA 2"},
		{"LF", []string{strings.ReplaceAll(one, "\r", "\n")}, "AA 1"},
		{"garbage first", []string{"\x00\xffhello" + one}, "AA 1"},
		{"restarted", []string{"\x0bMSH|^~\\&|cut" + one}, "AA 1"},
		{"no frame, then silence", []string{string(numbered("1"))}, "AA 1"},
		{"no frame, two", []string{string(numbered("1")) + string(numbered("2"))}, "AA 1,AA 2"},
		{"two messages in a frame", []string{"\x0b" + string(numbered("1")) + string(numbered("2")) + "\x1c\r"}, "AA 1,AA 2"},
		{"frame without header", []string{"\x0bhello\x1c\r" + one}, "AE ,AA 1"},
		{"acknowledgements are not answered", []string{"\x0bMSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AA|1\r\x1c\r" + one}, "AA 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, _ := start(t, ListenerOptions{Sink: &memorySink{}, SilenceTimeout: 20 * time.Millisecond})
			got := exchange(t, dialRaw(t, address), c.pieces, strings.Count(c.want, ",")+1)
			if strings.Join(got, ",") != c.want {
				t.Errorf("%q, want %s", got, c.want)
			}
		})
	}
}

func TestListener_EndOfStreamEndsAMessageWithoutFrame(t *testing.T) {
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}})
	conn := dialRaw(t, address).(*net.TCPConn)
	if _, err := conn.Write([]byte(strings.TrimSuffix(heartRate, "\r"))); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := exchange(t, conn, nil, 1); len(got) != 1 || got[0] != "AA 1" {
		t.Errorf("%q", got)
	}
}

// A stream that ends in a value may have been cut there: 13 was perhaps 137.
func TestListener_EndOfStreamInAValue(t *testing.T) {
	cut := strings.TrimSuffix(oru("OBX|1|NM|9279-1^RR^LN||16||||||F", "OBX|2|NM|8867-4^HR^LN||137"), "7\r")
	if reports, err := Decode([]byte(cut), time.UTC); err == nil {
		t.Errorf("decoded: %+v", reports)
	}
	sink := &memorySink{}
	address, stop := start(t, ListenerOptions{Sink: sink})
	conn := dialRaw(t, address).(*net.TCPConn)
	if _, err := conn.Write([]byte(cut)); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := exchange(t, conn, nil, 1); len(got) > 0 {
		t.Errorf("answered %q", got)
	}
	if stop(); sink.count() > 0 {
		t.Error("recorded")
	}
}

func TestListener_LimitAndSlowSender(t *testing.T) {
	long := "\x0bMSH|^~\\&|" + strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct {
		o      ListenerOptions
		stream string
		want   int
	}{
		"2 MiB without end":             {ListenerOptions{}, long, 0}, // the answer may be lost in the reset
		"started and never ended":       {ListenerOptions{FrameTimeout: 30 * time.Millisecond}, "\x0b" + heartRate, 1},
		"without frame, cut in a value": {ListenerOptions{FrameTimeout: 30 * time.Millisecond}, "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\rOBX|1|NM|8867-4^HR^LN||7", 1},
		"idle":                          {ListenerOptions{IdleTimeout: 30 * time.Millisecond}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &memorySink{}
			closed := make(chan error, 8)
			c.o.Sink = sink
			c.o.OnChange = func(peers int, last error) {
				if peers == 0 {
					closed <- last
				}
			}
			address, _ := start(t, c.o)
			got := exchange(t, dialRaw(t, address), []string{c.stream}, 2)
			if err := <-closed; err == nil {
				t.Error("closed without a reason")
			}
			for _, code := range got {
				if code != "AE " {
					t.Errorf("%q", code)
				}
			}
			if len(got) < c.want || sink.count() != 0 {
				t.Errorf("answers %q, %d stored", got, sink.count())
			}
		})
	}
}

// Debian's mllp_send (python3-hl7) gets its acknowledgement.
func TestListener_MllpSend(t *testing.T) {
	program, err := exec.LookPath("mllp_send")
	if err != nil {
		t.Skip("mllp_send (Debian package python3-hl7) is not installed")
	}
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	framed := filepath.Join(t.TempDir(), "framed.hl7")
	if err := os.WriteFile(framed, Frame([]byte(heartRate)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"--file", framed, "--port", port, "127.0.0.1"},
		{"--loose", "--file", "testdata/loinc_spot.hl7", "--port", port, "127.0.0.1"},
	} {
		out, err := exec.CommandContext(t.Context(), program, arguments...).Output()
		if err != nil || !strings.Contains(string(out), "MSA|AA|") {
			t.Errorf("%q, %v", out, err)
		}
	}
	if sink.count() != 2 {
		t.Errorf("%d stored", sink.count())
	}
}
