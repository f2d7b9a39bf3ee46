package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

func TestWizard_RefusalOfTheCoreIsShownWhereItWasAsked(t *testing.T) {
	refused := noAdapter().Fault
	for name, c := range map[string]struct {
		ask   func(*guided)
		asked string
		retry string // what is asked next; empty: nothing
		to    stage
	}{
		"search": {func(g *guided) { g.wizard().search() }, "search blood_pressure_monitor, omron-hem-9210t", "search blood_pressure_monitor, omron-hem-9210t", stageSearch},
		"pair": {func(g *guided) {
			g.comes(pairingOf(station.PairingSearching))
			test.Tap(g.wizard().heard.rows[cuff].option)
		}, "pair " + cuff, "", stageSearch},
		"finish": {func(g *guided) {
			g.comes(pairingOf(station.PairingMeasuring))
			g.wizard().onward()
			g.wizard().onward()
		}, "finish , ", "", stageName},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuided(t)
			g.searching()
			g.core.fault = refused
			c.ask(g)
			g.done(c.asked)
			g.at(stageFault)
			if got := g.wizard().fails.text.Text; got != refused.French || g.dialogs.open != nil {
				t.Errorf("says %q", got)
			}
			g.core.fault = nil
			test.Tap(g.wizard().next)
			if c.retry != "" {
				g.done(c.retry)
			}
			g.at(c.to)
		})
	}
}

func TestWizard_AnswerToWhatWasCancelledIsVoid(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.core.fault = errors.New("too late")
	test.Tap(g.wizard().heard.rows[cuff].option)
	if got := await(t, g.core.asked); got != "pair "+cuff {
		t.Fatalf("asked to %q", got)
	}
	test.Tap(g.wizard().cancel)
	await(t, g.core.asked)
	g.take()
	g.take()
	g.at(stageClosed)
	g.screen.pair()
	g.at(stageKind)
}

func TestWizard_ASecondClickDoesNothing(t *testing.T) {
	g := newGuided(t)
	g.searching()
	row := g.wizard().heard.rows[cuff].option
	test.Tap(row)
	test.Tap(row)
	g.done("pair " + cuff)
	g.comes(pairingOf(station.PairingMeasuring))
	g.wizard().onward()
	g.wizard().finish()
	g.wizard().finish()
	g.done("finish , ")
	if len(g.core.asked) != 0 || len(g.posts) != 0 {
		t.Error("asked twice")
	}
}

func TestWizard_WhatTheCoreShowsOfAnEarlierPairingIsNotSeen(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(failed(unanswered()))
	test.Tap(g.wizard().previous)
	g.done("cancel ")
	test.Tap(g.wizard().next)
	g.comes(failed(unanswered()))
	g.at(stageSearch)
	g.done("search blood_pressure_monitor, omron-hem-9210t")
	g.comes(pairingOf(station.PairingConnecting))
	g.at(stagePair)
}

// What is wrong with the adapter is said once, and not mended at the device.
func TestWizard_FaultOfTheAdapter(t *testing.T) {
	g := newGuided(t)
	g.searching()
	show := func(f *fhirmap.Fault) {
		g.show(view{situation: station.Situation{Pairing: failed(f), Bluetooth: noAdapter()}})
		g.at(stageFault)
	}
	w := g.wizard()
	show(noAdapter().Fault)
	if w.trouble.Visible() || w.fails.advice.Visible() {
		t.Error("said twice, or with advice about the device")
	}
	show(unanswered())
	if !w.trouble.Visible() || !w.fails.advice.Visible() {
		t.Error("no advice about the device, or nothing about the adapter")
	}
}

// The core may show everything before it has answered, and nothing after.
func TestWizard_WhatCameBeforeTheAnswerIsSeenAfterIt(t *testing.T) {
	g := newGuided(t)
	g.screen.pair()
	g.wizard().chooseKind(fhirmap.BloodPressureMonitor)
	g.wizard().onward()
	g.comes(failed(unanswered()))
	g.done("search blood_pressure_monitor, omron-hem-9210t")
	g.at(stageFault)
}

func TestWizard_OpenedOnceMoreGoesOn(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(pairingOf(station.PairingMeasuring))
	g.screen.open(pageLive)
	g.screen.pair()
	g.at(stageMeasure)
}

func TestWizard_ANameTooLongHoldsUpNothingElse(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(pairingOf(station.PairingMeasuring))
	w := g.wizard()
	w.onward()
	w.name.place.SetText(strings.Repeat("x", maxName+1))
	if !w.next.Disabled() {
		t.Fatal("it can be saved")
	}
	test.Tap(w.previous)
	g.at(stageMeasure)
	test.Tap(w.next)
	g.at(stageName)
	if !w.next.Disabled() {
		t.Fatal("then it can be saved")
	}
	w.name.place.SetText("")
	test.Tap(w.next)
	g.done("finish , ")
}

func TestWizard_ErrandsAreDoneInTheirOrder(t *testing.T) {
	g := newGuided(t)
	for range 50 {
		g.wizard().chooseKind(fhirmap.BloodPressureMonitor)
		g.wizard().search()
		g.wizard().close()
		g.done("search blood_pressure_monitor, omron-hem-9210t")
		g.done("cancel ")
	}
}

func TestWizard_Passkey(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(asking(station.PairingQuestion{Kind: station.QuestionPasskey}))
	f, ok := g.frame.Canvas().Focused().(*field)
	if !ok {
		t.Fatalf("the keyboard is on %T", g.frame.Canvas().Focused())
	}
	test.Type(f, "12345")
	g.press(fyne.KeyReturn)
	if len(g.core.asked) != 0 {
		t.Fatal("five digits were sent")
	}
	g.comes(asking(station.PairingQuestion{Kind: station.QuestionPasskey}))
	if g.frame.Canvas().Focused() != f || f.Text != "12345" {
		t.Fatal("what was typed is gone when something else arrives")
	}
	g.core.fault = unanswered()
	test.Type(f, "6")
	g.done("answer 123456, true")
	g.at(stagePair)
	if p := g.wizard().pair.problem; !p.Visible() || p.Text != unanswered().French {
		t.Errorf("says %q", p.Text)
	}
	g.comes(pairingOf(station.PairingBonding))
	if g.wizard().pair.ask.Visible() || g.wizard().pair.problem.Visible() {
		t.Error("still asks")
	}
}

func TestDigits(t *testing.T) {
	for text, want := range map[string]string{
		"123456": "123456", " 123 456 ": "123456", "12\u00a034\u202f56": "123456", "": "", "12a456": "", "-12345": "", "١٢٣٤٥٦": "",
	} {
		if got := digits(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWizard_AnswersNo(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.comes(asking(station.PairingQuestion{Kind: station.QuestionConfirm, Passkey: "000007"}))
	g.tabTo(g.words.say("pair.confirm.no"))
	g.press(fyne.KeyReturn)
	g.done("answer , false")
}

func TestWizard_ListKeepsItsOrder(t *testing.T) {
	g := newGuided(t)
	g.searching()
	p := *pairingOf(station.PairingSearching)
	names := func(list *fyne.Container) (names []string) {
		for _, o := range list.Objects {
			names = append(names, strings.SplitN(o.(*option).name, ",", 2)[0])
		}
		return names
	}
	s := g.wizard().heard
	ours := []string{"BLEsmart_00000116AABBCC000001", "UA-651BLE_000002"}
	others := []string{"Nonin3230_502516043", "Appareil sans nom", "Casque de l’accueil"}
	if got := names(s.list); !slices.Equal(got, ours) {
		t.Errorf("ours: %q", got)
	}
	if got := names(s.rest); !slices.Equal(got, others) {
		t.Errorf("others: %q", got)
	}
	first := s.list.Objects[0]
	p.Heard = heard()
	slices.Reverse(p.Heard)
	p.Heard = append([]station.Heard{{Address: "new", Name: "Nouveau", Driver: "blood-pressure", RSSI: -30}}, p.Heard...)
	g.comes(&p)
	if got := names(s.list); !slices.Equal(got, append(ours, "Nouveau")) || s.list.Objects[0] != first {
		t.Errorf("ours moved: %q", got)
	}
	if got := names(s.rest); !slices.Equal(got, others) {
		t.Errorf("others moved: %q", got)
	}
	p.Heard = manyHeard()
	g.comes(&p)
	if len(s.rest.Objects) != maxOthers || s.more.text != "24 autres ne sont pas affichés" {
		t.Errorf("%d others, %q", len(s.rest.Objects), s.more.text)
	}
}

func TestStrength(t *testing.T) {
	for rssi, want := range map[int]int{0: 0, -30: 4, -60: 4, -61: 3, -72: 3, -73: 2, -84: 2, -85: 1, -127: 1} {
		if got, _ := strength(rssi); got != want {
			t.Errorf("%d dBm: %d bars, want %d", rssi, got, want)
		}
	}
}

func TestTrial(t *testing.T) {
	w, m := newWords("fr"), pressure()
	live := measuring(liveValue(fhirmap.OxygenSaturation, "97", fhirmap.Percent), liveValue(fhirmap.PulseRate, "71", fhirmap.BeatsPerMinute)).Live
	off := &fhirmap.Live{Values: []fhirmap.LiveValue{{Type: fhirmap.OxygenSaturation, Unit: fhirmap.Percent, State: fhirmap.LiveMissing}}}
	if got := w.trial(nil, nil, testNow); got.main != noValue || got.vital != "" || got.state != "Rien reçu pour l’instant" {
		t.Errorf("nothing: %+v", got)
	}
	if got := w.trial(nil, live, testNow); got.main != "97" || got.unit != "%" || !strings.Contains(got.second, "71") || got.state != "Mesure en cours…" {
		t.Errorf("live: %+v", got)
	}
	if got := w.trial(nil, off, testNow); got.main != noValue {
		t.Errorf("sensor off: %+v", got)
	}
	if got := w.trial(&m, live, testNow); got.main != "128/82" || got.state != "Mesure reçue" {
		t.Errorf("measured: %+v", got)
	}
	m.Time = testNow.Add(-oldMeasure - time.Second)
	if got := w.trial(&m, nil, testNow); got.state != "Mesure gardée en mémoire par l’appareil, du 14:00:11" {
		t.Errorf("stored: %+v", got)
	}
}

func TestWizard_NeverTriedIsSaid(t *testing.T) {
	g := newGuided(t)
	g.screen.pair()
	g.wizard().chooseKind(fhirmap.PulseOxymeter)
	s := g.wizard().models
	if s.remark.Visible() {
		t.Error("the first one was tried")
	}
	test.Tap(s.options[1])
	if !s.remark.Visible() || s.tried.Text != g.words.say("pair.untried") {
		t.Errorf("of the second one, which was not: %q", s.tried.Text)
	}
	test.Tap(s.options[2])
	if !s.remark.Visible() || s.tried.Text != g.words.say("pair.standard") {
		t.Errorf("of any other: %q", s.tried.Text)
	}
	test.Tap(s.options[1])
	if first := s.steps.Objects[0].(*prose).Text; !strings.HasPrefix(first, "1. ") {
		t.Errorf("the ritual begins with %q", first)
	}
}

func TestRitual_OfEveryModelAndOfOneUnknown(t *testing.T) {
	for _, language := range []string{"fr", "en"} {
		w := newWords(language)
		registry := new(station.Station).Models()
		if len(registry) < 12 {
			t.Fatalf("%d models", len(registry))
		}
		for _, m := range registry {
			if _, drawn := assets.Device(m.ID); !drawn || w.texts["ritual."+m.ID] == "" {
				t.Errorf("%s, %s: no drawing or no ritual", language, m.ID)
			}
			if deviceKinds[m.Type].name == "" {
				t.Errorf("%s is of an unknown kind", m.ID)
			}
		}
		for _, m := range append(registry, station.Model{ID: "unheard-of", Type: fhirmap.Thermometer}) {
			if text := w.ritual(&m); !strings.Contains(text, "\n2. ") {
				t.Errorf("%s, %s: %q", language, m.ID, text)
			}
		}
	}
}

// The wizard stands below the alarms, and leaves the keyboard of other pages
// alone.
func TestWizard_DisturbsNoOtherPage(t *testing.T) {
	g := newGuided(t)
	g.searching()
	g.show(view{situation: station.Situation{Pairing: pairingOf(station.PairingSearching), Alerts: everyAlert()}})
	if !g.screen.alarm.Visible() {
		t.Error("no alarm above the wizard")
	}
	g.screen.open(pageMonitors)
	g.frame.Canvas().Focus(g.screen.monitors.add)
	g.comes(pairingOf(station.PairingMeasuring))
	if g.frame.Canvas().Focused() != g.screen.monitors.add {
		t.Error("the keyboard was taken away")
	}
	g.press(fyne.KeyEscape)
	g.screen.open(pageDevices)
	g.at(stageMeasure)
}

func TestEmptyPage_LeadsToTheWizard(t *testing.T) {
	g := newGuided(t)
	g.tabTo(g.words.say("devices.pair"))
	if g.screen.front != pageLive {
		t.Fatalf("page %d is in front", g.screen.front)
	}
	g.press(fyne.KeyReturn)
	g.at(stageKind)
	if g.screen.front != pageDevices {
		t.Errorf("page %d is in front", g.screen.front)
	}
}
