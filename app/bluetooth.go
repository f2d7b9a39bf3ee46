package main

import (
	"context"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/simulator"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// openBluetooth makes the link to the devices that are paired, or can be. In
// a demonstration they are simulated.
func (a *App) openBluetooth() {
	if !a.config.Bluetooth.Enabled {
		return
	}
	switch {
	case a.radio != nil: // a test's own
	case a.flags.Demo:
		var air *simulator.Air
		air, a.runAir = simulator.Bluetooth(a.simulation())
		a.radio = air
	default:
		return
	}
	a.bluetooth = blelink.New(blelink.Options{
		Radio: a.radio, Sink: a.station, Keeper: a.station, OnStatus: a.station.SetDevice, OnPairing: a.station.SetPairing,
		Logger: a.log, Now: time.Now, Zone: time.Local, Test: a.flags.Demo,
	})
	a.station.ServeBluetooth(a.bluetooth)
}

// adapterChanged shows whether the adapter can be used.
func (a *App) adapterChanged(fault *fhirmap.Fault) {
	a.station.SetBluetooth(fault)
	link := station.Link{ID: "bluetooth", Name: partNames["bluetooth"], State: station.LinkConnected}
	if fault != nil {
		link.State, link.Fault = station.LinkFailed, fault
	}
	a.station.SetLink(link)
}

// runBluetooth serves the paired devices until ctx ends.
func (a *App) runBluetooth(ctx context.Context) error {
	return a.bluetooth.Run(ctx)
}
