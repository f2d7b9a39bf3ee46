package station

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// The alerts that are shown are made anew from the log at start. A note says up
// to where that has been done and which entries still count, so that what lies
// between the note and the end of the log is all that has to be read.
const (
	alertsKey  = "alerts"
	noteBehind = 20_000  // numbers of the log between two notes at most, about
	lookBack   = 100_000 // where there is no note
)

type alertNote struct {
	UpTo    uint64   `json:"upTo"`
	Entries []uint64 `json:"entries"` // the last change of each alert that is shown
}

// restoreAlerts reads what the note says, and what the log holds behind it. What
// cannot be read is logged: alarms that are present come again by themselves,
// and no measurement must wait for them.
func (s *Station) restoreAlerts() error {
	note, err := s.alertNote()
	if err != nil {
		return err
	}
	for _, seq := range note.Entries {
		if err := s.applyAlerts(seq, seq); err != nil {
			s.log.Error("an alert cannot be read", "entry", seq, "error", err)
		}
	}
	s.alerts.changed, s.alerts.noted = false, note.UpTo
	if err := s.applyAlerts(note.UpTo+1, s.Head()); err != nil {
		s.log.Error("the alerts at the end of the log cannot be read", "error", err)
	}
	return nil
}

func (s *Station) alertNote() (note alertNote, err error) {
	note.UpTo = s.Head() - min(s.Head(), lookBack)
	text, found, err := s.store.Get(stateBucket, alertsKey)
	if err != nil || !found {
		return note, err
	}
	if err := json.Unmarshal(text, &note); err != nil || note.UpTo > s.Head() {
		s.log.Warn("the note of the alerts does not belong to this log; reading its end")
		return alertNote{UpTo: s.Head() - min(s.Head(), lookBack)}, nil
	}
	return note, nil
}

// applyAlerts applies the changes that the log holds under the numbers from
// first to last.
func (s *Station) applyAlerts(first, last uint64) error {
	first = max(first, s.store.First())
	for first <= last {
		records, err := s.store.Read(first, followRecords, followBytes)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			if r.Kind == kindAlerts {
				if err := s.applyAlert(r, first, last); err != nil {
					return err
				}
			}
			first = r.Last() + 1
		}
	}
	return nil
}

func (s *Station) applyAlert(r localstore.Record, first, last uint64) error {
	e, err := decode(r)
	if err != nil {
		return err
	}
	for i := range e.Alerts {
		if seq := r.First + uint64(i); first <= seq && seq <= last {
			where := e.Alerts[i].place()
			p := s.alerts.enter(where, s.now())
			s.alerts.apply(p, e.Alerts[i:i+1], seq)
			s.alerts.leave(where, p)
		}
	}
	return nil
}

// noteAlerts writes the note when there is something new to say. Whoever
// records alerts holds the ward, so that the note never misses one.
func (s *Station) noteAlerts() error {
	s.ward.Lock()
	note := alertNote{UpTo: s.Head()}
	changed := s.alerts.note(&note)
	s.ward.Unlock()
	if !changed {
		return nil
	}
	text, err := json.Marshal(note)
	if err == nil {
		err = s.store.Put(stateBucket, alertsKey, text)
	}
	if err != nil {
		s.alerts.mu.Lock()
		s.alerts.changed = true
		s.alerts.mu.Unlock()
	}
	return err
}

// note fills in which entries count. The caller has the ward for itself.
func (a *alerts) note(note *alertNote) (changed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.changed && note.UpTo < a.noted+noteBehind {
		return false
	}
	for _, shown := range a.shown {
		note.Entries = append(note.Entries, shown.seq)
	}
	slices.Sort(note.Entries)
	a.changed, a.noted = false, note.UpTo
	return true
}

// tidyAlerts ends the alerts of monitors that have told nothing of alarms for a
// day, and forgets those that are over for as long.
func (s *Station) tidyAlerts(ctx context.Context) error {
	s.ward.RLock()
	defer s.ward.RUnlock()
	now := s.now()
	for _, where := range s.alerts.tidy(now) {
		if err := s.endSilent(ctx, where, now); err != nil {
			return err
		}
	}
	return nil
}

func (a *alerts) tidy(now time.Time) []place {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, shown := range a.shown {
		if !shown.Alert.Active() && now.Sub(shown.Alert.End) > endedAlertAge {
			delete(a.shown, id)
			a.changed = true
		}
	}
	return slices.Collect(maps.Keys(a.places))
}

func (s *Station) endSilent(ctx context.Context, where place, now time.Time) error {
	p := s.alerts.enter(where, now)
	defer s.alerts.leave(where, p)
	if now.Sub(p.heard) <= alertSilence || len(p.present) == 0 {
		return nil
	}
	silent := comparison{now: now, present: maps.Clone(p.present), alarms: &fhirmap.Alarms{
		Complete: []fhirmap.AlarmKind{fhirmap.Physiological, fhirmap.Technical},
	}}
	silent.compare()
	return s.change(ctx, p, silent.changes, now)
}

// keepTidy looks every minute after what grows old, until ctx ends.
func (s *Station) keepTidy(ctx context.Context) {
	for tick := time.NewTicker(time.Minute); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		s.watchClock()
		if err := s.tidyAlerts(ctx); err != nil {
			s.log.Warn("alerts of silent monitors could not be ended; trying again", "error", err)
		}
		if err := s.noteAlerts(); err != nil {
			s.log.Warn("noting the alerts; trying again", "error", err)
		}
		if err := s.saveReceivers(); err != nil {
			s.log.Warn("noting who has received measurements; trying again", "error", err)
		}
		if err := s.quarantine.Prune(s.now()); err != nil {
			s.log.Warn("removing old messages from quarantine; trying again", "error", err)
		}
	}
}
