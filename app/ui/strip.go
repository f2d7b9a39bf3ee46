package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// A strip is a gauge of one line, for a ward of many beds: name, value, arrow,
// and the course or, where that says little, the age.
type strip struct {
	*fyne.Container
	mark   *label
	name   *label
	value  *numeral
	arrow  *arrow
	course *sparkline
	age    *label
}

func newStrip() *strip {
	s := &strip{
		mark:   newLabel("", colourText, sizeText).strong(),
		name:   newLabel("", colourText, sizeSmall).strong().cutting(),
		value:  newNumeral(sizeStrip, sizeText).growing(sizeTile),
		arrow:  newArrow(arrowSide * 3 / 4),
		course: newSparkline(arrowSide * 3 / 4),
		age:    newLabel("", colourMuted, sizeSmall).trailing(),
	}
	s.mark.Hide()
	s.Container = container.New(stripLine{s}, container.NewBorder(nil, nil, s.mark, nil, s.name), s.value, s.arrow.symbol, s.course, s.age)
	return s
}

func (s *strip) object() fyne.CanvasObject { return s.Container }

func (s *strip) show(text tileText) {
	value, _ := text.inks()
	age, mark := "", ""
	if text.occasional || text.aside != "" || text.standing == stale || text.standing == absent {
		age = text.age
	}
	ink := text.colour
	if text.alarm != "" {
		look := lookOfAlarm(text.alarm)
		mark, ink = look.mark, look.ink
		s.mark.show(mark+" ", ink)
	}
	s.name.show(text.name, ink)
	reshaped := len(s.value.main) != len(text.main) || len(s.value.aside) != len(text.aside) || len(s.age.text) != len(age)
	s.value.set(text.main, text.aside, value)
	s.age.set(age)
	s.course.show(text.course, text.line())
	reshaped = s.arrow.show(text.direction, text.colour) || reshaped
	reshaped = visible(s.course, age == "") || reshaped
	if visible(s.mark, mark != "") || reshaped {
		s.Container.Refresh()
	}
}

// stripLine sets name, value, arrow, and course or age side by side. A value that
// would be too small to read there has a line of its own below the rest.
type stripLine struct{ strip *strip }

const (
	stripName  = 88 // names of that width leave the values level
	stripAge   = 48
	stripValue = 0.5 // of what name and arrow leave
	stripSpace = 4
)

func (stripLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	height := float32(0)
	for _, object := range objects {
		height = max(height, object.MinSize().Height)
	}
	return fyne.NewSize(stripName+stripAge+40, height)
}

func (l stripLine) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	s := l.strip
	age, arrow := float32(0), s.arrow.MinSize().Width+stripSpace
	if s.age.text != "" {
		age = s.age.natural() + stripSpace
	}
	if !s.arrow.Visible() && age > 0 {
		arrow = 0
	}
	name := s.name.natural() + stripSpace
	if s.mark.Visible() {
		name += s.mark.MinSize().Width
	}
	name = max(name, stripName)
	room, value := size.Width-name-arrow-age, s.value.least()+stripSpace
	if age > 0 && value > room {
		l.stack(objects, size, age)
		return
	}
	if age == 0 { // the course takes the rest
		room = max(stripValue*room, min(value, room))
	}
	place(objects[0], 0, name-stripSpace, objects[0].MinSize().Height, size.Height)
	place(s.value, name, room-stripSpace, size.Height, size.Height)
	place(s.arrow.symbol, name+room, arrow-stripSpace, arrow-stripSpace, size.Height)
	rest := size.Width - name - room - arrow
	place(s.course, name+room+arrow, rest, max(size.Height*0.7, s.course.MinSize().Height), size.Height)
	place(s.age, size.Width-age, age, s.age.MinSize().Height, size.Height)
}

// stack gives name and age the upper half, and the value the lower.
func (l stripLine) stack(objects []fyne.CanvasObject, size fyne.Size, age float32) {
	s, half := l.strip, size.Height/2
	place(objects[0], 0, size.Width-age-stripSpace, objects[0].MinSize().Height, half)
	place(s.age, size.Width-age, age, s.age.MinSize().Height, half)
	s.arrow.symbol.Resize(fyne.Size{})
	place(s.value, 0, size.Width, half, half)
	s.value.Move(fyne.NewPos(0, half))
}

// place sets an object in the middle of a line.
func place(object fyne.CanvasObject, x, width, height, line float32) {
	object.Move(fyne.NewPos(x, (line-height)/2))
	object.Resize(fyne.NewSize(max(width, 0), height))
}
