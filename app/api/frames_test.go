package api

import (
	"testing"

	"vitalien/app/station"
)

func TestFrames_EncodedOnceForAll(t *testing.T) {
	p := newPost(t)
	p.record(10)
	for _, f := range []form{formKligo, formR4} {
		shared := newFrames(p.station, f)
		one, cursor, err := shared.after(0)
		if err != nil || cursor != p.station.Head() || len(one) < 10 {
			t.Fatal(len(one), cursor, err)
		}
		two, _, err := shared.after(0)
		if err != nil || len(two) != len(one) {
			t.Fatal(len(two), err)
		}
		for i := range one {
			if &one[i].frame[0] != &two[i].frame[0] {
				t.Fatalf("form %q: packet %d was encoded twice", f, i)
			}
		}
	}
}

func TestFrames_AtTheHead(t *testing.T) {
	p := newPost(t)
	packets, cursor, err := newFrames(p.station, formKligo).after(0)
	if len(packets) != 0 || cursor != 0 || err != nil {
		t.Error(packets, cursor, err)
	}
}

// What is kept stays within its bounds, and who is behind it reads the log.
func TestFrames_Bounds(t *testing.T) {
	p := newPost(t)
	for range keepEvents + 300 {
		p.record(1)
	}
	p.record(4000)
	for _, f := range []form{formKligo, formR4} {
		shared := newFrames(p.station, f)
		read := func() (n, most int) {
			for cursor := uint64(0); cursor < p.station.Head(); {
				packets, next, err := shared.after(cursor)
				if err != nil || next <= cursor {
					t.Fatal(next, err)
				}
				size := 0
				for _, packet := range packets {
					size += len(packet.frame)
					n++
					if got, err := valueOf(string(packet.frame.packet())); err != nil || got != n {
						t.Fatalf("form %q: packet %d says %d, %v", f, n, got, err)
					}
				}
				cursor, most = next, max(most, size)
				if len(shared.known) > keepEvents || len(shared.known) != len(shared.order) || shared.bytes > keepBytes {
					t.Fatalf("form %q: keeps %d entries (%d in order), %d bytes", f, len(shared.known), len(shared.order), shared.bytes)
				}
			}
			return n, most
		}
		for range 2 { // the second time all begins behind what is kept
			n, most := read()
			if n != p.next-1 {
				t.Errorf("form %q: %d events, want %d", f, n, p.next-1)
			}
			if largest := 100 * 4096; most > pieceBytes+largest {
				t.Errorf("form %q: a piece of %d bytes", f, most)
			}
		}
	}
}

// One reading of the log can give more than is kept: what was asked for is
// handed out before it is forgotten.
func TestFrames_MoreThanIsKept(t *testing.T) {
	p := newPost(t)
	for range 30 {
		p.record(1)
		p.record(100)
	}
	for _, f := range []form{formKligo, formR4} {
		shared := newFrames(p.station, f)
		shared.most = 4 << 10
		n := 0
		for cursor := uint64(0); cursor < p.station.Head(); {
			packets, next, err := shared.after(cursor)
			if err != nil || next <= cursor || len(packets) == 0 {
				t.Fatalf("behind %d: %d packets up to %d, %v", cursor, len(packets), next, err)
			}
			n, cursor = n+len(packets), next
			if shared.bytes > shared.most && len(shared.order) > 1 {
				t.Fatalf("keeps %d bytes", shared.bytes)
			}
		}
		if n != p.next-1 {
			t.Errorf("form %q: %d packets, want %d", f, n, p.next-1)
		}
	}
}

// gap is a log that has more than it gives.
type gap struct{}

func (gap) ID() string                             { return "" }
func (gap) Head() uint64                           { return 3 }
func (gap) Follow(uint64) ([]station.Event, error) { return nil, nil }

// The client of such a log would ask for ever.
func TestFrames_NothingBehindIsAnError(t *testing.T) {
	shared := newFrames(gap{}, formKligo)
	if packets, cursor, err := shared.after(2); err == nil || cursor != 2 || len(packets) != 0 {
		t.Errorf("%d packets up to %d, %v", len(packets), cursor, err)
	}
	if _, cursor, err := shared.after(3); err != nil || cursor != 3 {
		t.Errorf("at the head: %d, %v", cursor, err)
	}
}
