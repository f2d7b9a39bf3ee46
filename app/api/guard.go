package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// guard is who may connect. It stands in front of every path and looks at
// every request, those of an established session too, since the Socket.IO
// library looks at none.
//
//   - Host must be this computer with our own port, or another site could reach
//     us under its own name (DNS rebinding).
//   - A page (Origin present) must be approved by the clinician.
//   - A request without Origin that a browser marks as coming from another site
//     is refused: <script> and <img> send no Origin.
//   - JSONP is refused: it answers any script tag.
//   - With requireToken everybody presents a token.
type guard struct {
	station      *station.Station
	requireToken bool
	bodyTimeout  time.Duration
	slowAfter    time.Duration
	hosts        map[string]bool
	own          map[string]bool // origins of our own pages
	sockets      *sockets
	next         http.Handler
}

func newGuard(o *Options, port int, sockets *sockets, next http.Handler) *guard {
	g := &guard{
		station: o.Station, requireToken: o.RequireToken, bodyTimeout: o.bodyTimeout, slowAfter: o.SlowAfter,
		hosts: map[string]bool{}, own: map[string]bool{}, sockets: sockets, next: next,
	}
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
		host := fmt.Sprintf("%s:%d", name, port)
		g.hosts[host], g.own["http://"+host] = true, true
		if port == 80 {
			g.hosts[name], g.own["http://"+name] = true, true
		}
	}
	return g
}

// A refusal is why a request is not served; its code is the contract's.
type refusal struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

// retryAfter is when trying again may help, in seconds.
const retryAfter = "5"

// write answers with {error: {code, message}}, as acknowledgements do.
func (no *refusal) write(w http.ResponseWriter) {
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if no.Code == "limit" {
		h.Set("Retry-After", retryAfter)
	}
	w.WriteHeader(no.status)
	json.NewEncoder(w).Encode(map[string]*refusal{"error": no})
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Add("Vary", "Origin")
	// A WebSocket goes on with the bare connection, and has no body.
	if r.Header.Get("Upgrade") == "" || r.Body != http.NoBody {
		timed := timeRequest(w, r, g.bodyTimeout, g.slowAfter)
		defer timed.end()
		if timed.cut() != nil {
			return
		}
		w = timed
	}
	no := g.refuse(w, r)
	if no != nil && no.Code == "forbidden" {
		origin, _ := originOf(r)
		g.station.NoteRefusal(origin, no.Message)
	}
	switch {
	case no != nil && strings.HasPrefix(r.URL.Path, fhirPath):
		writeFHIR(w, r, no.status, no.outcome())
	case no != nil:
		no.write(w)
	case r.Method == http.MethodOptions:
		preflight(w, r)
	default:
		g.next.ServeHTTP(w, r)
	}
}

func (g *guard) refuse(w http.ResponseWriter, r *http.Request) *refusal {
	if crowded(r) {
		w.Header().Set("Connection", "close")
		return &noPlace
	}
	if !g.hosts[strings.ToLower(r.Host)] {
		return &refusal{http.StatusForbidden, "forbidden", "this server answers to localhost with its own port only"}
	}
	if r.URL.Query().Has("j") {
		return &refusal{http.StatusForbidden, "forbidden", "JSONP is not served"}
	}
	if origin, page := originOf(r); page {
		if no := g.refuseOrigin(w, r, origin); no != nil {
			return no
		}
	} else if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return &refusal{http.StatusForbidden, "forbidden", "requests of other sites are served only with an approved Origin"}
	}
	if g.requireToken && !g.mayComeWithout(r) && !g.sockets.server.tokenValid(r, tokenOf(r)) {
		return &refusal{http.StatusUnauthorized, "forbidden", "a token is required: vitalien tokens create NAME"}
	}
	return nil
}

// refuseOrigin also writes the headers that let an approved page read the
// answer. A page for which trying again can help may read that, and no more.
func (g *guard) refuseOrigin(w http.ResponseWriter, r *http.Request, origin string) *refusal {
	var fault *fhirmap.Fault
	if !g.own[origin] && !g.sockets.has(r, origin) {
		fault = fhirmap.FaultOf(g.station.CheckOrigin(origin))
	}
	if fault == nil || fault.Temporary {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After")
	}
	if fault == nil {
		return nil
	}
	status := http.StatusForbidden
	if fault.Code == "limit" {
		status = http.StatusTooManyRequests
	}
	return &refusal{status, fault.Code, fault.English}
}

func originOf(r *http.Request) (string, bool) {
	origins := r.Header.Values("Origin")
	if len(origins) > 1 {
		return strings.Join(origins, ","), true // never one that is known
	}
	return r.Header.Get("Origin"), len(origins) == 1
}

// mayComeWithout names what may pass without a token: the bare state, the page
// for integrators, which holds no data and asks for a token itself, what it says
// when a link has opened it, and the opening of a Socket.IO session that will present auth.token in its first
// packet (clients 3.x and 4.x), which authorize then demands.
func (g *guard) mayComeWithout(r *http.Request) bool {
	query := r.URL.Query()
	_, file := pages[r.URL.Path]
	return r.Method == http.MethodOptions || r.URL.Path == "/status" || file ||
		r.URL.Path == pagePassPath || (strings.HasPrefix(r.URL.Path, socketPath) && query.Get("EIO") == "4")
}

func tokenOf(r *http.Request) string {
	if bearer := bearerOf(r); bearer != "" {
		return bearer
	}
	return r.URL.Query().Get("token")
}

func bearerOf(r *http.Request) string {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") { // RFC 9110, 11.1
		return ""
	}
	return strings.TrimLeft(bearer, " ")
}

func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match")
	h.Set("Access-Control-Max-Age", "600")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
}
