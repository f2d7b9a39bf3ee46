package stethoscope

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// rtp is a packet of sound.
func rtp(timestamp, source uint32, sound []byte) []byte {
	b := []byte{0x80, 96, 0, 0}
	b = binary.BigEndian.AppendUint32(b, timestamp)
	return append(binary.BigEndian.AppendUint32(b, source), sound...)
}

func TestParseRTP(t *testing.T) {
	sound := []byte{1, 2, 3, 4}
	plain := rtp(7, 9, sound)
	change := func(first byte, more ...byte) []byte {
		b := bytes.Clone(plain[:12])
		b[0] = first
		return append(b, more...)
	}
	for name, b := range map[string][]byte{
		"plain":        plain,
		"padding":      change(0xA0, 1, 2, 3, 4, 0, 0, 3),
		"extension":    change(0x90, 0xBE, 0xDE, 0, 1, 9, 9, 9, 9, 1, 2, 3, 4),
		"contributors": change(0x82, 9, 9, 9, 9, 8, 8, 8, 8, 1, 2, 3, 4),
		"all of them":  change(0xB1, 9, 9, 9, 9, 0, 0, 0, 0, 1, 2, 3, 4, 1),
	} {
		if p, ok := parseRTP(b); !ok || p.timestamp != 7 || p.source != 9 || p.payloadType != 96 || !bytes.Equal(p.payload, sound) {
			t.Errorf("%s: %+v, %v", name, p, ok)
		}
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "a part of a header": plain[:11], "version 1": change(0x40, sound...), "version 3": change(0xC0, sound...),
		"contributors missing": change(0x8F, sound...), "extension cut": change(0x90, 0xBE, 0xDE, 0, 2, 1, 2, 3, 4), "no extension": change(0x90, 1, 2),
		"padding of nothing": change(0xA0, 1, 2, 3, 0), "padding too long": change(0xA0, 1, 2, 3, 5), "padding alone missing": change(0xA0),
	} {
		if p, ok := parseRTP(b); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func FuzzRTP(f *testing.F) {
	f.Add(rtp(7, 9, []byte{1, 2, 3, 4}), rtp(9, 9, []byte{1, 2}))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		o := rtpOrder{format: phone}
		for _, b := range [][]byte{one, two, one} {
			sound, lost, ok := o.next(b)
			if ok && (len(sound) == 0 || len(sound)%2 != 0 || lost < 0 || lost > 80_000) {
				t.Fatalf("%d bytes, %d lost", len(sound), lost)
			}
		}
	})
}

// TestRTP_Order over the wrap of the timestamps.
func TestRTP_Order(t *testing.T) {
	var first uint32 = 1<<32 - 300
	o := rtpOrder{format: phone}
	for i, q := range []struct {
		packet []byte
		lost   int64
		ok     bool
	}{
		{rtp(first, 9, counted(0, 160)), 0, true},
		{rtp(first+160, 9, counted(160, 160)), 0, true},
		{rtp(first+160, 9, counted(160, 160)), 0, false}, // twice
		{rtp(first+480, 9, counted(480, 160)), 160, true},
		{rtp(first+320, 9, counted(320, 160)), 0, false}, // too late
		{rtp(first+640, 8, counted(640, 160)), 0, false}, // of another source
		{rtp(first+640, 9, counted(640, 160)[1:]), 0, false},
		{rtp(first+640, 9, nil), 0, false},
		{rtp(first+640+80_001, 9, counted(0, 160)), 0, false}, // of nowhere
		{rtp(first+640, 9, counted(640, 160)), 0, true},
	} {
		if _, lost, ok := o.next(q.packet); ok != q.ok || ok && lost != q.lost {
			t.Errorf("packet %d: %d lost, %v", i, lost, ok)
		}
	}
}

// A sender sends datagrams to a source that is open.
func sender(t *testing.T, stream Stream) *net.UDPConn {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, stream.(*datagrams).LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestDatagrams_OfOneSender: what others send, or what is no sound, is passed
// over.
func TestDatagrams_OfOneSender(t *testing.T) {
	be := phone
	be.Encoding = "s16be"
	for name, q := range map[string]struct {
		source Source
		wrap   func(n int) []byte
		lost   int64
	}{
		"udp": {UDP{"127.0.0.1:0", phone}, func(n int) []byte { return counted(160*n, 160) }, -1},
		"rtp": {RTP{"127.0.0.1:0", be}, func(n int) []byte { return rtp(uint32(160*n), 5, counted(160*n, 160)) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			stream, err := q.source.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			own, other := sender(t, stream), sender(t, stream)
			room := make([]byte, blockSize)
			send := func(c *net.UDPConn, b []byte) {
				if _, err := c.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			send(own, []byte{1, 2, 3}) // no sound
			for i := range 5 {
				send(own, q.wrap(i))
				n, lost, err := stream.Next(room)
				if err != nil || lost != q.lost || !bytes.Equal(room[:n], counted(160*i, 160)) {
					t.Fatalf("%d: %d bytes, %d lost, %v", i, n, lost, err)
				}
				send(other, q.wrap(i+1))
			}
			ended := make(chan error)
			go func() {
				_, _, err := stream.Next(room)
				ended <- err
			}()
			stream.Close()
			if err := <-ended; err == nil {
				t.Error("heard something of another")
			}
		})
	}
}

// A server lets one listener hear what say says, over TCP.
func server(t *testing.T, say func(io.Writer)) TCP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		say(conn)
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return TCP{l.Addr().String(), phone}
}

// TestTCP_Garbage: whatever comes is kept as it came, and told to be too loud to
// be heard; cuts within a sample change nothing.
func TestTCP_Garbage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	sent := make([]byte, 40_001)
	for i := range sent {
		sent[i] = byte(random.Uint32())
	}
	s := newStage(server(t, func(w io.Writer) {
		for rest := sent; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(3000))
			if _, err := w.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
	}))
	s.mustStart(t)
	last, _ := s.over()
	r := s.kept.ended[0]
	if last.State != Stopped || r.CutShort != "no_sound" || !r.Clipped || r.HeartHint != 0 || r.Samples != 20_000 || !bytes.Equal(s.kept.sound.sound, sent[:40_000]) {
		t.Errorf("%+v, %+v", last, r)
	}
}

// TestTCP_Flood: who sends without end, faster than sound, is stopped, and
// little is kept in memory.
func TestTCP_Flood(t *testing.T) {
	s := newStage(server(t, func(w io.Writer) {
		for block := counted(0, 30_000); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}), func(o *Options) { o.Limit = 30 * time.Minute })
	s.mustStart(t)
	last, _ := s.over()
	if last.Fault == nil || last.Fault.Code != codeWrongRate || len(s.kept.sound.sound) > 2*8000*10 {
		t.Errorf("%+v, %d bytes", last, len(s.kept.sound.sound))
	}
}

// TestTCP_NobodyThere is told as no sound.
func TestTCP_NobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := newStage(TCP{address, phone})
	if err := s.mustStart(t)(t.Context()); codeOf(err) != "no_sound" {
		t.Error(err)
	}
	if last, states := s.over(); last.State != Failed || !slices.Equal(states, []State{Connecting, Failed}) {
		t.Error(last, states)
	}
}

// TestRTP_Recording over a real socket: what is lost on the way is silence, of
// the right length, at the right place.
func TestRTP_Recording(t *testing.T) {
	be := phone
	be.Encoding = "s16be"
	opened := make(chan Stream, 1)
	told := make(chan Status, 1000)
	s := newStage(spied{RTP{"127.0.0.1:0", be}, opened}, func(o *Options) { o.OnChange = func(now Status) { told <- now } })
	s.mustStart(t)
	conn := sender(t, <-opened)
	for i := range 100 {
		if i == 30 || i == 31 || i == 70 {
			continue
		}
		if _, err := conn.Write(rtp(uint32(160*i), 5, counted(160*i, 160))); err != nil {
			t.Fatal(err)
		}
	}
	for now := range told {
		if now.Gaps == 2 && now.Length >= 97*20*time.Millisecond {
			break
		}
	}
	stored, err := s.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stored(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []fhirmap.SoundGap{{At: 30 * 160, Samples: 320}, {At: 70 * 160, Samples: 160}}
	if r := s.kept.ended[0]; !slices.Equal(r.Gaps, want) {
		t.Errorf("gaps %v, want %v", r.Gaps, want)
	}
	first := s.kept.sound.sound[:320]
	be.toWAV(first)
	if !bytes.Equal(first, counted(0, 160)) {
		t.Error("other sound")
	}
}

// spied hands on the stream that it opens.
type spied struct {
	Source
	opened chan Stream
}

func (s spied) Open(ctx context.Context) (Stream, error) {
	stream, err := s.Source.Open(ctx)
	s.opened <- stream
	return stream, err
}
