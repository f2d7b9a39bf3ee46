package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

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
	g.done("search blood_pressure_monitor, ")
	p := *pairingOf(station.PairingSearching)
	p.Driver = ""
	g.comes(&p)
	g.at(stageSearch)
	g.tabTo("Omron HEM-9210T")
	g.press(fyne.KeyReturn)
	g.done("pair " + cuff)
	p.Step, p.Address, p.Question = station.PairingBonding, cuff, &station.PairingQuestion{Kind: station.QuestionConfirm, Passkey: "042917"}
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
	if s.tried.Visible() {
		t.Error("the first one was tried")
	}
	test.Tap(s.options[1])
	if !s.tried.Visible() {
		t.Error("the second one was not")
	}
	if first := s.steps.Objects[0].(*widget.Label).Text; !strings.HasPrefix(first, "1. ") {
		t.Errorf("the ritual begins with %q", first)
	}
}

func TestRitual_OfEveryModelAndOfOneUnknown(t *testing.T) {
	for _, language := range []string{"fr", "en"} {
		w := newWords(language)
		for _, m := range append(testModels(), station.Model{ID: "unheard-of", Type: fhirmap.Thermometer}) {
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
