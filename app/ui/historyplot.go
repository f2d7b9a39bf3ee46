package ui

import (
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/report"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Measures of the plots, in units of the canvas.
const (
	laneHeight   = 78 // at least
	laneTitle    = 27
	plotGutter   = 56 // of the values of an axis
	plotMargin   = 14 // at the right
	timesHeight  = 22
	hoverReach   = 40 // from the pointer to a point that it tells of
	timeDistance = 88 // between two times of the axis, at least
)

const (
	shortestView = 10 * time.Second
	longestView  = 150 * 365 * 24 * time.Hour
	zoomStep     = 1.25
	panStep      = 0.15 // of the view
)

// A lane is the plot of one vital sign in one unit.
type lane struct {
	kind   fhirmap.Type
	unit   fhirmap.Unit
	name   string
	colour fyne.ThemeColorName
	points []report.Point
	source []station.TrendPoint // the same, with their digits
	band   *report.Band
	axis   report.Axis
}

// scale fits the axis to the points.
func (l *lane) scale() {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range l.points {
		a, b := l.points[i].Bounds()
		low, high = min(low, a), max(high, b)
	}
	l.axis = report.AxisOf(low, high, 3)
	if l.unit.UCUM == fhirmap.Percent.UCUM && high <= 100 {
		l.axis.High = min(l.axis.High, 100)
	}
}

// nearest is the point nearest to a time, -1 if there is none.
func (l *lane) nearest(at time.Time) int {
	i, _ := slices.BinarySearchFunc(l.points, at, func(p report.Point, at time.Time) int { return p.At.Compare(at) })
	switch {
	case len(l.points) == 0:
		return -1
	case i == len(l.points):
		return i - 1
	case i > 0 && at.Sub(l.points[i-1].At) < l.points[i].At.Sub(at):
		return i - 1
	}
	return i
}

// A trendPlot shows lanes one above the other, with one axis of time. It is
// zoomed with the wheel, + and −, and moved by dragging or with the arrows.
type trendPlot struct {
	widget.BaseWidget
	words    words
	lanes    []*lane
	from, to time.Time
	pointer  float32 // where the pointer is; negative: nowhere
	focused  bool
	label    string                                // for those who hear the screen
	view     func(from, to time.Time) station.Span // a person wants to see that; what they get
	whole    func()                                // … or everything
	labels   func()                                // writes all texts anew; nil: nothing is shown yet
}

var (
	_ fyne.Focusable  = (*trendPlot)(nil)
	_ fyne.Accessible = (*trendPlot)(nil)
)

func newTrendPlot(w words, view func(from, to time.Time) station.Span, whole func()) *trendPlot {
	p := &trendPlot{words: w, pointer: -1, view: view, whole: whole}
	p.ExtendBaseWidget(p)
	return p
}

func (p *trendPlot) show(lanes []*lane, from, to time.Time, label string) {
	p.lanes, p.from, p.to, p.label = lanes, from, to, label
	p.Refresh()
}

// AccessibilityLabel tells what is plotted.
func (p *trendPlot) AccessibilityLabel() string { return p.label }

// AccessibilityRole is that of a text: there is none for pictures.
func (p *trendPlot) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// field is where the points of a lane are drawn.
func (p *trendPlot) field(i int) (at fyne.Position, size fyne.Size) {
	whole := p.Size()
	height := (whole.Height - timesHeight) / float32(max(1, len(p.lanes)))
	return fyne.NewPos(plotGutter, float32(i)*height+laneTitle),
		fyne.NewSize(max(1, whole.Width-plotGutter-plotMargin), max(1, height-laneTitle-6))
}

func (p *trendPlot) span() time.Duration { return max(1, p.to.Sub(p.from)) }

// timeAt and across are between places and times.
func (p *trendPlot) timeAt(x float32) time.Time {
	_, size := p.field(0)
	return p.from.Add(time.Duration(float64(x-plotGutter) / float64(size.Width) * float64(p.span())))
}

func (p *trendPlot) across(at time.Time) float32 {
	_, size := p.field(0)
	return plotGutter + float32(float64(at.Sub(p.from))/float64(p.span()))*size.Width
}

// up is how far below the top of a field of that height a number stands.
func (l *lane) up(n float64, height float32) float32 {
	return float32((l.axis.High - n) / (l.axis.High - l.axis.Low) * float64(height))
}

// zoom shows more or less around a time, which stays where it is.
func (p *trendPlot) zoom(factor float64, around time.Time) {
	span := time.Duration(min(max(float64(p.span())*factor, float64(shortestView)), float64(longestView)))
	share := float64(around.Sub(p.from)) / float64(p.span())
	from := around.Add(-time.Duration(share * float64(span)))
	p.move(from, from.Add(span))
}

func (p *trendPlot) pan(share float64) {
	by := time.Duration(share * float64(p.span()))
	p.move(p.from.Add(by), p.to.Add(by))
}

// move shows what there is of another part at once, and asks for the rest.
func (p *trendPlot) move(from, to time.Time) {
	span := p.view(from, to)
	p.from, p.to = span.From.In(from.Location()), span.To.In(from.Location())
	p.Refresh()
}

func (p *trendPlot) middle() time.Time { return p.from.Add(p.span() / 2) }

// TypedKey does with the keyboard what the mouse does.
func (p *trendPlot) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		p.pan(-panStep)
	case fyne.KeyRight:
		p.pan(panStep)
	case fyne.KeyUp:
		p.zoom(1/zoomStep, p.middle())
	case fyne.KeyDown:
		p.zoom(zoomStep, p.middle())
	case fyne.KeyHome:
		p.whole()
	}
}

// TypedRune zooms, wherever a keyboard has these signs.
func (p *trendPlot) TypedRune(r rune) {
	switch r {
	case '+', '=':
		p.zoom(1/zoomStep, p.middle())
	case '-':
		p.zoom(zoomStep, p.middle())
	}
}

func (p *trendPlot) FocusGained() { p.focused = true; p.Refresh() }
func (p *trendPlot) FocusLost()   { p.focused = false; p.Refresh() }

// point tells of the points near x; of none where it is negative.
func (p *trendPlot) point(x float32) {
	if p.pointer = x; p.labels != nil {
		p.labels()
	}
}

// told is the point of a lane that the pointer tells of, -1 if it is at none.
func (p *trendPlot) told(l *lane) int {
	if p.pointer < plotGutter {
		return -1
	}
	i := l.nearest(p.timeAt(p.pointer))
	if i < 0 || math.Abs(float64(p.across(l.points[i].At)-p.pointer)) > hoverReach {
		return -1
	}
	return i
}

func (p *trendPlot) CreateRenderer() fyne.WidgetRenderer {
	r := &plotRenderer{plot: p, raster: canvas.NewRaster(p.draw), surface: newPlotSurface(p)}
	r.renderer = renderer{
		minSize: func() fyne.Size {
			return fyne.NewSize(260, float32(max(1, len(p.lanes)))*laneHeight+timesHeight)
		},
		layout:  func(size fyne.Size) { r.raster.Resize(size); r.surface.Resize(size); r.place() },
		refresh: func() { r.place(); r.raster.Refresh() },
	}
	r.place()
	ring := withRing(r, theme.SizeNameButtonRadius, func() bool { return p.focused })
	p.labels = func() { r.place(); canvas.Refresh(p) } // the drawing stays
	return ring
}

// A plotRenderer writes names, axes and the value at the pointer over the drawing.
type plotRenderer struct {
	renderer
	plot    *trendPlot
	raster  *canvas.Raster
	surface *plotSurface
}

// place makes the texts anew.
func (r *plotRenderer) place() {
	r.objects = []fyne.CanvasObject{r.raster, r.surface}
	p := r.plot
	if p.Size().Width < 2*plotGutter {
		return
	}
	for i, l := range p.lanes {
		r.lane(i, l)
	}
	_, size := p.field(0)
	for _, tick := range report.TimeTicks(p.from, p.to, int(size.Width/timeDistance)) {
		text := canvas.NewText(tick.Text, paint(colourMuted))
		text.TextSize, text.Alignment = theme.Size(sizeSmall), fyne.TextAlignCenter
		needed := text.MinSize()
		x := min(max(p.across(tick.At)-needed.Width/2, 2), p.Size().Width-needed.Width-2)
		r.put(text, fyne.NewPos(x, p.Size().Height-timesHeight+2), needed)
	}
}

func (r *plotRenderer) put(object fyne.CanvasObject, at fyne.Position, size fyne.Size) {
	object.Move(at)
	object.Resize(size)
	r.objects = append(r.objects, object)
}

func (r *plotRenderer) lane(i int, l *lane) {
	p := r.plot
	at, size := p.field(i)
	told := p.told(l)
	reading, room := "", size.Width
	if told >= 0 {
		reading = p.words.pointText(l, told, p.from.Location())
	} else if len(l.points) == 0 {
		reading = p.words.say("history.nothing")
	}
	if reading != "" {
		text := canvas.NewText(reading, paint(colourText))
		text.TextSize, text.TextStyle.Bold = theme.Size(sizeSmall), told >= 0
		if told < 0 {
			text.Color = paint(colourMuted)
		}
		needed := text.MinSize()
		r.put(text, fyne.NewPos(at.X+size.Width-needed.Width, at.Y-laneTitle+2), needed)
		room -= needed.Width + 10
	}
	style := fyne.TextStyle{Bold: true}
	name := canvas.NewText(ellipsis(l.name, room+plotGutter-10, theme.Size(sizeSmall), style), paint(l.colour))
	name.TextSize, name.TextStyle = theme.Size(sizeSmall), style
	r.put(name, fyne.NewPos(10, at.Y-laneTitle+2), name.MinSize())
	if l.band != nil && len(l.points) > 0 {
		r.reference(l, at.Y-laneTitle+2, 10+name.MinSize().Width+10, room+plotGutter-10-name.MinSize().Width)
	}
	if len(l.points) > 0 {
		r.values(l, at, size)
	}
	if told >= 0 {
		r.mark(l, told, at, size)
	}
}

// reference names the tinted range where there is room.
func (r *plotRenderer) reference(l *lane, y, x, room float32) {
	text := canvas.NewText(r.plot.words.bandRange(l.band), paint(colourMuted))
	text.TextSize = theme.Size(sizeSmall) - 1
	if needed := text.MinSize(); needed.Width <= room {
		r.put(text, fyne.NewPos(x, y+1), needed)
	}
}

// values writes the axis, each number where it has room.
func (r *plotRenderer) values(l *lane, at fyne.Position, size fyne.Size) {
	last := float32(math.Inf(1))
	for _, tick := range l.axis.Ticks(r.plot.words.axis) {
		text := canvas.NewText(tick.Text, paint(colourMuted))
		text.TextSize = theme.Size(sizeSmall) - 2
		needed := text.MinSize()
		y := at.Y + l.up(tick.At, size.Height) - needed.Height/2
		if last-y < needed.Height-3 {
			continue
		}
		last = y
		r.put(text, fyne.NewPos(plotGutter-8-needed.Width, y), needed)
	}
}

// mark shows which point the pointer tells of.
func (r *plotRenderer) mark(l *lane, told int, at fyne.Position, size fyne.Size) {
	point := &l.points[told]
	x := r.plot.across(point.At)
	if x < at.X || x > at.X+size.Width {
		return
	}
	line := canvas.NewLine(paint(colourMuted))
	line.StrokeWidth = 1
	line.Position1, line.Position2 = fyne.NewPos(x, at.Y), fyne.NewPos(x, at.Y+size.Height)
	r.objects = append(r.objects, line)
	for _, n := range [...]float64{point.High, point.Low} {
		if math.IsNaN(n) {
			continue
		}
		ring := canvas.NewCircle(paint(colourCard))
		ring.StrokeColor, ring.StrokeWidth = paint(l.colour), 2
		r.put(ring, fyne.NewPos(x-5, at.Y+l.up(n, size.Height)-5), fyne.NewSquareSize(10))
	}
}
