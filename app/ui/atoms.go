package ui

import (
	"bytes"
	"image/color"
	"sort"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/assets"
)

func paint(name fyne.ThemeColorName) color.Color { return theme.Color(name) }

// renderer is what every widget of ours draws with.
type renderer struct {
	objects []fyne.CanvasObject
	minSize func() fyne.Size
	layout  func(fyne.Size)
	refresh func()
}

func (r *renderer) Destroy()                     {}
func (r *renderer) Layout(size fyne.Size)        { r.layout(size) }
func (r *renderer) MinSize() fyne.Size           { return r.minSize() }
func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *renderer) Refresh()                     { r.refresh() }

// A label is one line of text in a colour and size of the theme.
type label struct {
	widget.BaseWidget
	text   string
	colour fyne.ThemeColorName
	size   fyne.ThemeSizeName
	bold   bool
	cut    bool // ends in an ellipsis rather than ask for room
	align  fyne.TextAlign
}

func newLabel(text string, colour fyne.ThemeColorName, size fyne.ThemeSizeName) *label {
	l := &label{text: text, colour: colour, size: size}
	l.ExtendBaseWidget(l)
	return l
}

func (l *label) strong() *label   { l.bold = true; return l }
func (l *label) cutting() *label  { l.cut = true; return l }
func (l *label) trailing() *label { l.align = fyne.TextAlignTrailing; return l }
func (l *label) centred() *label  { l.align = fyne.TextAlignCenter; return l }

// set changes the text, and costs nothing when it is the same.
func (l *label) set(text string) { l.show(text, l.colour) }

func (l *label) show(text string, colour fyne.ThemeColorName) {
	if l.text == text && l.colour == colour {
		return
	}
	l.text, l.colour = text, colour
	l.Refresh()
}

// natural is the width that the whole text needs.
func (l *label) natural() float32 {
	return fyne.MeasureText(l.drawn(), theme.Size(l.size), l.style()).Width
}

// drawn is the text with room for the hook of a first J, which the toolkit, that
// draws each line in a box of its own, would cut at the left edge.
func (l *label) drawn() string {
	if strings.HasPrefix(strings.ToUpper(l.text), "J") {
		return "\u200a" + l.text
	}
	return l.text
}

func (l *label) style() fyne.TextStyle { return fyne.TextStyle{Bold: l.bold} }

func (l *label) CreateRenderer() fyne.WidgetRenderer {
	line := canvas.NewText(l.drawn(), paint(l.colour))
	place := func(size fyne.Size) {
		line.Text = l.drawn()
		if l.cut {
			line.Text = ellipsis(line.Text, size.Width, theme.Size(l.size), l.style())
		}
		if l.align == fyne.TextAlignLeading { // wherever the room ends: text that is resized has all of the window painted
			size.Width = min(size.Width, line.MinSize().Width)
		}
		line.Resize(size)
	}
	r := &renderer{objects: []fyne.CanvasObject{line}, layout: place}
	r.refresh = func() {
		line.Color, line.TextSize = paint(l.colour), theme.Size(l.size)
		line.TextStyle, line.Alignment = l.style(), l.align
		place(l.BaseWidget.Size())
		line.Refresh()
	}
	r.minSize = func() fyne.Size {
		size := fyne.MeasureText(l.drawn(), theme.Size(l.size), l.style())
		if l.cut {
			size.Width = min(size.Width, 24)
		}
		return size
	}
	r.refresh()
	return r
}

// ellipsis is as much of text as fits into width. A number is there whole or not
// at all: a part of it would be another value, or another address.
func ellipsis(text string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 || fyne.MeasureText(text, size, style).Width <= width+0.5 {
		return text
	}
	runes := []rune(text)
	kept := sort.Search(len(runes), func(n int) bool {
		return fyne.MeasureText(string(runes[:n+1])+"…", size, style).Width > width
	})
	for kept > 0 && kept < len(runes) && ofNumber(runes[kept-1]) && ofNumber(runes[kept]) {
		kept--
	}
	return string(runes[:kept]) + "…"
}

func ofNumber(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune(",.:/\u202f", r) }

// A panel is a rectangle of the theme that things stand on.
type panel struct {
	widget.BaseWidget
	fill, edge fyne.ThemeColorName
	radius     fyne.ThemeSizeName
}

func newPanel(fill, edge fyne.ThemeColorName, radius fyne.ThemeSizeName) *panel {
	p := &panel{fill: fill, edge: edge, radius: radius}
	p.ExtendBaseWidget(p)
	return p
}

func (p *panel) set(fill fyne.ThemeColorName) {
	if p.fill != fill {
		p.fill = fill
		p.Refresh()
	}
}

// outline changes the colour of the edge.
func (p *panel) outline(edge fyne.ThemeColorName) {
	if p.edge != edge {
		p.edge = edge
		p.Refresh()
	}
}

func (p *panel) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.Transparent)
	r := &renderer{
		objects: []fyne.CanvasObject{ground},
		layout:  ground.Resize,
		minSize: func() fyne.Size { return fyne.Size{} },
	}
	r.refresh = func() {
		ground.FillColor = paint(p.fill)
		if p.edge != "" {
			ground.StrokeColor, ground.StrokeWidth = paint(p.edge), 1
			if p.edge != colourLine && p.edge != theme.ColorNameInputBorder {
				ground.StrokeWidth = 2
			}
		}
		if p.radius != "" {
			ground.CornerRadius = theme.Size(p.radius)
		}
		ground.Refresh()
	}
	r.refresh()
	return r
}

// A symbol is one of the drawings in a colour of the theme.
type symbol struct {
	widget.BaseWidget
	name   string
	colour fyne.ThemeColorName
	side   float32
}

func newSymbol(name string, colour fyne.ThemeColorName, side float32) *symbol {
	s := &symbol{name: name, colour: colour, side: side}
	s.ExtendBaseWidget(s)
	return s
}

func (s *symbol) set(name string, colour fyne.ThemeColorName) {
	if s.name != name || s.colour != colour {
		s.name, s.colour = name, colour
		s.Refresh()
	}
}

// resource is the drawing in its colour. The toolkit keeps pictures by name,
// so the name tells the colour.
func (s *symbol) resource() fyne.Resource {
	ink := hex(s.colour)
	drawing := bytes.ReplaceAll(assets.Symbol(s.name), []byte("currentColor"), []byte(ink))
	return fyne.NewStaticResource(s.name+ink+".svg", drawing)
}

func (s *symbol) CreateRenderer() fyne.WidgetRenderer {
	picture := canvas.NewImageFromResource(s.resource())
	picture.FillMode = canvas.ImageFillContain
	return &renderer{
		objects: []fyne.CanvasObject{picture},
		minSize: func() fyne.Size { return fyne.NewSquareSize(s.side) },
		layout:  picture.Resize,
		refresh: func() {
			picture.Resource = s.resource()
			picture.Refresh()
		},
	}
}
