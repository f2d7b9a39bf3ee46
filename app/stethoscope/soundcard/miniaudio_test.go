//go:build cgo && !headless

package soundcard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// TestSource_Null listens to miniaudio's own device through the code that others
// are listened to, in each form.
func TestSource_Null(t *testing.T) {
	for _, encoding := range []string{"u8", "s16le", "s24le", "s32le", "f32le"} {
		s := Source{Sound: stethoscope.Format{Rate: 8000, Channels: 1, Encoding: encoding}, null: true}
		stream, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(encoding, err)
		}
		room := make([]byte, 7) // smaller than a block
		for heard := 0; heard < 4000; {
			n, lost, err := stream.Next(room)
			if err != nil || n == 0 || lost > 0 || encoding != "u8" && !bytes.Equal(room[:n], make([]byte, n)) {
				t.Fatal(encoding, n, lost, err, room[:n])
			}
			heard += n
		}
		if err := stream.Close(); err != nil {
			t.Error(encoding, err)
		}
		for err == nil { // what had come may come first
			_, _, err = stream.Next(room)
		}
		if !errors.Is(err, io.EOF) {
			t.Error(encoding, err)
		}
	}
}

func TestSource_Refuses(t *testing.T) {
	sound := stethoscope.Format{Rate: 8000, Channels: 1, Encoding: "s16le"}
	be := sound
	be.Encoding = "s16be"
	for name, s := range map[string]Source{
		"a form that it has not": {Sound: be, null: true}, "an input that is not there": {Sound: sound, Name: "no such input", null: true},
	} {
		if _, err := s.Open(t.Context()); err == nil || fhirmap.FaultOf(err).Code != "no_sound" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCapture_NoRoom: what finds no room is told as lost, before what comes next.
func TestCapture_NoRoom(t *testing.T) {
	c := &capture{blocks: make(chan block, 1), ended: make(chan struct{})}
	c.heard(nil, []byte{1, 2}, 1)
	c.heard(nil, []byte{3, 4, 5, 6}, 2)
	room := make([]byte, 9)
	if n, lost, err := c.Next(room); n != 2 || lost != -1 || err != nil {
		t.Error(n, lost, err)
	}
	for _, want := range []int64{2, -1} {
		c.heard(nil, []byte{7, 8}, 1)
		if n, lost, err := c.Next(room); n != 2 || lost != want || err != nil || room[0] != 7 {
			t.Error(n, lost, err)
		}
	}
}

// TestSpeaker_Null plays on miniaudio's own device through the code that others
// are played on.
func TestSpeaker_Null(t *testing.T) {
	if err := (Speaker{null: true}).Play(t.Context(), 44100, make([]int16, 4410)); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Speaker{null: true}).Play(ctx, 44100, make([]int16, 441000)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSpeaker_OfThisComputer plays nothing, where there is an output, and says
// that there is none elsewhere.
func TestSpeaker_OfThisComputer(t *testing.T) {
	if err := (Speaker{}).Play(t.Context(), 44100, nil); err != nil && fhirmap.FaultOf(err).Code != "no_speaker" {
		t.Error(err)
	}
}

func TestPlayback_GivesEverySampleOnce(t *testing.T) {
	p := newPlayback(1000, []int16{1, -2, 3})
	var heard []byte
	for range 200 {
		room := bytes.Repeat([]byte{0xFF}, 4)
		p.wanted(room, nil, 2)
		heard = append(heard, room...)
	}
	select {
	case <-p.played:
	default:
		t.Error("does not come to its end")
	}
	want := []byte{1, 0, 0xFE, 0xFF, 3, 0}
	if !bytes.Equal(heard[:6], want) || !bytes.Equal(heard[6:], make([]byte, len(heard)-6)) {
		t.Error(heard[:20])
	}
	p.stopped()
	p.stopped()
}
