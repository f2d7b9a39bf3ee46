package desktop

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// A Change is why connections may be dead although nothing has said so.
type Change string

// The changes around the program.
const (
	Woke    Change = "woke up"
	Network Change = "network changed"
)

const (
	lookEvery = 2 * time.Second
	slept     = 10 * time.Second // by which a look is late: the computer did not run
)

// WatchChanges tells of each wake from sleep and each change of this computer's
// addresses until ctx ends. Where the system does not say that it has slept, the
// clock does, within two seconds.
func WatchChanges(ctx context.Context, tell func(Change)) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	asleep, stop := sleepSignals()
	defer stop()
	w := watch{now: time.Now, addresses: addresses, asleep: asleep, look: look.C, tell: tell}
	w.run(ctx)
}

type watch struct {
	now       func() time.Time
	addresses func() []string
	asleep    <-chan bool // true: about to sleep; false: awake again
	look      <-chan time.Time
	tell      func(Change)
}

func (w *watch) run(ctx context.Context) {
	last, had := w.wall(), w.addresses()
	for {
		select {
		case <-ctx.Done():
			return
		case asleep, open := <-w.asleep:
			if !open {
				w.asleep = nil // the clock remains
			} else if !asleep {
				last = w.wall()
				w.tell(Woke)
			}
		case <-w.look:
			now := w.wall()
			if now.Sub(last) > lookEvery+slept {
				w.tell(Woke)
			}
			last = now
			if have := w.addresses(); !slices.Equal(have, had) {
				had = have
				w.tell(Network)
			}
		}
	}
}

// wall is the time of day alone: the other clock of a time.Time stands still
// while some systems sleep.
func (w *watch) wall() time.Time { return w.now().Round(0) }

// addresses are those of this computer by which others can be reached, in
// order.
func addresses() (list []string) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		prefix, ok := a.(*net.IPNet)
		if ok && !prefix.IP.IsLoopback() && !prefix.IP.IsLinkLocalUnicast() {
			list = append(list, strings.ToLower(prefix.String()))
		}
	}
	slices.Sort(list)
	return list
}
