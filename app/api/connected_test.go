package api

import (
	"testing"

	"vitalien/app/station"
)

// The station knows of every client who it is and how it is connected, also once
// it has changed its transport, until it is gone.
func TestClient_IsToldToTheStation(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		if err := p.station.AllowOrigin(t.Context(), "https://ehr.example"); err != nil {
			t.Fatal(err)
		}
		secret, err := p.station.CreateToken("EHR")
		if err != nil {
			t.Fatal(err)
		}
		changed, stop := p.station.Watch()
		defer stop()
		c := p.mustConnect(eio, transport, "&token="+secret, "Origin: https://ehr.example")
		for len(p.station.Access().Connections) == 0 {
			<-changed
		}
		got := p.station.Access().Connections[0]
		want := station.Connection{
			Software: station.Software{Origin: "https://ehr.example", Token: "EHR"}, Protocol: eio, Transport: transport, Since: got.Since,
		}
		if got != want || got.Since.IsZero() {
			t.Errorf("%+v, want %+v", got, want)
		}
		if err := p.station.RevokeToken("EHR"); err != nil { // that not this connection needs
			t.Fatal(err)
		}
		if err := p.station.RevokeOrigin(t.Context(), "https://ehr.example"); err != nil {
			t.Fatal(err)
		}
		for len(p.station.Access().Connections) > 0 {
			<-changed
		}
		c.close()
	})
}
