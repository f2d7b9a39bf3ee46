package ui

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// fakeSpeaker plays as long as a sound lasts, and remembers what it played.
type fakeSpeaker struct {
	mu     sync.Mutex
	fault  error
	played []*playedSound
}

type playedSound struct {
	pulses int
	whole  bool
}

func (s *fakeSpeaker) Play(ctx context.Context, rate int, samples []int16) error {
	s.mu.Lock()
	fault := s.fault
	mine := &playedSound{pulses: len(pulsesOf(samples))}
	s.played = append(s.played, mine)
	s.mu.Unlock()
	if fault != nil {
		return fault
	}
	select {
	case <-time.After(time.Duration(len(samples)) * time.Second / time.Duration(rate)):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mine.whole = true
	return nil
}

// heard takes what was played so far.
func (s *fakeSpeaker) heard() []*playedSound {
	s.mu.Lock()
	defer s.mu.Unlock()
	played := s.played
	s.played = nil
	return played
}

func (c *fakeCore) Notice(f *fhirmap.Fault) { c.asked <- "notice " + f.Code }
func (c *fakeCore) Settle(code string)      { c.asked <- "settle " + code }

// pulsesOf are the pulses of a sound, from where it reaches nine tenths of its
// height to where it leaves them, in seconds.
func pulsesOf(samples []int16) (pulses [][2]float64) {
	const window = toneRate / 200 // more than a wave
	var level []float64
	loudest := 0.0
	for i := 0; i+window <= len(samples); i += window / 10 {
		peak := 0.0
		for _, sample := range samples[i : i+window] {
			peak = max(peak, math.Abs(float64(sample)))
		}
		level = append(level, peak)
		loudest = max(loudest, peak)
	}
	inside := false
	for i, l := range level {
		at := (float64(i*(window/10)) + window/2) / toneRate
		switch loud := l >= 0.9*loudest; {
		case loud && !inside:
			pulses = append(pulses, [2]float64{at, at})
			inside = true
		case loud:
			pulses[len(pulses)-1][1] = at
		default:
			inside = false
		}
	}
	return pulses
}

// loudness is that of a frequency in a part of a sound, after Goertzel.
func loudness(samples []int16, frequency float64) float64 {
	factor := 2 * math.Cos(2*math.Pi*frequency/toneRate)
	before, last := 0.0, 0.0
	for _, sample := range samples {
		before, last = last, float64(sample)+factor*last-before
	}
	return math.Sqrt(before*before+last*last-factor*before*last) / float64(len(samples))
}

// The figures of IEC 60601-1-8, tables 3 and 4, measured on the samples.
func TestBurst_AsTheStandardHasIt(t *testing.T) {
	x, y := [2]float64{0.050, 0.125}, [2]float64{0.125, 0.250}
	wide := [2]float64{2*0.050 + 0.075, 2*0.125 + 0.200}
	for p, want := range map[fhirmap.Priority]struct {
		pulse, interval [2]float64
		spacing         [][2]float64
	}{
		fhirmap.PriorityHigh: {
			[2]float64{0.075, 0.200},
			[2]float64{2.5, 15},
			[][2]float64{x, x, wide, x, {0.35, 1.30}, x, x, wide, x},
		},
		fhirmap.PriorityMedium: {[2]float64{0.125, 0.250}, [2]float64{2.5, 30}, [][2]float64{y, y}},
		fhirmap.PriorityLow:    {[2]float64{0.125, 0.250}, [2]float64{15, 60}, [][2]float64{y}},
	} {
		within := func(what string, value float64, limits [2]float64) {
			t.Helper()
			if value < limits[0] || value > limits[1] {
				t.Errorf("%s, %s: %.3f s, want %v", p, what, value, limits)
			}
		}
		b := bursts[p]
		pulses := pulsesOf(b.samples())
		if len(pulses) != len(want.spacing)+1 {
			t.Errorf("%s: %d pulses, want %d", p, len(pulses), len(want.spacing)+1)
			continue
		}
		for i, pulse := range pulses {
			within("pulse", pulse[1]-pulse[0], want.pulse)
			if i > 0 {
				within("spacing", pulse[0]-pulses[i-1][1], want.spacing[i-1])
			}
		}
		within("interval", b.interval.Seconds(), want.interval)
		if part := b.ramp.Seconds() * 0.8 / b.pulse.Seconds(); part < 0.1 || part > 0.4 {
			t.Errorf("%s: rises in %.2f of the pulse", p, part)
		}
	}
}

func TestBurst_Harmonics(t *testing.T) {
	for p, b := range bursts {
		all := b.samples()
		from, to := int(b.ramp.Seconds()*toneRate), int((b.ramp+b.pulse).Seconds()*toneRate)
		pulse := all[from:to]
		strongest := 0.0
		for f := 100.0; f < 4000; f += 5 {
			strongest = max(strongest, loudness(pulse, f))
		}
		low, audible := 0, 0
		for n := 1.0; n*toneFrequency < 4000; n++ {
			if decibels := 20 * math.Log10(loudness(pulse, n*toneFrequency)/strongest); decibels < -15 {
				continue
			}
			if f := n * toneFrequency; f >= 150 && f <= 1000 {
				low++
			}
			if f := n * toneFrequency; f >= 300 {
				audible++
			}
		}
		if low < 4 || audible < 4 {
			t.Errorf("%s: %d harmonics from 150 to 1,000 Hz, %d from 300 to 4,000 Hz", p, low, audible)
		}
		if peak := slices.Max(all); peak < math.MaxInt16/2 || float64(peak) > toneLoudness*math.MaxInt16+1 {
			t.Errorf("%s: the highest sample is %d", p, peak)
		}
	}
}

// rung has a siren run, and the test tell it of alerts.
func rung(t *testing.T, what func(*siren, *fakeSpeaker, *fakeCore)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		core, speaker := newFakeCore(), &fakeSpeaker{}
		s := newSiren(speaker, core, time.Now)
		done := make(chan struct{})
		go func() { defer close(done); s.run(ctx) }()
		what(s, speaker, core)
		cancel()
		<-done
	})
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func pulsesHeard(s *fakeSpeaker) (all []int) {
	for _, played := range s.heard() {
		all = append(all, played.pulses)
	}
	return all
}

func TestSiren_SoundsTheMostUrgentAgainAndAgain(t *testing.T) {
	rung(t, func(s *siren, speaker *fakeSpeaker, _ *fakeCore) {
		after(time.Minute)
		if heard := pulsesHeard(speaker); heard != nil {
			t.Errorf("%v without an alarm", heard)
		}
		for _, c := range []struct {
			alerts []fhirmap.Alert
			pulses int
			times  [2]int // in a minute
		}{
			{everyAlert()[2:], 2, [2]int{2, 3}},
			{everyAlert()[1:], 3, [2]int{6, 8}},
			{everyAlert(), 10, [2]int{7, 9}},
			{everyAlert()[3:], 0, [2]int{0, 0}}, // over, or acknowledged
		} {
			s.hear(c.alerts)
			for range 60 {
				after(time.Second)
				s.hear(c.alerts) // as with everything that changes
			}
			heard := speaker.heard()
			if len(heard) < c.times[0] || len(heard) > c.times[1] {
				t.Errorf("%d pulses: %d bursts in a minute, want %v", c.pulses, len(heard), c.times)
			}
			for i, played := range heard {
				if played.pulses != c.pulses || !played.whole && i < len(heard)-1 {
					t.Errorf("burst %d of %d pulses, whole %v, want %d", i, played.pulses, played.whole, c.pulses)
				}
			}
		}
	})
}

func TestSiren_AcknowledgedAtOnce(t *testing.T) {
	rung(t, func(s *siren, speaker *fakeSpeaker, _ *fakeCore) {
		s.hear(everyAlert()[:1])
		after(time.Second)
		confirmed := everyAlert()[:1]
		confirmed[0].Acknowledged = testNow
		s.hear(confirmed)
		after(time.Minute)
		if heard := speaker.heard(); len(heard) != 1 || heard[0].whole {
			t.Errorf("%+v, want one burst that was cut off", heard)
		}
	})
}

func TestSiren_MutedForTwoMinutes(t *testing.T) {
	rung(t, func(s *siren, speaker *fakeSpeaker, _ *fakeCore) {
		medium := everyAlert()[1:2]
		s.hear(medium)
		after(20 * time.Second)
		s.mute(true)
		speaker.heard()
		after(119 * time.Second)
		if _, rest := s.silence(); rest != time.Second {
			t.Errorf("muted for another %v", rest)
		}
		if heard := pulsesHeard(speaker); heard != nil {
			t.Errorf("%v while muted", heard)
		}
		after(4 * time.Second)
		if heard := pulsesHeard(speaker); !slices.Equal(heard, []int{3}) {
			t.Errorf("%v after two minutes", heard)
		}
		s.mute(true)
		s.mute(false)
		after(time.Second)
		if heard := pulsesHeard(speaker); !slices.Equal(heard, []int{3}) {
			t.Errorf("%v when it is switched on again", heard)
		}
	})
}

func TestSiren_ANewHighAlarmEndsTheSilence(t *testing.T) {
	rung(t, func(s *siren, speaker *fakeSpeaker, _ *fakeCore) {
		all := everyAlert()
		s.hear(all[1:2])
		after(time.Second)
		s.mute(true)
		speaker.heard()
		another := all[1]
		another.ID = "another of medium priority"
		s.hear([]fhirmap.Alert{all[1], another, all[2]})
		after(time.Second)
		if heard := pulsesHeard(speaker); heard != nil {
			t.Errorf("%v: only a high one ends the silence", heard)
		}
		s.hear(all[:2])
		after(time.Second)
		if heard := pulsesHeard(speaker); !slices.Equal(heard, []int{10}) {
			t.Errorf("%v, want a high one", heard)
		}
		s.mute(true)
		s.hear(all[:2]) // the same ones
		after(time.Minute)
		if heard := pulsesHeard(speaker); heard != nil {
			t.Errorf("%v: it is known", heard)
		}
		raised := all[1]
		raised.Priority = fhirmap.PriorityHigh
		s.hear([]fhirmap.Alert{all[0], raised})
		after(time.Second)
		if heard := pulsesHeard(speaker); !slices.Equal(heard, []int{10}) {
			t.Errorf("%v, want the one that was raised", heard)
		}
	})
}

func TestSiren_SaysOnceThatNobodyHears(t *testing.T) {
	rung(t, func(s *siren, speaker *fakeSpeaker, core *fakeCore) {
		speaker.fault = &fhirmap.Fault{Code: "no_speaker"}
		s.hear(everyAlert())
		after(5 * time.Minute)
		if len(core.asked) != 1 || <-core.asked != "notice no_speaker" {
			t.Errorf("%d notices more", len(core.asked))
		}
		if len(speaker.heard()) < 2 {
			t.Error("does not try again")
		}
		speaker.mu.Lock()
		speaker.fault = nil
		speaker.mu.Unlock()
		after(time.Minute)
		if len(core.asked) != 1 || <-core.asked != "settle no_speaker" {
			t.Error("still says that nobody hears")
		}
	})
}

func TestSiren_WithoutASpeakerNothingIsOffered(t *testing.T) {
	s := newSiren(nil, newFakeCore(), time.Now)
	s.hear(everyAlert())
	if alarm, _ := s.silence(); alarm {
		t.Error("offers to mute what is not heard")
	}
}

// The buttons of the band and of the page do the same, and say how long the
// sound is still off.
func TestMute_FromTheBandAndThePage(t *testing.T) {
	d := newDriven(t)
	now := testNow
	d.screen.now = func() time.Time { return now }
	d.screen.siren.now = func() time.Time { return now }
	d.front()
	alerts := everyAlert()[1:2]
	d.screen.siren.hear(alerts)
	d.show(view{situation: station.Situation{Alerts: alerts}})
	d.screen.open(pageAlarms)
	band, page := d.screen.alarm.mute, d.screen.alarms.mute
	want := func(text string) {
		t.Helper()
		if band.Text != text || page.Text != text || !band.Visible() || !page.Visible() {
			t.Errorf("band %q, page %q, want %q", band.Text, page.Text, text)
		}
	}
	want("Couper le son 2\u202fmin")
	test.Tap(band.button)
	want("Remettre le son (2:00)")
	now = now.Add(75 * time.Second)
	d.screen.age()
	want("Remettre le son (0:45)")
	test.Tap(page.button)
	want("Couper le son 2\u202fmin")
	test.Tap(page.button)
	now = now.Add(2 * time.Minute)
	d.screen.age()
	want("Couper le son 2\u202fmin")
	alerts[0].Acknowledged = now
	d.screen.siren.hear(alerts)
	d.show(view{situation: station.Situation{Alerts: alerts}})
	if band.Visible() || page.Visible() {
		t.Error("offers to mute an alarm that makes no sound")
	}
}

func TestMute_FewerWordsWhereThereIsLittleRoom(t *testing.T) {
	w := newWords("fr")
	if got := w.mute(0, true); got != "Couper le son" {
		t.Error(got)
	}
	if got := w.mute(61*time.Second+1, true); got != "Son coupé 1:02" {
		t.Error(got)
	}
}
