package api

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// TestStatus_Monitors tells who has access how monitors and peers are doing, and
// everybody else no more than that the program runs.
func TestStatus_Monitors(t *testing.T) {
	for _, demanded := range []bool{false, true} {
		p := newPost(t, func(o *Options) { o.RequireToken = demanded })
		at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		for _, address := range []string{"192.0.2.1:4601", "192.0.2.2:4601"} {
			if err := p.station.AcceptMonitor(t.Context(), address); err != nil {
				t.Fatal(err)
			}
		}
		p.station.SetMonitor(hl7link.MonitorStatus{
			Address: "192.0.2.1:4601", Name: "iPM", Bed: "7", Department: "REA", State: hl7link.MonitorConnected, Since: at, LastMessage: at, Messages: 12, Rejected: 1,
		})
		p.station.SetMonitor(hl7link.MonitorStatus{
			Address: "192.0.2.2:4601", State: hl7link.MonitorOffline,
			Fault: &fhirmap.Fault{Code: "monitor_silent", English: "of Lefèvre", Temporary: true, Cause: errors.New("PID|||Lefèvre")},
		})
		p.station.SetPeer(hl7link.PeerStatus{Peer: "192.0.2.3", Bed: "8", Connected: true, Since: at, Messages: 3})
		p.show("9", 987654) // of Lefèvre

		var headers []string
		if demanded {
			status, _, body := p.request("GET", "/status", "")
			if status != 200 || strings.Contains(body, "monitors") || strings.Contains(body, "192.0.2") || strings.Contains(body, "links") {
				t.Errorf("without a token: %d %s", status, body)
			}
			token, err := p.station.CreateToken("ehr")
			if err != nil {
				t.Fatal(err)
			}
			headers = []string{"Authorization: Bearer " + token}
		}
		_, _, body := p.request("GET", "/status", "", headers...)
		if strings.Contains(body, "Lefèvre") || strings.Contains(body, "987654") {
			t.Errorf("patient data: %s", body)
		}
		var s struct {
			Version  string
			Monitors []monitorStatus
			Peers    []peerStatus
		}
		if err := json.Unmarshal([]byte(body), &s); err != nil || s.Version != "1.2.3" || len(s.Monitors) != 2 || len(s.Peers) != 1 {
			t.Fatalf("%v: %s", err, body)
		}
		silent, well := s.Monitors[0], s.Monitors[1] // by bed
		if well.Address != "192.0.2.1:4601" || well.Bed != "7" || well.State != "connected" || !well.Since.Equal(at) || !well.LastMessage.Equal(at) ||
			well.Messages != 12 || well.Rejected != 1 || well.Error != "" || !well.Accepted {
			t.Errorf("%+v", well)
		}
		if silent.State != "offline" || silent.Error != "monitor_silent" {
			t.Errorf("%+v", silent)
		}
		if peer := s.Peers[0]; peer.Address != "192.0.2.3" || peer.Bed != "8" || peer.State != "connected" || peer.Messages != 3 {
			t.Errorf("%+v", peer)
		}
	}
}
