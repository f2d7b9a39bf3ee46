package hl7link

import (
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// An Exchange is a message that came over a connection, and what it was
// answered. It holds patient data.
type Exchange struct {
	Peer    string // of a Listener: the address without a port; of a monitor: HOST:PORT
	At      time.Time
	Message []byte // as it came, without frame; not to be kept, as Reply
	Reply   []byte // as it was sent; nil: there was none
	Reason  string // English: why the message, or a part of it, was not taken; empty: all of it was
}

// tell shows an exchange to who watches.
func (c *connection) tell(message, reply []byte, reason string) {
	if c.OnMessage != nil {
		c.OnMessage(Exchange{Peer: c.peer, At: c.now(), Message: message, Reply: reply, Reason: reason})
	}
}

// why is what was wrong with the message, and what in it could not be read.
func (a answer) why() string {
	if a.text == "" && len(a.warnings) == 0 {
		return ""
	}
	var all []string
	if a.text != "" {
		all = append(all, a.trouble.String())
	}
	for _, w := range a.warnings {
		all = append(all, w.String())
	}
	return strings.Join(all, "; ")
}

func (l *monitorLink) tellMessage(text []byte, reason string) {
	if l.OnMessage != nil {
		l.OnMessage(Exchange{Peer: l.Address, At: l.Now(), Message: text, Reason: reason})
	}
}

// An Explanation is what a message says, read alone.
type Explanation struct {
	Type    string // MSH-9 as it came: ORU^R01
	Control string // MSH-10
	Sender  string // MSH-3
	Report  fhirmap.Report
	Unread  []string // English: why it, or a part of it, cannot be read
	// Spread: the protocol spreads over messages what belongs together (Mindray's
	// Realtime Result Interface).
	Spread bool
}

// Explain reads one message of peer as a Listener would that has heard nothing
// before: what a monitor said in other messages (the bed's patient, the limits,
// the state of a value) is not known. It never fails.
func Explain(text []byte, peer string, zone *time.Location) Explanation {
	h := readHead(text)
	d := decode(text, decoding{zone: zone, peer: peer, dialects: dialects, ward: &rtiWard{}})
	e := Explanation{Type: h.field(9), Control: h.field(10), Sender: h.field(3), Report: d.report}
	e.Spread = rtiSpecial[e.Control] && mindrayHeader(h.line)
	wrong := d.troubles
	if v := d.refusal(); v.text != "" && !slices.Contains(wrong, v.trouble) {
		wrong = append([]trouble{v.trouble}, wrong...)
	}
	for _, t := range wrong[:min(len(wrong), maxWarnings)] {
		e.Unread = append(e.Unread, t.String())
	}
	return e
}

// Head is MSH-9 and MSH-10 of a message as it came; empty where it has none.
func Head(text []byte) (kind, control string) {
	h := readHead(text)
	return h.field(9), h.field(10)
}

// ReplyCode is MSA-1 of an answer: AA, AE or AR, or CA, CE or CR; empty when it
// has none.
func ReplyCode(reply []byte) string {
	h := readHead(reply)
	line := rawSegment(reply, "MSA", h.d.Field)
	if fields := strings.Split(line, string(rune(h.d.Field))); len(fields) > 1 {
		return fields[1]
	}
	return ""
}
