package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// A tile shows one live value.
type tile struct {
	*fyne.Container
	ground *panel
	mark   *label
	name   *label
	unit   *label
	value  *numeral
	note   *label
	age    *label
}

func newTile() *tile {
	t := &tile{
		ground: newPanel(colourGround, colourLine, sizeRadius),
		mark:   newLabel("", colourText, sizeText).strong(),
		name:   newLabel("", colourText, sizeText).strong().cutting(),
		unit:   newLabel("", colourMuted, sizeSmall),
		value:  newNumeral(sizeTile, sizeBeside),
		note:   newLabel("", colourMuted, sizeSmall).cutting(),
		age:    newLabel("", colourMuted, sizeSmall).trailing(),
	}
	t.mark.Hide()
	t.Container = container.NewStack(t.ground, padded(8, 10, column(1,
		container.NewBorder(nil, nil, t.mark, t.unit, t.name),
		t.value,
		between(t.note, t.age),
	)))
	return t
}

func (t *tile) show(text tileText) {
	colour, note := text.colour, colourMuted
	switch text.standing {
	case doubted:
		colour, note = colourAmber, colourAmber
	case stale, absent:
		colour = colourMuted
	}
	t.name.show(text.name, text.colour)
	t.unit.set(text.unit)
	t.value.set(text.main, text.aside, colour)
	t.note.show(text.note, note)
	t.age.set(text.age)
	edge, mark := colourLine, ""
	if text.alarm != "" {
		look := lookOfAlarm(text.alarm)
		edge, mark = look.ink, look.mark
		t.mark.show(mark+" ", edge)
	}
	t.ground.outline(edge)
	if visible(t.mark, mark != "") {
		t.Container.Refresh()
	}
}
