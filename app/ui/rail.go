package ui

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/assets"
)

// An entry of the rail leads to a page.
type entry struct {
	widget.BaseWidget
	icon    *symbol
	name    *label
	badge   *badge
	chosen  bool
	focused bool
	hovered bool
	open    func()
}

var (
	_ fyne.Tappable     = (*entry)(nil)
	_ fyne.Focusable    = (*entry)(nil)
	_ desktop.Hoverable = (*entry)(nil)
	_ fyne.Accessible   = (*entry)(nil)
)

func newEntry(drawing, name string, open func()) *entry {
	e := &entry{
		icon:  newSymbol(drawing, colourMuted, 22),
		name:  newLabel(name, colourText, sizeText),
		badge: newCount(),
		open:  open,
	}
	e.ExtendBaseWidget(e)
	return e
}

func (e *entry) choose(chosen bool) {
	if e.chosen == chosen {
		return
	}
	e.chosen = chosen
	e.Refresh()
}

func (e *entry) Tapped(*fyne.PointEvent)        { e.open() }
func (e *entry) FocusGained()                   { e.focused = true; e.Refresh() }
func (e *entry) FocusLost()                     { e.focused = false; e.Refresh() }
func (e *entry) MouseIn(*desktop.MouseEvent)    { e.hovered = true; e.Refresh() }
func (e *entry) MouseMoved(*desktop.MouseEvent) {}
func (e *entry) MouseOut()                      { e.hovered = false; e.Refresh() }
func (e *entry) TypedRune(rune)                 {}

func (e *entry) TypedKey(event *fyne.KeyEvent) {
	switch event.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		e.open()
	}
}

// announce shows how many things on the page wait for a person.
func (e *entry) announce(n int, ground, text fyne.ThemeColorName) {
	if e.badge.set(n, ground, text) {
		e.Refresh()
	}
}

// AccessibilityLabel is the name of the page, and how many things wait there.
func (e *entry) AccessibilityLabel() string { return joined(" ", e.name.text, e.badge.text()) }

// AccessibilityRole is that of a link: it leads somewhere.
func (e *entry) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleLink }

func (e *entry) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.Transparent)
	content := padded(9, 12, between(row(12, e.icon, e.name), e.badge.Container))
	r := &renderer{
		objects: []fyne.CanvasObject{ground, content},
		minSize: content.MinSize,
		layout:  func(size fyne.Size) { ground.Resize(size); content.Resize(size) },
	}
	r.refresh = func() {
		ground.CornerRadius = theme.Size(sizeRadius)
		ground.FillColor = color.Transparent
		text, icon := colourText, colourMuted
		switch {
		case e.chosen:
			ground.FillColor, text, icon = paint(colourChosen), colourAccent, colourAccent
		case e.hovered:
			ground.FillColor = paint(theme.ColorNameHover)
		}
		e.icon.set(e.icon.name, icon)
		e.name.bold = e.chosen
		e.name.colour = text
		e.name.Refresh()
		ground.Refresh()
		content.Refresh()
	}
	r.refresh()
	return withRing(r, sizeRadius, func() bool { return e.focused })
}

// A badge is a number on a pill of its own colour; none when it is zero.
type badge struct {
	*fyne.Container
	number *label
	ground *panel
}

func newCount() *badge {
	b := &badge{
		number: newLabel("", colourText, sizeSmall).strong(),
		ground: newPanel(colourChosen, "", sizeRadius),
	}
	b.Container = container.NewStack(b.ground, padded(1, 7, b.number))
	b.Container.Hide()
	return b
}

// set tells whether the badge needs other room.
func (b *badge) set(n int, ground, text fyne.ThemeColorName) bool {
	number := ""
	if n > 0 {
		number = fmt.Sprint(min(n, 99))
	}
	reshaped := len(number) != len(b.number.text)
	b.ground.set(ground)
	b.number.show(number, text)
	return visible(b.Container, n > 0) || reshaped
}

func (b *badge) text() string { return b.number.text }

// rail leads from page to page.
type rail struct {
	*fyne.Container
	entries []*entry
}

func newRail(w words, entries ...*entry) *rail {
	r := &rail{entries: entries}
	logo := canvas.NewImageFromResource(fyne.NewStaticResource("icon.png", assets.Icon))
	logo.FillMode = canvas.ImageFillContain
	logo.SetMinSize(fyne.NewSquareSize(32))
	brand := padded(8, 10, row(10, logo, newLabel(w.say("app.name"), colourText, sizeSection).strong()))
	objects := []fyne.CanvasObject{brand}
	for _, e := range entries {
		objects = append(objects, e)
	}
	width := canvas.NewRectangle(color.Transparent)
	width.SetMinSize(fyne.NewSize(railWidth, 0))
	r.Container = container.New(layout.NewCustomPaddedHBoxLayout(0), container.NewStack(
		newPanel(colourRail, "", ""), width, padded(10, 10, column(4, objects...)),
	), widget.NewSeparator())
	return r
}

func (r *rail) choose(index int) {
	for i, e := range r.entries {
		e.choose(i == index)
	}
}
