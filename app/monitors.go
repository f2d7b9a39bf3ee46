package main

import (
	"context"
	"sync"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// given are the monitors that nobody has to accept: those of the settings, and
// the simulated ones.
func (a *App) given() (list []station.Monitor) {
	for _, m := range a.config.HL7.Monitor {
		list = append(list, station.Monitor{Address: m.Address, Name: m.Name})
	}
	for _, m := range a.bedside {
		list = append(list, station.Monitor{Address: m.Address(), Simulated: true})
	}
	return list
}

// connectMonitors keeps a connection to each monitor that the settings name or
// somebody has accepted, until ctx ends. They come and go while it runs.
func (a *App) connectMonitors(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	changed, stop := a.station.WatchMonitors()
	defer stop()
	connections := map[string]*connection{}
	for {
		a.adjust(ctx, &all, connections)
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// A connection to a monitor is ended by end, and has when done is closed.
type connection struct {
	end  context.CancelFunc
	done chan struct{}
}

// adjust ends the connections that are not wanted any more, and makes those
// that are missing. One that ends is awaited: what it says last must not come
// behind what the next one to the same monitor says.
func (a *App) adjust(ctx context.Context, all *sync.WaitGroup, connections map[string]*connection) {
	wanted := map[string]station.Monitor{}
	for _, m := range a.station.AcceptedMonitors() {
		wanted[m.Address] = m
	}
	for address, c := range connections {
		if _, still := wanted[address]; !still {
			c.end()
			<-c.done
			delete(connections, address)
		}
	}
	for address, m := range wanted {
		if connections[address] == nil {
			connections[address] = a.connect(ctx, all, m)
		}
	}
}

func (a *App) connect(ctx context.Context, all *sync.WaitGroup, m station.Monitor) *connection {
	ctx, end := context.WithCancel(ctx)
	c := &connection{end, make(chan struct{})}
	options := hl7link.MonitorOptions{
		Address: m.Address, Name: m.Name, Sink: a.station, Quarantine: a.station, Logger: a.log, Zone: time.Local,
		OnChange: a.station.SetMonitor, OnMessage: a.station.NoteMessage, Recorded: a.station.Recorded, Anew: a.renewal.wait,
	}
	var own sync.WaitGroup
	a.keep(ctx, &own, "monitor "+m.Address, func(ctx context.Context) error {
		return hl7link.RunMonitor(ctx, options)
	}, func(err error) {
		if err != nil {
			a.station.SetMonitor(hl7link.MonitorStatus{Address: m.Address, State: hl7link.MonitorOffline, Since: time.Now(), Fault: fhirmap.FaultOf(err)})
		}
	})
	all.Go(func() {
		defer close(c.done)
		own.Wait()
	})
	return c
}

// discover listens for the beacons of monitors until ctx ends.
func (a *App) discover(ctx context.Context) error {
	return hl7link.Discover(ctx, hl7link.DiscoverOptions{
		Ports: a.beacons, Logger: a.log, OnSeen: a.station.MonitorSeen, OnLost: a.station.MonitorLost,
	})
}

var (
	_ hl7link.Directory  = (*station.Station)(nil)
	_ hl7link.Quarantine = (*station.Station)(nil)
)
