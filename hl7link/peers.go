package hl7link

import (
	"slices"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// peers tells how each peer of a listener is doing: at once when one connects
// or disconnects, and at most once a second of what it sends.
type peers struct {
	tell func(PeerStatus) // nil: nobody listens
	now  func() time.Time

	mu  sync.Mutex
	all map[string]*peerState
}

type peerState struct {
	PeerStatus
	connections int
	told        time.Time   // on the clock of timers
	later       *time.Timer // tells what came since; nil: nothing did
}

// How often a peer is told of, and how many that went are still known.
const (
	tellEvery = time.Second
	maxPeers  = 1024
)

// connected counts a connection of peer.
func (p *peers) connected(peer string) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.all[peer]
	if s == nil {
		p.makeRoom()
		s = &peerState{PeerStatus: PeerStatus{Peer: peer}}
		p.all[peer] = s
	}
	if s.connections++; s.connections == 1 {
		s.Connected, s.Since, s.Fault = true, p.now(), nil
		p.tellNow(s)
	}
}

// disconnected counts the end of a connection of peer, and why it ended.
func (p *peers) disconnected(peer string, why error) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.all[peer]
	if s == nil {
		return
	}
	if why != nil {
		s.Fault = why
	}
	if s.connections--; s.connections == 0 {
		s.Connected, s.Since = false, p.now()
		p.tellNow(s)
	}
}

// message counts a message of peer: fault says why it was refused, nil that it
// was accepted.
func (p *peers) message(peer, name, bed string, fault error) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.all[peer]
	if s == nil {
		return
	}
	s.LastMessage, s.Fault = p.now(), fault
	if fault == nil {
		s.Messages++
	} else {
		s.Rejected++
	}
	if name != "" {
		s.Name, s.Bed = name, bed
	}
	switch passed := time.Since(s.told); {
	case passed >= tellEvery:
		p.tellNow(s)
	case s.later == nil:
		s.later = time.AfterFunc(tellEvery-passed, func() { p.tellLater(s) })
	}
}

func (p *peers) tellNow(s *peerState) {
	if s.later != nil {
		s.later.Stop()
		s.later = nil
	}
	s.told = time.Now()
	p.tell(s.PeerStatus)
}

func (p *peers) tellLater(s *peerState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.later != nil { // nothing told it meanwhile
		p.tellNow(s)
	}
}

// makeRoom forgets those that went long ago.
func (p *peers) makeRoom() {
	if p.all == nil {
		p.all = map[string]*peerState{}
	}
	if len(p.all) < maxPeers {
		return
	}
	var gone []*peerState
	for _, s := range p.all {
		if !s.Connected {
			gone = append(gone, s)
		}
	}
	slices.SortFunc(gone, func(a, b *peerState) int { return a.Since.Compare(b.Since) })
	for _, s := range gone[:(len(gone)+1)/2] {
		delete(p.all, s.Peer)
	}
}

// rejectedFault says to people that a message was refused.
func rejectedFault(peer, reason string) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "message_rejected",
		French: "Le moniteur " + peer + " a envoyé un message qui n’a pas pu être enregistré. " +
			"Le message est conservé\u00a0: exportez-le pour le support, puis refaites la mesure.",
		English: "message of " + peer + " refused: " + reason,
	}
}
