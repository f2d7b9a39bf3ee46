package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vitalien/app/api"
	"vitalien/app/blelink"
	"vitalien/app/blelink/radio"
	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/app/desktop"
	"vitalien/app/simulator"
	"vitalien/app/station"
	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// An App is the whole program: New binds everything, Run serves until its
// context ends or the user quits, Close frees what was bound.
type App struct {
	flags  cli.Flags
	config config.Config // with what the flags say
	loaded config.Config // what the file said at the start
	saved  string        // the folder of config.toml
	folder string        // of the data
	stdout io.Writer
	log    *slog.Logger

	station     *station.Station
	server      *api.Server
	monitor     *hl7link.Listener // nil: no listener
	beacons     []int             // UDP ports where monitors are looked for; nil: the usual ones
	bedside     []*simulator.Monitor
	auscultated *simulator.Stethoscope // nil: there is no simulated one

	bluetooth  *blelink.Link // nil: not served
	radio      blelink.Radio // nil: the computer's own
	self       string        // the program's file; empty: that which runs
	supervised *radio.Supervised
	runAir     func(context.Context) error

	renewal renewal
	quit    func()       // ends Run
	finish  func() error // does what is left to do when Run cannot return
	again   atomic.Bool  // Run is to end so that the supervisor starts the program again

	unset, unopened error // why there are no settings, and no station, outside of Run

	display chan error // whether a window can open, once

	showMu sync.Mutex
	show   shower // nil: there is no window
	bare   error  // why there is none; nil: nobody wanted one
}

// demoFolder is what the name of the demonstration's data folder ends in.
const demoFolder = "-demo"

// New reads the settings and opens the data folder and the sockets. When
// another instance serves the folder and this start wants a window, that
// instance is brought to the front; Run then returns at once.
func New(f cli.Flags, stdout, stderr io.Writer) (*App, error) {
	a := &App{flags: f, stdout: stdout, log: newLogger(stderr)}
	if err := a.configure(); err != nil {
		return nil, err
	}
	a.lookForDisplay()
	if err := a.open(); err != nil {
		a.Close()
		if errors.Is(err, errAlreadyShown) {
			return &App{log: a.log}, nil
		}
		return nil, err
	}
	return a, nil
}

// folders are those of the data and of the settings.
func folders(f cli.Flags) (data, settings string, err error) {
	if f.DataDir != "" {
		return f.DataDir, f.DataDir, nil
	}
	if data, err = config.DataFolder(); err != nil {
		return "", "", err
	}
	if f.Demo {
		data += demoFolder // simulated values never enter the practice's own log
	}
	settings, err = config.Folder()
	return data, settings, err
}

func (a *App) configure() (err error) {
	var settings string
	if a.folder, settings, err = folders(a.flags); err != nil {
		return err
	}
	loaded, warnings, err := config.Load(settings)
	if err != nil {
		return &fhirmap.Fault{
			Code: "bad_config", English: "settings", Cause: err,
			French: "Un réglage est incorrect\u202f: " + frenchOf(err) + " Corrigez-le ou effacez la ligne.",
		}
	}
	for _, warning := range warnings {
		a.log.Warn(warning)
	}
	a.config, a.loaded, a.saved = loaded, loaded, settings
	if a.flags.Listen != "" {
		a.config.Listen = a.flags.Listen
	}
	if a.flags.HL7Listen != "" {
		a.config.HL7.Listen = a.flags.HL7Listen
	}
	if a.flags.Demo {
		a.beacons = []int{simulator.DemoBeacons}
		if a.config.HL7.Listen == "" {
			a.config.HL7.Listen = "127.0.0.1:0"
		}
	}
	return nil
}

func (a *App) open() (err error) {
	if a.flags.Demo {
		if a.bedside, err = simulator.Monitors(context.Background(), a.simulation()); err != nil {
			return err
		}
	}
	sound, err := a.stethoscope()
	if err != nil {
		return err
	}
	if other := a.other(); other != nil {
		return other // in less time than the store takes to say that it is locked
	}
	a.station, err = station.Open(a.folder, station.Options{
		Logger: a.log, Demo: a.flags.Demo, RecordEvery: time.Duration(a.config.HL7.RecordEvery), Monitors: a.given(),
		Backups:        station.Backups{Dir: a.config.Backup.Dir, Keep: a.config.Backup.Keep},
		ObservationAge: time.Duration(a.config.Retention.Observations), DetailAge: time.Duration(a.config.Retention.Live),
		QuarantineAge: time.Duration(a.config.Retention.Quarantine), Stethoscope: sound, Keyring: keyring(), CheckFile: checkFile,
	})
	if err != nil {
		if other := a.other(); fhirmap.FaultOf(err).Code == "store_locked" && other != nil {
			return other // it was still starting
		}
		return err
	}
	a.openBluetooth()
	a.server, err = api.Listen(api.Options{
		Station: a.station, Logger: a.log, Address: a.config.Listen, RequireToken: a.config.RequireToken, Version: version,
	})
	if err != nil {
		return namingOwner(err, a.config.Listen)
	}
	if a.config.HL7.Listen != "" {
		if err := a.listenHL7(); err != nil {
			return namingOwner(err, a.config.HL7.Listen)
		}
	}
	return nil
}

// keyring is that of the system, nil where there is none.
func keyring() station.Keyring {
	if k := desktop.OpenKeyring(); k != nil {
		return k
	}
	return nil
}

func (a *App) listenHL7() error {
	prefixes, err := a.config.HL7.Prefixes()
	if err != nil {
		return err
	}
	secure, err := mutualTLS(a.config.HL7)
	if err != nil {
		return err
	}
	a.monitor, err = hl7link.Listen(context.Background(), a.config.HL7.Listen, hl7link.ListenerOptions{
		Sink: a.station, Logger: a.log, Zone: time.Local, Allow: prefixes, TLS: secure, OnChange: a.monitorChanged,
		Directory: a.station, Quarantine: a.station, OnPeer: a.station.SetPeer, OnMessage: a.station.NoteMessage, Recorded: a.station.Recorded,
	})
	if err == nil {
		a.monitorChanged(0, nil)
	}
	return err
}

func (a *App) monitorChanged(peers int, last error) {
	link := station.Link{ID: "hl7", Name: "Moniteurs (HL7)", State: station.LinkConnected, Where: a.config.HL7.Listen, Peers: peers}
	if a.monitor != nil {
		link.Where = a.monitor.Addr().String()
	}
	if last != nil {
		link.Fault = fhirmap.FaultOf(last)
	}
	a.station.SetLink(link)
}

// Run serves until ctx ends, the user quits, or the local server fails.
func (a *App) Run(ctx context.Context) error {
	if a.station == nil {
		return nil // another instance came to the front
	}
	a.log.Info("started", "version", version, "system", runtime.GOOS+"/"+runtime.GOARCH)
	defer a.log.Info("ended")
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	a.quit = quit
	var services sync.WaitGroup
	failed := make(chan error, 1)
	a.finish = func() error {
		services.Wait()
		defer a.log.Info("ended")
		return errors.Join(a.outcome(failed), a.Close())
	}
	services.Go(func() {
		if err := a.server.Serve(ctx); err != nil {
			failed <- err
		}
		quit()
	})
	a.supervise(ctx, &services, "follower", a.station.Run)
	a.supervise(ctx, &services, "control", func(ctx context.Context) error {
		return cli.ServeControl(ctx, a.folder, a.control)
	})
	fmt.Fprintln(a.stdout, "ready", a.server.URL())
	if a.monitor != nil {
		a.supervise(ctx, &services, "hl7", a.monitor.Serve)
		fmt.Fprintln(a.stdout, "ready mllp", a.monitor.Addr())
	}
	a.supervise(ctx, &services, "surroundings", a.watchSurroundings)
	a.supervise(ctx, &services, "monitors", a.connectMonitors)
	if a.config.HL7.Discover {
		a.supervise(ctx, &services, "discovery", a.discover)
	}
	if a.config.Update.URL != "" {
		a.supervise(ctx, &services, "updates", a.watchUpdates)
	}
	if a.bluetooth != nil {
		a.supervise(ctx, &services, "bluetooth", a.bluetooth.Run)
	}
	if a.supervised != nil {
		a.supervise(ctx, &services, "radio", a.supervised.Run)
	}
	if a.runAir != nil {
		a.supervise(ctx, &services, "air", a.runAir)
	}
	if a.flags.Demo {
		a.supervise(ctx, &services, "simulator", func(ctx context.Context) error { return simulator.Run(ctx, a.simulation()) })
	}
	a.face(ctx, quit)
	<-ctx.Done()
	services.Wait()
	return a.outcome(failed)
}

// outcome is what Run returns once all has ended.
func (a *App) outcome(failed <-chan error) error {
	select {
	case err := <-failed:
		return err
	default:
	}
	if a.again.Load() {
		return cli.Exit{Status: desktop.Again}
	}
	return nil
}

// simulation is what the simulated devices are made of.
func (a *App) simulation() simulator.Options {
	o := simulator.Options{
		Logger: a.log, Now: time.Now, Seed: uint64(time.Now().UnixNano()), Bedside: a.bedside, Stethoscope: a.auscultated,
		Monitor: 10 * time.Second, SpotCheck: 25 * time.Second,
	}
	if a.monitor != nil {
		o.Address = a.monitor.Addr().String()
	}
	return o
}

// control executes what comes through the control socket.
func (a *App) control(ctx context.Context, words []string, out io.Writer) error {
	if words[0] == "stop" {
		a.quit()
		return nil
	}
	if words[0] == "show" {
		return a.showWindow(strings.Join(words[1:], ""))
	}
	if cli.IsOwn(words) {
		return a.own(ctx, words, out)
	}
	return cli.Execute(ctx, a.station, words, out)
}

// Close frees what New bound. It may be called more than once.
func (a *App) Close() error {
	var errs []error
	if a.server != nil {
		errs = append(errs, a.server.Close())
	}
	if a.monitor != nil {
		a.monitor.Close() // closed by Serve already when it ran
	}
	for _, m := range a.bedside {
		m.Close() // the same
	}
	if a.auscultated != nil {
		a.auscultated.Close() // the same
	}
	if a.station != nil {
		errs = append(errs, a.station.Close())
	}
	return errors.Join(errs...)
}
