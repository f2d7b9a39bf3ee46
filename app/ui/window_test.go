package ui

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// driven is a window whose posts run when the test takes them.
type driven struct {
	*window
	t     *testing.T
	core  *fakeCore
	posts chan func()
	quits int
}

func newDriven(t *testing.T) *driven {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(forced{variant: forms["light"]})
	a.Preferences().SetBool(preferGreeted, true)
	d := &driven{t: t, core: newFakeCore(), posts: make(chan func(), 8)}
	o := testOptions()
	o.Core, o.Logger, o.Quit = d.core, slog.New(slog.DiscardHandler), func() { d.quits++ }
	d.window = newWindow(t.Context(), a, o, newWords("fr"), func(f func()) { d.posts <- f })
	return d
}

// take runs the next post.
func (d *driven) take() {
	d.t.Helper()
	await(d.t, d.posts)()
}

func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// press sends a key to what has the keyboard.
func (d *driven) press(key fyne.KeyName) {
	c := d.frame.Canvas()
	if focused := c.Focused(); focused != nil {
		focused.TypedKey(&fyne.KeyEvent{Name: key})
		return
	}
	c.OnTypedKey()(&fyne.KeyEvent{Name: key})
}

func focusedText(c fyne.Canvas) string {
	if b, ok := c.Focused().(*button); ok {
		return b.Text
	}
	return ""
}

func TestWindow_UnknownOriginsAreAskedOneAtATime(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(view{situation: station.Situation{Origins: []string{"https://a.example", "https://b.example"}}})
	if d.dialogs.current.id != "https://a.example" {
		t.Fatalf("asked about %q", d.dialogs.current.id)
	}
	if got := focusedText(d.frame.Canvas()); got != "Refuser" {
		t.Errorf("the keyboard is on %q", got)
	}
	d.press(fyne.KeyEscape)
	if got := await(t, d.core.answers); got != "https://a.example refuse" {
		t.Errorf("answer %q", got)
	}
	if d.dialogs.current.id != "https://b.example" {
		t.Fatalf("then asked about %q", d.dialogs.current.id)
	}
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.answers); got != "https://b.example once" {
		t.Errorf("answer %q", got)
	}
	d.show(view{situation: station.Situation{Origins: []string{"https://a.example", "https://b.example"}}})
	if d.dialogs.open != nil {
		t.Error("asked again while the answers are on their way")
	}
	d.show(view{})
	d.show(view{situation: station.Situation{Origins: []string{"https://a.example"}}})
	if d.dialogs.current.id != "https://a.example" {
		t.Error("an origin that comes back is not asked about")
	}
}

func TestWindow_QuestionSettledElsewhereIsWithdrawn(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(view{situation: station.Situation{Origins: []string{"https://a.example"}}})
	d.show(view{})
	if d.dialogs.open != nil {
		t.Error("still asks")
	}
	d.show(view{situation: station.Situation{Consultation: consultation(eloise)}})
	d.confirmEnd()
	next := consultation(eloise)
	next.ID = "another"
	d.show(view{situation: station.Situation{Consultation: next}})
	if d.dialogs.open != nil {
		t.Error("still asks to end a consultation that is over")
	}
}

func TestWindow_OriginBringsUpAHiddenWindowOnce(t *testing.T) {
	d := newDriven(t)
	waiting := view{situation: station.Situation{Origins: []string{"https://a.example"}}}
	if !d.wanted(waiting) {
		t.Fatal("the bridge would not carry it to a hidden window")
	}
	d.show(waiting)
	if !d.bridge.visible.Load() {
		t.Fatal("the window stays hidden")
	}
	d.hide()
	d.show(waiting)
	if d.bridge.visible.Load() {
		t.Error("the window comes back although it was closed")
	}
}

func TestWindow_EndOfConsultationIsConfirmed(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(view{situation: station.Situation{Consultation: consultation(eloise)}})
	test.Tap(d.screen.band.end)
	d.press(fyne.KeyEscape)
	if d.dialogs.open != nil || len(d.core.ended) != 0 {
		t.Fatal("Escape ended it")
	}
	test.Tap(d.screen.band.end)
	d.frame.Canvas().FocusNext()
	if got := focusedText(d.frame.Canvas()); got != "Terminer la consultation" {
		t.Fatalf("the keyboard is on %q", got)
	}
	d.press(fyne.KeyReturn)
	await(t, d.core.ended)
}

func TestWindow_FailureIsShownInWords(t *testing.T) {
	d := newDriven(t)
	d.core.fault = &fhirmap.Fault{Code: "disk_full", French: "Le disque est plein.", English: "disk full"}
	d.front()
	d.show(view{situation: station.Situation{Consultation: consultation(eloise)}})
	d.end()
	d.take()
	if d.dialogs.open == nil || d.dialogs.current.title != "L’action n’a pas abouti" {
		t.Fatalf("shown: %+v", d.dialogs.current)
	}
	if text := d.dialogs.current.content[0].(*prose).Text; text != "Le disque est plein." {
		t.Errorf("text %q", text)
	}
}

func TestWindow_FailedAnswerIsAskedAgain(t *testing.T) {
	d := newDriven(t)
	d.core.fault = errors.New("no")
	d.front()
	d.show(view{situation: station.Situation{Origins: []string{"https://a.example"}}})
	d.press(fyne.KeyEscape)
	d.take()
	d.press(fyne.KeyEscape) // the notice
	if d.dialogs.current.id != "https://a.example" {
		t.Errorf("shown: %+v", d.dialogs.current)
	}
}

func TestWindow_ClosingSaysOnceThatTheTrayGoesOn(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.close()
	if d.dialogs.current.title != "Vitalien reste actif" || !d.bridge.visible.Load() {
		t.Fatalf("shown: %+v", d.dialogs.current)
	}
	d.press(fyne.KeyReturn)
	if d.bridge.visible.Load() {
		t.Fatal("not closed")
	}
	d.front()
	d.close()
	if d.bridge.visible.Load() || d.dialogs.open != nil {
		t.Error("says so again")
	}
	d.quit()
	if d.quits != 1 {
		t.Errorf("quit %d times, want 1", d.quits)
	}
}

func TestWindow_ClosesWithAQuestionOpen(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(view{situation: station.Situation{Origins: []string{"https://a.example"}}})
	d.close()
	if d.bridge.visible.Load() || len(d.core.answers) != 0 {
		t.Error("not closed, or the question was answered")
	}
	d.front()
	if d.dialogs.current.id != "https://a.example" {
		t.Error("the question is gone")
	}
}

func TestWindow_HiddenIsNotRefreshed(t *testing.T) {
	d := newDriven(t)
	d.show(view{recent: everyType()})
	if len(d.screen.live.cards) != 0 {
		t.Error("cards were made for a hidden window")
	}
	if d.wanted(view{recent: everyType()}) {
		t.Error("the tray knows the last measurement already")
	}
	d.front()
	d.show(view{recent: everyType()})
	if len(d.screen.live.cards) != len(everyType()) {
		t.Errorf("%d cards", len(d.screen.live.cards))
	}
}

func TestUI_WhatComesBeforeRunWaits(t *testing.T) {
	d := newDriven(t)
	u := New(Options{Core: d.core})
	u.Show()
	u.Propose(station.Consultation{Patient: eloise})
	if d.bridge.visible.Load() {
		t.Fatal("shown before there was a window")
	}
	u.standBy(d.window)
	if !d.bridge.visible.Load() || d.dialogs.current.title != "Commencer cette consultation\u202f?" {
		t.Errorf("shown: %+v", d.dialogs.current)
	}
	u.standBy(nil)
	u.Notify(&fhirmap.Fault{Code: "bad_link"})
	if len(d.notices) != 0 {
		t.Error("a window that is gone is used")
	}
}

func TestRail_OpensPagesWithTheKeyboard(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(auscultated(station.RecordingStatus{})) // which has all pages
	for range pageHelp + 1 {
		d.frame.Canvas().FocusNext()
	}
	d.press(fyne.KeyReturn)
	if d.screen.front != pageHelp || d.screen.pages[pageLive].Visible() || !d.screen.pages[pageHelp].Visible() {
		t.Errorf("page %d is in front", d.screen.front)
	}
}

// The stethoscope's page, which is hidden, is passed over; behind a question no
// page turns.
func TestWindow_TurnsPages(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(view{})
	for want := pageLive + 1; want <= pageHelp; want++ {
		if want == pageStethoscope {
			continue
		}
		if d.turn(1); d.screen.front != want {
			t.Errorf("page %d, want %d", d.screen.front, want)
		}
	}
	if d.turn(1); d.screen.front != pageLive {
		t.Errorf("page %d below the last", d.screen.front)
	}
	if d.turn(-1); d.screen.front != pageHelp {
		t.Errorf("page %d above the first", d.screen.front)
	}
	d.addMonitor()
	if d.turn(-1); d.screen.front != pageHelp {
		t.Error("the page behind a question turns")
	}
}
