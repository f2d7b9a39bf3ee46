package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const (
	pagePassPath = "/page-pass"
	linkLife     = time.Minute // from the click in the tray to the page
	passLife     = 12 * time.Hour
	mostPasses   = 16 // of each; the oldest go
)

// passes let the program's own page in where a token is required. The tray opens
// the page with a secret that is good once and for a minute. The page exchanges
// it for a pass, a token of its own. The secret stands behind the # of the
// address, which no browser sends, so that it is in no log and in no Referer; the
// page keeps the pass in the storage of its tab, which belongs to this port alone,
// as a cookie would not. Here both are in memory, and end with the program.
type passes struct {
	now func() time.Time

	mu    sync.Mutex
	links []pass
	pages []pass
}

// A pass is kept as the hash of its secret.
type pass struct {
	hash [sha256.Size]byte
	ends time.Time
}

// PageLink is the address of the page for integrators, by which it opens without
// a token, once and within a minute.
func (s *Server) PageLink() string {
	if !s.o.RequireToken {
		return s.URL()
	}
	return s.URL() + "/#once=" + s.passes.issue(&s.passes.links, linkLife)
}

// issue adds a new secret to list, of 256 random bits.
func (p *passes) issue(list *[]pass, life time.Duration) string {
	var raw [32]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	secret := base64.RawURLEncoding.EncodeToString(raw[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	*list = append(*list, pass{sha256.Sum256([]byte(secret)), p.now().Add(life)})
	*list = (*list)[max(0, len(*list)-mostPasses):]
	return secret
}

// find is the place of secret in list, -1 if it is not there. Each is compared, in
// constant time.
func (p *passes) find(list []pass, secret string) int {
	hash, found := sha256.Sum256([]byte(secret)), -1
	for i := range list {
		if subtle.ConstantTimeCompare(hash[:], list[i].hash[:]) == 1 && p.now().Before(list[i].ends) {
			found = i
		}
	}
	return found
}

// exchange gives a pass for the secret of a link, which is good no more.
func (p *passes) exchange(secret string) (pass string, ok bool) {
	p.mu.Lock()
	i := p.find(p.links, secret)
	if i >= 0 {
		p.links = append(p.links[:i], p.links[i+1:]...)
	}
	p.mu.Unlock()
	if i < 0 {
		return "", false
	}
	return p.issue(&p.pages, passLife), true
}

func (p *passes) valid(secret string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.find(p.pages, secret) >= 0
}

// tokenValid tells whether secret admits who asks: it is that of a token, or a
// pass in the hand of the own page.
func (s *Server) tokenValid(r *http.Request, secret string) bool {
	return s.o.Station.TokenValid(secret) || s.guard.isOwnPage(r) && s.passes.valid(secret)
}

// isOwnPage tells whether r comes from one of our own pages. Browsers send no
// Origin with what a page reads from where it came itself.
func (g *guard) isOwnPage(r *http.Request) bool {
	if origin, page := originOf(r); page {
		return g.own[origin]
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin"
}

// pagePass answers the own page with a pass for the secret of its link.
func (s *Server) pagePass(w http.ResponseWriter, r *http.Request) {
	origin, _ := originOf(r)
	token, ok := "", false
	if s.guard.own[origin] {
		token, ok = s.passes.exchange(bearerOf(r))
	}
	if !ok {
		s.o.Station.NoteRefusal(origin, "a link to the page that is not valid, or no longer")
		(&refusal{http.StatusUnauthorized, "forbidden", "this link is not valid, or no longer: open the page from the tray again"}).write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"token": token})
}
