package hl7link

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cut feeds data in chunks of size and gives the messages, with a flush at
// the end.
func cut(t *testing.T, s *Splitter, data []byte, size int) []string {
	t.Helper()
	var messages []string
	take := func() {
		for {
			m, err := s.Next()
			if err != nil {
				t.Fatal(err)
			}
			if m == nil {
				return
			}
			messages = append(messages, string(m))
		}
	}
	for len(data) > 0 {
		n := min(size, len(data))
		s.Feed(data[:n])
		data = data[n:]
		take()
	}
	if m := s.Flush(); m != nil {
		messages = append(messages, string(m))
	}
	return messages
}

func TestSplitter(t *testing.T) {
	for _, c := range []struct {
		name, stream    string
		want            []string
		dropped, broken int
		begun           bool
	}{
		{name: "one frame", stream: "\x0bMSH|a\r\x1c\r", want: []string{"MSH|a\r"}},
		{name: "two frames", stream: "\x0bmsg1\x1c\r\x0bmsg2\x1c\r", want: []string{"msg1", "msg2"}},
		{name: "end without CR", stream: "\x0bmsg1\x1c\x0bmsg2\x1c", want: []string{"msg1", "msg2"}},
		{name: "end with LF", stream: "\x0bmsg1\x1c\n\x0bmsg2\x1c\r\n", want: []string{"msg1", "msg2"}},
		{name: "empty frames", stream: "\x0b\x1c\r\x0b\r\n\x1c\r\x0bm\x1c\r", want: []string{"m"}},
		{name: "garbage before", stream: "xyz\x0bm\x1c\r", want: []string{"m"}, dropped: 3},
		{name: "garbage between", stream: "\x0ba\x1c\rxMSH|q\x0bb\x1c\r", want: []string{"a", "b"}, dropped: 6},
		{name: "restart", stream: "\x0bMSH|lost\x0bMSH|kept\x1c\r", want: []string{"MSH|kept"}, broken: 1},
		{name: "doubled start", stream: "\x0b\x0bMSH|kept\x1c\r", want: []string{"MSH|kept"}},
		{name: "no start", stream: "6d\x1c\r", dropped: 2},
		{name: "no end", stream: "\x0bmsg\r", begun: true},
		{name: "raw", stream: "MSH|1\rPID|\r", want: []string{"MSH|1\rPID|\r"}},
		{name: "raw, two", stream: "MSH|1\nPID|\nMSH|2\nPID|", want: []string{"MSH|1\nPID|\n", "MSH|2\nPID|"}},
		{name: "raw then frame", stream: "MSH|1\r\x0bMSH|2\x1c\r", want: []string{"MSH|1\r", "MSH|2"}},
		{name: "frame then raw", stream: "\x0bMSH|1\x1c\rMSH|2\r", want: []string{"MSH|1", "MSH|2\r"}},
		{name: "raw with end", stream: "MSH|1\r\x1c\rMSH|2\r", want: []string{"MSH|1\r", "MSH|2\r"}},
		{name: "MSH within a line", stream: "MSH|1|MSH|x\rOBX|MSH\r", want: []string{"MSH|1|MSH|x\rOBX|MSH\r"}},
		{name: "batch", stream: "FHS|^\rBHS|^\rMSH|1\rBTS|1\r", want: []string{"FHS|^\rBHS|^\r", "MSH|1\rBTS|1\r"}},
		{name: "byte order mark", stream: "\xEF\xBB\xBFMSH|1\r", want: []string{"MSH|1\r"}},
	} {
		for _, size := range []int{1, 2, 3, 5, 1000} {
			s := NewSplitter(1000)
			got := cut(t, s, []byte(c.stream), size)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s in pieces of %d: %s", c.name, size, diff)
			}
			begun, _ := s.Pending()
			if s.Dropped != c.dropped || s.Broken != c.broken || begun != c.begun {
				t.Errorf("%s in pieces of %d: dropped %d broken %d begun %v", c.name, size, s.Dropped, s.Broken, begun)
			}
		}
	}
}

// The framing cases of github.com/GoogleCloudPlatform/mllp, mllp_test.go
// (Apache-2.0). A missing CR is accepted here: devices leave it out.
func TestSplitter_GoogleCases(t *testing.T) {
	for stream, want := range map[string][]string{
		"0b1c0d":                         nil,
		"0b6d73671c0d":                   {"msg"},
		"0b6d73670d6d73671c0d":           {"msg\rmsg"},
		"0b6d7367311c0d0b6d7367321c0d":   {"msg1", "msg2"},
		"6d73671c0d":                     nil,
		"0b6d73670d":                     nil,
		"0b6d73671c":                     {"msg"},
		"0b0d":                           nil,
		"":                               nil,
		"0b0b6d73671c0d":                 {"msg"},
		"0b6d7367310b6d7367321c0d6d1c0d": {"msg2"},
	} {
		data, err := hex.DecodeString(stream)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, cut(t, NewSplitter(0), data, 3)); diff != "" {
			t.Errorf("%s: %s", stream, diff)
		}
	}
}

func TestSplitter_Limit(t *testing.T) {
	for _, c := range []struct {
		stream string
		long   bool
	}{
		{"\x0b" + "0123456789\x1c\r", false},
		{"\x0b" + "0123456789A\x1c\r", true},
		{"\x0b" + "0123456789A", true},
		{"MSH|5678901234", true},
	} {
		s := NewSplitter(10)
		s.Feed([]byte(c.stream))
		_, err := s.Next()
		if got := errors.Is(err, ErrFrameTooLong); got != c.long {
			t.Errorf("%q: %v", c.stream, err)
		}
	}
}

// Whatever the chunks, and whatever stands between, a well-formed frame comes
// out whole.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("MSH|^~\\&|A\rPID|1\r"), []byte("garbage"), 1)
	f.Add([]byte("MSH|"), []byte("MSH|^~\\&|\r"), 3)
	f.Add([]byte("x"), []byte("\x0bMSH|cut"), 2)
	f.Add([]byte("x"), []byte("FHS|\rMS"), 4)
	f.Fuzz(func(t *testing.T, message, noise []byte, size int) {
		if bytes.ContainsAny(message, "\x0b\x1c") || len(bytes.TrimSpace(message)) == 0 {
			return
		}
		stream := append(append([]byte{}, noise...), Frame(message)...)
		stream = append(stream, Frame(message)...)
		size = max(1, size&0xFF)
		got := cut(t, NewSplitter(1<<20), stream, size)
		n := len(got)
		if n < 2 || got[n-1] != string(message) || got[n-2] != string(message) {
			t.Fatalf("%q in pieces of %d gave %q", stream, size, got)
		}
		if diff := cmp.Diff(cut(t, NewSplitter(1<<20), stream, len(stream)), got); diff != "" {
			t.Fatalf("depends on the pieces: %s", diff)
		}
	})
}
