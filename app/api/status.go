package api

import (
	"encoding/json"
	"net/http"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// linkStatus is a link as /status tells of it.
type linkStatus struct {
	station.Link
	Error string `json:"error,omitempty"` // code of the last one
	Text  string `json:"text,omitempty"`  // of it, in French, for people
}

// monitorStatus is a bedside monitor as /status tells of it. A bed is a place,
// and no patient data.
type monitorStatus struct {
	Address     string            `json:"address"`
	Name        string            `json:"name,omitempty"`
	Bed         string            `json:"bed,omitempty"`
	Department  string            `json:"department,omitempty"`
	Accepted    bool              `json:"accepted"`
	Discovered  bool              `json:"discovered"` // its beacon is heard now
	State       station.LinkState `json:"state"`
	Since       time.Time         `json:"since,omitzero"`
	LastMessage time.Time         `json:"lastMessage,omitzero"`
	Messages    uint64            `json:"messages"`
	Rejected    uint64            `json:"rejected"`
	Error       string            `json:"error,omitempty"` // code of the last one
}

// peerStatus is a device that connects to the listener as /status tells of it.
type peerStatus struct {
	Address     string            `json:"address"`
	Name        string            `json:"name,omitempty"`
	Bed         string            `json:"bed,omitempty"`
	State       station.LinkState `json:"state"`
	Since       time.Time         `json:"since,omitzero"`
	LastMessage time.Time         `json:"lastMessage,omitzero"`
	Messages    uint64            `json:"messages"`
	Rejected    uint64            `json:"rejected"`
	Error       string            `json:"error,omitempty"` // code of the last one
}

// status tells anyone on this computer that the program runs, and who has
// access how its links are doing. It never holds patient data.
func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	body := map[string]any{"version": s.o.Version, "state": "ready"}
	if s.knows(r) {
		situation := s.o.Station.Situation()
		body["links"], body["monitors"] = linksOf(situation.Links), monitorsOf(situation.Monitors)
		body["peers"] = peersOf(situation.Peers)
		body["clients"], body["head"], body["demo"] = situation.Clients, s.o.Station.Head(), situation.Demo
		body["tokenRequired"], body["notices"] = s.o.RequireToken, codesOf(situation.Notices)
		body["newer"] = situation.Newer
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(body)
}

func linksOf(links []station.Link) []linkStatus {
	list := make([]linkStatus, 0, len(links))
	for _, l := range links {
		status := linkStatus{Link: l, Error: codeOfFault(l.Fault)}
		if l.Fault != nil {
			status.Text = l.Fault.French
		}
		list = append(list, status)
	}
	return list
}

func monitorsOf(monitors []station.Monitor) []monitorStatus {
	list := make([]monitorStatus, 0, len(monitors))
	for _, m := range monitors {
		list = append(list, monitorStatus{
			m.Address, m.Name, m.Bed, m.Department, m.Accepted, m.Discovered,
			m.State, m.Since, m.LastMessage, m.Messages, m.Rejected, codeOfFault(m.Fault),
		})
	}
	return list
}

func peersOf(peers []station.Peer) []peerStatus {
	list := make([]peerStatus, 0, len(peers))
	for _, p := range peers {
		list = append(list, peerStatus{
			p.Address, p.Name, p.Bed, p.State, p.Since, p.LastMessage, p.Messages, p.Rejected, codeOfFault(p.Fault),
		})
	}
	return list
}

func codesOf(notices []*fhirmap.Fault) []string {
	codes := make([]string, len(notices))
	for i, f := range notices {
		codes[i] = f.Code
	}
	return codes
}

func codeOfFault(f *fhirmap.Fault) string {
	if f == nil {
		return ""
	}
	return f.Code
}
