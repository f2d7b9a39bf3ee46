package ui

import (
	"context"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// What the wizard does when a person chooses something. Each leads to another
// stage, at once or when the core has answered.

// start opens the wizard, from the beginning.
func (w *wizard) start() {
	w.begin(stageKind)
	w.update()
}

func (w *wizard) chooseKind(t fhirmap.DeviceType) {
	w.begin(stageModel)
	w.kind, w.model = t, ""
	w.models.choose(t)
	w.update()
}

// search looks for devices, whatever was under way before.
func (w *wizard) search() {
	w.begin(stageSearch)
	w.model = w.models.driver()
	w.name.forget()
	kind, model := w.kind, w.model
	w.ask("start pairing", func(ctx context.Context, c DeviceCore) error { return c.StartPairing(ctx, kind, model) })
	w.update()
}

func (w *wizard) chooseDevice(address string) {
	if w.asking {
		return
	}
	w.ask("pair device", func(ctx context.Context, c DeviceCore) error { return c.PairDevice(ctx, address) })
}

// answer is that to the question of pairing. What the core says against it
// stands beside the question, which remains.
func (w *wizard) answer(passkey string, yes bool) {
	run := w.run
	w.do.errand("answer pairing",
		func(ctx context.Context, c DeviceCore) error { return c.AnswerPairing(ctx, passkey, yes) },
		func(err error) {
			if run == w.run && err != nil {
				w.pair.refuse(w.words.fault(fhirmap.FaultOf(err)))
				w.update()
			}
		})
}

// retry tries again what failed.
func (w *wizard) retry() {
	switch {
	case w.newest == nil:
		w.search()
		return
	case w.newest.Step == station.PairingFailed:
		w.ask("retry pairing", func(ctx context.Context, c DeviceCore) error { return c.RetryPairing(ctx) })
	}
	w.fault = nil
	w.update()
}

// finish names the device, with which pairing ends.
func (w *wizard) finish() {
	if w.newest == nil || w.ending {
		return
	}
	name, place := w.name.typed()
	w.driver, w.ending = w.deviceDriver(), true
	run := w.run
	w.do.errand("finish pairing",
		func(ctx context.Context, c DeviceCore) error { return c.FinishPairing(ctx, name, place) },
		func(err error) {
			if run != w.run {
				return
			}
			w.ending = false
			if err != nil {
				w.fault = fhirmap.FaultOf(err)
			} else {
				w.chosen = stageDone
			}
			w.update()
		})
}

// back is one stage back. A device that was paired already is asked about.
func (w *wizard) back() {
	switch at := w.stage(); {
	case at <= stageKind || at == stageDone:
		w.close()
	case at == stageModel:
		w.begin(stageKind)
		w.update()
	case at == stageName:
		w.chosen = stageSearch
		w.update()
	default:
		w.leave(func() {
			w.end()
			w.begin(stageModel)
			w.update()
		})
	}
}

// close ends the wizard, and what is under way.
func (w *wizard) close() {
	w.leave(func() {
		if w.chosen >= stageSearch && w.chosen != stageDone {
			w.end()
		}
		w.begin(stageClosed)
		w.update()
	})
}

// leave does what follows unless a device would be forgotten by it, which was not
// paired before, and the person thinks better of it.
func (w *wizard) leave(follow func()) {
	if w.paired() && !paired(w.situation.Devices, w.newest.Device) {
		w.do.confirmAbandon(follow)
		return
	}
	follow()
}

func (w *wizard) end() {
	w.do.errand("cancel pairing",
		func(ctx context.Context, c DeviceCore) error { return c.CancelPairing(ctx) }, func(error) {})
}

// ask has the core do something, and shows what it says against it.
func (w *wizard) ask(what string, do func(context.Context, DeviceCore) error) {
	run := w.run
	w.asking = true
	w.do.errand(what, do, func(err error) {
		if run != w.run {
			return
		}
		w.asking = false
		if err != nil {
			w.fault = fhirmap.FaultOf(err)
			w.update()
			return
		}
		w.look(w.situation) // what came before the answer was not seen
	})
}
