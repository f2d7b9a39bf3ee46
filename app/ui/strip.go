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
	s.Container = container.New(stripLine{}, container.NewBorder(nil, nil, s.mark, nil, s.name), s.value, s.arrow.symbol, s.course, s.age)
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
	s.value.set(text.main, text.aside, value)
	s.age.set(age)
	s.course.show(text.course, text.line())
	reshaped := s.arrow.show(text.direction, text.colour)
	reshaped = visible(s.course, age == "") || reshaped
	if visible(s.mark, mark != "") || reshaped {
		s.Container.Refresh()
	}
}

// stripLine sets name, value, arrow, and course or age side by side.
type stripLine struct{}

const (
	stripName  = 88
	stripAge   = 48
	stripValue = 0.5 // of what name and arrow leave
)

func (stripLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	height := float32(0)
	for _, object := range objects {
		height = max(height, object.MinSize().Height)
	}
	return fyne.NewSize(stripName+stripAge+40, height)
}

func (stripLine) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place := func(i int, x, width, height float32) {
		objects[i].Move(fyne.NewPos(x, (size.Height-height)/2))
		objects[i].Resize(fyne.NewSize(width, height))
	}
	const distance = 4
	side := objects[2].MinSize().Width
	room := size.Width - stripName - side
	value := stripValue * room
	if aged := !objects[3].Visible(); aged {
		value = room - stripAge
		place(4, size.Width-stripAge, stripAge, objects[4].MinSize().Height)
	}
	place(0, 0, stripName-distance, objects[0].MinSize().Height)
	place(1, stripName, value-distance, size.Height)
	place(2, stripName+value, side, side)
	place(3, stripName+value+side+distance, room-value-distance, max(size.Height*0.7, objects[3].MinSize().Height))
}
