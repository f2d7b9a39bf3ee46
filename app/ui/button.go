package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// A button is the toolkit's, with a ring that shows where the keyboard is,
// Return as well as Space to press it, and an Escape of its dialog.
type button struct {
	widget.Button
	focused bool
	escape  func()
}

func newButton(text string, importance widget.Importance, tapped func()) *button {
	b := &button{}
	b.Text, b.Importance, b.OnTapped = text, importance, tapped
	b.ExtendBaseWidget(b)
	return b
}

// press is a tap where the button can be tapped.
func press(b *button) {
	if !b.Disabled() {
		b.Tapped(nil)
	}
}

func (b *button) FocusGained() { b.focused = true; b.Button.FocusGained() }

func (b *button) FocusLost() { b.focused = false; b.Button.FocusLost() }

func (b *button) TypedKey(event *fyne.KeyEvent) {
	switch event.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		press(b)
	case fyne.KeyEscape:
		if b.escape != nil {
			b.escape()
		}
	default:
		b.Button.TypedKey(event)
	}
}

func (b *button) CreateRenderer() fyne.WidgetRenderer {
	return withRing(b.Button.CreateRenderer(), theme.SizeNameButtonRadius, func() bool { return b.focused })
}

// ringed draws a ring around a widget that has the keyboard.
type ringed struct {
	fyne.WidgetRenderer
	ring    *canvas.Rectangle
	radius  fyne.ThemeSizeName
	focused func() bool
}

func withRing(inner fyne.WidgetRenderer, radius fyne.ThemeSizeName, focused func() bool) *ringed {
	r := &ringed{inner, canvas.NewRectangle(color.Transparent), radius, focused}
	r.colour()
	return r
}

func (r *ringed) colour() {
	r.ring.StrokeColor, r.ring.StrokeWidth = color.Transparent, 2
	r.ring.CornerRadius = theme.Size(r.radius)
	if r.focused() {
		r.ring.StrokeColor = paint(colourText)
	}
}

func (r *ringed) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.ring.Resize(size)
}

func (r *ringed) Objects() []fyne.CanvasObject {
	inner := r.WidgetRenderer.Objects()
	return append(inner[:len(inner):len(inner)], r.ring)
}

func (r *ringed) Refresh() {
	r.colour()
	r.WidgetRenderer.Refresh()
	r.ring.Refresh()
}
