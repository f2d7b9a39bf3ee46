package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func secretOf(t *testing.T, link string) string {
	t.Helper()
	_, secret, ok := strings.Cut(link, "/#once=")
	if !ok || len(secret) != 43 {
		t.Fatalf("%q is no link", link)
	}
	return secret
}

// exchange is what the page at origin does with the secret of a link.
func (p *post) exchange(secret, origin string) (int, string) {
	p.tb.Helper()
	headers := []string{"Authorization: Bearer " + secret}
	if origin != "" {
		headers = append(headers, "Origin: "+origin)
	}
	status, _, body := p.request("POST", pagePassPath, "", headers...)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		p.tb.Fatal(err, body)
	}
	return status, answer.Token
}

// TestPageLink: a link opens the page once, within a minute, for the own page
// alone; what it gets is good for nobody else.
func TestPageLink(t *testing.T) {
	var later atomic.Int64
	p := newPost(t, func(o *Options) {
		o.RequireToken = true
		o.now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	if err := p.station.AllowOrigin(t.Context(), "https://ehr.example"); err != nil {
		t.Fatal(err)
	}
	secret := secretOf(t, p.server.PageLink())
	for name, origin := range map[string]string{"another page": "https://ehr.example", "no page": ""} {
		if status, token := p.exchange(secret, origin); status != http.StatusUnauthorized || token != "" {
			t.Errorf("%s: %d %q", name, status, token)
		}
	}
	for name, wrong := range map[string]string{"nothing": "", "the secret cut": secret[:42], "another": strings.Repeat("A", 43)} {
		if status, token := p.exchange(wrong, p.url()); status != http.StatusUnauthorized || token != "" {
			t.Errorf("%s: %d %q", name, status, token)
		}
	}
	status, token := p.exchange(secret, p.url())
	if status != http.StatusOK || len(token) != 43 || token == secret {
		t.Fatal(status, token)
	}
	if status, again := p.exchange(secret, p.url()); status != http.StatusUnauthorized || again != "" {
		t.Errorf("twice: %d %q", status, again)
	}
	reads := func(token, origin string) int {
		status, _, _ := p.request("GET", "/fhir/Observation", "", "Authorization: Bearer "+token, "Origin: "+origin)
		return status
	}
	if status := reads(token, p.url()); status != http.StatusOK {
		t.Error("the own page:", status)
	}
	if status := reads(token, "https://ehr.example"); status != http.StatusUnauthorized {
		t.Error("another page:", status)
	}
	if status := reads(secret, p.url()); status != http.StatusUnauthorized {
		t.Error("the link's secret:", status)
	}
	late := secretOf(t, p.server.PageLink())
	later.Store(int64(linkLife))
	if status, _ := p.exchange(late, p.url()); status != http.StatusUnauthorized {
		t.Error("after a minute:", status)
	}
	later.Store(int64(passLife))
	if status := reads(token, p.url()); status != http.StatusUnauthorized {
		t.Error("after twelve hours:", status)
	}
	for _, hidden := range []string{secret, late, token} {
		if _, found, _ := p.log.has([]string{hidden}); found {
			t.Error("the log has a secret")
		}
	}
}

// Of many who have the secret one alone gets in.
func TestPageLink_Once(t *testing.T) {
	p := passes{now: time.Now}
	secret := p.issue(&p.links, linkLife)
	var won atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, ok := p.exchange(secret); ok {
				won.Add(1)
			}
		})
	}
	if all.Wait(); won.Load() != 1 {
		t.Error(won.Load())
	}
}

// However often somebody clicks, what is remembered is bounded.
func TestPageLink_Bounded(t *testing.T) {
	p := passes{now: time.Now}
	first := p.issue(&p.links, linkLife)
	for range mostPasses {
		p.issue(&p.links, linkLife)
	}
	if _, ok := p.exchange(first); ok || len(p.links) != mostPasses {
		t.Error(ok, len(p.links))
	}
}

func TestPageLink_NothingToOpenWithoutRequiredTokens(t *testing.T) {
	p := newPost(t)
	if link := p.server.PageLink(); link != p.url() {
		t.Error(link)
	}
}

// TestPage_OpenedByItsLink: connected at once, after a reload as well, and the
// secret is gone from the address. A used one leads to the question for a token.
func TestPage_OpenedByItsLink(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	link := p.server.PageLink()
	b := browse(link, t, english)
	b.do(connected)
	p.awaitClients(1)
	p.record(1)
	b.do(`await page.locator('#events > li').waitFor(); await page.locator('#links li').first().waitFor()`)
	b.is(p.url()+"/", `return page.evaluate(() => location.href)`)
	b.do(`await page.reload();` + connected)
	b.unblamed()
	b = browse(link, t, english)
	b.do(`await page.locator('#state.bad').waitFor()`)
}
