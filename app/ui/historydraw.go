package ui

import (
	"image"
	"image/color"
	"math"

	"vitalien/app/report"
)

// mostDots is how many points are drawn as dots; more are a line alone.
const mostDots = 160

// mostMeans is how many pressures have a tick at their mean: more would be a line.
const mostMeans = 80

// A brush draws on a picture whose pixels are smaller than the units of the
// canvas by scale.
type brush struct {
	img   *image.NRGBA
	scale float32
	area  image.Rectangle // in pixels: nothing is drawn outside
}

// draw is the picture of all lanes without texts.
func (p *trendPlot) draw(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	fill(img, img.Bounds(), nrgba(colourCard))
	if p.Size().Width < 2*plotGutter {
		return img
	}
	b := &brush{img: img, scale: float32(width) / p.Size().Width}
	_, size := p.field(0)
	ticks := report.TimeTicks(p.from, p.to, int(size.Width/timeDistance))
	for i, l := range p.lanes {
		at, size := p.field(i)
		b.area = image.Rect(b.pixel(at.X), b.pixel(at.Y), b.pixel(at.X+size.Width)+1, b.pixel(at.Y+size.Height)+1).Intersect(img.Bounds())
		line := nrgba(colourLine)
		for _, tick := range ticks {
			b.upright(p.across(tick.At), at.Y, at.Y+size.Height, line)
		}
		if l.band != nil && len(l.points) > 0 {
			b.band(l, at.Y, size.Height)
		}
		for _, tick := range l.axis.Ticks(p.words.axis) {
			y := b.pixel(at.Y + l.up(tick.At, size.Height))
			fill(img, image.Rect(b.area.Min.X, y, b.area.Max.X, y+1).Intersect(b.area), line)
		}
		p.course(b, l, at.Y, size.Height)
	}
	return img
}

func (b *brush) pixel(unit float32) int { return int(math.Round(float64(unit * b.scale))) }

func (b *brush) upright(x, top, bottom float32, c color.NRGBA) {
	fill(b.img, image.Rect(b.pixel(x), b.pixel(top), b.pixel(x)+1, b.pixel(bottom)).Intersect(b.area), c)
}

// band tints the range that is told apart.
func (b *brush) band(l *lane, top, height float32) {
	high, low := min(l.band.High, l.axis.High), max(l.band.Low, l.axis.Low)
	if high <= low {
		return
	}
	tint := blend(nrgba(colourCard), nrgba(l.colour), 28)
	area := image.Rect(b.area.Min.X, b.pixel(top+l.up(high, height)), b.area.Max.X, b.pixel(top+l.up(low, height))).Intersect(b.area)
	fill(b.img, area, tint)
}

// course draws the points of a lane: bars of pressures, a line through all else.
func (p *trendPlot) course(b *brush, l *lane, top, height float32) {
	if len(l.points) > b.area.Dx() {
		p.crowd(b, l, top, height)
		return
	}
	ink := nrgba(l.colour)
	broken := report.Breaks(l.points, p.span())
	dots := len(l.points) <= mostDots
	for i := range l.points {
		q := &l.points[i]
		x, y := p.across(q.At), top+l.up(q.High, height)
		switch {
		case q.Pressure():
			p.bar(b, l, q, x, top, height)
			continue
		case math.IsNaN(q.High):
			continue
		}
		if i+1 < len(l.points) && !broken(i) && !math.IsNaN(l.points[i+1].High) {
			next := &l.points[i+1]
			b.stroke(x, y, p.across(next.At), top+l.up(next.High, height), 0.9, ink)
		}
		if dots {
			b.stroke(x, y, x, y, 2.6, ink)
		}
	}
}

// crowd draws more points than there are columns of pixels: of each column what
// lies between its lowest and its highest point, and half of the way to its
// neighbours.
func (p *trendPlot) crowd(b *brush, l *lane, top, height float32) {
	type reach struct{ high, low float32 } // from the top
	columns := make([]reach, b.area.Dx())
	for i := range columns {
		columns[i] = reach{math.MaxFloat32, -1}
	}
	extend := func(x int, y float32) {
		if x >= 0 && x < len(columns) {
			columns[x].high, columns[x].low = min(columns[x].high, y), max(columns[x].low, y)
		}
	}
	broken := report.Breaks(l.points, p.span())
	before, beforeY := 0, float32(-1)
	for i := range l.points {
		q := &l.points[i]
		x := b.pixel(p.across(q.At)) - b.area.Min.X
		low, high := q.Bounds()
		y := (top + l.up(high, height)) * b.scale
		extend(x, y)
		extend(x, (top+l.up(low, height))*b.scale)
		if !q.Pressure() && beforeY >= 0 && !broken(i-1) {
			for way := before; way < x; way++ { // mostly one
				between := beforeY + (y-beforeY)*(float32(way-before)+0.5)/float32(x-before)
				extend(way, between)
				extend(way+1, between)
			}
		}
		before, beforeY = x, y
	}
	ink := nrgba(l.colour)
	for x, c := range columns {
		if c.low >= 0 {
			left := b.area.Min.X + x
			fill(b.img, image.Rect(left, int(c.high-b.scale), left+1, int(c.low+b.scale)+1).Intersect(b.area), ink)
		}
	}
}

// bar is a pressure from the diastolic to the systolic one, with a tick at the
// mean.
func (p *trendPlot) bar(b *brush, l *lane, q *report.Point, x, top, height float32) {
	ink := nrgba(l.colour)
	low := top + l.up(q.Low, height)
	high := low
	if !math.IsNaN(q.High) {
		high = top + l.up(q.High, height)
	}
	if len(l.points) > mostDots {
		b.stroke(x, high, x, low, 0.7, ink)
		return
	}
	b.stroke(x, high, x, low, 1.8, ink)
	if !math.IsNaN(q.Mean) && len(l.points) <= mostMeans {
		y := top + l.up(q.Mean, height)
		b.stroke(x-4.5, y, x+4.5, y, 0.9, ink)
	}
}

// stroke draws a line with round ends, of which half the width is told, in units
// of the canvas.
func (b *brush) stroke(x1, y1, x2, y2, half float32, c color.NRGBA) {
	x1, y1, x2, y2, half = x1*b.scale, y1*b.scale, x2*b.scale, y2*b.scale, half*b.scale
	edge := half + 1
	left, right := max(min(x1, x2)-edge, float32(b.area.Min.X)), min(max(x1, x2)+edge, float32(b.area.Max.X))
	dx, dy := x2-x1, y2-y1
	length := dx*dx + dy*dy
	for x := int(left); x < int(math.Ceil(float64(right))) && x < b.area.Max.X; x++ {
		top, bottom := min(y1, y2), max(y1, y2)
		if dx != 0 { // that part of the line which is near this column
			a := min(max((float32(x)+0.5-edge-x1)/dx, 0), 1)
			z := min(max((float32(x)+0.5+edge-x1)/dx, 0), 1)
			top, bottom = min(y1+a*dy, y1+z*dy), max(y1+a*dy, y1+z*dy)
		}
		for y := max(int(top-edge), b.area.Min.Y); y <= int(bottom+edge) && y < b.area.Max.Y; y++ {
			px, py := float32(x)+0.5-x1, float32(y)+0.5-y1
			along := float32(0)
			if length > 0 {
				along = min(max((px*dx+py*dy)/length, 0), 1)
			}
			away := float32(math.Hypot(float64(px-along*dx), float64(py-along*dy)))
			b.cover(x, y, min(max(half+0.5-away, 0), 1), c)
		}
	}
}

// cover lays so much of a colour over a pixel.
func (b *brush) cover(x, y int, share float32, c color.NRGBA) {
	if share <= 0 || x < b.area.Min.X {
		return
	}
	b.img.SetNRGBA(x, y, blend(b.img.NRGBAAt(x, y), c, int(share*255)))
}
