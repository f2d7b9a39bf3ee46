package ui

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// maxAlarms is how many alarms the page lists; it says how many more there are.
const maxAlarms = 50

// alarmsPage lists the alarms that are present or that nobody has acknowledged.
type alarmsPage struct {
	fyne.CanvasObject
	words       words
	now         func() time.Time
	acknowledge func(id string)
	list        *fyne.Container
	empty       fyne.CanvasObject
	more        *label
	mute        *muteButton
	rows        map[string]*alarmRow // by the id of the alert
	order       []string
	alerts      []fhirmap.Alert
}

func newAlarmsPage(w words, now func() time.Time, s *siren, acknowledge func(id string), hushed func()) *alarmsPage {
	p := &alarmsPage{
		words: w, now: now, acknowledge: acknowledge, rows: map[string]*alarmRow{},
		list: column(gap), more: newLabel("", colourMuted, sizeText),
	}
	p.list.Hide()
	p.more.Hide()
	p.empty = topic("alarm", w.say("alarm.empty"), paragraph(w.say("alarm.empty.text")))
	p.mute = newMuteButton(w, s, hushed)
	title := newLabel(w.say("alarm.title"), colourText, sizeTitle).strong().cutting()
	p.CanvasObject = page(
		headLine(title, p.mute.button),
		flat(muted(w.say("alarm.notice"))),
		p.empty, p.list, p.more,
	)
	return p
}

func (p *alarmsPage) update(v view) {
	p.alerts = byUrgency(v.situation.Alerts)
	hidden := max(len(p.alerts)-maxAlarms, 0)
	p.alerts = p.alerts[:len(p.alerts)-hidden]
	if hidden > 0 {
		p.more.set(p.words.count(hidden, "", "alarm.more.single", "alarm.more.several"))
	}
	order := make([]string, len(p.alerts))
	for i := range p.alerts {
		order[i] = p.alerts[i].ID
	}
	moved := !slices.Equal(order, p.order)
	p.order = order
	if moved {
		p.place()
	}
	reshaped := p.fill() || moved
	reshaped = p.mute.update() || reshaped
	reshaped = visible(p.more, hidden > 0) || reshaped
	reshaped = visible(p.list, len(order) > 0) || reshaped
	if visible(p.empty, len(order) == 0) || reshaped {
		p.CanvasObject.Refresh()
	}
}

// place puts a row for each alarm in order.
func (p *alarmsPage) place() {
	rows := make(map[string]*alarmRow, len(p.order))
	p.list.Objects = nil
	for _, id := range p.order {
		row := p.rows[id]
		if row == nil {
			row = newAlarmRow(p.words, func() { p.acknowledge(id) })
		}
		rows[id] = row
		p.list.Objects = append(p.list.Objects, row.Container)
	}
	p.rows = rows
}

// fill tells whether a row has another size.
func (p *alarmsPage) fill() (reshaped bool) {
	now := p.now()
	for i := range p.alerts {
		reshaped = p.rows[p.alerts[i].ID].show(p.words.alarm(&p.alerts[i], now)) || reshaped
	}
	return reshaped
}

func (p *alarmsPage) age() {
	p.fill()
	if p.mute.update() {
		p.CanvasObject.Refresh()
	}
}

// An alarmRow is one alarm of the page.
type alarmRow struct {
	*fyne.Container
	lamp    *panel
	mark    *label
	title   *prose
	detail  *prose
	confirm *button
}

func newAlarmRow(w words, acknowledge func()) *alarmRow {
	r := &alarmRow{
		lamp:    newPanel(colourHigh, colourLine, sizeRadius),
		mark:    newLabel("", colourOnHigh, sizeMark).strong(),
		title:   paragraph(""),
		detail:  paragraph(""),
		confirm: newButton(w.say("alarm.acknowledge"), widget.MediumImportance, acknowledge),
	}
	r.title.TextStyle.Bold = true
	lamp := container.New(fixedWidth(markWidth), container.NewStack(r.lamp, container.NewCenter(r.mark)))
	text := padded(8, 4, column(-10, r.title, r.detail))
	r.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		container.NewBorder(nil, nil, lamp, padded(0, 12, container.NewCenter(r.confirm)), text),
	)
	return r
}

func (r *alarmRow) show(text alarmText) (reshaped bool) {
	look := lookOfAlarm(text.priority)
	if text.lit {
		r.lamp.set(look.strong)
		r.mark.show(look.mark, look.on)
	} else {
		r.lamp.set(look.ground)
		r.mark.show(look.mark, look.ink)
	}
	reshaped = write(r.title, text.title)
	reshaped = write(r.detail, strings.ReplaceAll(text.details[0], " · ", "\u00a0· ")) || reshaped
	return visible(r.confirm, text.waiting) || reshaped
}

// write changes a text that wraps, and tells whether its room may be another:
// the age of an alarm changes it every second and needs the same.
func write(l *prose, text string) bool {
	if l.Text == text {
		return false
	}
	before := l.MinSize().Height
	l.SetText(text)
	return l.MinSize().Height != before
}
