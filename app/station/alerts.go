package station

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// The limits of what is remembered of alerts. The log has them all.
const (
	mostAlerts    = 2048 // shown at one time
	mostEndedKept = 512  // of them over
	alertSilence  = 24 * time.Hour
	endedAlertAge = 24 * time.Hour
)

// The types of AlertChange: codes of the contract's events.
const (
	AlertCreated = "CREATE"
	AlertUpdated = "UPDATE"
)

// An AlertChange is the start of an alert, or a change of it: a raised
// priority, its acknowledgement, its end.
type AlertChange struct {
	Type  string // CREATE or UPDATE
	Alert fhirmap.Alert
}

// alertEntry is a change as the log keeps it.
type alertEntry struct {
	Type  string           `json:"type"`
	Alert fhirmap.Alert    `json:"alert"`
	Named *fhirmap.Patient `json:"named,omitempty"` // whom the monitor named
}

func (e *alertEntry) key() string {
	a := &e.Alert
	return (&fhirmap.Alarm{Kind: a.Kind, System: a.System, Code: a.Code, Text: a.Text, Type: a.Type}).Key()
}

func (e *alertEntry) place() place { return place{e.Alert.Device.ID, e.Alert.Bed} }

// alerts are those that people must see: present, or over and acknowledged by
// nobody.
type alerts struct {
	mu      sync.Mutex
	places  map[place]*placeAlerts
	shown   map[string]shownAlert // by id
	ended   endings
	changed bool   // since the last note
	noted   uint64 // up to where the log has been noted
}

type shownAlert struct {
	alertEntry
	seq uint64 // of its last change
}

// placeAlerts are the conditions that are present at one place. mu is held from
// the comparison with what the monitor says to the commit.
type placeAlerts struct {
	mu      sync.Mutex
	heard   time.Time
	present map[string]alertEntry
	users   int // between enter and leave; guarded by alerts.mu
}

func newAlerts() *alerts {
	return &alerts{places: map[place]*placeAlerts{}, shown: map[string]shownAlert{}, ended: endings{}}
}

// enter gives the place, locked, until leave.
func (a *alerts) enter(where place, now time.Time) *placeAlerts {
	a.mu.Lock()
	p := a.places[where]
	if p == nil {
		p = &placeAlerts{present: map[string]alertEntry{}, heard: now}
		a.places[place{strings.Clone(where.device), strings.Clone(where.bed)}] = p
	}
	p.users++
	a.mu.Unlock()
	p.mu.Lock()
	return p
}

// leave forgets the place when nothing is present there.
func (a *alerts) leave(where place, p *placeAlerts) {
	defer p.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.users--; p.users == 0 && len(p.present) == 0 {
		delete(a.places, where)
	}
}

// alarm records how the alarms of r differ from the alerts that are present.
// Those that are too many are logged, and nothing else is lost with them. The
// caller holds the ward.
func (s *Station) alarm(ctx context.Context, r *fhirmap.Report, received time.Time) error {
	for i := range r.Alarms {
		err := s.alarmsAt(ctx, r, &r.Alarms[i], received)
		if errors.Is(err, errTooManyAlarms) {
			s.log.Warn("alarms were not recorded", "link", r.Link, "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errTooManyAlarms = errors.New("too many alarm conditions are present at one time")

func (s *Station) alarmsAt(ctx context.Context, r *fhirmap.Report, a *fhirmap.Alarms, received time.Time) error {
	where := place{a.Device.ID, a.Bed}
	if list := s.alerts.inTime(where, a.List, received); len(list) < len(a.List) {
		timely := *a
		a, timely.List = &timely, list
	}
	if !s.alerts.presentAt(where) && !slices.ContainsFunc(a.List, func(alarm fhirmap.Alarm) bool { return !alarm.Ended }) {
		return nil
	}
	p := s.alerts.enter(where, received)
	defer s.alerts.leave(where, p)
	p.heard = received
	test := a.Test || slices.ContainsFunc(r.Measurements, func(m fhirmap.Measurement) bool { return m.Test })
	said := comparison{now: received, alarms: a, present: maps.Clone(p.present), start: func(alarm *fhirmap.Alarm) alertEntry {
		return s.newAlert(a, alarm, test, received)
	}}
	said.compare()
	changes, err := s.alerts.fitting(said.changes)
	if len(changes) > 0 {
		err = cmp.Or(s.change(ctx, p, changes, received), err)
	}
	return err
}

// change makes changes at p durable and then visible. The caller holds p and the
// ward. Its outcome must be certain, so the end of ctx does not end it.
func (s *Station) change(ctx context.Context, p *placeAlerts, changes []alertEntry, now time.Time) error {
	first, err := s.appendEntry(context.WithoutCancel(ctx), kindAlerts, len(changes), &entry{
		Received: now, Open: s.open.seqOrZero(), Alerts: changes,
	})
	if err != nil {
		return err
	}
	s.alerts.apply(p, changes, first)
	for i := range changes {
		if c := &changes[i]; c.Type == AlertCreated || !c.Alert.Active() {
			s.sampler.restart(c.Alert.Device.ID)
		}
	}
	return nil
}

// newAlert copies all texts: one would keep its whole message in memory.
func (s *Station) newAlert(a *fhirmap.Alarms, alarm *fhirmap.Alarm, test bool, received time.Time) alertEntry {
	e := alertEntry{Type: AlertCreated, Named: clonePatient(a.Patient), Alert: fhirmap.Alert{
		ID: s.newID(), Kind: alarm.Kind, System: strings.Clone(alarm.System), Code: strings.Clone(alarm.Code), Text: strings.Clone(alarm.Words()),
		Priority: alarm.Priority, Type: alarm.Type, Device: cloneDevice(&a.Device), Bed: strings.Clone(a.Bed), Start: alarm.Start, Test: test,
	}}
	e.Alert.Patient, e.Alert.Consultation = s.attribute(&fhirmap.Measurement{Patient: e.Named, Time: alarm.Start, Test: test}, received)
	if alarm.Start.IsZero() {
		e.Alert.Start = received
	}
	if alarm.Acknowledged {
		e.Alert.Acknowledged = received
	}
	return e
}

func (a *alerts) inTime(where place, list []fhirmap.Alarm, now time.Time) []fhirmap.Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended.withoutLate(where, list, now)
}

func (a *alerts) presentAt(where place) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.places[where] != nil
}

// fitting leaves out the starts of more conditions than can be remembered. Alerts
// that are over make room first.
func (a *alerts) fitting(changes []alertEntry) ([]alertEntry, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	need, free := 0, mostAlerts-a.active()
	for i := range changes {
		switch {
		case changes[i].Type == AlertCreated:
			need++
		case !changes[i].Alert.Active():
			free++
		}
	}
	if need <= free {
		a.dropEnded(min(mostEndedKept, free-need))
		return changes, nil
	}
	fit := slices.DeleteFunc(changes, func(c alertEntry) bool {
		if c.Type != AlertCreated {
			return false
		}
		free--
		return free < 0
	})
	a.dropEnded(0)
	return fit, errTooManyAlarms
}

func (a *alerts) active() (n int) {
	for _, shown := range a.shown {
		if shown.Alert.Active() {
			n++
		}
	}
	return n
}

// dropEnded keeps the newest of the alerts that are over.
func (a *alerts) dropEnded(keep int) {
	var ended []shownAlert
	for _, shown := range a.shown {
		if !shown.Alert.Active() {
			ended = append(ended, shown)
		}
	}
	if len(ended) <= keep {
		return
	}
	slices.SortFunc(ended, func(x, y shownAlert) int { return y.Alert.End.Compare(x.Alert.End) })
	for _, old := range ended[keep:] {
		delete(a.shown, old.Alert.ID)
	}
	a.changed = true
}

// apply makes changes visible that the log holds from number first on.
func (a *alerts) apply(p *placeAlerts, changes []alertEntry, first uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.changed = true
	for i, c := range changes {
		key := c.key()
		if c.Alert.Active() {
			p.present[key] = c
		} else if p.present[key].Alert.ID == c.Alert.ID {
			delete(p.present, key)
		}
		if c.Alert.Active() || c.Alert.Acknowledged.IsZero() {
			a.shown[c.Alert.ID] = shownAlert{c, first + uint64(i)}
		} else {
			delete(a.shown, c.Alert.ID)
		}
	}
	a.dropEnded(mostEndedKept)
}

// Alerts are the alerts that people must see: those that are present, and those
// that are over but acknowledged by nobody, for a day; the present ones first,
// of these the most urgent, then the newest.
func (s *Station) Alerts() []fhirmap.Alert {
	a := s.alerts
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]fhirmap.Alert, 0, len(a.shown))
	for _, shown := range a.shown {
		list = append(list, shown.Alert)
	}
	slices.SortFunc(list, fhirmap.Urgency)
	return list
}

// AcknowledgeAlert notes that somebody has seen the alert. One that was
// acknowledged before stays as it is. It returns once that is on disk. Errors
// are Faults: not_found, and those of the store.
func (s *Station) AcknowledgeAlert(ctx context.Context, id string) error {
	s.ward.RLock()
	defer s.ward.RUnlock()
	shown, ok := s.alerts.find(id)
	if !ok {
		return &fhirmap.Fault{
			Code: "not_found", English: "no such alert",
			French: "Cette alerte n’existe plus\u202f: elle est terminée et déjà acquittée.",
		}
	}
	p := s.alerts.enter(shown.place(), s.now())
	defer s.alerts.leave(shown.place(), p)
	shown, ok = s.alerts.find(id)
	if !ok || !shown.Alert.Acknowledged.IsZero() {
		return nil // by somebody else meanwhile
	}
	change := shown.alertEntry
	change.Type, change.Alert.Acknowledged = AlertUpdated, s.now()
	return s.change(ctx, p, []alertEntry{change}, change.Alert.Acknowledged)
}

func (a *alerts) find(id string) (shownAlert, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	shown, ok := a.shown[id]
	return shown, ok
}
