package ui

import (
	"slices"
	"strings"

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
	briefly   string   // links without their addresses
	faults    []string // one for each link that is in trouble, then notices
}

func (w words) status(s station.Situation) statusText {
	text := statusText{
		clients:   w.count(s.Clients, "status.clients.none", "status.clients.single", "status.clients.several"),
		connected: s.Clients > 0,
	}
	var links, brief []string
	for _, link := range s.Links {
		if link.ID == serverLink && link.State == station.LinkConnected {
			continue // its clients say so
		}
		links, brief = append(links, w.link(link)), append(brief, w.link(station.Link{Name: link.Name, State: link.State, Peers: link.Peers}))
		if link.Fault != nil {
			text.faults = append(text.faults, w.say("status.fault", "name", link.Name, "text", inSentence(w.fault(link.Fault))))
		}
	}
	for _, notice := range s.Notices {
		text.faults = append(text.faults, w.fault(notice))
	}
	if until := s.Bluetooth.Suspended; !until.IsZero() {
		links, brief = slices.Insert(links, 0, w.suspended(until)), slices.Insert(brief, 0, w.suspended(until))
	}
	if s.Newer != "" {
		newer := w.say("status.newer", "version", s.Newer)
		links, brief = append(links, newer), append(brief, newer)
	}
	text.links, text.briefly = joined(" · ", links...), joined("\u00a0· ", unbroken(brief)...)
	return text
}

// unbroken has no text end a line within itself.
func unbroken(texts []string) []string {
	whole := make([]string, len(texts))
	for i, text := range texts {
		whole[i] = strings.ReplaceAll(text, " ", "\u00a0")
	}
	return whole
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
	links   *phrase
	faults  *prose
	trouble *fyne.Container
}

func newStatusLine(w words) *statusLine {
	s := &statusLine{
		words:   w,
		dot:     newLabel("○", colourMuted, sizeSmall),
		clients: newLabel("", colourText, sizeSmall),
		links:   newPhrase(colourMuted, sizeSmall).trailing(),
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
			padded(7, margin, container.New(&yielding{distance: 20, leads: true}, s.links, row(8, s.dot, s.clients))),
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
	reshaped = s.links.show(colourMuted, text.links, text.briefly) || reshaped
	if all := joined("\n", text.faults...); s.faults.Text != all {
		s.faults.SetText(all)
		reshaped = true
	}
	return visible(s.trouble, len(text.faults) > 0) || reshaped
}
