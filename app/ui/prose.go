package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// noBreaks are the spaces at which French does not end a line.
const noBreaks = "\u00a0\u202f"

// A prose is running text that wraps, though not at a no-break space, where the
// toolkit would.
type prose struct{ widget.Label }

func newProse(text string) *prose {
	p := &prose{}
	p.Text, p.Wrapping = text, fyne.TextWrapWord
	p.ExtendBaseWidget(p)
	return p
}

func (p *prose) CreateRenderer() fyne.WidgetRenderer {
	inner := p.Label.CreateRenderer()
	drawn := inner.Objects()
	return &proseRenderer{inner, p, drawn[len(drawn)-1].(*widget.RichText)}
}

type proseRenderer struct {
	fyne.WidgetRenderer
	prose *prose
	drawn *widget.RichText
}

func (r *proseRenderer) Layout(size fyne.Size) {
	r.breakLines(size.Width)
	r.WidgetRenderer.Layout(size)
}

func (r *proseRenderer) Refresh() {
	r.breakLines(r.prose.Size().Width)
	r.WidgetRenderer.Refresh()
}

// breakLines has the toolkit draw the text with the ends of lines that it would
// not find itself.
func (r *proseRenderer) breakLines(width float32) {
	p := r.prose
	segment := r.drawn.Segments[0].(*widget.TextSegment)
	text := p.Text
	if p.Wrapping == fyne.TextWrapWord && strings.ContainsAny(text, noBreaks) {
		name := p.SizeName
		if name == "" {
			name = theme.SizeNameText
		}
		text = inLines(text, width-2*theme.InnerPadding(), theme.Size(name), p.TextStyle)
	}
	if segment.Text != text {
		segment.Text = text
		r.drawn.Refresh()
	}
}

// inLines ends a line of text at the last space before width, and nowhere else.
func inLines(text string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 {
		return text
	}
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line, rest, more := strings.Cut(paragraph, " ")
		for more {
			var word string
			word, rest, more = strings.Cut(rest, " ")
			if longer := line + " " + word; fyne.MeasureText(longer, size, style).Width <= width {
				line = longer
				continue
			}
			lines, line = append(lines, line), word
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
