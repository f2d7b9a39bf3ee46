package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// mostLines is how many lines a phrase has at most: room for the longest names
// of people and places that are real, not for any text.
const mostLines = 3

// A phrase is a short text in a colour of the theme that is not to be cut. It is
// written in one line where it fits, else in the first shorter form that does,
// and the shortest in as many lines as it needs. Its height follows from the
// width it last had.
type phrase struct {
	widget.BaseWidget
	forms  []string // from the longest to the shortest
	colour fyne.ThemeColorName
	size   fyne.ThemeSizeName
	bold   bool
	align  fyne.TextAlign
	most   int // lines
	least  int // lines that there is room for
	drawn  inLinesFor
}

// inLinesFor is a phrase in lines, and what it was folded for.
type inLinesFor struct {
	width, size float32
	lines       []string
}

func newPhrase(colour fyne.ThemeColorName, size fyne.ThemeSizeName) *phrase {
	p := &phrase{forms: []string{""}, colour: colour, size: size, most: mostLines}
	p.ExtendBaseWidget(p)
	return p
}

func (p *phrase) strong() *phrase   { p.bold = true; return p }
func (p *phrase) trailing() *phrase { p.align = fyne.TextAlignTrailing; return p }

// upTo has no more lines than that, and cuts what is too long even then.
func (p *phrase) upTo(lines int) *phrase { p.most = lines; return p }

// fits tells whether the shortest form is no wider than that.
func (p *phrase) fits(width float32) bool { return p.measure(p.forms[len(p.forms)-1]) <= width }

// text is the longest form.
func (p *phrase) text() string { return p.forms[0] }

// show tells whether the phrase needs other room. It costs nothing when nothing
// is other than before.
func (p *phrase) show(colour fyne.ThemeColorName, forms ...string) bool {
	if p.colour == colour && slices.Equal(p.forms, forms) {
		return false
	}
	before := len(p.drawn.lines)
	p.colour, p.forms, p.drawn = colour, forms, inLinesFor{}
	p.Refresh()
	return len(p.fold()) != before
}

func (p *phrase) measure(text string) float32 {
	return fyne.MeasureText(text, theme.Size(p.size), p.style()).Width
}

func (p *phrase) style() fyne.TextStyle { return fyne.TextStyle{Bold: p.bold} }

// natural is the width of the longest form in one line.
func (p *phrase) natural() float32 { return p.measure(p.text()) }

// fold is the phrase in lines for the width it has.
func (p *phrase) fold() []string {
	width, size := p.Size().Width, theme.Size(p.size)
	if p.drawn.lines == nil || p.drawn.width != width || p.drawn.size != size {
		p.drawn = inLinesFor{width, size, p.folded(width)}
	}
	return p.drawn.lines
}

// folded is the phrase in lines for a width.
func (p *phrase) folded(width float32) []string {
	shortest := p.forms[len(p.forms)-1]
	var lines []string
	fits := func(text string) bool { return width <= 0 || p.measure(text) <= width+0.5 }
	if i := slices.IndexFunc(p.forms, fits); i >= 0 {
		lines = p.forms[i : i+1]
	} else {
		lines = foldedLines(shortest, fits)
	}
	if last := p.most - 1; len(lines) > p.most {
		lines = append(lines[:last:last], ellipsis(unfolded(lines[last:]), width, theme.Size(p.size), p.style()))
	}
	return lines
}

// unfolded is the text that foldedLines has made lines of.
func unfolded(lines []string) string {
	text := ""
	for _, line := range lines {
		if text != "" && !strings.HasSuffix(text, "-") {
			text += " "
		}
		text += line
	}
	return text
}

// foldedLines ends lines at spaces and behind hyphens.
func foldedLines(text string, fits func(string) bool) (lines []string) {
	line := ""
	for text != "" {
		end := strings.IndexAny(text, " -") + 1
		if end == 0 {
			end = len(text)
		}
		piece := text[:end]
		if line != "" && !fits(strings.TrimRight(line+piece, " ")) {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		line, text = line+piece, text[end:]
	}
	return append(lines, line)
}

func (p *phrase) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{}
	var texts [mostLines]*canvas.Text
	for i := range texts {
		texts[i] = canvas.NewText("", nil)
		r.objects = append(r.objects, texts[i])
	}
	height := func() float32 { return fyne.MeasureText("0", theme.Size(p.size), p.style()).Height }
	r.layout = func(size fyne.Size) {
		lines, line := p.fold(), height()
		for i, t := range texts {
			t.Text = ""
			if i < len(lines) {
				t.Text = lines[i]
			}
			width := size.Width
			if p.align == fyne.TextAlignLeading { // wherever the room ends: see label
				width = min(width, t.MinSize().Width)
			}
			t.Move(fyne.NewPos(0, float32(i)*line))
			t.Resize(fyne.NewSize(width, line))
		}
	}
	r.refresh = func() {
		for _, t := range texts {
			t.Color, t.TextSize, t.TextStyle, t.Alignment = paint(p.colour), theme.Size(p.size), p.style(), p.align
		}
		r.layout(p.BaseWidget.Size())
		for _, t := range texts {
			t.Refresh()
		}
	}
	r.minSize = func() fyne.Size {
		return fyne.NewSize(min(p.natural(), 24), float32(max(len(p.fold()), p.least))*height())
	}
	r.refresh()
	return r
}

// tall is how high an object is in that width, which it is given.
func tall(object fyne.CanvasObject, width float32) float32 {
	object.Resize(fyne.NewSize(max(width, 1), object.MinSize().Height))
	return object.MinSize().Height
}

// yielding sets a second object at the end of a line, or with leads at its
// start, and gives the first, whose height follows from its width, the rest.
type yielding struct {
	distance, whole float32
	leads           bool
}

// fit is the room of the first object, in a line as wide as the last one.
func (l *yielding) fit(objects []fyne.CanvasObject) (width, height float32) {
	width = l.whole
	if objects[1].Visible() {
		width -= objects[1].MinSize().Width + l.distance
	}
	if l.whole <= 0 {
		return width, objects[0].MinSize().Height
	}
	return width, tall(objects[0], width)
}

func (l *yielding) MinSize(objects []fyne.CanvasObject) fyne.Size {
	_, height := l.fit(objects)
	first, second := objects[0].MinSize(), fyne.Size{}
	if objects[1].Visible() {
		second = objects[1].MinSize().AddWidthHeight(l.distance, 0)
	}
	return fyne.NewSize(first.Width+second.Width, max(height, second.Height))
}

func (l *yielding) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.whole = size.Width
	width, height := l.fit(objects)
	second := objects[1].MinSize()
	x, at := float32(0), size.Width-second.Width
	if l.leads {
		x, at = size.Width-width, 0
	}
	objects[0].Move(fyne.NewPos(x, (size.Height-height)/2))
	objects[0].Resize(fyne.NewSize(width, height))
	objects[1].Move(fyne.NewPos(at, (size.Height-second.Height)/2))
	objects[1].Resize(second)
}
