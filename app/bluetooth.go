package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio"
	"vitalien/app/cli"
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
		a.simulateRadio()
	default:
		a.supervised = radio.NewSupervised(a.radioProcess, a.adapterChanged, a.log)
		a.radio = a.supervised
	}
	a.bluetooth = blelink.New(blelink.Options{
		Radio: a.radio, Sink: a.station, Keeper: a.station, OnStatus: a.station.SetDevice, OnPairing: a.station.SetPairing,
		Logger: a.log, Now: time.Now, Zone: time.Local, Test: a.flags.Demo,
	})
	a.station.ServeBluetooth(a.bluetooth)
}

// simulateRadio has simulated devices behind the pipe of a Bluetooth process.
func (a *App) simulateRadio() {
	air, run := simulator.Bluetooth(a.simulation())
	requests, toChild := io.Pipe()
	answers, toParent := io.Pipe()
	client := radio.NewClient(answers, toChild, a.adapterChanged, a.log)
	a.radio = client
	a.runAir = func(ctx context.Context) error {
		var parts sync.WaitGroup
		defer parts.Wait()
		defer toParent.Close()
		defer toChild.Close()
		parts.Go(func() { client.Run() })
		parts.Go(func() { run(ctx) })
		return radio.Serve(ctx, requests, toParent, air, a.log)
	}
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

// radioProcess is this program as the process that drives the adapter.
func (a *App) radioProcess(ctx context.Context) *exec.Cmd {
	self := a.self
	if self == "" {
		self, _ = os.Executable()
	}
	command := exec.CommandContext(ctx, self, cli.BluetoothRadio)
	command.Stderr = os.Stderr
	return command
}

// bluetoothRadio is what that process does.
func bluetoothRadio(ctx context.Context) error {
	return radio.ServeSystem(ctx, os.Stdin, os.Stdout, newLogger(os.Stderr))
}
