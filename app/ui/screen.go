package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A view is what the window shows, read from the core at one time.
type view struct {
	recent    []fhirmap.Recorded // newest first
	live      []fhirmap.Live     // newest of each device and bed
	courses   courses            // of the values of live
	wave      []station.SoundBar // of the sound that is recorded now, oldest first
	desk      *desk              // nil: the page that shows it is not in front
	situation station.Situation
}

// screen is the content of the window: rail, patient band, the most urgent
// alarm, page and status line.
type screen struct {
	*fyne.Container
	now    func() time.Time
	rail   *rail
	band   *band
	siren  *siren
	alarm  *alarmBand
	status *statusLine

	live         *livePage
	alarms       *alarmsPage
	devices      *devicesPage
	monitors     *monitorsPage
	stethoscope  *stethoscopePage
	software     *softwarePage
	help         *helpPage
	consultation *consultationPage
	history      *historyPage
	settings     *settingsPage

	welcome *welcome
	greeted func() // nobody is to be greeted again
	pages   []content
	front   int
	view    view // the last one

	opened func(page int) // is told
}

// A content is one of the pages. Only the one in front is kept up to date.
type content struct {
	fyne.CanvasObject
	update func(view)
	age    func() // only time has passed
}

// The pages in the order of the rail.
const (
	pageLive = iota
	pageConsultation
	pageHistory
	pageAlarms
	pageDevices
	pageMonitors
	pageStethoscope // there is one only where one is set up
	pageSoftware
	pageSettings
	pageHelp
)

// newScreen needs no running application.
func newScreen(w words, o Options, do actions) *screen {
	s := &screen{now: o.Now, band: newBand(w, do.end), status: newStatusLine(w), opened: func(int) {}, greeted: func() {}}
	do.pairDevice = s.pair
	s.siren = newSiren(o.Speaker, o.Core, o.Now)
	s.alarm = newAlarmBand(w, o.Now, s.siren, do.acknowledge, func() { s.open(pageAlarms) }, s.hushed)
	s.live = newLivePage(w, o.Now, do.focus, newEmptyPage(w, o, do))
	s.consultation = newConsultationPage(w, o.Now, do)
	s.alarms, s.monitors = newAlarmsPage(w, o.Now, s.siren, do.acknowledge, s.hushed), newMonitorsPage(w, o, do)
	s.history = newHistoryPage(w, o, do)
	s.devices = newDevicesPage(w, o, o.Core.Models(), do)
	s.stethoscope = newStethoscopePage(w, o.Now, do)
	s.software, s.help = newSoftwarePage(w, o, do), newHelpPage(w, o, do)
	s.settings = newSettingsPage(w, o, do)
	s.pages = []content{
		{s.live.Container, s.live.update, s.live.age},
		{s.consultation.CanvasObject, s.consultation.update, func() {}},
		{s.history.CanvasObject, s.history.update, func() {}},
		{s.alarms.CanvasObject, s.alarms.update, s.alarms.age},
		{s.devices.CanvasObject, s.devices.update, s.devices.age},
		{s.monitors.CanvasObject, s.monitors.update, s.monitors.age},
		{s.stethoscope.CanvasObject, s.stethoscope.update, s.stethoscope.age},
		{s.software.CanvasObject, s.software.update, s.software.age},
		{s.settings.CanvasObject, func(view) {}, func() {}},
		{s.help.CanvasObject, s.help.update, s.help.age},
	}
	s.rail = newRail(w,
		newEntry("live", w.say("rail.live"), func() { s.open(pageLive) }),
		newEntry("consultation", w.say("rail.consultation"), func() { s.open(pageConsultation) }),
		newEntry("history", w.say("rail.history"), func() { s.open(pageHistory) }),
		newEntry("alarm", w.say("rail.alarms"), func() { s.open(pageAlarms) }),
		newEntry("device", w.say("rail.devices"), func() { s.open(pageDevices) }),
		newEntry("monitor", w.say("rail.monitors"), func() { s.open(pageMonitors) }),
		newEntry("stethoscope", w.say("rail.stethoscope"), func() { s.open(pageStethoscope) }),
		newEntry("software", w.say("rail.software"), func() { s.open(pageSoftware) }),
		newEntry("settings", w.say("rail.settings"), func() { s.open(pageSettings) }),
		newEntry("help", w.say("rail.help"), func() { s.open(pageHelp) }),
	)
	s.rail.entries[pageStethoscope].Hide()
	pages := container.NewStack()
	for _, p := range s.pages {
		pages.Add(p.CanvasObject)
	}
	s.welcome = newWelcome(w, o, do, func() { s.open(s.front) })
	pages.Add(s.welcome.Container)
	head := column(0, s.band.Container, s.alarm.Container)
	main := container.New(flush{}, head, pages, s.status.Container)
	s.Container = container.New(beside{}, s.rail.Container, main)
	s.open(pageLive)
	return s
}

func (s *screen) open(page int) {
	if s.front == pageMonitors && page != pageMonitors {
		s.monitors.leave()
	}
	if visible(s.welcome.Container, false) {
		s.greeted()
	}
	s.front = page
	s.rail.choose(page)
	for i, p := range s.pages {
		visible(p.CanvasObject, i == page)
	}
	s.pages[page].update(s.view)
	if page == pageSettings {
		s.settings.enter()
	}
	s.opened(page)
}

// greet shows the welcome in place of the pages.
func (s *screen) greet() {
	for _, p := range s.pages {
		p.Hide()
	}
	s.rail.choose(-1)
	s.welcome.start()
}

// keyboard tells whether what is in front gives the keyboard to its parts.
func (s *screen) keyboard() bool {
	return s.welcome.Visible() || s.front == pageDevices || s.front == pageConsultation
}

// begin has a person choose whose the next consultation is.
func (s *screen) begin() {
	s.open(pageConsultation)
	s.consultation.start()
}

// turn opens the next page below in the rail, or above, from the last one the
// first.
func (s *screen) turn(by int) {
	n := len(s.pages)
	next := (s.front + by + n) % n
	for !s.rail.entries[next].Visible() {
		next = (next + by + n) % n
	}
	s.open(next)
}

// pair opens the wizard that pairs a device.
func (s *screen) pair() {
	s.open(pageDevices)
	s.devices.start()
}

// escape goes back where a page can.
func (s *screen) escape() {
	switch {
	case s.welcome.Visible():
		s.welcome.backward()
	case s.front == pageLive:
		s.live.escape()
	case s.front == pageConsultation:
		s.consultation.chooser.close()
	case s.front == pageDevices:
		s.devices.wizard.back()
	case s.front == pageMonitors:
		s.monitors.escape()
	case s.front == pageSoftware:
		s.software.escape()
	}
}

func (s *screen) update(v view) {
	if v.courses == nil { // they come by themselves
		v.courses = s.view.courses
	}
	s.view = v
	head, foot := s.band.update(v.situation, s.now()), s.status.update(v.situation)
	alarm := s.alarm.update(v.situation.Alerts)
	s.announce(v.situation)
	s.pages[s.front].update(v)
	if head || foot || alarm {
		s.Container.Refresh()
	}
}

// announce shows in the rail what waits on pages that are not in front.
func (s *screen) announce(v station.Situation) {
	alarms := s.rail.entries[pageAlarms]
	if sorted := byUrgency(v.Alerts); len(sorted) > 0 {
		look := lookOfAlarm(sorted[0].Priority)
		alarms.announce(waiting(sorted), look.strong, look.on)
	} else {
		alarms.announce(0, colourChosen, colourText)
	}
	if visible(s.rail.entries[pageStethoscope], v.Stethoscope.Ready) {
		s.rail.Refresh()
	}
	s.rail.entries[pageMonitors].announce(toAccept(v.Monitors), colourAccent, theme.ColorNameForegroundOnPrimary)
}

// showCourses takes over courses, which are shown with what comes next.
func (s *screen) showCourses(c courses) { s.view.courses = c }

// showLive is update where nothing but live values has changed.
func (s *screen) showLive(live []fhirmap.Live) {
	s.view.live = live
	if s.front == pageLive {
		s.live.update(s.view)
	}
}

// age brings all ages up to date.
func (s *screen) age() {
	if s.alarm.age() || s.alarm.count() {
		s.Container.Refresh()
	}
	s.pages[s.front].age()
}

// hushed shows that the sound of alarms was switched off or on.
func (s *screen) hushed() { s.age() }

// flush sets a head and a foot around a middle, without any gap.
type flush struct{}

func (flush) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return layout.NewCustomPaddedVBoxLayout(0).MinSize(objects)
}

func (flush) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	head, foot := tall(objects[0], size.Width), tall(objects[2], size.Width) // text that wraps needs its width first
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
