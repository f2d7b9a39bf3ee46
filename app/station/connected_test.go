package station

import (
	"slices"
	"testing"
	"time"
)

// connect notes a connection and returns what ends it.
func (d *desk) connect(who Software) (ended func()) {
	return d.Connected(Connection{Software: who, Protocol: 4}, func() string { return "websocket" })
}

func TestConnected(t *testing.T) {
	d := newDesk(t)
	changed, stop := d.Watch()
	defer stop()
	carried := "polling"
	first := d.Connected(Connection{Software: Software{Origin: page}, Protocol: 3}, func() string { return carried })
	<-changed
	began := d.clock.now()
	d.clock.advance(time.Minute)
	second, twin := d.connect(Software{Token: "EHR"}), d.connect(Software{Token: "EHR"})
	carried = "websocket"
	list := d.Access().Connections
	if len(list) != 3 || d.Situation().Clients != 3 {
		t.Fatalf("%+v", list)
	}
	if want := (Connection{Software{Origin: page}, 3, "websocket", began}); list[0] != want || list[1].Token != "EHR" {
		t.Errorf("%+v", list)
	}
	for _, ended := range []func(){first, second, second} { // one of a pair goes, and is gone once
		ended()
	}
	if list := d.Access().Connections; len(list) != 1 || d.Situation().Clients != 1 {
		t.Errorf("%+v", list)
	}
	<-changed
	twin()
	if list := d.Access().Connections; len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestAccess_TellsEveryPageOnce(t *testing.T) {
	d := newDesk(t)
	granted := d.clock.now()
	for _, origin := range []string{"https://b.example", "https://a.example"} {
		if err := d.AllowOrigin(t.Context(), origin); err != nil {
			t.Fatal(err)
		}
	}
	d.answer("https://once.example", AnswerOnce)
	d.answer("https://a.example", AnswerOnce) // approved for good already
	d.answer("https://never.example", AnswerRefuse)
	if _, err := d.CreateToken("EHR"); err != nil {
		t.Fatal(err)
	}
	a := d.Access()
	want := []Permission{
		{"https://a.example", AnswerAlways, granted, time.Time{}},
		{"https://b.example", AnswerAlways, granted, time.Time{}},
		{"https://once.example", AnswerOnce, time.Time{}, granted.Add(onceLife)},
		{"https://never.example", AnswerRefuse, time.Time{}, granted.Add(refusalCoolDown)},
	}
	if !slices.Equal(a.Pages, want) || len(a.Tokens) != 1 {
		t.Errorf("%+v", a)
	}
	d.admit("https://once.example")
	if p := d.Access().Pages[2]; !p.Until.IsZero() {
		t.Errorf("with a session: %+v", p)
	}
	d.clock.advance(refusalCoolDown)
	if pages := d.Access().Pages; len(pages) != 3 || pages[2].Origin != "https://once.example" {
		t.Errorf("%+v", pages)
	}
}
