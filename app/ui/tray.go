package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

// A trayText is what the tray says. It names no patient and no value: a
// menu can stay open in front of anybody.
type trayText struct {
	state string
	last  string
	newer string // empty: none is
	end   string // empty: no consultation to end
	rest  string // what to do about Bluetooth; empty: it is not served
	sign  traySign
	rests bool // Bluetooth is suspended
}

// A traySign is what the icon shows at a glance.
type traySign int

const (
	signWell traySign = iota
	signTrouble
	signAlarm
)

// icon is the picture of a sign, with the name that it goes by.
func (s traySign) icon() (name string, picture []byte) {
	switch s {
	case signAlarm:
		return "tray-alarm.png", assets.TrayAlarm
	case signTrouble:
		return "tray-trouble.png", assets.TrayTrouble
	}
	return "tray.png", assets.Tray
}

func (w words) tray(s station.Situation, last *fhirmap.Recorded, now time.Time) trayText {
	text := trayText{last: w.say("tray.last.none")}
	if last != nil {
		text.last = w.say("tray.last", "type", w.vital(last.Type), "time", hour(last.Effective(), now))
	}
	if s.Newer != "" {
		text.newer = w.say("status.newer", "version", s.Newer)
	}
	text.state = w.count(s.Clients, "status.clients.none", "status.clients.single", "status.clients.several")
	if s.Demo {
		text.state = joined(" · ", w.say("tray.demo"), text.state)
	}
	for _, link := range s.Links {
		if link.State == station.LinkFailed {
			text.state, text.sign = w.say("tray.failed", "name", link.Name), signTrouble
			break
		}
	}
	if n := waiting(s.Alerts); n > 0 {
		text.state, text.sign = joined(" · ", w.count(n, "", "tray.alarms.single", "tray.alarms.several"), text.state), signAlarm
	}
	switch b := s.Bluetooth; {
	case !b.Suspended.IsZero():
		text.state = joined(" · ", text.state, w.suspended(b.Suspended))
		text.rest, text.rests = w.say("tray.resume"), true
	case b.State != station.BluetoothOff:
		text.rest = w.say("tray.suspend", "n", fmt.Sprint(int(suspension.Minutes())))
	}
	if s.Consultation != nil {
		text.state = joined(" · ", text.state, w.say("tray.consultation"))
		text.end = w.say("tray.end")
	}
	return text
}

// suspended says that the Bluetooth devices are left alone, and until when.
func (w words) suspended(until time.Time) string {
	return w.say("status.suspended", "time", hour(until, until))
}

// trayOf is the text for a view.
func (w words) trayOf(v view, now time.Time) trayText {
	var last *fhirmap.Recorded
	if len(v.recent) > 0 {
		last = &v.recent[0]
	}
	return w.tray(v.situation, last, now)
}

// trayActions are what the entries of the tray do: show the window, open the page
// for the EHR's developer, start and end a consultation, suspend and resume
// Bluetooth, quit.
type trayActions struct{ open, page, start, end, suspend, resume, quit func() }

// trayItems are built whole whenever the text changes.
func trayItems(w words, text trayText, do trayActions) []*fyne.MenuItem {
	state := fyne.NewMenuItem(text.state, nil)
	last := fyne.NewMenuItem(text.last, nil)
	state.Disabled, last.Disabled = true, true
	items := []*fyne.MenuItem{state, last, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(w.say("tray.open"), do.open)}
	if text.end == "" {
		items = append(items, fyne.NewMenuItem(w.say("consult.start"), do.start))
	} else {
		items = append(items, fyne.NewMenuItem(text.end, do.end))
	}
	switch {
	case text.rests:
		items = append(items, fyne.NewMenuItem(text.rest, do.resume))
	case text.rest != "":
		items = append(items, fyne.NewMenuItem(text.rest, do.suspend))
	}
	items = append(items, fyne.NewMenuItem(w.say("tray.page"), do.page))
	if text.newer != "" {
		newer := fyne.NewMenuItem(text.newer, nil)
		newer.Disabled = true
		items = append(items, newer)
	}
	leave := fyne.NewMenuItem(w.say("tray.quit"), do.quit)
	leave.IsQuit = true
	return append(items, fyne.NewMenuItemSeparator(), leave)
}
