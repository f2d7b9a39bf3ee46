package stethoscope

import (
	"math"
	"math/rand/v2"
	"testing"

	"vitalien/app/simulator"
)

// beats is a heart of so many beats a minute: two sounds each, as a stethoscope
// hears them, over noise.
func beats(rate, perMinute int, seconds, noise float64) func(add func(float64)) {
	random := rand.New(rand.NewPCG(1, 2))
	period := 60 / float64(perMinute)
	thud := func(t, f, decay float64) float64 {
		if t < 0 {
			return 0
		}
		return math.Exp(-t/decay) * math.Sin(2*math.Pi*f*t)
	}
	return func(add func(float64)) {
		for i := range int(seconds * float64(rate)) {
			t := math.Mod(float64(i)/float64(rate), period)
			add(0.4*thud(t, 42, 0.03) + 0.28*thud(t-0.42*math.Sqrt(period)*0.8, 58, 0.02) + noise*(2*random.Float64()-1))
		}
	}
}

func TestHeart_KnownRates(t *testing.T) {
	for _, rate := range []int{4000, 8000, 44_100} {
		for _, bpm := range []int{48, 60, 72, 95, 120, 150} {
			h := newHeart(rate)
			beats(rate, bpm, 20, 0.05)(h.add)
			if have := h.hint(); math.Abs(float64(have-bpm)) > 2 {
				t.Errorf("%d samples a second, %d beats a minute: %d", rate, bpm, have)
			}
		}
	}
}

// TestHeart_Simulated: the rate of the demonstration's heart is found in its
// sound, over its breath.
func TestHeart_Simulated(t *testing.T) {
	for _, bpm := range []int{55, 72, 110} {
		m := newMeter(phone)
		m.add(simulator.NewAuscultation(phone.Rate, float64(bpm), 15, uint64(bpm)).Next(20 * phone.Rate))
		if r := m.read(); math.Abs(float64(r.hint-bpm)) > 2 || r.clipped || r.silent {
			t.Errorf("%d beats a minute: %+v", bpm, r)
		}
	}
}

// TestHeart_NoneIsFound: a hint that is wrong is worse than none.
func TestHeart_NoneIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, sound := range map[string]func(i int) float64{
		"silence": func(int) float64 { return 0 },
		"noise":   func(int) float64 { return 2*random.Float64() - 1 },
		"hum":     func(i int) float64 { return math.Sin(2 * math.Pi * 50 * float64(i) / 8000) },
		"breath":  func(i int) float64 { return (2*random.Float64() - 1) * (1 + math.Sin(2*math.Pi*0.25*float64(i)/8000)) },
		"a rate that changes": func(i int) float64 {
			t := float64(i) / 8000
			return math.Exp(-20*math.Mod(t*(0.8+t/12), 1)) * math.Sin(2*math.Pi*45*t)
		},
	} {
		h := newHeart(8000)
		for i := range 8000 * 20 {
			h.add(sound(i))
		}
		if have := h.hint(); have != 0 {
			t.Errorf("%s: %d", name, have)
		}
	}
	h := newHeart(8000)
	beats(8000, 72, 10, 0)(h.add)
	if have := h.hint(); have != 0 {
		t.Errorf("ten seconds: %d", have)
	}
}

func TestMeter_TellsWhatIsWrong(t *testing.T) {
	m := newMeter(phone)
	m.add(counted(0, 0))
	if r := m.read(); r.silent || r.clipping || r.level != 0 {
		t.Errorf("nothing: %+v", r)
	}
	m.add(make([]byte, 2*8000*3))
	if r := m.read(); !r.silent || r.level != 0 {
		t.Errorf("silence: %+v", r)
	}
	loud := make([]byte, 0, 32_000)
	for range 8000 {
		loud = append(loud, 0xFF, 0x7F, 0x00, 0x80)
	}
	m.add(loud)
	if r := m.read(); r.silent || !r.clipping || !r.clipped || r.level < 0.99 {
		t.Errorf("too loud: %+v", r)
	}
	m.add(counted(1000, 20_000))
	if r := m.read(); r.clipping || !r.clipped {
		t.Errorf("in order again: %+v", r)
	}
	if wave := m.wave(); len(wave) != 750 || wave[0] != (Bar{}) || wave[749].High <= wave[749].Low {
		t.Errorf("%d bars, from %v to %v", len(wave), wave[0], wave[len(wave)-1])
	}
	m.add(make([]byte, 2*8000*8))
	if wave := m.wave(); len(wave) != 800 || wave[0] != (Bar{}) || wave[799] != (Bar{}) {
		t.Errorf("%d bars", len(wave))
	}
}

// TestEncodings_FullScale: the loudest of each is a 1, half is a half, and
// nothing is nothing.
func TestEncodings_FullScale(t *testing.T) {
	for name, samples := range map[string][3][]byte{
		"u8": {{255}, {64}, {128}}, "s16le": {{0xFF, 0x7F}, {0x00, 0xC0}, {0, 0}}, "s16be": {{0x7F, 0xFF}, {0xC0, 0x00}, {0, 0}},
		"s24le": {{0xFF, 0xFF, 0x7F}, {0, 0, 0xC0}, {0, 0, 0}}, "s32le": {{0xFF, 0xFF, 0xFF, 0x7F}, {0, 0, 0, 0xC0}, {0, 0, 0, 0}},
		"f32le": {{0, 0, 0x80, 0x3F}, {0, 0, 0, 0xBF}, {0, 0, 0, 0}},
	} {
		for i, want := range []float64{1, -0.5, 0} {
			if have := encodings[name].value(samples[i]); math.Abs(have-want) > 0.01 {
				t.Errorf("%s: %v, want %v", name, have, want)
			}
		}
	}
	if len(Encodings()) != 6 {
		t.Error(Encodings())
	}
	for _, odd := range [][]byte{{0, 0, 0xC0, 0x7F}, {0, 0, 0x80, 0x7F}} { // NaN and infinity
		if v := encodings["f32le"].value(odd); v != 1 {
			t.Errorf("%v: %v", odd, v)
		}
	}
}
