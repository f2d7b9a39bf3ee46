package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// serverLink is the id of the link that is the local server itself.
const serverLink = "server"

// A statusText is what the line below the page says.
type statusText struct {
	clients   string
	connected bool // at least one EHR listens
	links     string
	faults    []string // one for each link that is in trouble, then notices
}

func (w words) status(s station.Situation) statusText {
	text := statusText{
		clients:   w.count(s.Clients, "status.clients.none", "status.clients.single", "status.clients.several"),
		connected: s.Clients > 0,
	}
	var links []string
	for _, link := range s.Links {
		if link.ID == serverLink && link.State == station.LinkConnected {
			continue // its clients say so
		}
		links = append(links, w.link(link))
		if link.Fault != nil {
			text.faults = append(text.faults, w.say("status.fault", "name", link.Name, "text", w.fault(link.Fault)))
		}
	}
	for _, notice := range s.Notices {
		text.faults = append(text.faults, w.fault(notice))
	}
	if until := s.Bluetooth.Suspended; !until.IsZero() {
		links = append([]string{w.suspended(until)}, links...)
	}
	if s.Newer != "" {
		links = append(links, w.say("status.newer", "version", s.Newer))
	}
	text.links = joined(" · ", links...)
	return text
}

func (w words) link(link station.Link) string {
	state := w.state(link.State)
	switch peers := w.count(link.Peers, "", "status.peers.single", "status.peers.several"); {
	case link.Peers == 0:
	case link.State == station.LinkConnected:
		state = peers // which says that it is
	default:
		state += " (" + peers + ")"
	}
	if link.Where == "" {
		return w.say("status.link.nowhere", "name", link.Name, "state", state)
	}
	return w.say("status.link", "name", link.Name, "where", link.Where, "state", state)
}

func (w words) state(s station.LinkState) string {
	switch s {
	case station.LinkConnected:
		return w.say("status.connected")
	case station.LinkAsleep:
		return w.say("status.asleep")
	case station.LinkOffline:
		return w.say("status.offline")
	case station.LinkFailed:
		return w.say("status.failed")
	default:
		return string(s)
	}
}

// statusLine tells below every page how the connections are.
type statusLine struct {
	*fyne.Container
	words   words
	dot     *label
	clients *label
	links   *label
	faults  *prose
	trouble *fyne.Container
}

func newStatusLine(w words) *statusLine {
	s := &statusLine{
		words:   w,
		dot:     newLabel("○", colourMuted, sizeSmall),
		clients: newLabel("", colourText, sizeSmall),
		links:   newLabel("", colourMuted, sizeSmall).trailing().cutting(),
		faults:  paragraph(""),
	}
	s.faults.Importance = widget.DangerImportance
	s.trouble = padded(2, margin-8, s.faults)
	s.trouble.Hide()
	s.Container = container.NewStack(
		newPanel(colourRail, "", ""),
		column(0,
			widget.NewSeparator(),
			s.trouble,
			padded(7, margin, container.NewBorder(nil, nil, row(8, s.dot, s.clients), nil, padded(0, 12, s.links))),
		),
	)
	return s
}

// update tells whether the line needs a new layout.
func (s *statusLine) update(situation station.Situation) bool {
	text := s.words.status(situation)
	reshaped := s.clients.text != text.clients
	s.clients.set(text.clients)
	if text.connected {
		s.dot.show("●", colourGood)
	} else {
		s.dot.show("○", colourMuted)
	}
	s.links.set(text.links)
	if all := joined("\n", text.faults...); s.faults.Text != all {
		s.faults.SetText(all)
		reshaped = true
	}
	return visible(s.trouble, len(text.faults) > 0) || reshaped
}
