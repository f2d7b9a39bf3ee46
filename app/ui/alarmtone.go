package ui

import (
	"math"
	"time"

	"vitalien/fhirmap"
)

// toneRate is how many samples of the sound of an alarm there are each second.
const toneRate = 44100

// toneLoudness is the highest sample, of full scale.
const toneLoudness = 0.8

// harmonics are the parts of a pulse: the first four from 150 to 1,000 Hz, five
// below 4,000 Hz, none more than 15 dB below another (IEC 60601-1-8, table 4).
var (
	toneFrequency = 230.0 // Hz, of the first
	harmonics     = []float64{1, 0.9, 0.8, 0.7, 0.5}
)

// A burst is the sound of one priority, after IEC 60601-1-8, tables 3 and 4.
type burst struct {
	pulse    time.Duration   // effective: high 75–200 ms, else 125–250 ms
	ramp     time.Duration   // up to the pulse and down again: 10–40 % of it
	spacing  []time.Duration // between the pulses, from one to the next
	interval time.Duration   // to the next burst: high 2.5–15 s, medium 2.5–30 s, low more than 15 s
}

// bursts have ten pulses for high priority, in two groups of five; three for
// medium and two for low. What is x in table 3 is 100 ms, y is 200 ms.
var bursts = map[fhirmap.Priority]burst{
	fhirmap.PriorityHigh: {
		pulse: 150 * time.Millisecond, ramp: 30 * time.Millisecond, interval: 4 * time.Second,
		spacing: milliseconds(100, 100, 350, 100, 700, 100, 100, 350, 100),
	},
	fhirmap.PriorityMedium: {
		pulse: 200 * time.Millisecond, ramp: 40 * time.Millisecond, interval: 8 * time.Second,
		spacing: milliseconds(200, 200),
	},
	fhirmap.PriorityLow: {
		pulse: 200 * time.Millisecond, ramp: 40 * time.Millisecond, interval: 20 * time.Second,
		spacing: milliseconds(200),
	},
}

func milliseconds(all ...time.Duration) []time.Duration {
	for i := range all {
		all[i] *= time.Millisecond
	}
	return all
}

// burstOf is that of medium priority for one that is not known.
func burstOf(p fhirmap.Priority) burst {
	if b, known := bursts[p]; known {
		return b
	}
	return bursts[fhirmap.PriorityMedium]
}

// samples are the burst as sound of one channel.
func (b burst) samples() []int16 {
	count := func(d time.Duration) int { return int(d.Seconds() * toneRate) }
	start := count(b.ramp) // of the first pulse, ramps aside
	starts := []int{start}
	for _, spacing := range b.spacing {
		start += count(b.pulse + spacing)
		starts = append(starts, start)
	}
	level := make([]float64, start+count(b.pulse)+count(b.ramp))
	ramp := count(b.ramp)
	for _, start := range starts {
		end := start + count(b.pulse)
		for i := start - ramp; i < end+ramp; i++ {
			level[i] = min(1, float64(i-start+ramp)/float64(ramp), float64(end+ramp-i)/float64(ramp))
		}
	}
	wave, loudest := make([]float64, len(level)), 0.0
	for i := range wave {
		for n, strength := range harmonics {
			wave[i] += level[i] * strength * math.Sin(2*math.Pi*toneFrequency*float64(n+1)*float64(i)/toneRate)
		}
		loudest = max(loudest, math.Abs(wave[i]))
	}
	samples := make([]int16, len(wave))
	for i := range samples {
		samples[i] = int16(wave[i] / loudest * toneLoudness * math.MaxInt16)
	}
	return samples
}
