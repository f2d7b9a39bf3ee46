package report

import (
	"math"
	"time"
)

// A frame is where the field of values of a plot is drawn.
type frame struct {
	plot                *Plot
	x, y, width, height float64
}

// plots draws all plots, in two columns when there are many.
func (s *sheet) plots(y float64) {
	n := len(s.page.Plots)
	if n == 0 {
		return
	}
	columns := 1
	if n > 4 {
		columns = 2
	}
	rows := (n + columns - 1) / columns
	height := min(plotHeight, plotsHeight/float64(rows))
	width := (inner - float64(columns-1)*6) / float64(columns)
	for i := range s.page.Plots {
		x := edge + float64(i%columns)*(width+6)
		s.plot(&s.page.Plots[i], x, y+float64(i/columns)*height, width, height-plotGap)
	}
	s.SetY(y + float64(rows)*height)
}

func (s *sheet) plot(p *Plot, x, y, width, height float64) {
	s.font("B", 8.5, p.Colour)
	s.text(x, y-0.6, width*0.6, "L", p.Name)
	if p.Band != nil {
		s.font("", 7, grey)
		s.text(x+width*0.5, y-0.6, width*0.5, "R", p.BandText)
	}
	f := &frame{plot: p, x: x + gutter, y: y + plotTitle, width: width - gutter, height: height - plotTitle - axisHeight}
	s.axes(f)
	s.ClipRect(f.x, f.y, f.width, f.height, false)
	s.course(f)
	s.ClipEnd()
	s.paint(grey) // the end of the clip took the colour back, which the library does not know
}

func (f *frame) across(at time.Time) float64 {
	return f.x + f.width*float64(at.Sub(f.plot.From))/float64(max(1, f.plot.To.Sub(f.plot.From)))
}

func (f *frame) up(n float64) float64 {
	low, high := f.plot.Axis.Low, f.plot.Axis.High
	return f.y + f.height*(high-min(max(n, low), high))/(high-low)
}

func (s *sheet) axes(f *frame) {
	if b, axis := f.plot.Band, f.plot.Axis; b != nil && b.High > axis.Low && b.Low < axis.High {
		s.SetAlpha(0.1, "Normal")
		s.paint(f.plot.Colour)
		top := f.up(b.High)
		s.Rect(f.x, top, f.width, f.up(b.Low)-top, "F")
		s.SetAlpha(1, "Normal")
	}
	s.stroke(faint, 0.2)
	s.font("", 7, grey)
	last := math.Inf(1)
	for _, tick := range f.plot.Axis.Ticks(f.plot.Write) {
		y := f.up(tick.At)
		s.Line(f.x, y, f.x+f.width, y)
		if last-y < tickRoom {
			continue
		}
		last = y
		s.text(f.x-gutter, y-line/2, gutter-1.5, "R", tick.Text)
	}
	for _, tick := range TimeTicks(f.plot.From, f.plot.To, int(f.width/18)) {
		x := f.across(tick.At)
		s.Line(x, f.y, x, f.y+f.height)
		if left := min(max(x-9, f.x-3), f.x+f.width-18); left > f.x-4 {
			s.text(left, f.y+f.height, 18, "C", tick.Text)
		}
	}
}

// tickRoom is how far apart the numbers of an axis are at least, in mm.
const tickRoom = 3

// mostCaps is how many pressures have caps at their ends.
const mostCaps = 45

// mostDots is how many points are drawn as dots; more are a line alone.
const mostDots = 90

// course draws the points: bars of pressures, and a line through all else.
func (s *sheet) course(f *frame) {
	p := f.plot
	s.paint(p.Colour)
	broken := Breaks(p.Points, p.To.Sub(p.From))
	for i := range p.Points {
		q := &p.Points[i]
		x := f.across(q.At)
		switch {
		case q.Pressure():
			s.bar(f, q, x)
			continue
		case math.IsNaN(q.High):
			continue
		}
		s.stroke(p.Colour, 0.35)
		if i+1 < len(p.Points) && !broken(i) && !math.IsNaN(p.Points[i+1].High) {
			s.Line(x, f.up(q.High), f.across(p.Points[i+1].At), f.up(p.Points[i+1].High))
		}
		if len(p.Points) <= mostDots {
			s.Circle(x, f.up(q.High), 0.6, "F")
		}
	}
}

func (s *sheet) bar(f *frame, q *Point, x float64) {
	top, bottom := f.up(q.High), f.up(q.Low)
	if math.IsNaN(q.High) {
		top = bottom
	}
	width := 0.7
	if len(f.plot.Points) > mostDots {
		width = 0.25
	}
	s.stroke(f.plot.Colour, width)
	s.Line(x, top, x, bottom)
	if len(f.plot.Points) > mostDots {
		return
	}
	s.stroke(f.plot.Colour, 0.35)
	if len(f.plot.Points) <= mostCaps {
		s.Line(x-0.8, top, x+0.8, top)
		s.Line(x-0.8, bottom, x+0.8, bottom)
	}
	if !math.IsNaN(q.Mean) {
		s.stroke(ink, 0.35)
		s.Line(x-0.6, f.up(q.Mean), x+0.6, f.up(q.Mean))
	}
}
