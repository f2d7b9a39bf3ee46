package station

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// Bounds of the questions that web pages can raise, and of what the answers
// are worth.
const (
	maxQuestions    = 16               // pages that wait at a time; more raise no question
	maxOfSite       = 4                // of them, pages of one site
	questionLife    = 2 * time.Minute  // since the page last asked
	refusalCoolDown = 10 * time.Minute // after «Refuser», the page raises no question for so long
	onceLife        = 2 * time.Minute  // of «Cette fois» while the page has no session: time to reconnect
	maxOrigin       = 300              // characters of an origin
)

// opaque is the origin of a page without an address. Any sandboxed frame of
// any site has it, so it never stands for one page.
const opaque = "null"

const originBucket = "origins"

// An Approval is the standing permission of a web page to receive
// measurements.
type Approval struct {
	Origin string    `json:"origin"`
	Since  time.Time `json:"since"`
}

// access is who may connect. Approvals are kept in the store, answers for
// this time only until the program ends.
type access struct {
	store *localstore.Store
	now   func() time.Time
	log   *slog.Logger

	changing sync.Mutex // held over a change in the store and in memory, which must agree

	mu       sync.Mutex // guards what follows; never held over the disk
	approved map[string]Approval
	once     map[string]time.Time // until when, while the page has no session
	sessions map[string]int       // open ones, by origin
	waiting  []question           // oldest first
	alarm    *time.Timer          // pending while a question waits
	refused  map[string]time.Time // until when
	onRevoke []func(origin string)

	tokens        map[string]token
	onRevokeToken []func()
}

// A question is a page that waits for the clinician's answer.
type question struct {
	origin, site string
	asked        time.Time // the last time
}

func openAccess(store *localstore.Store, now func() time.Time, log *slog.Logger) (*access, error) {
	a := &access{
		store: store, now: now, log: log, approved: map[string]Approval{}, once: map[string]time.Time{},
		sessions: map[string]int{}, refused: map[string]time.Time{}, tokens: map[string]token{},
	}
	stored, err := store.List(originBucket)
	if err != nil {
		return nil, err
	}
	for origin, value := range stored {
		var approval Approval
		if err := json.Unmarshal(value, &approval); err != nil {
			return nil, fmt.Errorf("approval of %s: %w", origin, err)
		}
		a.approved[origin] = approval
	}
	return a, a.loadTokens()
}

// originForm is an origin in small letters. Browsers write international names
// in ASCII.
var originForm = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$`)

// NormalOrigin is the origin as browsers send it (RFC 6454, section 6.1):
// scheme and host in small letters, no path, no default port.
func NormalOrigin(text string) (string, error) {
	parts := originForm.FindStringSubmatch(strings.ToLower(strings.TrimSuffix(strings.TrimSpace(text), "/")))
	if parts == nil || len(text) > maxOrigin {
		return "", &fhirmap.Fault{
			Code: "bad_request", English: fmt.Sprintf("%.80q is no web origin such as https://ehr.example", text),
			French: "Cette adresse n’est pas celle d’un site, comme https://logiciel.exemple.fr.",
		}
	}
	scheme, host, port := parts[1], parts[2], parts[3]
	if (scheme == "https" && port == ":443") || (scheme == "http" && port == ":80") {
		port = ""
	}
	return scheme + "://" + host + port, nil
}

// siteOf is the last two labels of an origin's host, or its address: what who
// makes up subdomains cannot change.
func siteOf(origin string) string {
	parts := originForm.FindStringSubmatch(origin)
	if parts == nil {
		return origin
	}
	if _, err := netip.ParseAddr(strings.Trim(parts[2], "[]")); err == nil {
		return parts[2]
	}
	labels := strings.Split(strings.TrimRight(parts[2], "."), ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// CheckOrigin tells whether a page of origin may connect: nil, or a Fault.
// About an unknown page the clinician is asked, and asking again later may
// succeed: origin_pending. A page refused a short while ago is forbidden, and
// so is what is no web origin. When too many pages wait already it is limit.
func (s *Station) CheckOrigin(origin string) error {
	a := s.access
	a.mu.Lock()
	if a.allowedLocked(origin) {
		a.mu.Unlock()
		return nil
	}
	asked, err := a.askLocked(origin)
	if asked && a.alarm == nil {
		a.alarm = time.AfterFunc(questionLife, s.expireQuestions)
	}
	a.mu.Unlock()
	if asked {
		s.log.Info("web page asks for access", "origin", origin)
		s.board.changed()
	}
	return err
}

func (a *access) allowedLocked(origin string) bool {
	if _, approved := a.approved[origin]; approved {
		return true
	}
	until, once := a.once[origin]
	connected := a.sessions[origin] > 0 && origin != opaque
	if once && !connected && !a.now().Before(until) {
		delete(a.once, origin)
		once = false
	}
	return once
}

// AdmitSession notes that a page of origin has opened a session, and returns a
// function that notes its end; not ok when the page may not connect (any
// more). «Cette fois» lasts as long as the page has a session, and a little
// longer so that it can reconnect. For the origin "null" it is one session.
func (s *Station) AdmitSession(origin string) (ended func(), ok bool) {
	a := s.access
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.allowedLocked(origin) {
		return nil, false
	}
	if origin == opaque {
		delete(a.once, origin)
	}
	a.sessions[origin]++
	return sync.OnceFunc(func() { a.sessionEnded(origin) }), true
}

func (a *access) sessionEnded(origin string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sessions[origin]--; a.sessions[origin] > 0 {
		return
	}
	delete(a.sessions, origin)
	if _, once := a.once[origin]; once && origin != opaque {
		a.once[origin] = a.now().Add(onceLife)
	}
}

var (
	errPending = &fhirmap.Fault{
		Code: "origin_pending", Temporary: true,
		English: "the clinician is asked whether this page may receive measurements; try again",
		French:  "Cette page attend une autorisation dans la fenêtre de Vitalien.",
	}
	errTooManyWait = &fhirmap.Fault{
		Code: "limit", Temporary: true,
		English: "too many web pages wait for the clinician's answer, so this one was not asked about; try again later",
		French:  "Trop de pages web attendent déjà une autorisation. Répondez-leur dans la fenêtre de Vitalien, puis réessayez.",
	}
	errRefusedPage = &fhirmap.Fault{
		Code: "forbidden", English: "the clinician has refused this page",
		French: "L’accès aux mesures a été refusé à cette page.",
	}
	errNoOrigin = &fhirmap.Fault{
		Code: "forbidden", English: "the Origin of this request is not that of a web page",
		French: "Cette demande ne vient pas d’une page web reconnaissable.",
	}
)

// askLocked raises a question, or keeps the one that waits.
func (a *access) askLocked(origin string) (asked bool, err error) {
	now := a.now()
	a.expireLocked(now)
	if i := slices.IndexFunc(a.waiting, func(q question) bool { return q.origin == origin }); i >= 0 {
		a.waiting[i].asked = now
		return false, errPending
	}
	if normal, err := NormalOrigin(origin); origin != opaque && (err != nil || normal != origin) {
		return false, errNoOrigin
	}
	if _, cooling := a.refused[origin]; cooling {
		return false, errRefusedPage
	}
	q := question{origin, siteOf(origin), now}
	ofSite := 0
	for _, other := range a.waiting {
		if other.site == q.site {
			ofSite++
		}
	}
	if len(a.waiting) >= maxQuestions || ofSite >= maxOfSite {
		return false, errTooManyWait
	}
	a.waiting = append(a.waiting, q)
	return true, errPending
}

// expireLocked forgets refusals that are over and the questions of pages that
// ask no more.
func (a *access) expireLocked(now time.Time) {
	for origin, until := range a.refused {
		if !now.Before(until) {
			delete(a.refused, origin)
		}
	}
	a.waiting = slices.DeleteFunc(a.waiting, func(q question) bool { return now.Sub(q.asked) >= questionLife })
}

// expireQuestions takes questions off the window whose pages are gone.
func (s *Station) expireQuestions() {
	a := s.access
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.expireLocked(now)
	a.alarm = nil
	next := questionLife
	for _, q := range a.waiting {
		next = min(next, q.asked.Add(questionLife).Sub(now))
	}
	if len(a.waiting) > 0 {
		a.alarm = time.AfterFunc(next, s.expireQuestions)
	}
	s.board.changed()
}

func (a *access) questions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expireLocked(a.now())
	origins := make([]string, len(a.waiting))
	for i, q := range a.waiting {
		origins[i] = q.origin
	}
	return origins
}

// AnswerOrigin is the clinician's answer to a page that waits. The opaque
// origin "null" cannot be remembered: for it, always means this time, which is
// one session.
func (s *Station) AnswerOrigin(ctx context.Context, origin string, answer Answer) error {
	switch {
	case answer == AnswerAlways && origin != opaque:
		return s.AllowOrigin(ctx, origin)
	case answer == AnswerOnce, answer == AnswerAlways:
		s.access.settle(origin, func(a *access) { a.once[origin] = a.now().Add(onceLife) })
	case answer == AnswerRefuse:
		s.access.settle(origin, func(a *access) { a.refused[origin] = a.now().Add(refusalCoolDown) })
	default:
		return badRequest(fmt.Sprintf("unknown answer %q", answer))
	}
	s.log.Info("web page answered", "origin", origin, "answer", string(answer))
	s.audit(map[bool]Action{true: AuditOriginRefused, false: AuditOriginOnce}[answer == AnswerRefuse], origin, "")
	s.board.changed()
	return nil
}

func (a *access) settle(origin string, change func(*access)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = slices.DeleteFunc(a.waiting, func(q question) bool { return q.origin == origin })
	change(a)
}

// AllowOrigin approves a web page for good.
func (s *Station) AllowOrigin(_ context.Context, text string) error {
	origin, err := NormalOrigin(text)
	if err != nil {
		return err
	}
	s.access.changing.Lock()
	defer s.access.changing.Unlock()
	approval := Approval{origin, s.now()}
	value, err := json.Marshal(approval)
	if err != nil {
		return err
	}
	if err := s.store.Put(originBucket, origin, value); err != nil {
		return err
	}
	s.access.settle(origin, func(a *access) { a.approved[origin] = approval; delete(a.refused, origin) })
	s.log.Info("web page approved", "origin", origin)
	s.audit(AuditOriginAllowed, origin, "")
	s.board.changed()
	return nil
}

// RevokeOrigin takes the approval back, one for this time too; the connections
// of the page end.
func (s *Station) RevokeOrigin(_ context.Context, text string) error {
	origin, err := NormalOrigin(text)
	if strings.TrimSpace(text) == opaque {
		origin, err = opaque, nil
	}
	if err != nil {
		return err
	}
	a := s.access
	a.changing.Lock()
	defer a.changing.Unlock()
	a.mu.Lock()
	known := a.allowedLocked(origin) || a.sessions[origin] > 0
	a.mu.Unlock()
	if !known {
		return &fhirmap.Fault{
			Code: "not_found", English: origin + " is not approved", French: "Ce site n’est pas autorisé.",
		}
	}
	if err := s.store.Delete(originBucket, origin); err != nil {
		return err
	}
	var told []func(string)
	a.settle(origin, func(a *access) {
		delete(a.approved, origin)
		delete(a.once, origin)
		told = slices.Clone(a.onRevoke)
	})
	for _, tell := range told {
		tell(origin)
	}
	s.log.Info("web page revoked", "origin", origin)
	s.audit(AuditOriginRevoked, origin, "")
	s.board.changed()
	return nil
}

// OnRevoke has tell called with each origin whose approval is taken back. It
// must not change approvals itself.
func (s *Station) OnRevoke(tell func(origin string)) {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.onRevoke = append(s.access.onRevoke, tell)
}

// Approvals are the approved web pages, by name.
func (s *Station) Approvals() []Approval {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	list := make([]Approval, 0, len(s.access.approved))
	for _, approval := range s.access.approved {
		list = append(list, approval)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Origin < list[j].Origin })
	return list
}
