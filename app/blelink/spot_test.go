package blelink

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

// A moment of a stream: after how long, and what came. A saturation of 0 is
// none.
type tick struct {
	after             time.Duration
	saturation, pulse int64
	quality           fhirmap.Quality
	preliminary       bool
}

func (k tick) measurement() *fhirmap.Measurement {
	m := &fhirmap.Measurement{Type: fhirmap.OxygenSaturation, Status: fhirmap.StatusFinal}
	for _, v := range []struct {
		t fhirmap.Type
		n int64
	}{{fhirmap.OxygenSaturation, k.saturation}, {fhirmap.HeartRate, k.pulse}} {
		r := fhirmap.Reading{Type: v.t, Absent: fhirmap.AbsentUnknown}
		if v.n != 0 {
			r.Value, r.Absent = new(fhirmap.NewDecimal(v.n, 0)), ""
		}
		m.Readings = append(m.Readings, r)
	}
	if k.quality != "" {
		m.Quality = []fhirmap.Quality{k.quality}
	}
	if k.preliminary {
		m.Status = fhirmap.StatusPreliminary
	}
	return m
}

// readings are the ticks at which a reading is recorded.
func readings(ticks []tick) (found []int) {
	var s spot
	at := time.Unix(1_790_000_000, 0)
	for i, k := range ticks {
		at = at.Add(k.after)
		if s.reading(k.measurement(), at) {
			found = append(found, i)
		}
	}
	return found
}

// steady is n seconds of the same values.
func steady(n int, k tick) []tick {
	k.after = time.Second
	return slices.Repeat([]tick{k}, n)
}

func TestSpot(t *testing.T) {
	good := tick{saturation: 97, pulse: 72}
	with := func(change func(*tick)) tick {
		k := good
		change(&k)
		return k
	}
	none := tick{}
	for name, c := range map[string]struct {
		ticks []tick
		want  []int
	}{
		"too short":                           {steady(5, good), nil},
		"five seconds":                        {steady(6, good), []int{5}},
		"once per finger":                     {steady(60, good), []int{5}},
		"another finger":                      {slices.Concat(steady(8, good), steady(1, none), steady(8, good)), []int{5, 14}},
		"a finger after silence":              {slices.Concat(steady(8, good), []tick{with(func(k *tick) { k.after = 11 * time.Second })}, steady(8, good)), []int{5, 13}},
		"the same finger, a short gap":        {slices.Concat(steady(8, good), []tick{with(func(k *tick) { k.after = 4 * time.Second })}, steady(8, good)), []int{5}},
		"a gap before it settled":             {slices.Concat(steady(4, good), []tick{with(func(k *tick) { k.after = 3 * time.Second })}, steady(8, good)), []int{9}},
		"saturation within ±1":                {slices.Concat(steady(3, good), steady(3, tick{saturation: 99, pulse: 72})), []int{5}},
		"saturation outside":                  {slices.Concat(steady(3, good), steady(3, tick{saturation: 100, pulse: 72})), nil},
		"pulse within ±3":                     {slices.Concat(steady(3, good), steady(3, tick{saturation: 97, pulse: 78})), []int{5}},
		"pulse outside":                       {slices.Concat(steady(3, good), steady(3, tick{saturation: 97, pulse: 79})), nil},
		"settles after it moved":              {slices.Concat(steady(3, good), steady(6, tick{saturation: 90, pulse: 72})), []int{8}},
		"a poor signal":                       {steady(20, with(func(k *tick) { k.quality = fhirmap.SignalPoor })), nil},
		"a poor signal once":                  {slices.Concat(steady(5, good), steady(1, with(func(k *tick) { k.quality = fhirmap.SignalPoor })), steady(6, good)), []int{11}},
		"a battery that is low":               {steady(6, with(func(k *tick) { k.quality = fhirmap.BatteryLow })), []int{5}},
		"what the device does not vouch":      {steady(20, with(func(k *tick) { k.preliminary = true })), nil},
		"the device vouches later":            {slices.Concat(steady(4, with(func(k *tick) { k.preliminary = true })), steady(6, good)), []int{9}},
		"without a pulse":                     {steady(20, tick{saturation: 97}), nil},
		"the sensor off":                      {steady(20, with(func(k *tick) { k.quality = fhirmap.SensorOff })), nil},
		"off and on":                          {slices.Concat(steady(8, good), steady(1, with(func(k *tick) { k.quality = fhirmap.SensorOff })), steady(8, good)), []int{5, 14}},
		"displaced is no other finger":        {slices.Concat(steady(8, good), steady(1, with(func(k *tick) { k.quality = fhirmap.SensorDisplaced })), steady(8, good)), []int{5}},
		"the clock of the computer goes back": {slices.Concat(steady(4, good), []tick{with(func(k *tick) { k.after = -time.Hour })}, steady(8, good)), []int{9}},
		"a flood":                             {append(slices.Repeat([]tick{good}, 1000), steady(6, good)...), []int{1004}},
	} {
		if got := readings(c.ticks); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestSpot_IsWhatTheRuleSays compares any stream with the rule, word by word:
// a reading is due at the first moment of each finger up to which five seconds
// lie, without a gap, a doubt or a missing value, within the ranges.
func TestSpot_IsWhatTheRuleSays(t *testing.T) {
	any := rapid.Custom(func(t *rapid.T) tick {
		k := tick{
			after:      time.Duration(rapid.SampledFrom([]int{400, 1000, 1000, 1000, 2400, 2600, 11000}).Draw(t, "after")) * time.Millisecond,
			saturation: rapid.SampledFrom([]int64{96, 97, 97, 97, 98, 99, 0}).Draw(t, "saturation"),
			pulse:      rapid.SampledFrom([]int64{70, 71, 72, 73, 76, 77}).Draw(t, "pulse"),
		}
		if rapid.IntRange(0, 19).Draw(t, "doubted") == 0 {
			k.quality = rapid.SampledFrom([]fhirmap.Quality{fhirmap.SignalPoor, fhirmap.SensorDisplaced, fhirmap.BatteryLow}).Draw(t, "quality")
		}
		return k
	})
	rapid.Check(t, func(t *rapid.T) {
		ticks := rapid.SliceOfN(any, 0, 60).Draw(t, "ticks")
		if got, want := readings(ticks), byTheRule(ticks); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func byTheRule(ticks []tick) (found []int) {
	done := false
	for i, k := range ticks {
		if k.saturation == 0 || k.after > fingerGone {
			done = false
		}
		if !done && settled(ticks[:i+1]) {
			found, done = append(found, i), true
		}
	}
	return found
}

// settled tells whether the last five seconds of ticks, or more, are good.
func settled(ticks []tick) bool {
	var lasted time.Duration
	low, high := ticks[len(ticks)-1], ticks[len(ticks)-1]
	for i := len(ticks) - 1; i >= 0; i-- {
		k := ticks[i]
		low.saturation, high.saturation = min(low.saturation, k.saturation), max(high.saturation, k.saturation)
		low.pulse, high.pulse = min(low.pulse, k.pulse), max(high.pulse, k.pulse)
		if k.saturation == 0 || k.quality != "" && k.quality != fhirmap.BatteryLow ||
			high.saturation-low.saturation > 2 || high.pulse-low.pulse > 6 {
			return false
		}
		if lasted >= 5*time.Second {
			return true
		}
		if k.after > 2500*time.Millisecond {
			return false
		}
		lasted += k.after
	}
	return false
}
