package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// wizard leads from «Jumeler un appareil» to a device that is paired, tried and
// named. The patient band and the alarms stay above it.
type wizard struct {
	*fyne.Container
	pairing
	words     words
	now       func() time.Time
	do        actions
	all       models
	situation station.Situation // the last one
	shown     stage
	closed    func() // the wizard has given the page back

	title    *label
	progress *progress
	trouble  *trouble
	scroll   *container.Scroll
	cancel   *button
	previous *button
	next     *button

	kinds   *kindStage
	models  *modelStage
	heard   *searchStage
	pair    *pairStage
	measure *measureStage
	name    *nameStage
	done    *doneStage
	fails   *faultStage
}

// A stageScreen is what the wizard shows of one stage.
type stageScreen interface {
	// show brings it up to date, and tells whether it needs other room.
	show(*wizard) bool
	// first has the keyboard when the stage begins; nil: nothing has.
	first() fyne.Focusable
}

func newWizard(w words, o Options, all models, do actions, closed func()) *wizard {
	z := &wizard{words: w, now: o.Now, do: do, all: all, closed: closed, trouble: newTrouble()}
	z.title = newLabel("", colourText, sizeTitle).strong().cutting()
	z.progress = newProgress(w)
	z.cancel = z.button(widget.MediumImportance, z.close)
	z.previous = z.button(widget.MediumImportance, z.backward)
	z.next = z.button(widget.HighImportance, z.onward)
	z.kinds, z.models = newKindStage(z), newModelStage(z)
	z.heard, z.pair = newSearchStage(z), newPairStage(z)
	z.measure, z.name = newMeasureStage(z), newNameStage(z)
	z.done, z.fails = newDoneStage(z), newFaultStage(z)

	screens := container.NewStack()
	for _, s := range z.screens() {
		screens.Add(s.object)
	}
	z.scroll = container.NewVScroll(padded(6, margin, leaf(column(gap, z.trouble.Container, screens))))
	head := padded(headTop, margin, leaf(column(8, headLine(z.title), z.progress.Container)))
	buttons := container.NewBorder(nil, nil, z.cancel, row(10, z.previous, z.next))
	foot := column(0, widget.NewSeparator(), padded(10, margin, leaf(buttons)))
	z.Container = container.New(flush{}, head, z.scroll, foot)
	z.Container.Hide()
	return z
}

func (w *wizard) button(importance widget.Importance, tapped func()) *button {
	b := newButton("", importance, tapped)
	b.escape = w.back
	return b
}

// screens are those of the stages, in their order.
func (w *wizard) screens() []placedScreen {
	return []placedScreen{
		{stageKind, w.kinds.Container, w.kinds},
		{stageModel, w.models.Container, w.models},
		{stageSearch, w.heard.Container, w.heard},
		{stagePair, w.pair.Container, w.pair},
		{stageMeasure, w.measure.Container, w.measure},
		{stageName, w.name.Container, w.name},
		{stageDone, w.done.Container, w.done},
		{stageFault, w.fails.Container, w.fails},
	}
}

// A placedScreen is a screen with its object in the wizard.
type placedScreen struct {
	stage  stage
	object fyne.CanvasObject
	stageScreen
}

// look is told of everything new while the page is in front.
func (w *wizard) look(s station.Situation) {
	w.situation = s
	w.see(s.Pairing)
	w.update()
}

// update shows the stage that the wizard has come to.
func (w *wizard) update() {
	at := w.stage()
	before := w.shown
	w.shown = at
	visible(w.Container, at != stageClosed)
	if at == stageClosed {
		if before != stageClosed {
			w.closed()
		}
		return
	}
	screens := w.screens()
	screen := screens[at-1]
	reshaped := screen.show(w)
	title, text := w.words.bluetooth(w.situation.Bluetooth)
	if at == stageFault && adapterFails(w.failure()) {
		title = "" // the stage says so
	}
	reshaped = w.trouble.show(title, text) || reshaped
	w.label(at)
	if at != before {
		for _, other := range screens {
			visible(other.object, other.stage == at)
		}
		w.scroll.ScrollToTop()
	}
	if reshaped || at != before {
		w.Container.Refresh()
	}
	if at != before {
		w.attend(screen.first())
	}
}

// attend gives the keyboard to what may be nothing.
func (w *wizard) attend(to fyne.Focusable) {
	if w.do.attend != nil {
		w.do.attend(to)
	}
}

// label names the stage and the buttons below it.
func (w *wizard) label(at stage) {
	texts := stageTexts[at]
	w.title.set(w.words.say(texts.title))
	w.progress.set(at)
	next := texts.next
	if at == stageMeasure && w.newest.Measured == nil {
		next = "pair.skip"
	}
	w.entitle(w.cancel, texts.cancel)
	w.entitle(w.previous, texts.back)
	w.entitle(w.next, next)
	if at != stageName { // which judges what is typed
		w.next.Enable()
	}
	importance := widget.HighImportance
	if at == stageSearch || next == "pair.skip" {
		importance = widget.MediumImportance
	}
	if w.next.Importance != importance {
		w.next.Importance = importance
		w.next.Refresh()
	}
}

// entitle writes on a button, which a stage without a key for it does not have.
func (w *wizard) entitle(b *button, key string) {
	if text := w.words.say(key); key != "" && b.Text != text {
		b.SetText(text)
	}
	visible(b, key != "")
}

// stageTexts are the keys of what a stage and its buttons are called.
var stageTexts = map[stage]struct{ title, cancel, back, next string }{
	stageKind:    {"pair.kind", "pair.cancel", "", ""},
	stageModel:   {"pair.model", "pair.cancel", "pair.back", "pair.search"},
	stageSearch:  {"pair.choose", "pair.cancel", "pair.back", "pair.again"},
	stagePair:    {"pair.going", "pair.cancel", "pair.back", ""},
	stageMeasure: {"pair.measure", "pair.cancel", "pair.back", "pair.next"},
	stageName:    {"pair.name", "pair.cancel", "pair.back", "pair.finish"},
	stageDone:    {"pair.done", "", "pair.another", "pair.close"},
	stageFault:   {"pair.failed", "pair.cancel", "pair.back", "pair.retry"},
}

// onward is what the button that leads on does.
func (w *wizard) onward() {
	switch w.stage() {
	case stageModel, stageSearch:
		w.search()
	case stageMeasure:
		w.chosen = stageName
		w.update()
	case stageName:
		w.finish()
	case stageDone:
		w.close()
	case stageFault:
		w.retry()
	}
}

// backward is what the button that leads back does; from the last stage it is
// to another device.
func (w *wizard) backward() {
	if w.stage() == stageDone {
		w.start()
		return
	}
	w.back()
}

// age brings what tells a time up to date.
func (w *wizard) age() {
	if w.shown == stageMeasure && w.measure.show(w) {
		w.Container.Refresh()
	}
}

// progress shows how far the wizard has come.
type progress struct {
	*fyne.Container
	words words
	text  *label
	parts []*panel
}

func newProgress(w words) *progress {
	p := &progress{words: w, text: newLabel("", colourMuted, sizeSmall)}
	line := container.NewGridWithColumns(int(stageDone))
	for range stageDone {
		part := newPanel(colourShade, "", theme.SizeNameInputRadius)
		p.parts = append(p.parts, part)
		line.Add(container.New(fixedHeight(6), part))
	}
	p.Container = column(6, line, p.text)
	return p
}

// set shows a stage; one that failed leaves things where they were.
func (p *progress) set(at stage) {
	if at == stageFault {
		return
	}
	p.text.set(p.words.say("pair.step", "n", fmt.Sprint(int(at)), "all", fmt.Sprint(int(stageDone))))
	for i, part := range p.parts {
		fill := colourShade
		if i < int(at) {
			fill = colourAccent
		}
		part.set(fill)
	}
}

// noted is a paragraph with a drawing at the height of its first line.
func noted(icon *symbol, text *prose) *fyne.Container {
	return container.NewBorder(nil, nil, container.New(lowered(8), icon), nil, text)
}

// lowered keeps an object that far below the top.
type lowered float32

func (l lowered) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(0, float32(l))
}

func (l lowered) Layout(objects []fyne.CanvasObject, _ fyne.Size) {
	objects[0].Resize(objects[0].MinSize())
	objects[0].Move(fyne.NewPos(0, float32(l)))
}
