package ui

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// A plotSurface is where the mouse meets a plot. It stands apart from the plot
// since the toolkit clips what can be scrolled to itself alone, and a plot may
// be larger than what shows it.
type plotSurface struct {
	widget.BaseWidget
	plot *trendPlot
}

var (
	_ fyne.Scrollable   = (*plotSurface)(nil)
	_ fyne.Draggable    = (*plotSurface)(nil)
	_ fyne.Tappable     = (*plotSurface)(nil)
	_ desktop.Hoverable = (*plotSurface)(nil)
)

func newPlotSurface(p *trendPlot) *plotSurface {
	s := &plotSurface{plot: p}
	s.ExtendBaseWidget(s)
	return s
}

func (s *plotSurface) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{minSize: func() fyne.Size { return fyne.Size{} }, layout: func(fyne.Size) {}, refresh: func() {}}
}

// Scrolled zooms around the pointer, and moves where the wheel goes sideways.
func (s *plotSurface) Scrolled(e *fyne.ScrollEvent) {
	p := s.plot
	switch {
	case e.Scrolled.DX != 0 && e.Scrolled.DY == 0:
		p.pan(-math.Copysign(panStep/2, float64(e.Scrolled.DX)))
	case e.Scrolled.DY > 0:
		p.zoom(1/zoomStep, p.timeAt(e.Position.X))
	case e.Scrolled.DY < 0:
		p.zoom(zoomStep, p.timeAt(e.Position.X))
	}
}

// Dragged moves what is shown with the pointer.
func (s *plotSurface) Dragged(e *fyne.DragEvent) {
	_, size := s.plot.field(0)
	s.plot.pan(-float64(e.Dragged.DX) / float64(size.Width))
}

// DragEnd has nothing left to do.
func (s *plotSurface) DragEnd() {}

// Tapped gives the plot the keyboard.
func (s *plotSurface) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(s.plot); c != nil {
		c.Focus(s.plot)
	}
}

func (s *plotSurface) MouseIn(e *desktop.MouseEvent)    { s.plot.point(e.Position.X) }
func (s *plotSurface) MouseMoved(e *desktop.MouseEvent) { s.plot.point(e.Position.X) }
func (s *plotSurface) MouseOut()                        { s.plot.point(-1) }
