package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"vitalien/app/cli"
	"vitalien/app/desktop"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// checkLimit is how long the store may be read for a report.
const checkLimit = 2 * time.Minute

// A report is what can be said of the program without a word about a patient.
// Names that people gave to devices and monitors are not in it.
type report struct {
	Made    time.Time        `json:"made"`
	Program programFacts     `json:"program"`
	System  systemFacts      `json:"system"`
	Store   storeFacts       `json:"store"`
	Faults  []faultFacts     `json:"faults"` // that people are shown
	Links   []connectedFacts `json:"links"`
	Clients int              `json:"clients"`
}

type programFacts struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"`
	Tags     string `json:"tags,omitempty"`
	Demo     bool   `json:"demo"`
	Serving  bool   `json:"serving"`            // false: the report was made while no program ran
	Settings string `json:"settings,omitempty"` // why those of the file are not in force
}

type systemFacts struct {
	Name    string `json:"name"`
	CPUs    int    `json:"cpus"`
	Session string `json:"session,omitempty"` // XDG_SESSION_TYPE
	Window  string `json:"window"`            // "possible", or why none can open
}

type storeFacts struct {
	Error   string `json:"error,omitempty"`
	Records uint64 `json:"records"`
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
	Bytes   int64  `json:"bytes"`
	Free    uint64 `json:"free"` // bytes on its disk
}

type faultFacts struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// A connectedFacts is a link, a monitor, a device that sends, or one that is
// paired.
type connectedFacts struct {
	Kind        string            `json:"kind"`
	Where       string            `json:"where,omitempty"`
	Model       string            `json:"model,omitempty"`
	State       station.LinkState `json:"state"`
	Since       time.Time         `json:"since,omitzero"`
	LastMessage time.Time         `json:"lastMessage,omitzero"`
	Messages    uint64            `json:"messages"`
	Rejected    uint64            `json:"rejected"`
	Fault       *faultFacts       `json:"fault,omitempty"`
}

func (a *App) report(ctx context.Context) report {
	r := report{
		Made:    time.Now(),
		Program: programFacts{Version: version, Go: runtime.Version(), Demo: a.flags.Demo, Serving: a.server != nil},
		System:  systemFacts{Name: desktop.System(), CPUs: runtime.NumCPU(), Session: os.Getenv("XDG_SESSION_TYPE"), Window: "possible"},
		Store:   a.storeFacts(ctx),
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			switch s.Key {
			case "vcs.revision":
				r.Program.Revision = s.Value
			case "-tags":
				r.Program.Tags = s.Value
			}
		}
	}
	if a.unset != nil {
		r.Program.Settings = cut(a.unset.Error())
	}
	if err := desktop.TryDisplay(ctx, cli.ProbeDisplay); err != nil {
		r.System.Window = cut(err.Error())
	}
	if a.station != nil {
		r.tell(a.station.Situation())
	}
	return r
}

func (r *report) tell(s station.Situation) {
	r.Clients = s.Clients
	for _, f := range s.Notices {
		r.Faults = append(r.Faults, *factsOf(f))
	}
	add := func(c connectedFacts) { r.Links = append(r.Links, c) }
	for _, l := range s.Links {
		add(connectedFacts{Kind: l.ID, Where: l.Where, State: l.State, Since: l.Since, Fault: factsOf(l.Fault)})
	}
	for _, m := range s.Monitors {
		add(connectedFacts{"monitor", m.Address, "", m.State, m.Since, m.LastMessage, m.Messages, m.Rejected, factsOf(m.Fault)})
	}
	for _, p := range s.Peers {
		add(connectedFacts{"peer", p.Address, "", p.State, p.Since, p.LastMessage, p.Messages, p.Rejected, factsOf(p.Fault)})
	}
	for _, d := range s.Devices {
		add(connectedFacts{"device", d.Address, d.Model, d.State, d.Since, d.LastSeen, 0, 0, factsOf(d.Fault)})
	}
}

// factsOf leaves out the cause of a fault, which could quote a message.
func factsOf(f *fhirmap.Fault) *faultFacts {
	if f == nil {
		return nil
	}
	return &faultFacts{f.Code, cut(f.English)}
}

// storeFacts reads all of the store, as far as it comes within checkLimit.
func (a *App) storeFacts(ctx context.Context) (facts storeFacts) {
	facts.Free, _ = desktop.Free(a.folder)
	if info, err := os.Stat(filepath.Join(a.folder, station.StoreFile)); err == nil {
		facts.Bytes = info.Size()
	}
	if a.station == nil {
		facts.Error = "not opened"
		if a.unopened != nil {
			facts.Error = fhirmap.FaultOf(a.unopened).Code
		}
		return facts
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	checked, err := a.station.Check(ctx, nil)
	switch {
	case ctx.Err() != nil:
		facts.Error = "not read to its end within " + checkLimit.String()
	case err != nil:
		facts.Error = fhirmap.FaultOf(err).Code
	}
	facts.Records, facts.First, facts.Last = uint64(checked.Records), checked.First, checked.Last
	return facts
}
