package ui

import (
	"sort"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// A sheet is text of any length on a card of its own: only the lines that are in
// view are drawn. The keyboard scrolls it.
type sheet struct {
	widget.BaseWidget
	frame  *fyne.Container // what is placed
	ground *panel
	scroll *container.Scroll
	style  fyne.TextStyle
	escape func()

	text  string
	lines []string // of text, as wide as width
	width float32
}

var (
	_ fyne.Focusable  = (*sheet)(nil)
	_ fyne.Accessible = (*sheet)(nil)
)

// sheetInset is the room around the text.
const sheetInset = 8

func newSheet(style fyne.TextStyle, escape func()) *sheet {
	s := &sheet{style: style, escape: escape, ground: newPanel(colourCard, colourLine, sizeRadius)}
	s.ExtendBaseWidget(s)
	s.scroll = container.NewVScroll(s)
	s.scroll.OnScrolled = func(fyne.Position) { s.Refresh() }
	s.frame = container.NewStack(s.ground, padded(3, 3, s.scroll))
	return s
}

func (s *sheet) show(text string) {
	s.text = text
	s.wrap()
	s.scroll.ScrollToTop()
	s.scroll.Refresh()
	s.Refresh()
}

// wrap breaks the text into lines.
func (s *sheet) wrap() {
	s.lines = nil
	if s.text == "" || s.width <= 2*sheetInset {
		return
	}
	size := theme.Size(sizeSmall)
	fits := func(text string) bool {
		return fyne.MeasureText(text, size, s.style).Width <= s.width-2*sheetInset
	}
	if s.style.Monospace {
		columns := int((s.width - 2*sheetInset) / fyne.MeasureText("M", size, s.style).Width)
		fits = func(text string) bool { return utf8.RuneCountInString(text) <= columns }
	}
	for line := range strings.SplitSeq(s.text, "\n") {
		s.lines = append(s.lines, wrapped(line, !s.style.Monospace, fits)...)
	}
}

// widest is more characters than a line has in any window.
const widest = 512

// wrapped breaks a line into as many as it needs, between words if it can.
func wrapped(line string, words bool, fits func(string) bool) (lines []string) {
	for utf8.RuneCountInString(line) > widest || !fits(line) {
		end := longest(line, fits)
		if space := strings.LastIndexByte(line[:end], ' '); words && space > 0 && line[end] != ' ' {
			end = space + 1
		}
		lines = append(lines, line[:end])
		if line = line[end:]; words {
			line = strings.TrimLeft(line, " ")
		}
	}
	return append(lines, line)
}

// longest is how many bytes of a line fit, in whole characters, one at least.
func longest(line string, fits func(string) bool) int {
	var ends []int // of characters
	for i := range line {
		if i > 0 {
			ends = append(ends, i)
		}
		if len(ends) == widest {
			break
		}
	}
	n := sort.Search(len(ends), func(n int) bool { return !fits(line[:ends[n]]) })
	return ends[max(n, 1)-1]
}

func (s *sheet) lineHeight() float32 {
	return fyne.MeasureText("M", theme.Size(sizeSmall), s.style).Height
}

// Resize breaks the lines anew where the width has changed.
func (s *sheet) Resize(size fyne.Size) {
	if size.Width != s.width {
		s.width = size.Width
		before := len(s.lines)
		if s.wrap(); len(s.lines) != before {
			s.scroll.Refresh() // which gives it the height that it needs
		}
	}
	s.BaseWidget.Resize(size)
}

func (s *sheet) FocusGained()   { s.ground.outline(colourText) }
func (s *sheet) FocusLost()     { s.ground.outline(colourLine) }
func (s *sheet) TypedRune(rune) {}

func (s *sheet) TypedKey(event *fyne.KeyEvent) {
	line, leaf := s.lineHeight(), s.scroll.Size().Height
	by := map[fyne.KeyName]float32{
		fyne.KeyUp: line, fyne.KeyDown: -line, fyne.KeyPageUp: leaf, fyne.KeyPageDown: -leaf,
		fyne.KeyHome: s.Size().Height, fyne.KeyEnd: -s.Size().Height,
	}[event.Name]
	switch {
	case event.Name == fyne.KeyEscape:
		s.escape()
	case by != 0:
		s.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, by)})
	}
}

// AccessibilityLabel is the text.
func (s *sheet) AccessibilityLabel() string { return s.text }

// AccessibilityRole is that of a text.
func (s *sheet) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (s *sheet) CreateRenderer() fyne.WidgetRenderer { return &sheetRenderer{sheet: s} }

// sheetRenderer draws the lines that are in view, with as many objects as those
// need.
type sheetRenderer struct {
	sheet *sheet
	shown []fyne.CanvasObject // each a *canvas.Text
}

func (r *sheetRenderer) Destroy()                     {}
func (r *sheetRenderer) Objects() []fyne.CanvasObject { return r.shown }
func (r *sheetRenderer) Layout(fyne.Size)             { r.place() }
func (r *sheetRenderer) Refresh()                     { r.place() }

func (r *sheetRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, float32(len(r.sheet.lines))*r.sheet.lineHeight()+2*sheetInset)
}

func (r *sheetRenderer) place() {
	s, height := r.sheet, r.sheet.lineHeight()
	first := max(int((s.scroll.Offset.Y-sheetInset)/height), 0)
	last := min(first+int(s.scroll.Size().Height/height)+2, len(s.lines))
	for len(r.shown) < last-first {
		r.shown = append(r.shown, canvas.NewText("", nil))
	}
	r.shown = r.shown[:max(last-first, 0)]
	for i, object := range r.shown {
		text := object.(*canvas.Text)
		text.Text, text.TextStyle, text.TextSize, text.Color = s.lines[first+i], s.style, theme.Size(sizeSmall), paint(colourText)
		text.Move(fyne.NewPos(sheetInset, sheetInset+float32(first+i)*height))
		text.Resize(fyne.NewSize(s.width-2*sheetInset, height))
		text.Refresh()
	}
}
