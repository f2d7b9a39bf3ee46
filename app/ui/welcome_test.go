package ui

import (
	"log/slog"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
)

func welcomeScenes() map[string]scene {
	at := func(n int) func(*screen) {
		return func(s *screen) {
			s.greet()
			s.welcome.show(n)
		}
	}
	v := view{situation: station.Situation{Links: soundLinks()}}
	return map[string]scene{
		"welcome":          {view: v, prepare: at(0)},
		"welcome-devices":  {view: v, prepare: at(1)},
		"welcome-software": {view: v, prepare: at(2)},
	}
}

// newcomer is a window at its first start. It has the preferences of a, as the
// next start has.
func newcomer(t *testing.T, a fyne.App, core *fakeCore, demonstrate func() error) *driven {
	t.Helper()
	a.Settings().SetTheme(forced{variant: forms["light"]})
	d := &driven{t: t, core: core, posts: make(chan func(), 8)}
	o := testOptions()
	o.Core, o.Logger, o.Demonstrate = core, slog.New(slog.DiscardHandler), demonstrate
	d.window = newWindow(t.Context(), a, o, newWords("fr"), func(f func()) { d.posts <- f })
	d.front()
	return d
}

func TestWelcome_ThreeScreensOnce(t *testing.T) {
	a := test.NewTempApp(t)
	d := newcomer(t, a, newFakeCore(), nil)
	w := d.screen.welcome
	if !w.Visible() || d.screen.pages[pageLive].Visible() {
		t.Fatal("nobody is greeted")
	}
	w.next.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	w.next.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if w.title.text != "Votre logiciel médical" || w.step.text != "3 sur 3" {
		t.Errorf("%s, %s", w.title.text, w.step.text)
	}
	d.screen.escape()
	if w.title.text != "Vos appareils" {
		t.Errorf("Escape leads to %s", w.title.text)
	}
	test.Tap(w.next)
	test.Tap(w.next)
	if w.Visible() || !d.screen.pages[pageLive].Visible() {
		t.Error("the page does not come")
	}
	if again := newcomer(t, a, newFakeCore(), nil); again.screen.welcome.Visible() {
		t.Error("greeted twice")
	}
}

func TestWelcome_IsSkipped(t *testing.T) {
	for name, skip := range map[string]func(*driven){
		"by its button": func(d *driven) { test.Tap(d.screen.welcome.skip) },
		"by the rail":   func(d *driven) { test.Tap(d.screen.rail.entries[pageAlarms]) },
	} {
		a := test.NewTempApp(t)
		d := newcomer(t, a, newFakeCore(), nil)
		if skip(d); d.screen.welcome.Visible() || newcomer(t, a, newFakeCore(), nil).screen.welcome.Visible() {
			t.Errorf("%s: still there", name)
		}
	}
}

func TestWelcome_NotInTheDemonstration(t *testing.T) {
	core := newFakeCore()
	core.situation.Demo = true
	if newcomer(t, test.NewTempApp(t), core, nil).screen.welcome.Visible() {
		t.Error("who has chosen the demonstration is greeted")
	}
}

func TestWelcome_LeadsOn(t *testing.T) {
	var begun int
	d := newcomer(t, test.NewTempApp(t), newFakeCore(), func() error { begun++; return nil })
	w := d.screen.welcome
	w.do.demonstrate()
	d.take()
	if said := test.RenderToMarkup(d.frame.Canvas()); begun != 1 || !strings.Contains(said, "La démonstration s’ouvre") {
		t.Errorf("begun %d times, said: %s", begun, said)
	}
	d.press(fyne.KeyReturn)
	w.do.copy("http://127.0.0.1:63336")
	if got := d.app.Clipboard().Content(); got != "http://127.0.0.1:63336" {
		t.Errorf("copied: %q", got)
	}
	w.do.pairDevice()
	if w.Visible() || d.screen.front != pageDevices || d.screen.devices.wizard.stage() == stageClosed {
		t.Error("the wizard is not open")
	}
}
