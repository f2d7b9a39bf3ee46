package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// guided is a driven window with the wizard open.
type guided struct {
	*driven
	clicks int
}

func newGuided(t *testing.T) *guided {
	t.Helper()
	g := &guided{driven: newDriven(t)}
	g.front()
	g.frame.Resize(fyne.NewSize(usualWidth, usualHeight))
	return g
}

func (g *guided) wizard() *wizard { return g.screen.devices.wizard }

func (g *guided) tap(what fyne.Tappable) {
	g.clicks++
	what.Tapped(nil)
}

// comes is what the core shows from now on.
func (g *guided) comes(p *station.Pairing) {
	g.show(view{situation: station.Situation{Pairing: p, Devices: everyDevice(), Bluetooth: ready()}})
}

// done has the core do what it was asked for, which must be want.
func (g *guided) done(want string) {
	g.t.Helper()
	if got := await(g.t, g.core.asked); got != want {
		g.t.Fatalf("asked to %q, want %q", got, want)
	}
	g.take()
}

func (g *guided) at(want stage) {
	g.t.Helper()
	if got := g.wizard().stage(); got != want || g.wizard().shown != want {
		g.t.Fatalf("at stage %d, shown %d, want %d", got, g.wizard().shown, want)
	}
}

// searching brings the wizard to the list of what is heard.
func (g *guided) searching() {
	g.t.Helper()
	g.screen.pair()
	g.wizard().chooseKind(fhirmap.BloodPressureMonitor)
	g.wizard().onward()
	g.done("search blood_pressure_monitor, omron-hem-9210t")
	g.comes(pairingOf(station.PairingSearching))
	g.at(stageSearch)
}

func pressure() fhirmap.Measurement {
	return of(fhirmap.BloodPressure, value(fhirmap.Systolic, "128", fhirmap.MillimetreOfMercury), value(fhirmap.Diastolic, "82", fhirmap.MillimetreOfMercury))
}

func TestWizard_SevenClicksFromTheFirstToTheEnd(t *testing.T) {
	g := newGuided(t)
	w := g.wizard()
	g.tap(g.screen.devices.pair)
	g.at(stageKind)
	g.tap(w.kinds.options[0])
	g.at(stageModel)
	g.tap(w.models.options[1])
	g.tap(w.next)
	g.done("search blood_pressure_monitor, and-ua-651ble")
	g.at(stageSearch)
	p := *pairingOf(station.PairingSearching)
	p.Driver = "and-ua-651ble"
	g.comes(&p)
	g.tap(w.heard.rows["AA:BB:CC:00:00:02"].option)
	g.done("pair AA:BB:CC:00:00:02")
	p.Step, p.Address = station.PairingBonding, "AA:BB:CC:00:00:02"
	g.comes(&p)
	g.at(stagePair)
	p.Step, p.Device = station.PairingMeasuring, "new"
	g.comes(&p)
	g.at(stageMeasure)
	m := pressure()
	p.Measured = &m
	g.comes(&p)
	if got := w.measure.value.main; got != "128/82" {
		t.Errorf("the test measurement is %q", got)
	}
	g.tap(w.next)
	g.at(stageName)
	test.Type(w.name.place, "Cabinet 2") // the name stays the usual one
	g.tap(w.next)
	g.done("finish , Cabinet 2")
	g.at(stageDone)
	if g.clicks > 7 {
		t.Errorf("%d clicks", g.clicks)
	}
	if w.done.name.text != "A&D UA-651BLE" || w.done.place.text != "Cabinet 2 · Tensiomètre" {
		t.Errorf("done with %q, %q", w.done.name.text, w.done.place.text)
	}
	g.comes(nil)
	g.at(stageDone)
	g.tap(w.next)
	if w.Visible() || !g.screen.devices.overview.Visible() || len(g.core.asked) != 0 {
		t.Error("the wizard does not give the page back, or cancels what is done")
	}
}

// keyed presses keys until the keyboard is on what has a text.
func (g *guided) tabTo(text string) {
	g.t.Helper()
	c := g.frame.Canvas()
	for range 60 {
		switch at := c.Focused().(type) {
		case *button:
			if at.Text == text {
				return
			}
		case *option:
			if strings.Contains(at.name, text) {
				return
			}
		case *field:
			if at.PlaceHolder == text {
				return
			}
		}
		c.FocusNext()
	}
	g.t.Fatalf("the keyboard never comes to %q", text)
}

func TestWizard_WithTheKeyboardAlone(t *testing.T) {
	g := newGuided(t)
	say := g.words.say
	g.tabTo(say("devices.pair"))
	g.press(fyne.KeyReturn)
	g.at(stageKind)
	if o, ok := g.frame.Canvas().Focused().(*option); !ok || o.name != "Tensiomètre" {
		t.Fatalf("the keyboard is on %T", g.frame.Canvas().Focused())
	}
	g.press(fyne.KeyReturn)
	g.at(stageModel)
	g.tabTo("A&D UA-651BLE")
	g.press(fyne.KeySpace)
	if g.wizard().models.driver() != "and-ua-651ble" {
		t.Error("Space does not choose a model")
	}
	g.tabTo(say("pair.other"))
	g.press(fyne.KeyReturn)
	g.tabTo(say("pair.search"))
	g.press(fyne.KeyReturn)
	g.done("search blood_pressure_monitor, blood-pressure")
	p := *pairingOf(station.PairingSearching)
	p.Driver = "blood-pressure"
	g.comes(&p)
	g.at(stageSearch)
	g.tabTo("Omron HEM-9210T")
	g.press(fyne.KeyReturn)
	g.done("pair " + cuff)
	p.Step, p.Address, p.Driver = station.PairingBonding, cuff, "omron-hem-9210t" // as which it is recognised
	p.Question = &station.PairingQuestion{Kind: station.QuestionConfirm, Passkey: "042917"}
	g.comes(&p)
	if got := focusedText(g.frame.Canvas()); got != say("pair.confirm.yes") {
		t.Fatalf("the keyboard is on %q", got)
	}
	g.press(fyne.KeyReturn)
	g.done("answer , true")
	p.Step, p.Question, p.Device = station.PairingMeasuring, nil, "new"
	m := pressure()
	p.Measured = &m
	g.comes(&p)
	g.at(stageMeasure)
	g.press(fyne.KeyReturn)
	g.at(stageName)
	g.frame.Canvas().Focused().(*field).SetText("Bras gauche")
	g.tabTo("Salle de soins")
	g.press(fyne.KeyReturn)
	g.tabTo(say("pair.finish"))
	g.press(fyne.KeyReturn)
	g.done("finish Bras gauche, Salle de soins")
	g.at(stageDone)
	g.tabTo(say("pair.another"))
	g.press(fyne.KeyReturn)
	g.at(stageKind)
	g.press(fyne.KeyEscape)
	if g.wizard().Visible() || focusedText(g.frame.Canvas()) != say("devices.pair") {
		t.Error("Escape does not close the wizard, or nothing has the keyboard")
	}
}

// An Escape where nothing has the keyboard goes back as well.
func TestWizard_EscapeGoesBackFromEveryStage(t *testing.T) {
	for name, before := range map[string]*station.Pairing{
		"search":  pairingOf(station.PairingSearching),
		"connect": pairingOf(station.PairingConnecting),
		"bond":    pairingOf(station.PairingBonding),
		"asked":   asking(station.PairingQuestion{Kind: station.QuestionPasskey}),
		"fault":   failed(unanswered()),
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuided(t)
			g.searching()
			g.comes(before)
			g.press(fyne.KeyEscape)
			g.done("cancel ")
			g.at(stageModel)
			g.comes(before) // what the core showed before it was told
			g.at(stageModel)
			g.press(fyne.KeyEscape)
			g.at(stageKind)
			if len(g.core.asked) != 0 {
				t.Errorf("asked to %q", <-g.core.asked)
			}
		})
	}
}

func TestWizard_CancelOfAPairedDeviceAsks(t *testing.T) {
	for name, c := range map[string]struct {
		leave func(*guided)
		to    stage
	}{
		"cancel": {func(g *guided) { test.Tap(g.wizard().cancel) }, stageClosed},
		"back":   {func(g *guided) { test.Tap(g.wizard().previous) }, stageModel},
		"escape": {func(g *guided) { g.press(fyne.KeyEscape) }, stageModel},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuided(t)
			g.searching()
			g.comes(pairingOf(station.PairingMeasuring))
			c.leave(g)
			if g.dialogs.current.id != abandonID {
				t.Fatalf("asked: %+v", g.dialogs.current)
			}
			g.press(fyne.KeyEscape) // go on pairing
			g.at(stageMeasure)
			c.leave(g)
			g.frame.Canvas().FocusNext()
			g.press(fyne.KeyReturn)
			g.done("cancel ")
			g.at(c.to)
		})
	}
}

// One that was paired before stays so.
func TestWizard_CancelOfADevicePairedAnewAsksNothing(t *testing.T) {
	g := newGuided(t)
	g.searching()
	p := pairingOf(station.PairingMeasuring)
	p.Device = "b"
	g.comes(p)
	g.wizard().onward()
	g.at(stageName)
	if name, place := g.wizard().name.typed(); name != "Tensiomètre Omron" || place != "Cabinet 1" {
		t.Errorf("its name is %q now, its place %q", name, place)
	}
	test.Tap(g.wizard().cancel)
	g.done("cancel ")
	g.at(stageClosed)
}

func TestWizard_WhatFailsBeforeItIsNamedIsTriedAgain(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(pairingOf(station.PairingMeasuring))
	g.wizard().onward()
	g.at(stageName)
	test.Type(g.wizard().name.name, "Bras gauche")
	g.comes(failed(unanswered()))
	g.at(stageFault)
	g.wizard().onward()
	g.done("retry ")
	g.comes(pairingOf(station.PairingConnecting))
	g.at(stagePair)
	g.comes(pairingOf(station.PairingMeasuring))
	g.at(stageName)
	if g.wizard().name.name.Text != "Bras gauche" {
		t.Error("what was typed is gone")
	}
	test.Tap(g.wizard().previous)
	g.at(stageMeasure)
}

func TestWizard_TasksAreTickedInTheirOrder(t *testing.T) {
	g := newGuided(t)
	g.searching()
	s := g.wizard().pair
	for i, c := range []struct {
		step station.PairingStep
		want string
	}{
		{station.PairingConnecting, "bluetooth wait wait"},
		{station.PairingBonding, "check bluetooth wait"},
		{station.PairingConnecting, "check check bluetooth"},
		{station.PairingFailed, "check check bluetooth"}, // not shown
		{station.PairingConnecting, "bluetooth wait wait"},
	} {
		g.comes(pairingOf(c.step))
		if got := strings.Join([]string{s.reach.icon.name, s.bond.icon.name, s.connect.icon.name}, " "); got != c.want {
			t.Errorf("%d, %s: %s, want %s", i, c.step, got, c.want)
		}
	}
}

func TestWizard_QuestionToGiveUpIsWithdrawn(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(pairingOf(station.PairingMeasuring))
	test.Tap(g.wizard().cancel)
	g.comes(nil)
	if g.dialogs.open != nil {
		t.Error("still asks about a pairing that has ended")
	}
	g.at(stageFault)
	if got := g.wizard().fails.text.Text; got != g.words.say("pair.ended") {
		t.Errorf("says %q", got)
	}
	test.Tap(g.wizard().next)
	g.done("search blood_pressure_monitor, omron-hem-9210t")
	g.at(stageSearch)
}

func TestWizard_FailureSaysWhyAndIsTriedAgain(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(failed(unanswered()))
	g.at(stageFault)
	if got := g.wizard().fails.text.Text; got != unanswered().French {
		t.Errorf("says %q", got)
	}
	if got := focusedText(g.frame.Canvas()); got != g.words.say("pair.retry") {
		t.Errorf("the keyboard is on %q", got)
	}
	g.press(fyne.KeyReturn)
	g.done("retry ")
	g.comes(pairingOf(station.PairingConnecting))
	g.at(stagePair)
}
