package simulator

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// The sound of the simulated stethoscope: 16-bit samples, one channel.
const (
	SoundRate  = 8000 // samples per second
	soundPiece = 20 * time.Millisecond
	soundWrite = 10 * time.Second // until a listener that takes nothing is given up
)

// StethoscopeOptions are what a simulated stethoscope is made of.
type StethoscopeOptions struct {
	Listen     string  // HOST:PORT
	HeartRate  float64 // beats per minute; 0: 72
	BreathRate float64 // breaths per minute; 0: 15
	Seed       uint64
	Logger     *slog.Logger
}

// A Stethoscope sends the sound of a heart and of lungs, as bare little-endian
// samples over TCP, to whoever connects: in real time, and from the beginning.
type Stethoscope struct {
	o        StethoscopeOptions
	listener net.Listener
}

// ListenStethoscope binds the address.
func ListenStethoscope(ctx context.Context, o StethoscopeOptions) (*Stethoscope, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, err
	}
	return &Stethoscope{o, listener}, nil
}

// Address is where it sends from.
func (s *Stethoscope) Address() string { return s.listener.Addr().String() }

// Close frees the address. It may be called more than once.
func (s *Stethoscope) Close() error { return s.listener.Close() }

// Sound is what each listener hears, from the beginning.
func (s *Stethoscope) Sound() *Auscultation {
	return NewAuscultation(SoundRate, s.o.HeartRate, s.o.BreathRate, s.o.Seed)
}

// Serve sends until ctx ends, or the address is freed.
func (s *Stethoscope) Serve(ctx context.Context) {
	var listeners sync.WaitGroup
	defer listeners.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.o.Logger.Warn("simulated stethoscope takes no listener", "error", err)
			pause(ctx, reconnectAfter)
			continue
		}
		listeners.Go(func() {
			if err := guarded(func() error { return s.send(ctx, conn) }); err != nil && ctx.Err() == nil {
				s.o.Logger.Debug("simulated stethoscope lost its listener", "error", err)
			}
		})
	}
}

// send sends what is due by the clock, piece by piece.
func (s *Stethoscope) send(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	sound := s.Sound()
	tick := time.NewTicker(soundPiece)
	defer tick.Stop()
	began, sent := time.Now(), 0
	for {
		due := int(time.Since(began)*SoundRate/time.Second) - sent
		if err := conn.SetWriteDeadline(time.Now().Add(soundWrite)); err != nil {
			return err
		}
		if _, err := conn.Write(sound.Next(due)); err != nil {
			return err
		}
		sent += due
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// An Auscultation is the sound of one heart and two lungs, the same each time
// that it is made of the same.
type Auscultation struct {
	rate, heart, breath float64 // samples, beats, breaths per second
	noise               *rand.Rand
	low, lower          float64 // of the noise, filtered
	n                   int     // samples made
}

// NewAuscultation is a sound of rate samples per second. heart and breath are
// per minute; 0: those of an adult at rest.
func NewAuscultation(rate int, heart, breath float64, seed uint64) *Auscultation {
	if heart == 0 {
		heart = 72
	}
	if breath == 0 {
		breath = 15
	}
	return &Auscultation{rate: float64(rate), heart: heart / 60, breath: breath / 60, noise: rand.New(rand.NewPCG(seed, 0x5354_4554))}
}

// Next is the next n samples, 16 bits each, little-endian.
func (a *Auscultation) Next(n int) []byte {
	b := make([]byte, 0, 2*max(0, n))
	for range n {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(a.sample()*math.MaxInt16)))
	}
	return b
}

// systole is how long the second heart sound, of the valves that close at its
// end, comes after the first, in seconds.
const systole = 0.31

func (a *Auscultation) sample() float64 {
	t := float64(a.n) / a.rate
	a.n++
	_, phase := math.Modf(t * a.heart)
	beat := phase / a.heart // seconds since the beat began
	heart := 0.38*thud(beat, 42, 0.030) + 0.28*thud(beat-systole, 58, 0.020)

	white := 2*a.noise.Float64() - 1
	a.low += 0.35 * (white - a.low)
	a.lower += 0.08 * (a.low - a.lower)
	effort := math.Sin(2 * math.Pi * a.breath * t)
	lungs := 0.05 * (a.low - a.lower) * (0.25 + max(effort, -0.4*effort)) // out is softer than in
	return heart + lungs
}

// thud is a valve that closes at t = 0: a sound that rises at once and dies away.
func thud(t, frequency, decay float64) float64 {
	if t < 0 {
		return 0
	}
	return math.Exp(-t/decay) * math.Sin(2*math.Pi*frequency*t)
}
