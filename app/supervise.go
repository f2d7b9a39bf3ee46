package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// How long a part of the program rests before it is started again.
const (
	firstRest = 500 * time.Millisecond
	longRest  = 30 * time.Second
)

// supervise keeps a part of the program going until ctx ends, and shows its
// last error in its link.
func (a *App) supervise(ctx context.Context, services *sync.WaitGroup, name string, part func(context.Context) error) {
	a.keep(ctx, services, name, part, func(err error) { a.tell(name, err) })
}

// keep runs part until ctx ends, again with growing pauses when it fails or
// panics, and tells its last error. A part that went on for as long as the
// longest pause counts as well again, and the error told is nil.
func (a *App) keep(ctx context.Context, services *sync.WaitGroup, name string, part func(context.Context) error, tell func(error)) {
	services.Go(func() {
		for rest := firstRest; ; rest = min(2*rest, longRest) {
			began := time.Now()
			well := time.AfterFunc(longRest, func() { tell(nil) })
			err := guarded(ctx, part)
			well.Stop()
			if ctx.Err() != nil || err == nil {
				return
			}
			if time.Since(began) >= longRest {
				rest = firstRest
			}
			a.log.Error("part of the program failed, starting it again", "part", name, "error", err, "after", rest)
			tell(err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(rest):
			}
		}
	})
}

// partNames are the parts as people know them.
var partNames = map[string]string{
	"follower": "Affichage des mesures", "control": "Commandes", "hl7": "Moniteurs (HL7)", "simulator": "Appareils simulés",
	"window": "Fenêtre", "bluetooth": "Bluetooth", "radio": "Adaptateur Bluetooth", "air": "Appareils Bluetooth simulés",
	"monitors": "Liaisons aux moniteurs", "discovery": "Recherche de moniteurs",
	"updates": "Mises à jour", "surroundings": "Veille et réseau",
}

// tell shows that a part has failed, in its own link where it has one, or that
// it is well again after it had failed.
func (a *App) tell(name string, err error) {
	if a.station == nil {
		return
	}
	link := station.Link{ID: name, Name: partNames[name]}
	links := a.station.Situation().Links
	if i := slices.IndexFunc(links, func(l station.Link) bool { return l.ID == name }); i >= 0 {
		link = links[i]
	}
	switch {
	case err != nil:
		link.State, link.Fault = station.LinkFailed, fhirmap.FaultOf(err)
	case link.State == station.LinkFailed:
		link.State, link.Fault = station.LinkConnected, nil
	default:
		return
	}
	a.station.SetLink(link)
}

func guarded(ctx context.Context, part func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %T\n%s", p, debug.Stack()) // its text could quote a message
		}
	}()
	return part(ctx)
}
