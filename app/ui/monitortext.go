package ui

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
)

// A monitorPlace is the section of the page in which a monitor stands.
type monitorPlace int

const (
	placeWaiting  monitorPlace = iota // heard of, to be accepted
	placeAccepted                     // the program connects to it
	placePeer                         // it connects to the listener by itself
)

// A placed is a monitor, or a device that connects to the listener, in its
// section.
type placed struct {
	station.Monitor
	place monitorPlace
}

// placedOf sorts by section, then bed, name and address.
func placedOf(s station.Situation) []placed {
	all := make([]placed, 0, len(s.Monitors)+len(s.Peers))
	for _, m := range s.Monitors {
		place := placeWaiting
		if m.Accepted {
			place = placeAccepted
		}
		all = append(all, placed{m, place})
	}
	for _, p := range s.Peers {
		all = append(all, placed{station.Monitor{
			Address: p.Address, Name: p.Name, Bed: p.Bed, State: p.State, Since: p.Since,
			LastMessage: p.LastMessage, Messages: p.Messages, Rejected: p.Rejected, Fault: p.Fault,
		}, placePeer})
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(
			cmp.Compare(a.place, b.place), byBed(a.Bed, b.Bed), natural(a.Name, b.Name),
			strings.Compare(a.Address, b.Address),
		)
	})
	return all
}

// toAccept counts the monitors that wait for a person now.
func toAccept(monitors []station.Monitor) (n int) {
	for i := range monitors {
		if m := &monitors[i]; !m.Accepted && m.Discovered {
			n++
		}
	}
	return n
}

// A monitorText is a monitor as the page writes it.
type monitorText struct {
	name    string // Lit 3 · BeneView T8
	where   string // 192.168.1.40:4601 · Réanimation
	state   string // connecté depuis 14:02
	silent  string // sans annonce réseau
	traffic string // Dernier message il y a 2 s · 1 234 messages
	fault   string
	colour  fyne.ThemeColorName
}

func (w words) monitor(m *placed, now time.Time) monitorText {
	name := w.named(m.Bed, m.Name)
	text := monitorText{name: name, where: joined(" · ", m.Address, m.Department)}
	if name == "" {
		text.name, text.where = m.Address, m.Department
	}
	if m.place == placeWaiting {
		text.state, text.colour = w.say("monitors.heard"), colourAmber
		if !m.Discovered {
			text.state, text.colour = w.say("monitors.silent"), colourMuted
		}
		text.state = w.since(text.state, m.Since, now)
		return text
	}
	text.state, text.colour = w.since(w.state(m.State), m.Since, now), colourMuted
	switch m.State {
	case station.LinkConnected:
		text.colour = colourGood
	case station.LinkFailed:
		text.colour = colourTrouble
	}
	if m.place == placeAccepted && m.State != station.LinkConnected && !m.Discovered {
		text.silent = w.say("monitors.silent")
	}
	text.traffic = w.traffic(m, now)
	if m.Fault != nil {
		text.fault = w.fault(m.Fault)
	}
	switch {
	case m.Simulated:
		text.where = joined(" · ", text.where, w.say("monitors.simulated"))
	case m.Configured:
		text.where = joined(" · ", text.where, w.say("monitors.configured"))
	}
	return text
}

func (w words) since(state string, t, now time.Time) string {
	if t.IsZero() {
		return state
	}
	return w.say("monitors.since", "state", state, "time", w.dated(hour(t, now)))
}

func (w words) traffic(m *placed, now time.Time) string {
	last, refused := w.say("monitors.none"), ""
	if !m.LastMessage.IsZero() {
		last = w.say("monitors.last", "age", w.age(m.LastMessage, now))
	}
	if m.Messages+m.Rejected == 0 {
		return last
	}
	if m.Rejected > 0 {
		refused = w.plural(m.Rejected, "monitors.refused.single", "monitors.refused.several")
	}
	return joined(" · ", last, w.plural(m.Messages, "monitors.messages.single", "monitors.messages.several"), refused)
}

// plural is w.count for large numbers, with their thousands apart.
func (w words) plural(n uint64, single, several string) string {
	if n <= 1 {
		return w.say(single, "n", w.number(n))
	}
	return w.say(several, "n", w.number(n))
}

// addressProblem says what is wrong with a typed HOST:PORT or HOST, in words;
// nothing when it can be connected to.
func (w words) addressProblem(text string) string {
	text = strings.TrimSpace(text)
	if validHost(strings.Trim(text, "[]")) {
		return ""
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || !validHost(host) {
		return w.say("add.host")
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return w.say("add.number")
	}
	return ""
}

// validHost knows IP addresses and host names (RFC 1123, 2.1). What looks like
// an IPv4 address must be one.
func validHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return !address.IsUnspecified() && !address.IsMulticast()
	}
	if host == "" || len(host) > 253 || strings.Trim(host, "0123456789.") == "" {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}
