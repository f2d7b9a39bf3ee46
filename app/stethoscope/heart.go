package stethoscope

import (
	"math"
	"slices"
)

// The heart rates that are looked for, per minute, and what is demanded of an
// estimate: a hint that is wrong is worse than none.
const (
	slowestHeart = 40
	fastestHeart = 200
	heartWindow  = 8   // seconds of sound that one estimate looks at
	envelopeRate = 100 // values per second, about
	likeness     = 0.3 // of the sound with itself one beat later, at least
	prominence   = 0.2 // of that likeness over the least before it
	fewestBeats  = 5   // estimates, one a second
	agreement    = 0.7 // of the estimates within a tenth of their median
)

// A heart estimates the heart rate from sound: the envelope of what lies between
// 25 and 120 Hz, where the heart sounds are, compared with itself at the
// distance of one beat. It is a hint: breath, voices and movement can have a
// rhythm too.
type heart struct {
	decimation, group int
	low, high         biquad
	sum               float64
	summed            int
	energy            float64
	grouped           int

	rate      float64   // of envelope, per second
	envelope  []float64 // at most heartWindow of it
	since     int       // values since the last estimate
	estimates []float64
	attempts  int
}

func newHeart(rate int) heart {
	h := heart{decimation: max(1, rate/1000)}
	inner := float64(rate) / float64(h.decimation)
	h.group = max(1, int(math.Round(inner/envelopeRate)))
	h.rate = inner / float64(h.group)
	h.high, h.low = highPass(25, inner), lowPass(120, inner)
	return h
}

// add takes one sample.
func (h *heart) add(v float64) {
	h.sum += v
	if h.summed++; h.summed < h.decimation {
		return
	}
	v = h.low.next(h.high.next(h.sum / float64(h.decimation)))
	h.sum, h.summed = 0, 0
	h.energy += math.Abs(v)
	if h.grouped++; h.grouped < h.group {
		return
	}
	h.envelope = append(h.envelope, h.energy/float64(h.group))
	h.energy, h.grouped = 0, 0
	if size := int(heartWindow * h.rate); len(h.envelope) > size {
		h.envelope = slices.Delete(h.envelope, 0, len(h.envelope)-size)
	}
	if h.since++; h.since >= int(h.rate) && len(h.envelope) >= int(heartWindow*h.rate) {
		h.since = 0
		h.attempts++
		if bpm := h.estimate(); bpm > 0 {
			h.estimates = append(h.estimates, bpm)
		}
	}
}

// restart forgets the sound before a gap.
func (h *heart) restart() { h.envelope, h.since = h.envelope[:0], 0 }

// estimate looks at the envelope alone; 0: no rhythm is found.
func (h *heart) estimate() float64 {
	x := slices.Clone(h.envelope)
	mean := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	power := 0.0
	for i := range x {
		x[i] -= mean
		power += x[i] * x[i]
	}
	if power == 0 {
		return 0
	}
	from, to := int(h.rate*60/fastestHeart), int(math.Ceil(h.rate*60/slowestHeart))
	like := make([]float64, to+2)
	for lag := range like {
		for i := 0; i+lag < len(x); i++ {
			like[lag] += x[i] * x[i+lag]
		}
		like[lag] *= float64(len(x)) / float64(len(x)-lag) / power
	}
	best := 0.0
	for lag := from; lag <= to; lag++ {
		if isPeak(like, lag) {
			best = max(best, like[lag])
		}
	}
	for lag := from; lag <= to; lag++ { // two beats are as alike as one: the shortest counts
		if isPeak(like, lag) && like[lag] >= 0.85*best && like[lag] >= likeness && like[lag]-slices.Min(like[:lag]) >= prominence {
			return 60 * h.rate / vertex(like, lag)
		}
	}
	return 0
}

func isPeak(y []float64, i int) bool { return y[i] > y[i-1] && y[i] >= y[i+1] }

// vertex is where the parabola through the peak and its neighbours is highest.
func vertex(y []float64, i int) float64 {
	bend := y[i-1] - 2*y[i] + y[i+1]
	if bend == 0 {
		return float64(i)
	}
	return float64(i) + (y[i-1]-y[i+1])/(2*bend)
}

// hint is the heart rate that most estimates agree on, per minute; 0: none.
func (h *heart) hint() int {
	if len(h.estimates) < fewestBeats {
		return 0
	}
	sorted := slices.Sorted(slices.Values(h.estimates))
	median := sorted[len(sorted)/2]
	near := 0
	for _, bpm := range sorted {
		if math.Abs(bpm-median) <= median/10 {
			near++
		}
	}
	if float64(near) < agreement*float64(h.attempts) {
		return 0
	}
	return int(math.Round(median))
}

// A biquad is a filter of second order (Butterworth; R. Bristow-Johnson,
// Cookbook formulae for audio EQ biquad filter coefficients).
type biquad struct{ b0, b1, b2, a1, a2, x1, x2, y1, y2 float64 }

func lowPass(cut, rate float64) biquad {
	sin, cos := math.Sincos(2 * math.Pi * cut / rate)
	alpha := sin / math.Sqrt2
	a0 := 1 + alpha
	return biquad{b0: (1 - cos) / 2 / a0, b1: (1 - cos) / a0, b2: (1 - cos) / 2 / a0, a1: -2 * cos / a0, a2: (1 - alpha) / a0}
}

func highPass(cut, rate float64) biquad {
	sin, cos := math.Sincos(2 * math.Pi * cut / rate)
	alpha := sin / math.Sqrt2
	a0 := 1 + alpha
	return biquad{b0: (1 + cos) / 2 / a0, b1: -(1 + cos) / a0, b2: (1 + cos) / 2 / a0, a1: -2 * cos / a0, a2: (1 - alpha) / a0}
}

func (q *biquad) next(x float64) float64 {
	y := q.b0*x + q.b1*q.x1 + q.b2*q.x2 - q.a1*q.y1 - q.a2*q.y2
	q.x1, q.x2, q.y1, q.y2 = x, q.x1, y, q.y1
	return y
}
