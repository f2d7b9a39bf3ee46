package stethoscope

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

var (
	phone   = Format{Rate: 8000, Channels: 1, Encoding: "s16le"}
	evening = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
)

// A shelf keeps the pieces that a take hands on.
type shelf struct {
	sound []byte
	full  int // bytes that it has room for; 0: any number
}

var errFull = &fhirmap.Fault{Code: "disk_full", English: "the shelf is full", French: "L’étagère est pleine."}

func (s *shelf) keep(at int64, piece []byte) error {
	if s.full > 0 && len(s.sound)+len(piece) > s.full {
		return errFull
	}
	if at != int64(len(s.sound)) {
		return errors.New("a piece that does not follow")
	}
	s.sound = append(s.sound, piece...)
	return nil
}

// counted is n samples, each another, from the first on.
func counted(first, n int) (sound []byte) {
	for i := range n {
		sound = binary.LittleEndian.AppendUint16(sound, uint16(first+i))
	}
	return sound
}

// A player lets a take hear sound at the times of a test.
type player struct {
	t    *testing.T
	take *take
	kept *shelf
	now  time.Time
	sent int // samples
}

func newPlayer(t *testing.T, limit time.Duration) *player {
	kept := &shelf{}
	return &player{t: t, take: newTake(phone, limit, kept.keep), kept: kept, now: evening}
}

// play sends sound of that length in real time, speed times as fast.
func (p *player) play(d time.Duration, speed int) error {
	const step = 20 * time.Millisecond
	for range d / step {
		n := 160 * speed
		if err := p.take.add(p.now, counted(p.sent, n), -1); err != nil {
			return err
		}
		p.sent += n
		p.now = p.now.Add(step)
	}
	return nil
}

func (p *player) mustPlay(d time.Duration) {
	p.t.Helper()
	if err := p.play(d, 1); err != nil {
		p.t.Fatal(err)
	}
}

// finish gives the recording, whose gaps are silence and whose other samples are
// those that were sent, in their order.
func (p *player) finish() (r fhirmap.Recording) {
	p.t.Helper()
	if err := p.take.finish(); err != nil {
		p.t.Fatal(err)
	}
	p.take.describe(&r)
	if int64(len(p.kept.sound)) != 2*r.Samples {
		p.t.Fatalf("%d bytes of %d samples", len(p.kept.sound), r.Samples)
	}
	rest := p.kept.sound
	for _, g := range slices.Backward(r.Gaps) {
		gap := rest[2*g.At : 2*(g.At+g.Samples)]
		if !bytes.Equal(gap, make([]byte, len(gap))) {
			p.t.Errorf("gap at %d is not silent", g.At)
		}
		rest = slices.Delete(slices.Clone(rest), int(2*g.At), int(2*(g.At+g.Samples)))
	}
	if want := counted(0, len(rest)/2); !bytes.Equal(rest, want) {
		p.t.Error("the sound is not the one that was sent")
	}
	return r
}

func TestTake_KeepsEverySample(t *testing.T) {
	p := newPlayer(t, time.Minute)
	p.mustPlay(10 * time.Second)
	if r := p.finish(); r.Samples != 80_000 || r.Gaps != nil {
		t.Errorf("%d samples, gaps %v", r.Samples, r.Gaps)
	}
}

// TestTake_AnySplit: samples may come cut anywhere.
func TestTake_AnySplit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := Format{
			Rate: rapid.IntRange(MinRate, MaxRate).Draw(rt, "rate"), Channels: rapid.IntRange(1, 2).Draw(rt, "channels"),
			Encoding: rapid.SampledFrom(Encodings()).Draw(rt, "encoding"),
		}
		sound := make([]byte, rapid.IntRange(0, 50_000).Draw(rt, "bytes"))
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		for i := range sound {
			sound[i] = byte(random.Uint32())
		}
		kept := &shelf{}
		tk := newTake(f, time.Hour, kept.keep)
		for rest := bytes.Clone(sound); len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 7001)).Draw(rt, "part")
			if err := tk.add(evening, rest[:n], -1); err != nil && fhirmap.FaultOf(err).Code != codeWrongRate {
				rt.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := tk.finish(); err != nil {
			rt.Fatal(err)
		}
		if tk.pace.wrong() != "" {
			return // more than the time allows
		}
		want := sound[:len(sound)/f.frame()*f.frame()]
		f.toWAV(want)
		if !bytes.Equal(kept.sound, want) {
			rt.Errorf("%d bytes, want %d", len(kept.sound), len(want))
		}
	})
}

// TestTake_StallThatLosesSound: what is missing is silence, where it is missing.
func TestTake_StallThatLosesSound(t *testing.T) {
	p := newPlayer(t, time.Minute)
	p.mustPlay(3 * time.Second)
	p.now = p.now.Add(2 * time.Second)
	p.mustPlay(3 * time.Second)
	r := p.finish()
	if len(r.Gaps) != 1 || r.Gaps[0].At != 24_000 || r.Gaps[0].Samples != 16_000 || r.Samples != 64_000 {
		t.Errorf("%d samples, gaps %v", r.Samples, r.Gaps)
	}
}

// TestTake_StallThatOnlyDelays: nothing is missing when everything comes later,
// at once or little by little.
func TestTake_StallThatOnlyDelays(t *testing.T) {
	for name, speed := range map[string]int{"at once": 100, "quickly": 3, "slowly": 2} {
		t.Run(name, func(t *testing.T) {
			p := newPlayer(t, time.Minute)
			p.mustPlay(3 * time.Second)
			p.now = p.now.Add(2 * time.Second)
			catchUp := 2 * time.Second / time.Duration(speed-1)
			if err := p.play(catchUp-catchUp%(20*time.Millisecond)+20*time.Millisecond, speed); err != nil {
				t.Fatal(err)
			}
			p.mustPlay(3 * time.Second)
			if r := p.finish(); r.Gaps != nil || r.Samples != int64(p.sent) {
				t.Errorf("%d samples of %d, gaps %v", r.Samples, p.sent, r.Gaps)
			}
		})
	}
}

// TestTake_SecondStallBeforeTheFirstIsClear: each gap stands where it was.
func TestTake_SecondStallBeforeTheFirstIsClear(t *testing.T) {
	p := newPlayer(t, time.Minute)
	p.mustPlay(2 * time.Second)
	p.now = p.now.Add(1 * time.Second)
	p.mustPlay(500 * time.Millisecond)
	p.now = p.now.Add(1 * time.Second)
	p.mustPlay(500 * time.Millisecond)
	r := p.finish()
	want := []fhirmap.SoundGap{{At: 16_000, Samples: 8000}, {At: 16_000 + 8000 + 4000, Samples: 8000}}
	if !slices.Equal(r.Gaps, want) {
		t.Errorf("gaps %v, want %v", r.Gaps, want)
	}
}

// TestTake_SourceTellsWhatIsMissing needs no clock.
func TestTake_SourceTellsWhatIsMissing(t *testing.T) {
	p := newPlayer(t, time.Minute)
	for i, lost := range []int64{0, 0, 480, 0} {
		if err := p.take.add(p.now, counted(160*i, 160), lost); err != nil {
			t.Fatal(err)
		}
		p.now = p.now.Add(time.Duration(160+lost) * time.Second / 8000)
	}
	r := p.finish()
	if want := []fhirmap.SoundGap{{At: 320, Samples: 480}}; !slices.Equal(r.Gaps, want) || r.Samples != 4*160+480 {
		t.Errorf("%d samples, gaps %v, want %v", r.Samples, r.Gaps, want)
	}
}

// TestTake_WrongRate: sound that is too fast or too slow is not taken for what it
// is not, and noticed within seconds.
func TestTake_WrongRate(t *testing.T) {
	for name, change := range map[string]func(*player) error{
		"doubled":            func(p *player) error { return p.play(20*time.Second, 2) },
		"everything at once": func(p *player) error { return p.play(time.Second, 100) },
		"halved": func(p *player) error {
			for range 1000 {
				if err := p.take.add(p.now, counted(p.sent, 80), -1); err != nil {
					return err
				}
				p.now = p.now.Add(20 * time.Millisecond)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlayer(t, time.Minute)
			p.mustPlay(5 * time.Second)
			began := p.now
			if err := change(p); err == nil || fhirmap.FaultOf(err).Code != codeWrongRate {
				t.Fatal(err)
			}
			if took := p.now.Sub(began); took > 7*time.Second {
				t.Errorf("noticed after %v", took)
			}
		})
	}
}

func TestTake_Limit(t *testing.T) {
	p := newPlayer(t, 1250*time.Millisecond)
	p.mustPlay(3 * time.Second)
	if r := p.finish(); r.Samples != 10_000 || !p.take.full() {
		t.Errorf("%d samples", r.Samples)
	}
	p = newPlayer(t, 2*time.Second) // which ends within a gap
	p.mustPlay(time.Second)
	p.now = p.now.Add(5 * time.Second)
	p.mustPlay(2 * time.Second)
	if r := p.finish(); r.Samples != 16_000 || len(r.Gaps) != 1 || r.Gaps[0].Samples != 8000 {
		t.Errorf("%d samples, gaps %v", r.Samples, r.Gaps)
	}
}

// TestTake_DiskFull: what was handed on is the recording, and no more.
func TestTake_DiskFull(t *testing.T) {
	p := newPlayer(t, time.Minute)
	p.kept.full = 20_000
	if err := p.play(3*time.Second, 1); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	if r := p.finish(); r.Samples != 8000 || len(p.kept.sound) != 16_000 {
		t.Errorf("%d samples, %d bytes", r.Samples, len(p.kept.sound))
	}
}

// FuzzTake: whatever a source sends, and whenever, what is kept is whole samples
// with gaps that lie within them, and no more than the limit.
func FuzzTake(f *testing.F) {
	f.Add([]byte{1, 10, 200, 3, 250, 7, 255, 255, 0, 0, 0, 9}, false)
	f.Fuzz(func(t *testing.T, script []byte, exact bool) {
		kept, now := &shelf{}, evening
		tk := newTake(phone, 3*time.Second, kept.keep)
		var r fhirmap.Recording
		for len(script) >= 3 && !tk.full() {
			now = now.Add(time.Duration(script[0]) * 10 * time.Millisecond)
			lost := int64(-1)
			if exact {
				lost = int64(script[2])
			}
			if tk.add(now, make([]byte, int(script[1])*13), lost) != nil {
				break
			}
			script = script[3:]
		}
		if err := tk.finish(); err != nil {
			t.Fatal(err)
		}
		tk.describe(&r)
		r.ID, r.Device = "x", DeviceOf("ekuorePro_1")
		if r.Samples > 0 {
			if err := r.Validate(); err != nil || r.Samples > 24_000 || int64(len(kept.sound)) != 2*r.Samples {
				t.Fatal(err, r.Samples, len(kept.sound))
			}
		}
		if _, err := WAV(&r, bytes.NewReader(kept.sound), int64(len(kept.sound))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFormat_Check(t *testing.T) {
	for _, f := range []Format{
		{8000, 1, ""}, {8000, 1, "mp3"}, {0, 1, "u8"}, {999, 1, "u8"}, {192_001, 1, "u8"}, {8000, 0, "u8"}, {8000, 3, "u8"},
	} {
		if f.Check() == nil {
			t.Errorf("%+v passes", f)
		}
	}
}
