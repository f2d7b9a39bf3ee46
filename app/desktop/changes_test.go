package desktop

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// The clock, the network and the system's word of a watch are the test's own.
func TestWatch_TellsWakesAndNetworks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, network := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC), []string{"192.168.1.20/24"}
		asleep, look := make(chan bool), make(chan time.Time)
		var told []Change
		w := &watch{
			now: func() time.Time { return at }, addresses: func() []string { return network },
			asleep: asleep, look: look, tell: func(c Change) { told = append(told, c) },
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.run(ctx)
		synctest.Wait()
		later := func(d time.Duration) func() { return func() { at = at.Add(d) } }
		for _, c := range []struct {
			name string
			do   func()
			want []Change
		}{
			{"nothing", func() {}, nil},
			{"two seconds", later(lookEvery), nil},
			{"a busy computer", later(lookEvery + slept), nil},
			{"a sleep", later(time.Hour), []Change{Woke}},
			{"a clock set back", later(-time.Hour), nil},
			{"another network", func() { network = []string{"10.0.0.7/8"} }, []Change{Network}},
			{"the same", func() {}, nil},
			{"none", func() { network = nil }, []Change{Network}},
			{"a sleep, and another network", func() { at, network = at.Add(time.Hour), []string{"10.0.0.8/8"} }, []Change{Woke, Network}},
			{"the system goes to sleep", func() { asleep <- true }, nil},
			{"the system says that it woke up, and so does the clock", func() { at = at.Add(time.Hour); asleep <- false }, []Change{Woke}},
			{"a sleep, when the system says no more", func() { close(asleep); at = at.Add(time.Hour) }, []Change{Woke}},
		} {
			told = nil
			c.do()
			synctest.Wait()
			look <- at
			synctest.Wait()
			if !slices.Equal(told, c.want) {
				t.Errorf("%s: %v", c.name, told)
			}
		}
	})
}

func TestAddresses_AreThoseThatOthersReach(t *testing.T) {
	for _, a := range addresses() {
		if a == "127.0.0.1/8" || a == "::1/128" {
			t.Error(a)
		}
	}
	if !slices.IsSorted(addresses()) {
		t.Error("in no order: the same network would pass for another")
	}
}
