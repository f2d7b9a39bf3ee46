package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/station"
)

func TestSupervise_StartsAgainWithGrowingPauses(t *testing.T) {
	for name, c := range map[string]struct {
		fail func() error
		told string
	}{
		"error": {func() error { return errors.New("no space") }, "no space"},
		"panic": {func() error { panic("PID|||Martin") }, "panic: string"}, // its text could quote a message
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				var log bytes.Buffer
				var services sync.WaitGroup
				var starts []time.Duration
				began := time.Now()
				a := &App{log: newLogger(&log)}
				a.supervise(ctx, &services, "control", func(context.Context) error {
					starts = append(starts, time.Since(began))
					if len(starts) == 10 {
						cancel()
					}
					return c.fail()
				})
				services.Wait()
				want := []time.Duration{0, 500, 1500, 3500, 7500, 15500, 31500, 61500, 91500, 121500}
				for i, at := range want {
					if len(starts) != len(want) || starts[i] != at*time.Millisecond {
						t.Fatalf("started at %v, want %v ms", starts, want)
					}
				}
				if n := strings.Count(log.String(), "part=control"); n != 9 || !strings.Contains(log.String(), c.told) || strings.Contains(log.String(), "Martin") {
					t.Errorf("%d lines: %s", n, log.String())
				}
			})
		})
	}
}

func TestSupervise_AfterALongTimeThePausesAreShortAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var services sync.WaitGroup
		var ended, started []time.Time
		a := &App{log: slog.New(slog.DiscardHandler)}
		a.supervise(ctx, &services, "hl7", func(ctx context.Context) error {
			started = append(started, time.Now())
			if len(started) == 8 {
				<-time.After(longRest)
			}
			ended = append(ended, time.Now())
			if len(started) == 9 {
				cancel()
			}
			return errors.New("broken")
		})
		services.Wait()
		if rest := started[7].Sub(ended[6]); rest != longRest {
			t.Errorf("rested %v before", rest)
		}
		if rest := started[8].Sub(ended[7]); rest != firstRest {
			t.Errorf("rested %v after", rest)
		}
	})
}

func TestSupervise_EndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var log bytes.Buffer
		var services sync.WaitGroup
		a := &App{log: newLogger(&log)}
		a.supervise(ctx, &services, "running", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		a.supervise(ctx, &services, "resting", func(context.Context) error { return errors.New("broken") })
		a.supervise(ctx, &services, "done", func(context.Context) error { return nil })
		synctest.Wait()
		began := time.Now()
		cancel()
		services.Wait()
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v", waited)
		}
		if strings.Contains(log.String(), "running") || strings.Contains(log.String(), "done") {
			t.Error(log.String())
		}
	})
}

func TestSupervise_ShowsTheLastErrorInTheLinkOfThePart(t *testing.T) {
	s, err := station.Open(t.TempDir(), station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := &App{log: slog.New(slog.DiscardHandler), station: s}
	s.SetLink(station.Link{ID: "hl7", Name: "Moniteurs", State: station.LinkConnected, Where: "127.0.0.1:2575", Peers: 2})
	a.tell("hl7", errors.New("broken"))
	a.tell("control", errors.New("broken"))
	links := s.Situation().Links
	if len(links) != 2 || links[0].Where != "127.0.0.1:2575" || links[1].Name != "Commandes" {
		t.Fatalf("%+v", links)
	}
	for _, l := range links {
		if l.State != station.LinkFailed || l.Fault == nil || l.Fault.French == "" {
			t.Errorf("%+v", l)
		}
	}
	for _, name := range []string{"hl7", "control", "simulator"} {
		a.tell(name, nil)
	}
	if links = s.Situation().Links; len(links) != 2 {
		t.Errorf("a part that never failed has a link: %+v", links)
	}
	for _, l := range links {
		if l.State != station.LinkConnected || l.Fault != nil {
			t.Errorf("%+v", l)
		}
	}
}
