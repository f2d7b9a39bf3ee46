package station

import (
	"slices"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// The limits of what is remembered of messages.
const (
	trafficCount = 200      // of each peer
	trafficBytes = 1 << 20  // of each peer
	trafficAll   = 16 << 20 // bytes of all together
	trafficWhole = 32 << 10 // bytes of a message; what is beyond is cut
	trafficPeers = 128      // the one that was silent longest is forgotten
)

// A Message is one that a monitor or another device sent over HL7. It holds
// patient data.
type Message struct {
	Peer   string // the Address of a Monitor or of a Peer
	At     time.Time
	Text   []byte // as it came, its first bytes where it was cut
	Size   int    // bytes of all of it
	Reply  []byte // as it was sent; nil: there was none
	Reason string // English: why it, or a part of it, was not taken; empty: all of it was
}

// Cut tells whether Text is not all of it.
func (m *Message) Cut() bool { return len(m.Text) < m.Size }

// ReplyCode is AA, AE or AR, or CA, CE or CR; empty without a reply.
func (m *Message) ReplyCode() string { return hl7link.ReplyCode(m.Reply) }

// Head is MSH-9 and MSH-10: ORU^R01 and the number of the message.
func (m *Message) Head() (kind, control string) { return hl7link.Head(m.Text) }

// FrenchReasons gives each of the reasons in a Reason, or one in Unread, in French.
func FrenchReasons(reason string) []string { return hl7link.FrenchReasons(reason) }

// traffic is the last messages of each peer, for the technician who looks at
// them. They are in memory alone, and in no log.
type traffic struct {
	mu    sync.Mutex
	peers map[string]*trail
	bytes int
}

// A trail is a ring of messages. The oldest lends its room to the newest.
type trail struct {
	ring         [trafficCount]Message
	first, count int
	bytes        int
}

// NoteMessage remembers a message until others take its place.
func (s *Station) NoteMessage(e hl7link.Exchange) { s.traffic.add(e) }

func (t *traffic) add(e hl7link.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.peers[e.Peer]
	if of == nil {
		of = t.enter(e.Peer)
	}
	text, reply := e.Message[:min(len(e.Message), trafficWhole)], e.Reply[:min(len(e.Reply), trafficWhole)]
	before := of.bytes
	for of.count > 0 && of.bytes+len(text)+len(reply) > trafficBytes {
		of.drop()
	}
	of.add(Message{e.Peer, e.At, text, len(e.Message), reply, e.Reason})
	t.bytes += of.bytes - before
	for t.bytes > trafficAll {
		t.makeRoom()
	}
}

// enter makes a place for a peer.
func (t *traffic) enter(peer string) *trail {
	if t.peers == nil {
		t.peers = map[string]*trail{}
	}
	if len(t.peers) >= trafficPeers {
		var silent string
		var since time.Time
		for name, of := range t.peers {
			if at := of.newest().At; silent == "" || at.Before(since) {
				silent, since = name, at
			}
		}
		t.forget(silent)
	}
	of := &trail{}
	t.peers[peer] = of
	return of
}

// makeRoom takes the oldest message of the peer that has most.
func (t *traffic) makeRoom() {
	var most *trail
	for _, of := range t.peers {
		if most == nil || of.bytes > most.bytes {
			most = of
		}
	}
	before := most.bytes
	most.drop()
	t.bytes += most.bytes - before
}

func (t *traffic) forget(peer string) {
	if of := t.peers[peer]; of != nil {
		t.bytes -= of.bytes
		delete(t.peers, peer)
	}
}

func (t *traffic) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.peers, t.bytes = nil, 0
}

func (of *trail) at(i int) *Message { return &of.ring[(of.first+i)%trafficCount] }

func (of *trail) newest() *Message { return of.at(of.count + trafficCount - 1) }

// add copies m, into the room of the oldest when the ring is full.
func (of *trail) add(m Message) {
	room := of.at(of.count)
	if of.count == trafficCount {
		of.bytes -= room.room()
		of.first = (of.first + 1) % trafficCount
	} else {
		of.count++
	}
	m.Text, m.Reply = append(room.Text[:0], m.Text...), append(room.Reply[:0], m.Reply...)
	*room = m
	of.bytes += room.room()
}

func (of *trail) drop() {
	oldest := of.at(0)
	of.bytes -= oldest.room()
	*oldest = Message{}
	of.first, of.count = (of.first+1)%trafficCount, of.count-1
}

// room is the memory that it holds, in bytes.
func (m *Message) room() int { return cap(m.Text) + cap(m.Reply) + len(m.Reason) }

// Messages are the last ones of a peer, newest first.
func (s *Station) Messages(peer string) []Message {
	t := &s.traffic
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.peers[peer]
	if of == nil {
		return nil
	}
	list := make([]Message, of.count)
	for i := range list {
		m := *of.at(of.count - 1 - i)
		m.Text, m.Reply = slices.Clone(m.Text), slices.Clone(m.Reply)
		list[i] = m
	}
	return list
}

// An Explained is what a message says, read alone.
type Explained struct {
	Type    string // MSH-9: ORU^R01
	Control string // MSH-10
	Sender  string // MSH-3
	Report  fhirmap.Report
	Unread  []string // English: what cannot be read
	Spread  bool     // it is one of messages that belong together
}

// Explain reads one whole message alone: what the peer said in other messages
// (whose bed it is, limits) is not known. Nothing is stored.
func Explain(text []byte, peer string) Explained {
	return Explained(hl7link.Explain(text, peer, time.Local))
}
