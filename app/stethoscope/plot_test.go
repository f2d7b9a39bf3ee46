package stethoscope

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
	"time"
)

// TestTransform against the sum that defines it.
func TestTransform(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 4, 64, 256} {
		x := make([]complex128, n)
		for i := range x {
			x[i] = complex(random.NormFloat64(), random.NormFloat64())
		}
		want := make([]complex128, n)
		for k := range want {
			for i, v := range x {
				want[k] += v * cmplx.Exp(complex(0, -2*math.Pi*float64(k*i)/float64(n)))
			}
		}
		transform(x)
		for k := range x {
			if cmplx.Abs(x[k]-want[k]) > 1e-9*float64(n) {
				t.Fatalf("%d of %d: %v, want %v", k, n, x[k], want[k])
			}
		}
	}
}

// tone is a second each of silence and of tones of these frequencies.
func tone(rate int, hertz ...float64) (sound []byte) {
	for _, f := range append([]float64{0}, hertz...) {
		for i := range rate {
			v := 0.5 * math.Sin(2*math.Pi*f*float64(i)/float64(rate))
			sound = binary.LittleEndian.AppendUint16(sound, uint16(int16(v*math.MaxInt16)))
		}
	}
	return sound
}

func TestPlot_ShowsWhatIsHeard(t *testing.T) {
	for _, rate := range []int{4000, 8000, 44_100} {
		sound := tone(rate, 100, 600)
		f := Format{rate, 1, "s16be"} // which its Keeper gets as WAV has it
		p, err := NewPlot(recordingOf(f, int64(3*rate)), bytes.NewReader(sound), 300)
		if err != nil || p.Length != 3*time.Second || len(p.Bars) != 300 || len(p.Power) != 300 {
			t.Fatal(err, p.Length, len(p.Bars))
		}
		for column, hertz := range map[int]float64{150: 100, 250: 600} {
			if b := p.Bars[column]; b.Low > -0.45 || b.High < 0.45 {
				t.Errorf("column %d: %v", column, b)
			}
			strongest := 0
			for band, power := range p.Power[column] {
				if power > p.Power[column][strongest] {
					strongest = band
				}
			}
			if have := float64(strongest) * PlotTop / PlotBands; math.Abs(have-hertz) > 40 {
				t.Errorf("%d samples a second: %v Hz instead of %v", rate, have, hertz)
			}
		}
		if p.Bars[50] != (Bar{}) || p.Power[50] != ([PlotBands]byte{}) {
			t.Errorf("silence: %v", p.Bars[50])
		}
	}
}

func TestPlot_Edges(t *testing.T) {
	f := Format{8000, 2, "u8"}
	if p, err := NewPlot(recordingOf(f, 3), bytes.NewReader(bytes.Repeat([]byte{128}, 6)), 100); err != nil || len(p.Bars) != 3 || p.Bars[2] != (Bar{}) {
		t.Error(p, err)
	}
	if _, err := NewPlot(recordingOf(f, 300), bytes.NewReader(make([]byte, 100)), 100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if _, err := NewPlot(recordingOf(Format{}, 300), nil, 100); err == nil {
		t.Error("a form that is not known")
	}
}
