//go:build !headless

package main

import (
	"context"
	"errors"
	"os"

	"vitalien/app/cli"
	"vitalien/app/desktop"
	"vitalien/app/station"
	"vitalien/app/stethoscope/soundcard"
	"vitalien/app/ui"
	"vitalien/fhirmap"
)

// edition is of this build, by the names of desktop.Target.
const edition = ""

func probe() int { return ui.Probe() }

// alert shows why the program could not start to whoever started it with a
// double-click, where a window can open.
func alert(ctx context.Context, err error) {
	if desktop.TryDisplay(ctx, cli.ProbeDisplay) == nil {
		ui.Alert(ctx, fhirmap.FaultOf(err))
	}
}

// lookForDisplay begins to find out whether a window can open, beside the rest
// of the start.
func (a *App) lookForDisplay() {
	if a.flags.Headless || a.flags.Crashing {
		return
	}
	a.display = make(chan error, 1)
	go func() { a.display <- desktop.TryDisplay(context.Background(), cli.ProbeDisplay) }()
}

// window shows the window and the tray until the user quits or ctx ends. It
// needs the goroutine of main.
func (a *App) window(ctx context.Context, quit func()) error {
	if err := <-a.display; err != nil {
		return &fhirmap.Fault{
			Code: "no_display", English: "no window can open here", Cause: err,
			French: "Aucune fenêtre ne peut s’ouvrir sur ce poste (pas d’écran, bureau à distance ou machine virtuelle sans OpenGL). Vitalien continue sans fenêtre\u202f: les mesures arrivent et sont transmises.",
		}
	}
	o := ui.Options{
		Core: a.station, Language: a.config.Lang, Minimized: a.flags.Minimized, Address: a.server.URL(), PageLink: a.server.PageLink,
		Version: version, Tokens: a.config.RequireToken, Speaker: soundcard.Speaker{}, Logger: a.log, Quit: quit, Support: a.SupportFile,
		Settings: a.settings(), Autostart: desktop.Autostart{}, Display: ui.Display(a.config.Window), Leave: a.leave, Abrupt: desktop.ErrSessionEnd,
	}
	if !a.flags.Demo {
		o.Demonstrate = a.demonstrate
	}
	if a.flags.Supervised {
		o.Restart = func() {
			a.again.Store(true)
			quit()
		}
	}
	if a.monitor != nil {
		o.Listener = a.monitor.Addr().String()
	}
	window := ui.New(o)
	a.setShow(func(c *station.Consultation) {
		window.Show()
		if c != nil {
			window.Propose(*c)
		}
	}, nil)
	defer a.setShow(nil, nil)
	if a.flags.Link != "" {
		if err := a.showWindow(a.flags.Link); err != nil {
			window.Notify(err)
		}
	}
	if err := window.Run(ctx); err != nil {
		return err
	}
	quit() // by the user
	return nil
}

// leave ends the process and leaves the toolkit as it stands: when it does not
// end, and when Windows ends the session. It would then take its icon from the
// tray, and if the end of the session reaches the tray meanwhile, that waits for
// itself for ever.
func (a *App) leave() {
	status := 0
	var exit cli.Exit
	if err := a.finish(); errors.As(err, &exit) {
		status = exit.Status
	} else if err != nil {
		status = 1
	}
	os.Exit(status)
}
