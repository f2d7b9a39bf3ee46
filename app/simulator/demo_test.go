package simulator

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Real monitors make themselves known at UDP 4600 and 4620 (hl7link.Discover).
func TestMonitors_AreFoundByTheDemonstrationAlone(t *testing.T) {
	if slices.Contains([]int{4600, 4620}, DemoBeacons) {
		t.Error("a program that serves real monitors hears of them")
	}
	monitors, err := Monitors(t.Context(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range monitors {
		if want := fmt.Sprint("127.0.0.1:", DemoBeacons); m.o.Beacon != want {
			t.Errorf("%s is told to %s", m.o.Bed, m.o.Beacon)
		}
		m.Close()
	}
}

func TestMonitors_TwoBedsWithPatientsOfTheirOwn(t *testing.T) {
	monitors, err := Monitors(t.Context(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Monitors(t.Context(), Options{Seed: 1}) // the usual ports are taken
	if err != nil {
		t.Fatal(err)
	}
	addresses, patients := map[string]bool{}, map[string]bool{}
	for _, m := range append(monitors, again...) {
		addresses[m.Address()], patients[m.bedside.patient.ID] = true, true
	}
	if len(monitors) != 2 || len(addresses) != 4 || len(patients) != 2 {
		t.Errorf("%d monitors at %v for %v", len(monitors), addresses, patients)
	}
	for _, m := range again {
		m.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{
			Address: "127.0.0.1:1", Logger: slog.New(slog.DiscardHandler), Now: time.Now, Monitor: time.Hour, SpotCheck: time.Hour, Bedside: monitors,
		})
	}()
	for _, m := range monitors {
		connect(t, m).await(rtiPeriodic, nil)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestStories: every condition comes, and none is left over, in an hour.
func TestStories(t *testing.T) {
	for i, story := range stories {
		synctest.Test(t, func(t *testing.T) {
			m := &Monitor{o: MonitorOptions{Now: time.Now}, bedside: bedside{body: newBody(1), conditions: map[Condition]*happening{}}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			seen, calm := map[Condition]bool{}, 0
			go m.play(ctx, story)
			for range 3599 {
				time.Sleep(time.Second)
				m.mu.Lock()
				if len(m.bedside.conditions) == 0 {
					calm++
				}
				for c := range m.bedside.conditions {
					seen[c] = true
				}
				m.mu.Unlock()
			}
			<-ctx.Done()
			synctest.Wait()
			if len(seen) != len(story) || calm < 1800 {
				t.Errorf("story %d: %v, nothing for %d s of an hour", i, seen, calm)
			}
		})
	}
}
