package ui

import (
	"context"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// mutedFor is how long the sound of alarms can be switched off.
const mutedFor = 2 * time.Minute

// A Speaker plays sound of one channel, so many samples a second, until it has
// been heard or ctx ends. Errors are Faults.
type Speaker interface {
	Play(ctx context.Context, rate int, samples []int16) error
}

// SoundNotices is where the window says that alarms cannot be heard.
type SoundNotices interface {
	Notice(f *fhirmap.Fault)
	Settle(code string)
}

// siren is the sound of the most urgent alarm that is present and that nobody
// has acknowledged, whether the window is shown or hidden. Its methods may be
// called on any goroutine.
type siren struct {
	speaker Speaker // nil: there is none, and nothing is ever heard
	notices SoundNotices
	now     func() time.Time
	failed  string // code of what nobody could hear; belongs to run

	mu      sync.Mutex
	urgent  *fhirmap.Priority // nil: nothing is to be heard
	high    map[string]bool   // alerts of high priority that are known
	until   time.Time         // muted
	changed chan struct{}     // urgent or until have
}

func newSiren(speaker Speaker, notices SoundNotices, now func() time.Time) *siren {
	return &siren{speaker: speaker, notices: notices, now: now, changed: make(chan struct{}, 1)}
}

// hear takes over all alerts. One of high priority that is new ends the silence.
func (s *siren) hear(alerts []fhirmap.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, high := s.urgent, map[string]bool{}
	s.urgent = nil
	for i := range alerts {
		a := &alerts[i]
		if !lit(a) {
			continue
		}
		if s.urgent == nil || a.Priority.Rank() > s.urgent.Rank() {
			s.urgent = &a.Priority
		}
		if a.Priority == fhirmap.PriorityHigh {
			if high[a.ID] = true; !s.high[a.ID] {
				s.until = time.Time{}
				s.wake()
			}
		}
	}
	s.high = high
	if (before == nil) != (s.urgent == nil) || before != nil && *before != *s.urgent {
		s.wake()
	}
}

func (s *siren) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// mute switches the sound off for mutedFor, or on again.
func (s *siren) mute(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until = (time.Time{}); off {
		s.until = s.now().Add(mutedFor)
	}
	s.wake()
}

// silence tells whether there is an alarm to be heard, and for how much longer it
// is not.
func (s *siren) silence() (alarm bool, rest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.speaker != nil && s.urgent != nil, max(0, s.until.Sub(s.now()))
}

// next is what to play now, or for how long nothing; 0: until something changes.
func (s *siren) next() (p *fhirmap.Priority, silent time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest := s.until.Sub(s.now()); rest > 0 {
		return nil, rest
	}
	return s.urgent, 0
}

// run sounds until ctx ends.
func (s *siren) run(ctx context.Context) {
	for ctx.Err() == nil {
		p, silent := s.next()
		if p == nil {
			s.wait(ctx, silent)
			continue
		}
		if s.play(ctx, *p) {
			s.wait(ctx, burstOf(*p).interval)
		}
	}
}

// wait returns when d has passed, unless it is 0, or something has changed.
func (s *siren) wait(ctx context.Context, d time.Duration) {
	var passed <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-passed:
	case <-s.changed:
	case <-ctx.Done():
	}
}

// play tells whether a burst came to its end, before another priority was to be
// heard, or nothing.
func (s *siren) play(ctx context.Context, p fhirmap.Priority) bool {
	playing, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.speaker.Play(playing, toneRate, burstOf(p).samples()) }()
	for {
		select {
		case err := <-done:
			s.report(err)
			return true
		case <-s.changed:
			if now, _ := s.next(); now != nil && *now == p {
				continue
			}
		case <-ctx.Done():
		}
		stop()
		<-done
		return false
	}
}

// report says once that nobody can hear the alarms, and takes it back when they
// can.
func (s *siren) report(err error) {
	switch {
	case err != nil && s.failed == "":
		f := fhirmap.FaultOf(err)
		s.failed = f.Code
		s.notices.Notice(f)
	case err == nil && s.failed != "":
		s.notices.Settle(s.failed)
		s.failed = ""
	}
}
