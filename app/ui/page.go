package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// paragraph is running text that wraps.
func paragraph(text string) *prose { return newProse(text) }

// muted is the same in a quieter colour.
func muted(text string) *prose {
	l := paragraph(text)
	l.Importance = widget.LowImportance
	return l
}

// command is text to copy: an address, a command line.
func command(text string) fyne.CanvasObject {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	l.Selectable = true
	l.Wrapping = fyne.TextWrapBreak
	return container.NewStack(newPanel(colourChosen, "", sizeRadius), l)
}

// topic is a heading with its drawing and what belongs to it, on a card.
func topic(drawing, heading string, content ...fyne.CanvasObject) fyne.CanvasObject {
	head := padded(0, 8, row(10,
		newSymbol(drawing, colourAccent, 24),
		newLabel(heading, colourText, sizeSection).strong(),
	))
	return container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(12, 12, column(4, append([]fyne.CanvasObject{head}, content...)...)),
	)
}

// page is a column of topics that scrolls.
func page(content ...fyne.CanvasObject) fyne.CanvasObject {
	text := leaf(column(gap, content...))
	return container.NewVScroll(container.New(layout.NewCustomPaddedLayout(headTop, margin, margin, margin), text))
}

// newEmptyPage says what to do as long as nothing has arrived.
func newEmptyPage(w words, o Options, do actions) fyne.CanvasObject {
	devices := []fyne.CanvasObject{paragraph(w.say("empty.devices.on")), command(o.Listener)}
	if o.Listener == "" {
		devices = []fyne.CanvasObject{paragraph(w.say("empty.devices.off")), command("0.0.0.0:2575")}
	}
	action := newButton(w.say("empty.action"), widget.MediumImportance, do.openAddress)
	pair := newButton(w.say("devices.pair"), widget.HighImportance, do.pairDevice)
	return page(
		headLine(newLabel(w.say("empty.title"), colourText, sizeTitle).strong()),
		flat(muted(w.say("empty.text"))),
		topic("device", w.say("empty.devices"), paragraph(w.say("empty.devices.text")), padded(6, 0, row(0, pair))),
		topic("monitor", w.say("empty.monitors"), devices...),
		topic("software", w.say("empty.software"),
			paragraph(w.say("empty.software.text")), command(o.Address),
			padded(6, 0, row(0, action))),
		trial(w, o, newButton(w.say("welcome.trial.start"), widget.MediumImportance, do.demonstrate)),
	)
}

// trial offers the demonstration, where it can be started.
func trial(w words, o Options, start *button) fyne.CanvasObject {
	t := topic("trial", w.say("welcome.trial"), paragraph(w.say("welcome.trial.text")), padded(6, 0, row(0, start)))
	visible(t, o.Demonstrate != nil)
	return t
}

func lines(text string) []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for line := range strings.SplitSeq(text, "\n") {
		all = append(all, paragraph(line))
	}
	return all
}
