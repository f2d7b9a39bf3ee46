package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// An option is a card that can be chosen, with a click or with the keyboard.
type option struct {
	widget.BaseWidget
	content fyne.CanvasObject
	name    string // for those who hear the screen
	choose  func()
	escape  func()
	chosen  bool
	focused bool
	hovered bool
}

var (
	_ fyne.Tappable     = (*option)(nil)
	_ fyne.Focusable    = (*option)(nil)
	_ desktop.Hoverable = (*option)(nil)
	_ fyne.Accessible   = (*option)(nil)
)

func newOption(name string, content fyne.CanvasObject, choose, escape func()) *option {
	o := &option{name: name, content: content, choose: choose, escape: escape}
	o.ExtendBaseWidget(o)
	return o
}

func (o *option) mark(chosen bool) {
	if o.chosen != chosen {
		o.chosen = chosen
		o.Refresh()
	}
}

func (o *option) Tapped(*fyne.PointEvent)        { o.choose() }
func (o *option) FocusGained()                   { o.focused = true; o.Refresh() }
func (o *option) FocusLost()                     { o.focused = false; o.Refresh() }
func (o *option) MouseIn(*desktop.MouseEvent)    { o.hovered = true; o.Refresh() }
func (o *option) MouseMoved(*desktop.MouseEvent) {}
func (o *option) MouseOut()                      { o.hovered = false; o.Refresh() }
func (o *option) TypedRune(rune)                 {}

func (o *option) TypedKey(event *fyne.KeyEvent) {
	switch event.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		o.choose()
	case fyne.KeyEscape:
		o.escape()
	}
}

// AccessibilityLabel is what is chosen.
func (o *option) AccessibilityLabel() string { return o.name }

// AccessibilityRole is that of a button.
func (o *option) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

func (o *option) CreateRenderer() fyne.WidgetRenderer {
	ground, veil := newPanel(colourCard, colourLine, sizeRadius), canvas.NewRectangle(color.Transparent)
	r := &renderer{
		objects: []fyne.CanvasObject{ground, veil, o.content},
		minSize: o.content.MinSize,
		layout: func(size fyne.Size) {
			ground.Resize(size)
			veil.Resize(size)
			o.content.Resize(size)
		},
	}
	r.refresh = func() {
		fill, edge := colourCard, colourLine
		if o.chosen {
			fill, edge = colourChosen, colourAccent
		}
		ground.set(fill)
		ground.outline(edge)
		veil.FillColor, veil.CornerRadius = color.Transparent, theme.Size(sizeRadius)
		if o.hovered {
			veil.FillColor = paint(theme.ColorNameHover)
		}
		veil.Refresh()
		o.content.Refresh()
	}
	r.refresh()
	return withRing(r, sizeRadius, func() bool { return o.focused })
}
