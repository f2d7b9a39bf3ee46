package api

import (
	"net/http"
	"strings"
	"testing"
)

// However a token was presented, its revocation ends the connections that it
// admitted, and no other.
func TestRevokedToken_ClosesItsConnections(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	ended, err := p.station.CreateToken("ended")
	if err != nil {
		t.Fatal(err)
	}
	valid, err := p.station.CreateToken("valid")
	if err != nil {
		t.Fatal(err)
	}
	var revoked, kept []*client2
	connect := func(token string) (all []*client2) {
		for _, transport := range []string{"websocket", "polling"} {
			for _, eio := range []int{3, 4} {
				all = append(all,
					p.mustConnect(eio, transport, "&token="+token),
					p.mustConnect(eio, transport, "", "Authorization: Bearer "+token))
			}
			c, err := p.enter(transport, `40{"token":"`+token+`"}`)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		return all
	}
	revoked, kept = connect(ended), connect(valid)
	c, err := p.open(4, "websocket", "&token="+ended) // presents two: the first valid one admits
	if err == nil {
		err = c.write(c.ctx, `40{"token":"`+valid+`"}`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if packet, err := c.message(); err != nil || !strings.HasPrefix(packet, "0") {
		t.Fatalf("%q, %v", packet, err)
	}
	p.awaitClients(len(revoked) + len(kept) + 1)
	if err := p.station.RevokeToken("ended"); err != nil {
		t.Fatal(err)
	}
	p.awaitClients(len(kept))
	for i, c := range append(revoked, c) {
		if packet, err := c.message(); err == nil {
			t.Errorf("revoked client %d still reads: %q", i, packet)
		}
	}
	p.record(5)
	if err := everyone(kept, 1, 5); err != nil {
		t.Error(err)
	}
	if _, err := p.enter("websocket", `40{"token":"`+ended+`"}`); err == nil {
		t.Error("the revoked token came back")
	}
}

// A request of a session whose token has ended is nobody's any more.
func TestRevokedToken_RequestsOfTheSession(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, err := p.station.CreateToken("ehr")
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.enter("polling", `40{"token":"`+token+`"}`)
	if err != nil {
		t.Fatal(err)
	}
	p.awaitClients(1)
	if err := p.station.RevokeToken("ehr"); err != nil {
		t.Fatal(err)
	}
	p.awaitSessions(0)
	if err := c.write(c.ctx, `421["endConsultation"]`); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("a post of the session: %v", err)
	}
	if _, err := c.message(); err == nil {
		t.Error("a poll of the session is served")
	}
}

// Who owes a token takes few places, and leaves the others to who has one.
func TestStrangers_KeepNobodyOut(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, err := p.station.CreateToken("ehr")
	if err != nil {
		t.Fatal(err)
	}
	late, err := p.open(4, "websocket", "") // will present it in a moment
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for range maxStrangers + 10 {
		if status, _, _ := p.request("GET", query(4, "polling", ""), ""); status == http.StatusServiceUnavailable {
			refused++
		}
	}
	if refused != 11 {
		t.Errorf("%d strangers refused beyond %d", refused, maxStrangers)
	}
	clients := []*client2{p.mustConnect(4, "polling", "&token="+token), p.mustConnect(3, "websocket", "", "Authorization: Bearer "+token)}
	if err := late.write(late.ctx, `40{"token":"`+token+`"}`); err != nil {
		t.Fatal(err)
	}
	if packet, err := late.message(); err != nil || !strings.HasPrefix(packet, "0") {
		t.Fatalf("%q, %v", packet, err)
	}
	p.awaitClients(3)
	if status, _, _ := p.request("GET", query(4, "polling", ""), ""); status != http.StatusOK {
		t.Errorf("the place of who is known now is not free: %d", status)
	}
	p.record(2)
	if err := everyone(append(clients, late), 1, 2); err != nil {
		t.Error(err)
	}
}

// Nobody owes a token when none is required.
func TestStrangers_OnlyWithTokens(t *testing.T) {
	p := newPost(t)
	for range maxStrangers + 10 {
		if status, _, _ := p.request("GET", query(4, "polling", ""), ""); status != http.StatusOK {
			t.Fatal(status)
		}
	}
}

// A request that makes no session takes no place.
func TestPlaces_FailedHandshakes(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	for range 2 * maxStrangers {
		if status, _, _ := p.request("POST", query(4, "polling", ""), ""); status != http.StatusBadRequest {
			t.Fatal(status)
		}
	}
	p.awaitSessions(0)
	if n := p.server.sockets.places.all.strangers; n != 0 {
		t.Errorf("%d strangers", n)
	}
}
