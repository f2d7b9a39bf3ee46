package station

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// Bounds of the questions that web pages can raise.
const (
	maxQuestions    = 16               // pages that wait at a time; more are refused without a question
	refusalCoolDown = 10 * time.Minute // after «Refuser», the page raises no question for so long
	maxOrigin       = 300              // characters of an origin
)

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
	once     map[string]bool
	waiting  []string             // oldest first
	refused  map[string]time.Time // until when
	onRevoke []func(origin string)
	tokens   map[string]token
}

func openAccess(store *localstore.Store, now func() time.Time, log *slog.Logger) (*access, error) {
	a := &access{
		store: store, now: now, log: log, approved: map[string]Approval{}, once: map[string]bool{},
		refused: map[string]time.Time{}, tokens: map[string]token{},
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

// OriginAllowed tells whether a page of origin may connect. For an unknown one
// the clinician is asked, unless they refused it a short while ago; pending
// then says that the answer may come.
func (s *Station) OriginAllowed(origin string) (allowed, pending bool) {
	a := s.access
	a.mu.Lock()
	_, approved := a.approved[origin]
	if approved || a.once[origin] {
		a.mu.Unlock()
		return true, false
	}
	asked, waiting := a.askLocked(origin)
	a.mu.Unlock()
	if asked {
		s.log.Info("web page asks for access", "origin", origin)
		s.board.changed()
	}
	return false, waiting
}

func (a *access) askLocked(origin string) (asked, waiting bool) {
	if slices.Contains(a.waiting, origin) {
		return false, true
	}
	if origin != "null" {
		if normal, err := NormalOrigin(origin); err != nil || normal != origin {
			return false, false
		}
	}
	for refused, until := range a.refused {
		if !a.now().Before(until) {
			delete(a.refused, refused)
		}
	}
	if _, cooling := a.refused[origin]; cooling || len(a.waiting) >= maxQuestions {
		return false, false
	}
	a.waiting = append(a.waiting, origin)
	return true, true
}

func (a *access) questions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.waiting)
}

// AnswerOrigin is the clinician's answer to a page that waits. The opaque
// origin "null" cannot be remembered: for it, always means this time.
func (s *Station) AnswerOrigin(ctx context.Context, origin string, answer Answer) error {
	switch {
	case answer == AnswerAlways && origin != "null":
		return s.AllowOrigin(ctx, origin)
	case answer == AnswerOnce, answer == AnswerAlways:
		s.access.settle(origin, func(a *access) { a.once[origin] = true })
	case answer == AnswerRefuse:
		s.access.settle(origin, func(a *access) { a.refused[origin] = a.now().Add(refusalCoolDown) })
	default:
		return badRequest(fmt.Sprintf("unknown answer %q", answer))
	}
	s.log.Info("web page answered", "origin", origin, "answer", string(answer))
	s.board.changed()
	return nil
}

func (a *access) settle(origin string, change func(*access)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = slices.DeleteFunc(a.waiting, func(w string) bool { return w == origin })
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
	s.board.changed()
	return nil
}

// RevokeOrigin takes the approval back, one for this time too; the connections
// of the page end.
func (s *Station) RevokeOrigin(_ context.Context, text string) error {
	origin, err := NormalOrigin(text)
	if strings.TrimSpace(text) == "null" {
		origin, err = "null", nil
	}
	if err != nil {
		return err
	}
	a := s.access
	a.changing.Lock()
	defer a.changing.Unlock()
	a.mu.Lock()
	_, approved := a.approved[origin]
	known := approved || a.once[origin]
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
