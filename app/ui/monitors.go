package ui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// monitorsPage lists the monitors that wait to be accepted, those that were,
// and the devices that connect to the listener by themselves.
//
// The last messages of one of them take its place.
type monitorsPage struct {
	fyne.CanvasObject
	overview fyne.CanvasObject
	messages *messagesView
	shownFor fyne.Focusable // what opened them
	words    words
	now      func() time.Time
	do       actions
	add      *button
	rejected *button
	empty    *fyne.Container
	sections [3]*monitorSection // by monitorPlace
	monitors []placed
}

// actions are what a person can have the window do. They run on the toolkit's
// goroutine and do not wait.
type actions struct {
	end           func()                                          // of the consultation
	begin         func(who whom, done func())                     // a consultation
	assign        func(m fhirmap.Recorded, who whom, done func()) // once it is confirmed
	discard, undo func(m fhirmap.Recorded)                        // the same
	openAddress   func()                                          // of the local server, in the browser
	copy          func(text string)
	demonstrate   func()
	acknowledge   func(alert string)
	addMonitor    func() // by an address that is asked for
	acceptMonitor func(address string)
	forgetMonitor func(address, name string) // once it is confirmed
	pairDevice    func()                     // opens the wizard
	renameDevice  func(station.Device)       // to what is asked for
	unpairDevice  func(station.Device)       // once it is confirmed

	// errand has the core do something, one thing after the other, and then tells
	// how it went.
	errand         func(what string, do func(context.Context, DeviceCore) error, done func(error))
	confirmAbandon func(abandon func()) // of the pairing of a device that is paired already
	attend         func(fyne.Focusable) // gives it the keyboard; nil: nobody has it

	access  accessActions
	traffic trafficActions
	host    func(done func(host))
	focus   func(fyne.Focusable) // gives it the keyboard

	record            func(ssid string)
	stopRecording     func()
	chooseStethoscope func() // by the name of its network, and record
	listen, plot      func(recording string)

	support  func() // makes the support file
	settings settingsActions

	// look has the core read something for the page of what was measured: the
	// newest question of a kind alone is answered.
	look          func(what string, do func(context.Context, HistoryCore) (show func(), err error), failed func(error))
	exportHistory func(historyExport)
	askDays       func(station.Span, *time.Location, func(station.Span)) // from which to which
}

func newMonitorsPage(w words, o Options, do actions) *monitorsPage {
	p := &monitorsPage{words: w, now: o.Now, do: do}
	for place, heading := range []string{"monitors.waiting", "monitors.accepted", "monitors.peers"} {
		p.sections[place] = newMonitorSection(w.say(heading))
	}
	p.empty = column(gap, howToConnect(w, o)...)
	p.add = newButton(w.say("monitors.add"), widget.MediumImportance, do.addMonitor)
	p.rejected = newButton(w.say("monitors.rejected"), widget.MediumImportance, p.showRejected)
	title := newLabel(w.say("monitors.title"), colourText, sizeTitle).strong().cutting()
	p.overview = page(
		headLine(title, p.rejected, p.add),
		p.sections[placeWaiting].Container, p.sections[placeAccepted].Container, p.sections[placePeer].Container,
		p.empty,
	)
	p.messages = newMessagesView(w, o, do, p.escape)
	p.CanvasObject = container.NewStack(p.overview, p.messages.Container)
	return p
}

// showMessages opens the messages of the monitor at an address.
func (p *monitorsPage) showMessages(address string, from fyne.Focusable) {
	p.overview.Hide()
	p.shownFor = from
	p.messages.ofPeer(address, p.name(address))
}

func (p *monitorsPage) showRejected() {
	p.overview.Hide()
	p.shownFor = p.rejected
	p.messages.ofRejected()
}

// leave forgets the messages that are shown.
func (p *monitorsPage) leave() {
	p.messages.leave()
	p.overview.Show()
}

// escape goes back from the messages.
func (p *monitorsPage) escape() {
	if p.messages.Visible() {
		p.leave()
		p.do.focus(p.shownFor)
	}
}

// howToConnect says what to do as long as there is no monitor.
func howToConnect(w words, o Options) []fyne.CanvasObject {
	sending := []fyne.CanvasObject{paragraph(w.say("empty.devices.on")), command(o.Listener)}
	if o.Listener == "" {
		sending = []fyne.CanvasObject{paragraph(w.say("empty.devices.off")), command("0.0.0.0:2575")}
	}
	return []fyne.CanvasObject{
		outdented(paragraph(w.say("monitors.empty"))),
		topic("monitor", w.say("monitors.found"), lines(w.say("monitors.found.text"))...),
		topic("live", w.say("monitors.sending"), sending...),
	}
}

func (p *monitorsPage) update(v view) {
	p.monitors = placedOf(v.situation)
	reshaped := visible(p.empty, len(p.monitors) == 0)
	for place, section := range p.sections {
		var here []placed
		for i := range p.monitors {
			if p.monitors[i].place == monitorPlace(place) {
				here = append(here, p.monitors[i])
			}
		}
		reshaped = section.update(here, p.row) || reshaped
	}
	p.urge()
	if p.fill() || reshaped {
		p.overview.Refresh()
	}
}

// urge makes the one button to accept a monitor the first of the page; among
// several none comes first.
func (p *monitorsPage) urge() {
	importance := widget.MediumImportance
	if len(p.sections[placeWaiting].rows) == 1 {
		importance = widget.HighImportance
	}
	for _, row := range p.sections[placeWaiting].rows {
		if row.action.Importance != importance {
			row.action.Importance = importance
			row.action.Refresh()
		}
	}
}

// row makes the row of a monitor, with what can be done about it.
func (p *monitorsPage) row(m placed) *monitorRow {
	var action *button
	switch {
	case m.place == placeWaiting:
		action = newButton(p.words.say("monitors.accept"), widget.MediumImportance, func() { p.do.acceptMonitor(m.Address) })
	case m.place == placeAccepted && !m.Configured:
		action = newButton(p.words.say("monitors.forget"), widget.MediumImportance, func() {
			p.do.forgetMonitor(m.Address, p.name(m.Address))
		})
	}
	if m.place == placeWaiting {
		return newMonitorRow(action, nil)
	}
	messages := newButton(p.words.say("monitors.traffic"), widget.MediumImportance, nil)
	messages.OnTapped = func() { p.showMessages(m.Address, messages) }
	return newMonitorRow(action, messages)
}

// name is what the page calls the monitor at an address now.
func (p *monitorsPage) name(address string) string {
	for i := range p.monitors {
		if p.monitors[i].Address == address {
			return p.words.monitor(&p.monitors[i], p.now()).name
		}
	}
	return address
}

// fill tells whether a row has another size.
func (p *monitorsPage) fill() (reshaped bool) {
	now := p.now()
	for i := range p.monitors {
		m := &p.monitors[i]
		if row := p.sections[m.place].rows[m.Address]; row != nil {
			reshaped = row.show(p.words.monitor(m, now)) || reshaped
		}
	}
	return reshaped
}

func (p *monitorsPage) age() {
	p.fill()
	p.messages.age()
}

// A monitorSection is a heading and the monitors below it; nothing when there
// are none.
type monitorSection struct {
	*fyne.Container
	list  *fyne.Container
	rows  map[string]*monitorRow // by address
	order []string
}

func newMonitorSection(heading string) *monitorSection {
	s := &monitorSection{list: column(8), rows: map[string]*monitorRow{}}
	s.Container = column(8, newLabel(heading, colourText, sizeSection).strong(), s.list)
	s.Container.Hide()
	return s
}

// update tells whether the section has another size.
func (s *monitorSection) update(monitors []placed, newRow func(placed) *monitorRow) bool {
	order := make([]string, len(monitors))
	for i := range monitors {
		order[i] = monitors[i].Address
	}
	if slices.Equal(order, s.order) {
		return false
	}
	rows := make(map[string]*monitorRow, len(order))
	s.order, s.list.Objects = order, nil
	for i, address := range order {
		row := s.rows[address]
		if row == nil {
			row = newRow(monitors[i])
		}
		rows[address] = row
		s.list.Objects = append(s.list.Objects, row.Container)
	}
	s.rows = rows
	visible(s.Container, len(order) > 0)
	return true
}

// A monitorRow is one monitor of the page.
type monitorRow struct {
	*fyne.Container
	icon     *symbol
	name     *label
	state    *label
	silent   *label
	where    *label
	traffic  *label
	fault    *prose
	action   *button // nil: nothing can be done
	messages *button // shows what it sent; nil: it is not heard
}

func newMonitorRow(action, messages *button) *monitorRow {
	r := &monitorRow{
		icon:    newSymbol("monitor", colourMuted, 28),
		name:    newLabel("", colourText, sizeText).strong().cutting(),
		state:   newLabel("", colourMuted, sizeSmall).strong().cutting(),
		silent:  newLabel("", colourMuted, sizeSmall).strong().cutting(),
		where:   newLabel("", colourMuted, sizeSmall).cutting(),
		traffic: newLabel("", colourMuted, sizeSmall).cutting(),
		fault:   paragraph(""),
		action:  action, messages: messages,
	}
	r.fault.Importance = widget.DangerImportance
	r.fault.SizeName = sizeSmall
	r.fault.Hide()
	text := column(3, r.name, r.state, r.silent, r.where, r.traffic)
	buttons := row(8)
	for _, b := range []*button{messages, action} {
		if b != nil {
			buttons.Add(b)
		}
	}
	line := container.NewBorder(nil, nil, padded(0, 6, container.NewCenter(r.icon)), padded(0, 6, container.NewCenter(buttons)), text)
	r.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(10, 12, column(2, line, r.fault)),
	)
	return r
}

func (r *monitorRow) show(text monitorText) (reshaped bool) {
	r.icon.set("monitor", text.colour)
	r.name.set(text.name)
	r.state.show(text.state, text.colour)
	r.silent.set(text.silent)
	r.where.set(text.where)
	r.traffic.set(text.traffic)
	reshaped = visible(r.silent, text.silent != "")
	reshaped = visible(r.where, text.where != "") || reshaped
	reshaped = visible(r.traffic, text.traffic != "") || reshaped
	reshaped = write(r.fault, text.fault) || reshaped
	return visible(r.fault, text.fault != "") || reshaped
}
