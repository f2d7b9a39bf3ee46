package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A trayText is what the tray says. It names no patient and no value: a
// menu can stay open in front of anybody.
type trayText struct {
	state   string
	last    string
	end     string // empty: no consultation to end
	trouble bool
}

func (w words) tray(s station.Situation, last *fhirmap.Recorded, now time.Time) trayText {
	text := trayText{last: w.say("tray.last.none")}
	if last != nil {
		text.last = w.say("tray.last", "type", w.vital(last.Type), "time", hour(last.Effective(), now))
	}
	text.state = w.count(s.Clients, "status.clients.none", "status.clients.single", "status.clients.several")
	if s.Demo {
		text.state = joined(" · ", w.say("tray.demo"), text.state)
	}
	for _, link := range s.Links {
		if link.State == station.LinkFailed {
			text.state, text.trouble = w.say("tray.failed", "name", link.Name), true
			break
		}
	}
	if n := waiting(s.Alerts); n > 0 {
		text.state, text.trouble = joined(" · ", w.count(n, "", "tray.alarms.single", "tray.alarms.several"), text.state), true
	}
	if s.Consultation != nil {
		text.state = joined(" · ", text.state, w.say("tray.consultation"))
		text.end = w.say("tray.end")
	}
	return text
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
// for the EHR's developer, end the consultation, quit.
type trayActions struct{ open, page, end, quit func() }

// trayItems are built whole whenever the text changes.
func trayItems(w words, text trayText, do trayActions) []*fyne.MenuItem {
	state := fyne.NewMenuItem(text.state, nil)
	last := fyne.NewMenuItem(text.last, nil)
	state.Disabled, last.Disabled = true, true
	items := []*fyne.MenuItem{state, last, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(w.say("tray.open"), do.open)}
	if text.end != "" {
		items = append(items, fyne.NewMenuItem(text.end, do.end))
	}
	items = append(items, fyne.NewMenuItem(w.say("tray.page"), do.page))
	leave := fyne.NewMenuItem(w.say("tray.quit"), do.quit)
	leave.IsQuit = true
	return append(items, fyne.NewMenuItemSeparator(), leave)
}
