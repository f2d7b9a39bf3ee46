package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/station"
)

// A connection that asks for a thousand subscriptions has those that it may have,
// and a clear answer to each of the others; nobody else notices.
func TestAbuse_AThousandSubscriptions(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	c := p.mustConnect(4, "websocket", "")
	before := living()
	granted, refused := 0, 0
	for i := range 1000 {
		answer, err := c.ask(i, `["subscribe",{"resource":"Observation","after":0}]`)
		switch {
		case err != nil:
			t.Fatal(i, err)
		case answer["ok"] == true:
			granted++
		case codeOf(answer) == "limit":
			refused++
		}
	}
	if granted != maxSubscriptions || refused != 1000-maxSubscriptions {
		t.Errorf("%d granted, %d refused", granted, refused)
	}
	if more := living() - before; more > 4<<20 {
		t.Errorf("%d bytes more", more)
	}
	w.check(t, "a thousand subscriptions")
	for id := 1; id <= maxSubscriptions; id++ {
		if d, err := c.delivered(); err != nil || d.Seq != 1 {
			t.Fatal(d, err)
		}
	}
}

// A connection that subscribes and unsubscribes a thousand times leaves nothing
// behind.
func TestAbuse_AThousandTimes(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	c := p.mustConnect(4, "websocket", "")
	for i := range 1000 {
		answer, err := c.ask(2*i, `["subscribe",{"resource":"Observation"}]`)
		if err != nil || answer["ok"] != true {
			t.Fatal(i, answer, err)
		}
		if answer, err = c.ask(2*i+1, fmt.Sprintf(`["unsubscribe",{"subscription":%q}]`, answer["subscription"])); err != nil || answer["ok"] != true {
			t.Fatal(i, answer, err)
		}
	}
	w.check(t, "a thousand times")
	if d, err := c.event(); err != nil || !strings.Contains(d, "fhir") {
		t.Error(d, err)
	}
}

// A token guessed a million times, next to a valid one, is refused each time
// before anything of the request is done. It fills no log, and who has a token
// does not notice.
func TestAbuse_ATokenGuessedAMillionTimes(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	valid, err := p.station.CreateToken("valid")
	if err != nil {
		t.Fatal(err)
	}
	p.server.PageLink()
	c := p.mustConnect(4, "websocket", "&token="+valid)
	begun := make(chan struct{})
	var passed atomic.Int64
	var all sync.WaitGroup
	const hands = 4
	guesses := short(100_000, 1_000_000)
	for hand := range hands {
		all.Go(func() {
			r := httptest.NewRequest("GET", "http://"+p.address+"/fhir/Observation", nil)
			for i := range guesses / hands {
				guess := valid[:40] + strconv.Itoa(100+(hand*guesses+i)%900) // as near as can be
				if i%2 == 0 {
					guess = strconv.Itoa(hand*guesses + i)
				}
				if guess == valid {
					continue
				}
				r.Header.Set("Authorization", "Bearer "+guess)
				w := httptest.NewRecorder()
				if p.server.guard.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
					passed.Add(1)
				}
				if hand == 0 && i == guesses/hands/100 {
					close(begun)
				}
			}
		})
	}
	<-begun
	for i := range 20 { // meanwhile
		p.record(1)
		if packet, err := c.event(); err != nil {
			t.Error(packet, err)
		} else if got, err := valueOf(packet); err != nil || got != i+1 {
			t.Errorf("%d, %v, want %d", got, err, i+1)
		}
	}
	if all.Wait(); passed.Load() > 0 {
		t.Errorf("%d passed", passed.Load())
	}
	if status, _, _ := p.request("GET", "/fhir/Observation", "", "Authorization: Bearer "+valid); status != http.StatusOK {
		t.Error("the valid one:", status)
	}
	noted := 0
	if _, err := p.station.Audit(t.Context(), func(e station.AuditEntry) bool {
		if e.Action == station.AuditAccessRefused {
			noted++
		}
		return true
	}); err != nil || noted != 1 {
		t.Errorf("noted %d times, %v", noted, err)
	}
}

// An unknown page that asks a hundred times a second for ten seconds raises one
// question, and none after «Refuser»; a page of another site is asked about all
// the same, and one that is approved does not notice.
func TestAbuse_APageAsksAHundredTimesASecond(t *testing.T) {
	var later atomic.Int64
	p := newPostAt(t, func() time.Time { return taken.Add(time.Duration(later.Load())) })
	if err := p.station.AllowOrigin(t.Context(), ehr); err != nil {
		t.Fatal(err)
	}
	approved := p.mustConnect(4, "websocket", "", "Origin: "+ehr)
	const stranger, other = "https://stranger.example", "https://other.example"
	pester := func(want string) {
		t.Helper()
		for i := range 1000 {
			later.Add(int64(10 * time.Millisecond))
			status, _, body := p.request("GET", query(4, "polling", ""), "", "Origin: "+stranger)
			if status != http.StatusForbidden || !strings.Contains(body, want) {
				t.Fatalf("request %d: %d %s", i, status, body)
			}
			if i%100 == 50 {
				p.record(1)
				if packet, err := approved.event(); err != nil {
					t.Fatal(packet, err)
				}
			}
		}
	}
	pester(`"origin_pending"`)
	if asked := p.station.Situation().Origins; fmt.Sprint(asked) != "["+stranger+"]" {
		t.Errorf("asked about %q", asked)
	}
	if status, _, body := p.request("GET", query(4, "polling", ""), "", "Origin: "+other); status != http.StatusForbidden || !strings.Contains(body, "origin_pending") {
		t.Error(status, body)
	}
	if err := p.station.AnswerOrigin(t.Context(), stranger, station.AnswerRefuse); err != nil {
		t.Fatal(err)
	}
	pester(`"forbidden"`)
	if asked := p.station.Situation().Origins; fmt.Sprint(asked) != "["+other+"]" {
		t.Errorf("asked about %q", asked)
	}
	if err := p.station.AnswerOrigin(t.Context(), other, station.AnswerOnce); err != nil {
		t.Fatal(err)
	}
	if _, err := p.connect(4, "websocket", "", "Origin: "+other); err != nil {
		t.Error("the other page:", err)
	}
}
