package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"vitalien/app/station"
)

// A gauge shows one live value.
type gauge interface {
	object() fyne.CanvasObject
	show(tileText)
}

// A tile is a gauge with all that is known of its value.
type tile struct {
	*fyne.Container
	ground *panel
	mark   *label
	name   *label
	unit   *label
	value  *numeral
	beside *fyne.Container // value and arrow
	arrow  *arrow
	course *sparkline
	note   *label
	age    *label
}

const (
	courseHeight = 20 // at least
	arrowSide    = 22
)

// newTile makes the figures at least that size.
func newTile(size fyne.ThemeSizeName, ground fyne.ThemeColorName) *tile {
	t := &tile{
		ground: newPanel(ground, colourLine, sizeRadius),
		mark:   newLabel("", colourText, sizeText).strong(),
		name:   newLabel("", colourText, sizeText).strong().cutting(),
		unit:   newLabel("", colourMuted, sizeSmall),
		value:  newNumeral(size, sizeBeside).growing(sizeRoom),
		arrow:  newArrow(arrowSide),
		course: newSparkline(courseHeight),
		note:   newLabel("", colourMuted, sizeSmall).cutting(),
		age:    newLabel("", colourMuted, sizeSmall).trailing(),
	}
	t.mark.Hide()
	t.beside = container.NewBorder(nil, nil, nil, container.NewCenter(t.arrow.symbol), t.value)
	t.Container = container.NewStack(t.ground, padded(8, 10, container.New(tileLines{},
		container.NewBorder(nil, nil, t.mark, t.unit, t.name),
		t.beside,
		t.course,
		container.New(spread{4}, t.note, t.age),
	)))
	return t
}

func (t *tile) object() fyne.CanvasObject { return t.Container }

func (t *tile) show(text tileText) {
	value, note := text.inks()
	t.name.show(text.name, text.colour)
	t.unit.set(text.unit)
	t.value.set(text.main, text.aside, value)
	t.note.show(text.note, note)
	t.age.set(text.age)
	t.course.show(text.course, text.line())
	edge, mark := colourLine, ""
	if text.alarm != "" {
		look := lookOfAlarm(text.alarm)
		edge, mark = look.ink, look.mark
		t.mark.show(mark+" ", edge)
	}
	t.ground.outline(edge)
	if t.arrow.show(text.direction, text.colour) {
		t.beside.Refresh()
	}
	if visible(t.mark, mark != "") {
		t.Container.Refresh()
	}
}

// inks are the colours of the value and of what is said beside it.
func (text *tileText) inks() (value, note fyne.ThemeColorName) {
	switch text.standing {
	case doubted:
		return colourAmber, colourAmber
	case stale, absent:
		return colourMuted, colourMuted
	}
	return text.colour, colourMuted
}

// line is the colour of the sparkline: what was measured before a value was
// doubted is none the worse.
func (text *tileText) line() fyne.ThemeColorName {
	if text.standing == stale || text.standing == absent {
		return colourMuted
	}
	return text.colour
}

// tileLines sets the lines of a tile above one another: its name, its value,
// its course and its note. The value takes the height that there is, and the
// course its part of it.
type tileLines struct{}

const (
	lineGap    = 1
	coursePart = 0.22
)

func (tileLines) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, lineGap*float32(len(objects)-1))
	for _, object := range objects {
		needed := object.MinSize()
		size.Width = max(size.Width, needed.Width)
		size.Height += needed.Height
	}
	return size
}

func (tileLines) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	head, course, foot := objects[0].MinSize().Height, objects[2].MinSize().Height, objects[3].MinSize().Height
	course = max(course, coursePart*(size.Height-head-foot))
	y := float32(0)
	for i, height := range []float32{head, size.Height - head - course - foot - 3*lineGap, course, foot} {
		objects[i].Move(fyne.NewPos(0, y))
		objects[i].Resize(fyne.NewSize(size.Width, height))
		y += height + lineGap
	}
}

// An arrow shows where a value is going; nothing when that is not known.
type arrow struct{ *symbol }

func newArrow(side float32) *arrow {
	a := &arrow{newSymbol("steady", colourMuted, side)}
	a.Hide()
	return a
}

var arrows = map[station.Direction]string{station.Rising: "rising", station.Steady: "steady", station.Falling: "falling"}

// show tells whether the arrow needs other room.
func (a *arrow) show(d station.Direction, colour fyne.ThemeColorName) bool {
	drawing, known := arrows[d]
	if known {
		a.set(drawing, colour)
	}
	return visible(a.symbol, known)
}
