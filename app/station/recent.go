package station

import (
	"context"
	"slices"
	"sync"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// recentSize is how many measurements the window can look back on.
const recentSize = 200

// recent holds the newest measurements, as of when somebody last looked:
// reading each as it comes would be for nothing while no window is open.
type recent struct {
	mu     sync.Mutex
	cursor uint64
	list   []fhirmap.Recorded // oldest first
}

// load reads the end of the log.
func (r *recent) load(s *Station) error {
	r.cursor, r.list = 0, nil
	var bad error
	err := s.store.Backward(func(record localstore.Record) bool {
		events, err := s.events(record)
		if err != nil {
			bad = err
			return false
		}
		r.cursor = max(r.cursor, record.Last())
		for _, event := range events {
			for _, m := range slices.Backward(event.Measurements) {
				r.list = append(r.list, m)
			}
		}
		return len(r.list) < recentSize
	})
	slices.Reverse(r.list)
	r.trim()
	if err == nil {
		err = bad
	}
	return err
}

// catchUp reads what has come since, as far as it can still be shown.
func (r *recent) catchUp(s *Station) error {
	head := s.Head()
	if head > r.cursor+recentSize {
		return r.load(s)
	}
	for r.cursor < head {
		events, err := s.Follow(r.cursor)
		if err != nil {
			return err
		}
		for _, event := range events {
			r.list = append(r.list, event.Measurements...)
			r.correct(event.Correction)
			r.cursor = event.Last
		}
	}
	r.trim()
	return nil
}

// correct puts the newest version in the place of the one before.
func (r *recent) correct(c *Correction) {
	if c == nil {
		return
	}
	if i := slices.IndexFunc(r.list, func(m fhirmap.Recorded) bool { return m.Seq == c.Seq }); i >= 0 {
		r.list[i] = c.Recorded
	}
}

func (r *recent) trim() {
	if extra := len(r.list) - recentSize; extra > 0 {
		r.list = slices.Delete(r.list, 0, extra)
	}
}

// Recent is the newest measurements that were not discarded, newest first, at
// most n. It is fewer when the log cannot be read, which is logged.
func (s *Station) Recent(n int) []fhirmap.Recorded {
	r := &s.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.catchUp(s); err != nil {
		s.log.Error("reading the newest measurements", "error", err)
	}
	newest := make([]fhirmap.Recorded, 0, min(n, len(r.list)))
	for _, m := range slices.Backward(r.list) {
		if len(newest) < n && !m.Discarded {
			newest = append(newest, m)
		}
	}
	return newest
}

// announce tells those who watch that the log has grown, until ctx ends.
func (s *Station) announce(ctx context.Context) error {
	for seen := s.Head(); ; {
		if err := s.Wait(ctx, seen); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		seen = s.Head()
		s.board.changed()
	}
}
