package ui

import (
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A stage is one screen of the wizard.
type stage int

// The stages in their order. From search to measure the core leads.
const (
	stageClosed  stage = iota
	stageKind          // which type of device
	stageModel         // which model, and how it is made ready
	stageSearch        // which of those that are heard
	stagePair          // it is connected and paired
	stageMeasure       // a measurement shows that it works
	stageName          // what it is called
	stageDone
	stageFault // something failed
)

// pairing is what the wizard knows: what a person has chosen, and how far the
// core has come with it. The stage follows from both.
type pairing struct {
	chosen stage // by the person; from search on the core leads
	kind   fhirmap.DeviceType
	model  string           // ID of the one that is looked for
	newest *station.Pairing // that was seen
	seen   bool             // since it was started
	bonded bool             // the device chosen has come as far as bonding
	asking bool             // the core has not answered yet
	ending bool             // it is being told the name
	fault  *fhirmap.Fault   // of what the core was asked for last
	driver string           // of the device, once it is done
	run    int              // counts starts and ends: an answer to an earlier one is void
}

// see takes what the core shows now. What it shows of an earlier pairing, while
// it is asked for another, is on its way out and not seen.
func (p *pairing) see(now *station.Pairing) {
	if now != nil && (now.Type != p.kind || !p.seen && p.asking) {
		now = nil
	}
	p.newest, p.seen = now, p.seen || now != nil
	if now != nil && now.Step != station.PairingConnecting {
		p.bonded = now.Step == station.PairingBonding
	}
}

func (p *pairing) stage() stage {
	switch {
	case p.chosen < stageSearch || p.chosen == stageDone:
		return p.chosen
	case p.fault != nil:
		return stageFault
	case p.newest == nil:
		if p.seen && !p.ending {
			return stageFault // it has ended without us
		}
		return p.chosen
	}
	switch p.newest.Step {
	case station.PairingConnecting, station.PairingBonding:
		return stagePair
	case station.PairingMeasuring:
		return max(p.chosen, stageMeasure) // stageName once the person has gone on
	case station.PairingFailed:
		return stageFault
	default:
		return stageSearch
	}
}

// failure is what the screen of stageFault tells of; nil when pairing has ended
// without us.
func (p *pairing) failure() *fhirmap.Fault {
	if p.fault == nil && p.newest != nil {
		return p.newest.Fault
	}
	return p.fault
}

// paired tells whether the device is, though not yet finished.
func (p *pairing) paired() bool {
	return p.chosen != stageDone && p.newest != nil && p.newest.Device != ""
}

// begin is the start of another run from a stage.
func (p *pairing) begin(at stage) {
	*p = pairing{chosen: at, kind: p.kind, model: p.model, run: p.run + 1}
}
