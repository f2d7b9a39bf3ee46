package stethoscope

import (
	"math"
	"sync"
	"time"
)

const (
	barLength    = 10 * time.Millisecond // of sound in one Bar
	waveLength   = 8 * time.Second       // of sound that a Wave shows
	silentBelow  = 1.0 / 1024            // of full scale, −60 dB
	silentAfter  = 2 * time.Second
	clippedAbove = 0.99       // of full scale
	clippedPart  = 1.0 / 2000 // of the samples of a second: less is a knock
	levelLength  = 250 * time.Millisecond
)

// A Bar is the lowest and the highest value of 10 ms of sound, −1 to 1.
type Bar struct{ Low, High float32 }

// A meter tells of sound what people must know at once. It may be read while it
// is added to.
type meter struct {
	format Format

	mu    sync.Mutex // guards what follows
	heart heart

	bars     []Bar // the newest of waveLength, a ring
	next     int   // where the next one goes
	bar      Bar
	inBar    int
	perBar   int
	quiet    int64 // samples since the last that was no silence
	second   int64 // samples of the second under way
	loud     int64 // of them too loud
	clipping bool  // in the second before
	clipped  bool  // at any time
}

func newMeter(f Format) *meter {
	return &meter{
		format: f, heart: newHeart(f.Rate), bars: make([]Bar, 0, int(waveLength/barLength)),
		perBar: max(1, int(f.samples(barLength))),
	}
}

// add takes over whole samples, in the order of bytes of the source.
func (m *meter) add(sound []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := encodings[m.format.Encoding]
	for frame := m.format.frame(); len(sound) >= frame; sound = sound[frame:] {
		var sum float64
		loud, quiet := false, true
		for c := range m.format.Channels {
			v := e.value(sound[c*e.size:])
			sum += v
			loud = loud || math.Abs(v) >= clippedAbove
			quiet = quiet && math.Abs(v) < silentBelow
		}
		m.sample(sum/float64(m.format.Channels), loud, quiet)
	}
}

func (m *meter) sample(v float64, loud, quiet bool) {
	m.heart.add(v)
	if m.quiet++; !quiet {
		m.quiet = 0
	}
	if loud {
		m.loud++
	}
	if m.second++; m.second >= int64(m.format.Rate) {
		m.clipping = float64(m.loud) > clippedPart*float64(m.format.Rate)
		m.clipped = m.clipped || m.clipping
		m.second, m.loud = 0, 0
	}
	if m.inBar == 0 {
		m.bar = Bar{float32(v), float32(v)}
	} else {
		m.bar = Bar{min(m.bar.Low, float32(v)), max(m.bar.High, float32(v))}
	}
	if m.inBar++; m.inBar >= m.perBar {
		m.push(m.bar)
		m.inBar = 0
	}
}

func (m *meter) push(b Bar) {
	if len(m.bars) < cap(m.bars) {
		m.bars = append(m.bars, b)
		return
	}
	m.bars[m.next] = b
	m.next = (m.next + 1) % len(m.bars)
}

// gap: what comes next does not follow what came before.
func (m *meter) gap() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heart.restart()
}

// A reading is what a meter tells at one moment.
type reading struct {
	silent   bool    // nothing is heard any more
	clipping bool    // in the last second
	clipped  bool    // at any time
	level    float32 // the loudest of the last moment, 0 to 1
	hint     int     // of the heart rate
}

func (m *meter) read() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := reading{m.quiet >= m.format.samples(silentAfter), m.clipping, m.clipped, 0, m.heart.hint()}
	for i := range min(len(m.bars), int(levelLength/barLength)) {
		b := m.bars[(m.next+len(m.bars)-1-i)%len(m.bars)]
		r.level = max(r.level, -b.Low, b.High)
	}
	return r
}

// wave is the newest bars, oldest first.
func (m *meter) wave() []Bar {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append(append(make([]Bar, 0, len(m.bars)), m.bars[m.next:]...), m.bars[:m.next]...)
}
