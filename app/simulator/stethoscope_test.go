package simulator

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// TestAuscultation_IsTheSameAgain however it is asked for, and never too loud.
func TestAuscultation_IsTheSameAgain(t *testing.T) {
	whole := NewAuscultation(SoundRate, 0, 0, 7).Next(3 * SoundRate)
	again, parts := NewAuscultation(SoundRate, 72, 15, 7), []byte(nil)
	for _, n := range []int{0, 1, 159, 160, 3*SoundRate - 320} {
		parts = append(parts, again.Next(n)...)
	}
	if !bytes.Equal(whole, parts) {
		t.Error("two sounds of the same heart differ")
	}
	loudest := 0
	for ; len(whole) > 0; whole = whole[2:] {
		loudest = max(loudest, int(int16(binary.LittleEndian.Uint16(whole))))
	}
	if loudest < 6000 || loudest > 30_000 {
		t.Errorf("the loudest sample is %d", loudest)
	}
	if bytes.Equal(NewAuscultation(SoundRate, 0, 0, 8).Next(1000), parts[:2000]) {
		t.Error("two hearts sound the same")
	}
}

// TestStethoscope_EachHearsAllOfIt from the beginning, in real time.
func TestStethoscope_EachHearsAllOfIt(t *testing.T) {
	s, err := ListenStethoscope(t.Context(), StethoscopeOptions{Listen: "127.0.0.1:0", Seed: 3, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() { s.Serve(ctx) })
	defer serving.Wait()
	defer stop()
	var listening sync.WaitGroup
	for range 2 {
		listening.Go(func() {
			conn, err := net.Dial("tcp", s.Address())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			began, heard := time.Now(), make([]byte, SoundRate) // half a second
			if _, err := io.ReadFull(conn, heard); err != nil || !bytes.Equal(heard, s.Sound().Next(SoundRate/2)) {
				t.Error("other sound", err)
			}
			if took := time.Since(began); took < 400*time.Millisecond {
				t.Errorf("half a second of sound within %v", took)
			}
		})
	}
	listening.Wait()
}
