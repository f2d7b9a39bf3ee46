package station

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

func TestForgotten_CoversNothingMore(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	d.clock.advance(forgottenAfter)
	if m := d.stored(d.record(report(pulse("71"))).Seq); m.Consultation != "c" {
		t.Errorf("a long consultation lost its measurement: %+v", m.Subject)
	}
	d.clock.advance(time.Second)
	if m := d.stored(d.record(report(pulse("72"))).Seq); m.Subject != nil || m.Consultation != "" {
		t.Errorf("the next morning's measurement is %v's", m.Subject)
	}
}

func TestInterruption(t *testing.T) {
	for name, c := range map[string]struct {
		away time.Duration
		want bool
	}{"short": {interruption, true}, "long": {interruption + time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.start("c", claire())
			d.clock.advance(time.Hour) // within which the minutes are noted
			d.noteAlive()
			d.clock.advance(c.away)
			d.reopen()
			if open := d.Situation().Consultation != nil; open != c.want {
				t.Errorf("open: %v", open)
			}
			m := d.stored(d.record(report(pulse("72"))).Seq)
			if attributed := m.Subject != nil; attributed != c.want {
				t.Errorf("attributed: %v", attributed)
			}
		})
	}
}

func TestInterruption_LastEntryCountsToo(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	d.clock.advance(time.Hour)
	d.record(report(pulse("71")))
	d.clock.advance(time.Minute)
	d.reopen()
	if d.Situation().Consultation == nil {
		t.Error("a consultation that was going on a minute ago is over")
	}
}

func TestUnknownTime_IsNobodysConsultation(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	m := pulse("72")
	m.TimeUnknown = true
	if got := d.stored(d.record(report(m)).Seq); got.Subject != nil || got.Consultation != "" {
		t.Errorf("it is %v's", got.Subject)
	}
}

func TestForgotten_IsEndedAtTheNextStart(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	d.record(report(pulse("71")))
	d.clock.advance(forgottenAfter + time.Second)
	d.reopen()
	if shown := d.Situation().Consultation; shown != nil {
		t.Errorf("shown: %+v", shown)
	}
	events := d.all()
	if ended := events[len(events)-1].Ended; ended == nil || ended.ID != "c" {
		t.Errorf("the log ends with %+v", events[len(events)-1])
	}
}

func TestForgotten_IsEndedWhileItRuns(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(folder, Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		if _, err := s.StartConsultation(ctx, Consultation{ID: "c", Patient: &fhirmap.Patient{ID: "1"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(forgottenAfter) // of the bubble's clock
		synctest.Wait()
		if s.Situation().Consultation == nil {
			t.Error("ended too early")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if shown := s.Situation().Consultation; shown != nil {
			t.Errorf("still open: %+v", shown)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
