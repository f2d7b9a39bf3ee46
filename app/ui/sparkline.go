package ui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// joinedSteps is how far apart two points may be that a line joins: what lies
// further apart has a gap between, as long as it takes for a value to pale.
const joinedSteps = int(staleAfter / station.CourseStep)

// A sparkline draws the last minutes of a value in its colour, the present at the
// right edge, with the limits of the monitor where they are near. It is one
// raster, which is drawn anew only for another curve, size or colour.
type sparkline struct {
	widget.BaseWidget
	curve  curve
	colour fyne.ThemeColorName
	height float32
}

func newSparkline(height float32) *sparkline {
	s := &sparkline{height: height, colour: colourMuted}
	s.ExtendBaseWidget(s)
	return s
}

func (s *sparkline) show(t curve, colour fyne.ThemeColorName) {
	if s.curve != t || s.colour != colour {
		s.curve, s.colour = t, colour
		s.Refresh()
	}
}

func (s *sparkline) CreateRenderer() fyne.WidgetRenderer {
	raster := canvas.NewRaster(s.draw)
	return &renderer{
		objects: []fyne.CanvasObject{raster},
		layout:  raster.Resize,
		minSize: func() fyne.Size { return fyne.NewSize(40, s.height) },
		refresh: raster.Refresh,
	}
}

func (s *sparkline) draw(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	bottom, top, any := s.curve.scale()
	if !any || width == 0 || height == 0 {
		return img
	}
	thick := max(1.6, float32(height)/16)
	room := float32(height) - thick
	row := func(value float32) float32 { return thick/2 + room*(top-value)/(top-bottom) }
	ink := pen{img: img, colour: nrgba(s.colour), thick: thick}
	ink.span(s.curve, row)
	ink.line(s.curve.upper, row)
	ink.line(s.curve.lower, row)
	for _, limit := range []float32{s.curve.low, s.curve.high} {
		if bottom <= limit && limit <= top {
			dash(img, int(row(limit)), nrgba(colourMuted))
		}
	}
	return img
}

// A pen draws with soft edges.
type pen struct {
	img    *image.RGBA
	colour color.NRGBA
	thick  float32
}

func (p pen) column(step int) float32 {
	return (float32(step) + 0.5) * float32(p.img.Rect.Dx()) / float32(station.CourseSteps)
}

// line joins the points of a course, and sets a dot where one stands alone.
func (p pen) line(t *station.Course, row func(float32) float32) {
	if t == nil {
		return
	}
	last, alone := -1, true
	dot := func() {
		if last >= 0 && alone {
			at := row(t.Points[last])
			p.stroke(p.column(last)-p.thick, at, p.column(last)+p.thick, at)
		}
	}
	for i, point := range t.Points {
		if !station.Measured(point) {
			continue
		}
		if last >= 0 && i-last <= joinedSteps {
			p.stroke(p.column(last), row(t.Points[last]), p.column(i), row(point))
			alone = false
		} else {
			dot()
			alone = true
		}
		last = i
	}
	dot()
}

// span shades what lies between the two courses of a pressure.
func (p pen) span(t curve, row func(float32) float32) {
	if t.upper == nil || t.lower == nil {
		return
	}
	for i := range t.upper.Points {
		upper, lower := t.upper.Points[i], t.lower.Points[i]
		if !station.Measured(upper) || !station.Measured(lower) {
			continue
		}
		from := int(p.column(i) - p.thick/2)
		for x := from; x <= int(p.column(i)+p.thick/2); x++ {
			p.bar(x, row(upper), row(lower), 0.3)
		}
	}
}

// stroke draws a line column by column.
func (p pen) stroke(fromX, fromY, toX, toY float32) {
	for x := int(fromX); x <= int(toX); x++ {
		left, right := max(fromX, float32(x)), min(toX, float32(x+1))
		at := func(column float32) float32 {
			if toX == fromX {
				return fromY
			}
			return fromY + (toY-fromY)*(column-fromX)/(toX-fromX)
		}
		upper, lower := min(at(left), at(right)), max(at(left), at(right))
		p.bar(x, upper-p.thick/2, lower+p.thick/2, 1)
	}
}

// bar covers a column from one height to another, its ends as far as they reach
// into their pixels. What is covered already grows no darker.
func (p pen) bar(x int, from, to, strength float32) {
	for y := int(from); y <= int(to); y++ {
		if !(image.Point{X: x, Y: y}).In(p.img.Rect) {
			continue
		}
		covered := strength * max(0, min(to, float32(y+1))-max(from, float32(y)))
		at := p.img.PixOffset(x, y)
		alpha := uint8(covered * 255)
		if alpha <= p.img.Pix[at+3] && p.img.Pix[at+3] > 0 {
			continue
		}
		part := func(c uint8) uint8 { return uint8(float32(c) * covered) }
		p.img.Pix[at], p.img.Pix[at+1], p.img.Pix[at+2], p.img.Pix[at+3] = part(p.colour.R), part(p.colour.G), part(p.colour.B), alpha
	}
}

// dash draws a broken line over the whole width, behind what is there.
func dash(img *image.RGBA, y int, c color.NRGBA) {
	const drawn, whole = 3, 7
	for x := range img.Rect.Dx() {
		if x%whole < drawn && img.RGBAAt(x, y).A < 0x80 {
			img.Set(x, y, c)
		}
	}
}
