package station

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// Detail is what a monitor's continuous values are recorded for the rhythm alone:
// neither the first of a stream nor at an alarm, no cuff pressure, and not within
// a consultation. It is kept for less long than the rest. Then its numbers stay
// in the log, with nothing in them, as those of an erased patient do. What people
// have corrected stays.
const (
	detailAge = 30 * 24 * time.Hour

	detailKey  = "detail" // in stateBucket: the number up to which the log has been gone through
	detailStep = 2000     // numbers of the log at a time, so that nobody waits long
)

// isDetail tells whether m can be detail, whatever it was recorded for.
func (m *recordedEntry) isDetail() bool {
	return m.Device.Type == fhirmap.PatientMonitor && m.Consultation == "" && m.Origin == "" && m.Type != fhirmap.BloodPressure
}

// RetainDetail removes the detail that is past its retention, as far as the clock
// can be trusted, and returns how many messages. Errors are those of the store.
func (s *Station) RetainDetail(ctx context.Context) (removed int, err error) {
	if !s.clockIsPlausible() {
		return 0, nil
	}
	at, err := s.detailSeen()
	if err != nil {
		return 0, err
	}
	until := s.now().Add(-s.detailAge)
	for at < s.Head() {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		last, young, err := s.detailStretch(at+1, until)
		if err != nil {
			return removed, err
		}
		if last > at {
			n, err := s.dropDetail(ctx, at+1, last)
			if removed += n; err != nil {
				return removed, err
			}
			at = last
			if err := s.store.Put(stateBucket, detailKey, binary.BigEndian.AppendUint64(nil, at)); err != nil {
				return removed, err
			}
		}
		if young {
			break
		}
	}
	if removed > 0 {
		s.log.Info("removed from the log the detail of continuous values that is past its retention", "messages", removed)
	}
	return removed, nil
}

// ExpiredDetail tells how many messages of detail RetainDetail would go through
// now. Errors are those of the store.
func (s *Station) ExpiredDetail(ctx context.Context) (messages int, err error) {
	at, err := s.detailSeen()
	if err != nil {
		return 0, err
	}
	until := s.now().Add(-s.detailAge)
	for {
		records, err := s.store.Read(at+1, followRecords, followBytes)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || len(records) == 0 {
			return messages, err
		}
		for _, r := range records {
			received, _, err := header(r)
			if err != nil || !received.Before(until) || r.Last() >= s.Head() {
				return messages, err
			}
			if at = r.Last(); r.Kind == kindDetail {
				messages++
			}
		}
	}
}

// detailSeen is the number up to which the log has been gone through.
func (s *Station) detailSeen() (uint64, error) {
	noted, found, err := s.store.Get(stateBucket, detailKey)
	if err != nil {
		return 0, err
	}
	at := s.First() - 1
	if found && len(noted) == 8 {
		if seen := binary.BigEndian.Uint64(noted); seen <= s.Head() { // else it is of another log
			at = max(at, seen)
		}
	}
	return at, nil
}

// detailStretch is the last number of some records from first on that were all
// received before until; young tells that what follows was not, or is the newest.
func (s *Station) detailStretch(first uint64, until time.Time) (last uint64, young bool, err error) {
	last = first - 1
	for last-first+1 < detailStep {
		records, err := s.store.Read(last+1, followRecords, followBytes)
		if err != nil {
			return last, false, err
		}
		for _, r := range records {
			received, _, err := header(r)
			if err != nil {
				return last, false, err
			}
			if !received.Before(until) || r.Last() >= s.Head() {
				return last, true, nil
			}
			last = r.Last()
		}
		if len(records) == 0 {
			return last, true, nil
		}
	}
	return last, false, nil
}

// dropDetail empties the records of detail from first to last. Nobody corrects a
// measurement meanwhile.
func (s *Station) dropDetail(ctx context.Context, first, last uint64) (removed int, err error) {
	s.corrections.making.Lock()
	defer s.corrections.making.Unlock()
	gone := map[uint64]bool{}
	removed, err = s.store.Substitute(ctx, first, last, func(r localstore.Record) (*localstore.Entry, error) {
		if r.Kind == kindErased { // perhaps before a crash, and the catalogue has it still
			for seq := r.First; seq <= r.Last(); seq++ {
				gone[seq] = true
			}
		}
		if r.Kind != kindDetail {
			return nil, nil
		}
		old, err := decode(r)
		if err != nil {
			return nil, err
		}
		corrected := false
		old.each(r, func(seq, _ uint64, _ *recordedEntry) { corrected = corrected || s.corrections.versions(seq) != nil })
		if corrected {
			return nil, nil
		}
		old.each(r, func(seq, _ uint64, _ *recordedEntry) { gone[seq] = true })
		return emptied(r, old)
	})
	if len(gone) == 0 {
		return removed, err
	}
	s.recent.mu.Lock()
	s.recent.list = slices.DeleteFunc(s.recent.list, func(m fhirmap.Recorded) bool { return gone[m.Seq] })
	s.recent.mu.Unlock()
	return removed, errors.Join(err, s.catalogue.drop(s, first, last, gone))
}

// emptied is what takes the place of a record.
func emptied(r localstore.Record, old *entry) (*localstore.Entry, error) {
	empty := entry{Received: old.Received, Open: old.Open}
	data, err := empty.encode()
	return &localstore.Entry{Kind: kindErased, Count: r.Count, Data: data}, err
}

// drop takes the rows of those measurements, which stand from first to last, out
// of the segments. Of a segment
// that had no others the first row stays, which keeps its place; whoever searches
// finds nothing there.
func (c *catalogue) drop(s *Station, first, last uint64, gone map[uint64]bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(s); err != nil {
		return err
	}
	c.tail = without(c.tail, gone)
	for _, g := range c.sealed {
		if g.last < first || last <= g.after {
			continue
		}
		rows, err := c.rowsOf(s, g)
		if err != nil {
			return err
		}
		kept := append([]row{rows[0]}, without(rows[1:], gone)...)
		if gone[rows[0].seq] {
			kept[0] = row{seq: rows[0].seq, taken: rows[0].taken, received: rows[0].received, figures: figures{flags: figureGone}}
		} else if len(kept) == len(rows) {
			continue
		}
		fresh := newSegment(kept, g.after, g.last)
		if err := s.store.Put(catalogueBucket, fresh.key(), fresh.encode()); err != nil {
			return err
		}
		*g = *fresh
	}
	return nil
}

func without(rows []row, gone map[uint64]bool) []row {
	var kept []row
	for i := range rows {
		if !gone[rows[i].seq] {
			kept = append(kept, rows[i])
		}
	}
	return kept
}
