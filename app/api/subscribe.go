package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// maxSubscriptions is how many a connection may have.
const maxSubscriptions = 32

var (
	resources  = []string{"Observation", "Patient", "Device", "Recording", "Consultation", "Alert", "Vitals"}
	eventTypes = []string{"CREATE", "UPDATE", "DELETE"}

	subscribed = map[string]form{ // those of the log
		"Observation": formEvent, "Alert": formAlert,
		"Recording": formRecording,
		"Patient":   formPatient, "Device": formDevice, "Consultation": formConsultation,
	}

	// filters are the members of a filter that a resource can have; one that is
	// not here has all.
	filters = map[string][]string{
		"Patient": {"patient"}, "Device": {"device", "deviceType"}, "Consultation": {"patient", "consultation"},
	}
)

const resourceVitals = "Vitals"

var errUnsubscribed = errors.New("unsubscribed")

// subscriptions are those of one connection.
type subscriptions struct {
	mu      sync.Mutex
	last    int
	cancels map[string]context.CancelCauseFunc
	pending []func() // that wait until the client knows their number
}

type subscribing struct {
	Resource string   `json:"resource"`
	Events   []string `json:"events"`
	Filter   filter   `json:"filter"`
	After    *uint64  `json:"after"`
}

// subscribe starts handing the client what it asks for: everything behind
// after, or all that comes from now on.
func subscribe(_ context.Context, c *socketConn, payload json.RawMessage) (answer, error) {
	asked, err := readSubscription(payload)
	if err != nil {
		return nil, err
	}
	head := c.station().Head()
	cursor := head
	if asked.After != nil {
		cursor = *asked.After
	}
	if first := c.station().First(); cursor+1 < first {
		return nil, &fhirmap.Fault{Code: "gone", English: fmt.Sprintf("the oldest number that is kept is %d: subscribe with after %d", first, first-1)}
	}
	if cursor > head {
		return nil, &fhirmap.Fault{Code: "gone", English: fmt.Sprintf("the log ends at %d: it is not the one that had %d", head, cursor)}
	}
	id, err := c.subscriptions.add(c, cursor, asked)
	if err != nil {
		return nil, err
	}
	return answer{"ok": true, "subscription": id, "head": head}, nil
}

func readSubscription(payload json.RawMessage) (asked subscribing, err error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return asked, badRequest("subscribe takes {resource, events?: [CREATE|UPDATE|DELETE], " +
			"filter?: {code?, device?, deviceType?, patient?, consultation?, bed?}, after?: a sequence number}")
	}
	if !slices.Contains(resources, asked.Resource) {
		return asked, badRequest(fmt.Sprintf("no resource %.64q: there are %v", asked.Resource, resources))
	}
	if asked.Resource == resourceVitals && (asked.After != nil || asked.Filter.Consultation != "") {
		return asked, badRequest("Vitals are the newest values alone: they have neither after nor filter.consultation")
	}
	for _, event := range asked.Events {
		if !slices.Contains(eventTypes, event) {
			return asked, badRequest(fmt.Sprintf("no event %.64q: there are %v", event, eventTypes))
		}
	}
	return asked, asked.checkFilter()
}

// checkFilter refuses what lets nothing through.
func (asked *subscribing) checkFilter() error {
	possible, limited := filters[asked.Resource]
	if !limited {
		return nil
	}
	for _, name := range asked.Filter.given() {
		if !slices.Contains(possible, name) {
			return badRequest(fmt.Sprintf("no %s ever matches filter.%s: its filter takes %s", asked.Resource, name, strings.Join(possible, " and ")))
		}
	}
	return nil
}

func badRequest(text string) error { return &fhirmap.Fault{Code: "bad_request", English: text} }

// add makes a subscription, which begins to deliver when begin is called.
func (s *subscriptions) add(c *socketConn, cursor uint64, asked subscribing) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cancels) >= maxSubscriptions {
		return "", &fhirmap.Fault{Code: "limit", English: fmt.Sprintf("a connection has at most %d subscriptions", maxSubscriptions)}
	}
	s.last++
	id = strconv.Itoa(s.last)
	ctx, cancel := context.WithCancelCause(c.ctx)
	if s.cancels == nil {
		s.cancels = map[string]context.CancelCauseFunc{}
	}
	s.cancels[id] = cancel
	s.pending = append(s.pending, func() {
		source, stop := asked.source(c, id, cursor)
		defer stop()
		if reason := (&pump{c, source}).run(ctx); reason != errUnsubscribed {
			c.drop(reason.Error())
		}
	})
	return id, nil
}

// source is what the subscription hands on, and what ends it.
func (asked *subscribing) source(c *socketConn, id string, cursor uint64) (s source, stop func()) {
	server := c.sockets.server
	if asked.Resource == resourceVitals {
		changed, stop := server.vitals.board.WatchLive()
		return &vitalsSource{vitals: server.vitals, changed: changed, filter: asked.Filter}, stop
	}
	frames := server.frames[subscribed[asked.Resource]]
	var log waiter = c.station()
	if frames.changes != nil {
		log = versionWaiter{c.station()}
	}
	return &logSource{log: log, frames: frames, cursor: cursor, pick: asked.picker(id, c.received)}, func() {}
}

// begin lets subscriptions deliver that the client now knows.
func (s *subscriptions) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, run := range s.pending {
		go run()
	}
	s.pending = nil
}

// during has write write unless ctx has ended, which no subscription's does
// meanwhile: nothing comes behind the answer to its end.
func (s *subscriptions) during(ctx context.Context, write func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	write()
	return true
}

// picker makes the client's own frames of the events it wants, and tells received
// of the measurements among them.
func (asked *subscribing) picker(id string, received func(first, last uint64)) func([]shared) []wsFrame {
	head := append(openEvent("event")[frameRoom:], `{"subscription":"`+id+`",`...)
	return func(events []shared) (frames []wsFrame) {
		for _, e := range events {
			if len(asked.Events) > 0 && !slices.Contains(asked.Events, e.about.event) || !asked.Filter.matches(e.about) {
				continue
			}
			if seq := e.about.measurement; seq > 0 {
				received(seq, seq)
			}
			b := append(make([]byte, frameRoom, frameRoom+len(head)+len(e.frame)+2), head...)
			frames = append(frames, closeEvent(append(append(b, e.frame...), '}')))
		}
		return frames
	}
}

// openData is what stands between the subscription and the resource.
func openData(seq uint64, event, resource string) []byte {
	b := strconv.AppendUint([]byte(`"seq":`), seq, 10)
	return append(b, `,"type":"`+event+`","resource":"`+resource+`","data":`...)
}

func unsubscribe(_ context.Context, c *socketConn, payload json.RawMessage) (answer, error) {
	var asked struct {
		Subscription identity `json:"subscription"`
	}
	if err := json.Unmarshal(payload, &asked); err != nil {
		return nil, badRequest("unsubscribe takes {subscription}")
	}
	s := &c.subscriptions
	s.mu.Lock()
	defer s.mu.Unlock()
	cancel, ok := s.cancels[string(asked.Subscription)]
	if !ok {
		return nil, &fhirmap.Fault{Code: "not_found", English: "no such subscription on this connection"}
	}
	cancel(errUnsubscribed)
	delete(s.cancels, string(asked.Subscription))
	return answer{"ok": true}, nil
}

func (c *socketConn) station() *station.Station { return c.sockets.server.o.Station }
