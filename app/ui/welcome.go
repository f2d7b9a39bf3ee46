package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// welcome is what a person sees at the first start, in place of the pages: what
// the program does, how devices come to it, and how the EHR does. Band, alarms
// and rail stay.
type welcome struct {
	*fyne.Container
	words      words
	do         actions
	over       func() // it is not to be shown again
	at         int
	title      *label
	step       *label
	parts      []fyne.CanvasObject
	scroll     *container.Scroll
	skip       *button
	back, next *button
}

func newWelcome(w words, o Options, do actions, over func()) *welcome {
	v := &welcome{words: w, do: do, over: over}
	v.title = newLabel("", colourText, sizeTitle).strong().cutting()
	v.step = newLabel("", colourMuted, sizeText)
	v.skip = v.button(w.say("welcome.skip"), widget.MediumImportance, over)
	v.back = v.button(w.say("pair.back"), widget.MediumImportance, v.backward)
	v.next = v.button("", widget.HighImportance, v.forward)
	v.parts = []fyne.CanvasObject{v.purpose(), v.devices(o), v.software(o)}
	v.scroll = container.NewVScroll(padded(6, margin, leaf(container.NewStack(v.parts...))))
	head := padded(headTop, margin, leaf(headLine(v.title, v.step)))
	buttons := container.NewBorder(nil, nil, v.skip, row(10, v.back, v.next))
	foot := column(0, widget.NewSeparator(), padded(10, margin, leaf(buttons)))
	v.Container = container.New(flush{}, head, v.scroll, foot)
	v.Hide()
	return v
}

func (v *welcome) button(text string, importance widget.Importance, tapped func()) *button {
	b := newButton(text, importance, tapped)
	b.escape = v.backward
	return b
}

// purpose says what the program does.
func (v *welcome) purpose() fyne.CanvasObject {
	w := v.words
	return column(gap,
		topic("device", w.say("welcome.measure"), paragraph(w.say("welcome.measure.text"))),
		topic("person", w.say("welcome.whose"), paragraph(w.say("welcome.whose.text"))),
		topic("software", w.say("welcome.send"), paragraph(w.say("welcome.send.text"))),
		flat(muted(w.say("help.notice"))),
	)
}

// devices offers to pair one, or to try without.
func (v *welcome) devices(o Options) fyne.CanvasObject {
	w := v.words
	pair := v.button(w.say("devices.pair"), widget.MediumImportance, func() { v.over(); v.do.pairDevice() })
	return column(gap,
		topic("device", w.say("empty.devices"), paragraph(w.say("empty.devices.text")), padded(6, 0, row(0, pair))),
		topic("monitor", w.say("empty.monitors"), paragraph(w.say("welcome.monitors.text"))),
		trial(w, o, v.button(w.say("welcome.trial.start"), widget.MediumImportance, v.do.demonstrate)),
	)
}

// software gives what the EHR needs.
func (v *welcome) software(o Options) fyne.CanvasObject {
	w := v.words
	code := connectCode(o.Address, o.Tokens)
	copied := func(text string) fyne.CanvasObject {
		button := v.button(w.say("welcome.copy"), widget.MediumImportance, func() { v.do.copy(text) })
		return container.NewBorder(nil, nil, nil, padded(0, 6, container.NewCenter(button)), command(text))
	}
	open := v.button(w.say("empty.action"), widget.MediumImportance, func() { v.do.openAddress() })
	return column(gap,
		topic("software", w.say("welcome.code"),
			paragraph(w.say("empty.software.text")), copied(o.Address),
			paragraph(w.say("welcome.code.text")), copied(code), padded(6, 0, row(0, open))),
		topic("help", w.say("welcome.allow"), paragraph(w.say("welcome.allow.text"))),
	)
}

// start shows the first of the three.
func (v *welcome) start() {
	v.Show()
	v.show(0)
}

func (v *welcome) forward() {
	if v.at == len(v.parts)-1 {
		v.over()
		return
	}
	v.show(v.at + 1)
}

func (v *welcome) backward() { v.show(max(v.at-1, 0)) }

func (v *welcome) show(at int) {
	v.at = at
	for i, part := range v.parts {
		visible(part, i == at)
	}
	v.title.set(v.words.say([]string{"welcome.title", "welcome.devices", "welcome.software"}[at]))
	v.step.set(v.words.say("welcome.step", "n", fmt.Sprint(at+1), "all", fmt.Sprint(len(v.parts))))
	next := "pair.next"
	if at == len(v.parts)-1 {
		next = "welcome.done"
	}
	v.next.SetText(v.words.say(next))
	visible(v.back, at > 0)
	visible(v.skip, at < len(v.parts)-1)
	v.scroll.ScrollToTop()
	v.Container.Refresh()
	if v.do.attend != nil {
		v.do.attend(v.next)
	}
}
