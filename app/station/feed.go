package station

import (
	"context"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// An Event is one entry of the log as followers read it. One message that
// changes several alerts is an Event each.
type Event struct {
	First, Last  uint64 // the sequence numbers that it took
	Measurements []fhirmap.Recorded
	Started      *Consultation          // a consultation that this entry started
	Ended        *Consultation          // a consultation that this entry ended
	Alert        *AlertChange           // an alert that started, changed or ended
	Recording    *fhirmap.RecordedSound // a sound recording that was stored
	Correction   *Correction            // a measurement of which something was corrected
	Removed      []Removed              // what was deleted with a patient
}

// A Correction is what has become of a measurement. Like everything that is read
// of it, it tells of the newest version.
type Correction struct {
	fhirmap.Recorded
	Entry uint64 // the number of the correction itself
	// Whose are all to whom the measurement was ever attributed, so that who
	// follows one of them learns that it is theirs no more.
	Whose []Attribution
}

// How much of the log one Follow reads at most. A follower that is far behind
// holds no more than this in memory.
const (
	followRecords = 256
	followBytes   = 256 << 10
)

// First is the number that the log starts with: what was before is past its
// retention.
func (s *Station) First() uint64 { return s.store.First() }

// Head is the number of the last durable entry, 0 when the log is empty.
func (s *Station) Head() uint64 { return s.store.Head() }

// Wait returns as soon as there is something behind after.
func (s *Station) Wait(ctx context.Context, after uint64) error { return s.store.Wait(ctx, after) }

// Follow reads what comes behind after, in log order, a bounded piece at a
// time; nothing when after is the head. The next call continues behind the
// Last of the last Event. When after lies within an entry, the first Event is
// the rest of it, with the measurement whole that after lies within.
func (s *Station) Follow(after uint64) ([]Event, error) {
	records, err := s.store.Read(after+1, followRecords, followBytes)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(records))
	for _, r := range records {
		found, err := s.events(r)
		if err != nil {
			return nil, err
		}
		for _, event := range found {
			if event.Correction, err = s.complete(event.Correction); err != nil {
				return nil, err
			}
			if event.Last > after {
				events = append(events, event.behind(after))
			}
		}
	}
	return events, nil
}

func (e Event) behind(after uint64) Event {
	if e.First <= after {
		for len(e.Measurements) > 0 && e.Measurements[0].Last <= after {
			e.Measurements = e.Measurements[1:]
		}
		for len(e.Removed) > 0 && e.Removed[0].Seq <= after {
			e.Removed = e.Removed[1:]
		}
		e.First = after + 1
	}
	return e
}

// events is what one record of the log holds.
func (s *Station) events(r localstore.Record) ([]Event, error) {
	e, err := decode(r)
	if err != nil {
		return nil, err
	}
	if r.Kind != kindAlerts {
		return []Event{s.event(r, e)}, nil
	}
	list := make([]Event, len(e.Alerts))
	for i := range e.Alerts {
		seq := r.First + uint64(i)
		list[i] = Event{First: seq, Last: seq, Alert: &AlertChange{Type: e.Alerts[i].Type, Alert: e.Alerts[i].Alert}}
	}
	return list, nil
}

func (s *Station) event(r localstore.Record, e *entry) Event {
	event := Event{First: r.First, Last: r.First + uint64(r.Count) - 1}
	switch r.Kind {
	case kindConsultationStart:
		event.Started = e.Consultation
	case kindConsultationEnd:
		event.Ended = e.Consultation
	case kindRecording:
		event.Recording = s.recordedSound(r.First, e)
	case kindCorrection:
		event.Correction = &Correction{Recorded: fhirmap.Recorded{Seq: e.Correction.Of}, Entry: r.First}
	case kindDeletion:
		event.Removed = e.Deletion.told(r.First)
	}
	event.Measurements = s.recorded(r, e)
	s.corrections.apply(event.Measurements)
	return event
}

// recorded are the measurements of a record, without their corrections.
func (s *Station) recorded(r localstore.Record, e *entry) (list []fhirmap.Recorded) {
	e.each(r, func(seq, last uint64, m *recordedEntry) {
		list = append(list, fhirmap.Recorded{
			Measurement: m.Measurement, Seq: seq, Last: last, Log: s.store.ID(), Received: e.Received,
			Subject: m.Subject, Consultation: m.Consultation, Implausible: m.Implausible,
		})
	})
	return list
}

// complete reads what was corrected; nil when that is past its retention.
func (s *Station) complete(c *Correction) (*Correction, error) {
	if c == nil {
		return nil, nil
	}
	m, err := s.asRecorded(c.Seq)
	if isCode(err, localstore.CodeGone) || isCode(err, "not_found") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	versions := s.corrections.versions(c.Seq)
	c.Recorded = m
	c.Whose = []Attribution{{m.Subject, m.Consultation}}
	for _, v := range versions {
		c.Whose = append(c.Whose, Attribution{v.Subject, v.Consultation})
	}
	versions[len(versions)-1].apply(&c.Recorded)
	return c, nil
}
