package simulator

import (
	"context"
	"fmt"
	"time"
)

// MonitorName is what simulated monitors are called.
const MonitorName = "Moniteur simulé"

// DemoBeacons is the UDP port of this computer where the monitors of the
// demonstration make themselves known: not one of those that real monitors use,
// so that a program that serves real ones beside it takes them for none.
const DemoBeacons = 46_100

// A scene is a condition of a story, from some time after its beginning.
type scene struct {
	at, lasts time.Duration
	condition Condition
}

// stories are what happens at each bed of the demonstration, over and over.
var stories = [][]scene{
	{
		{30 * time.Second, 25 * time.Second, Bradycardia},
		{95 * time.Second, 15 * time.Second, SensorOff},
		{150 * time.Second, 30 * time.Second, Motion},
	},
	{
		{50 * time.Second, 20 * time.Second, Desaturation},
		{120 * time.Second, 20 * time.Second, CuffOff},
	},
}

// Monitors are the two monitors of the demonstration, bed 2 with a patient and
// bed 3 with another; the beds' names say that they are simulated, since that
// is what a station knows a monitor by. Each has a port of its own on this
// computer, those that such monitors have when they are free, and no other
// computer hears of them. They are to be given to Run.
func Monitors(ctx context.Context, o Options) ([]*Monitor, error) {
	var list []*Monitor
	for i, given := range []string{"Louis", "Jeanne"} {
		m := MonitorOptions{
			Listen: fmt.Sprintf("127.0.0.1:%d", 4601+i), Beacon: fmt.Sprintf("127.0.0.1:%d", DemoBeacons),
			Name: MonitorName, Bed: fmt.Sprintf("%d (simulé)", i+2), Department: "DEMO",
			Patient: admission(fmt.Sprintf("DEMO-%d", i+2), given), PressureEvery: 2 * time.Minute,
			Seed: o.Seed + uint64(i) + 10, Now: o.Now, Logger: o.Logger, Test: true,
		}
		monitor, err := ListenMonitor(ctx, m)
		if err != nil {
			m.Listen = "127.0.0.1:0"
			monitor, err = ListenMonitor(ctx, m)
		}
		if err != nil {
			for _, bound := range list {
				bound.Close()
			}
			return nil, err
		}
		list = append(list, monitor)
	}
	return list, nil
}

// play lets the conditions of a story come and go until ctx ends.
func (m *Monitor) play(ctx context.Context, story []scene) error {
	for ctx.Err() == nil {
		began := time.Now()
		for _, s := range story {
			pause(ctx, time.Until(began.Add(s.at)))
			if ctx.Err() != nil {
				break
			}
			m.Begin(s.condition)
			pause(ctx, s.lasts)
			m.End(s.condition)
		}
		pause(ctx, time.Minute)
	}
	return ctx.Err()
}
