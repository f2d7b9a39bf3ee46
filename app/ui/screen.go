package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A view is what the window shows, read from the core at one time.
type view struct {
	recent    []fhirmap.Recorded // newest first
	situation station.Situation
}

// screen is the content of the window: rail, band, page and status line.
type screen struct {
	*fyne.Container
	now    func() time.Time
	rail   *rail
	band   *band
	status *statusLine
	live   *livePage
	pages  []fyne.CanvasObject
	front  int
}

// newScreen needs no running application. The callbacks run on the toolkit's
// goroutine.
func newScreen(w words, o Options, end, openAddress func()) *screen {
	s := &screen{now: o.Now, band: newBand(w, end), status: newStatusLine(w)}
	s.live = newLivePage(w, o.Now, newEmptyPage(w, o, openAddress))
	s.pages = []fyne.CanvasObject{s.live.Container, newHelpPage(w, o)}
	s.rail = newRail(w,
		newEntry("live", w.say("rail.live"), func() { s.open(0) }),
		newEntry("help", w.say("rail.help"), func() { s.open(1) }),
	)
	main := container.New(flush{}, s.band.Container, container.NewStack(s.pages...), s.status.Container)
	s.Container = container.New(beside{}, s.rail.Container, main)
	s.open(0)
	return s
}

func (s *screen) open(page int) {
	s.front = page
	s.rail.choose(page)
	for i, p := range s.pages {
		visible(p, i == page)
	}
}

func (s *screen) update(v view) {
	head, foot := s.band.update(v.situation, s.now()), s.status.update(v.situation)
	s.live.update(v.recent)
	if head || foot {
		s.Container.Refresh()
	}
}

// flush sets a head and a foot around a middle, without any gap.
type flush struct{}

func (flush) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return layout.NewCustomPaddedVBoxLayout(0).MinSize(objects)
}

func (flush) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[2].Resize(fyne.NewSize(size.Width, objects[2].MinSize().Height)) // text that wraps needs its width first
	head, foot := objects[0].MinSize().Height, objects[2].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, head))
	objects[1].Move(fyne.NewPos(0, head))
	objects[1].Resize(fyne.NewSize(size.Width, max(size.Height-head-foot, 0)))
	objects[2].Move(fyne.NewPos(0, size.Height-foot))
	objects[2].Resize(fyne.NewSize(size.Width, foot))
}

// beside sets a left column of its own width beside the rest.
type beside struct{}

func (beside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return layout.NewCustomPaddedHBoxLayout(0).MinSize(objects)
}

func (beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := objects[0].MinSize().Width
	objects[0].Resize(fyne.NewSize(left, size.Height))
	objects[1].Move(fyne.NewPos(left, 0))
	objects[1].Resize(fyne.NewSize(max(size.Width-left, 0), size.Height))
}
