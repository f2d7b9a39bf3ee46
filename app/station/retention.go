package station

import (
	"context"
	"errors"
	"time"

	"vitalien/localstore"
)

const (
	observationAge = 10 * 365 * 24 * time.Hour
	retainEvery    = time.Hour

	// A log whose newest entry is older than this was left for long, or the clock
	// is wrong. Then nothing goes before somebody has had a day to notice.
	suspicious = 31 * 24 * time.Hour
	noticeTime = 24 * time.Hour
)

// Expired is what is past its retention at the end of the log that is oldest.
type Expired struct {
	First, Last uint64    // sequence numbers; Last < First: nothing
	Since       time.Time // when the first was received
	Until       time.Time // before when all were received
	Entries     int       // messages
}

// Expired tells what Retain would remove now. Errors are those of the store.
func (s *Station) Expired(ctx context.Context) (e Expired, err error) {
	e.Until = s.now().Add(-s.retention)
	e.First = s.First()
	e.Last = e.First - 1
	for {
		if err := ctx.Err(); err != nil {
			return e, err
		}
		records, err := s.store.Read(e.Last+1, followRecords, followBytes)
		for _, r := range records {
			received, _, err := header(r)
			if err != nil {
				return e, err
			}
			if !received.Before(e.Until) || r.Last() >= s.Head() { // the newest stays
				return e, nil
			}
			if e.Entries++; e.Since.IsZero() {
				e.Since = received
			}
			e.Last = r.Last()
		}
		if err != nil || len(records) == 0 {
			return e, err
		}
	}
}

// Retain removes what is past its retention, as far as the clock can be
// trusted, and returns what. Errors are those of the store.
func (s *Station) Retain(ctx context.Context) (Expired, error) {
	if !s.clockIsPlausible() {
		return Expired{}, nil
	}
	e, err := s.Expired(ctx)
	if err != nil || e.Entries == 0 {
		return Expired{}, errors.Join(err, s.cutRecordings()) // which a crash may have left
	}
	if _, err := s.store.Trim(ctx, e.Last+1); err != nil {
		return Expired{}, err
	}
	s.log.Info("removed from the log what is past its retention", "first", e.First, "last", e.Last, "entries", e.Entries)
	return e, errors.Join(s.cutRecordings(), s.catalogue.cut(s))
}

func (s *Station) clockIsPlausible() bool {
	return s.newestAtOpen.IsZero() || s.opened.Sub(s.newestAtOpen) < suspicious || s.now().Sub(s.opened) >= noticeTime
}

// newestEntry is when the newest entry of the log was received; zero: never.
func (s *Station) newestEntry() (newest time.Time, err error) {
	failed := s.store.Heads(headerSize, func(r localstore.Record) bool {
		newest, _, err = header(r)
		return false
	})
	if failed != nil {
		err = failed
	}
	return newest, err
}

// retain is Retain every so often.
func (s *Station) retain(ctx context.Context) {
	for tick := time.NewTicker(retainEvery); ; {
		_, err := s.Retain(ctx)
		if err == nil {
			_, err = s.RetainDetail(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("removing what is past its retention; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// cut drops the segments of what the log does not hold any more.
func (c *catalogue) cut(s *Station) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(s); err != nil {
		return err
	}
	for len(c.sealed) > 0 && c.sealed[0].last < s.First() {
		if err := s.store.Delete(catalogueBucket, c.sealed[0].key()); err != nil {
			return err
		}
		c.sealed[0].rows = nil
		c.sealed = c.sealed[1:]
	}
	return nil
}
