package main

import (
	"context"
	"errors"
	"io"

	"vitalien/app/cli"
	"vitalien/app/desktop"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// errAlreadyShown says that another instance runs and has come to the front.
var errAlreadyShown = errors.New("another instance came to the front")

// codeNoWindow is the Fault of a program that runs without a window.
const codeNoWindow = "no_window"

// errCrashing is why a program that died again and again has no window.
var errCrashing = &fhirmap.Fault{
	Code: "crashing", English: "the program died three times within ten minutes",
	French: "Vitalien s’est arrêté trois fois en dix minutes. Il continue sans fenêtre\u202f: les mesures arrivent et sont transmises. Quittez-le et relancez-le pour retrouver la fenêtre\u202f; si cela se répète, appelez le support.",
}

// A shower brings the window to the front, and asks there whether to start a
// consultation unless it is nil.
type shower func(*station.Consultation)

// other brings the instance that serves the folder to the front, where this
// start wants a window, and passes on the link that this one was opened with. It
// returns errAlreadyShown, or why that instance could not do it; nil when none
// answers.
func (a *App) other() error {
	if a.flags.Headless {
		return nil
	}
	words := []string{"show"}
	if a.flags.Link != "" {
		words = append(words, a.flags.Link)
	}
	err := cli.Call(context.Background(), a.folder, words, io.Discard)
	switch {
	case err == nil:
		return errAlreadyShown
	case errors.Is(err, cli.ErrNotRunning), fhirmap.FaultOf(err).Code == "no_answer":
		return nil
	}
	return err
}

// face shows the window, unless there is to be none or there can be none. It
// returns when the window is gone for good.
func (a *App) face(ctx context.Context, quit func()) {
	if a.flags.Headless {
		return
	}
	var err error = errCrashing
	if !a.flags.Crashing {
		err = a.window(ctx, quit)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	a.log.Warn("no window: going on headless", "reason", err)
	a.setShow(nil, err)
	a.station.SetLink(station.Link{
		ID: "window", Name: partNames["window"], State: station.LinkFailed, Where: a.server.URL(), Fault: fhirmap.FaultOf(err),
	})
	if desktop.Launched() {
		if err := desktop.Tell(ctx, "Vitalien", fhirmap.FaultOf(err).French); err != nil {
			a.log.Warn("nobody could be told", "error", err)
		}
	}
}

// showWindow brings the window to the front, and asks there what a link is
// about. An empty link is none.
func (a *App) showWindow(link string) error {
	var asked *station.Consultation
	if link != "" {
		c, err := readLink(link)
		if err != nil {
			return err
		}
		asked = &c
	}
	a.showMu.Lock()
	defer a.showMu.Unlock()
	if a.show != nil {
		a.show(asked)
		return nil
	}
	f := &fhirmap.Fault{
		Code: codeNoWindow, English: "the running program has no window", Cause: a.bare,
		French: "Vitalien fonctionne déjà, sans fenêtre. Son état se voit sur " + a.server.URL() + ".",
	}
	if a.bare != nil {
		f.French += " " + fhirmap.FaultOf(a.bare).French
	}
	return f
}

// setShow tells how to bring the window to the front, or why there is none.
func (a *App) setShow(show shower, bare error) {
	a.showMu.Lock()
	defer a.showMu.Unlock()
	a.show, a.bare = show, bare
}
