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

// recent holds the newest measurements. It follows the log like everybody.
type recent struct {
	mu     sync.Mutex
	cursor uint64
	list   []fhirmap.Recorded // oldest first
}

func loadRecent(s *Station) (*recent, error) {
	r := &recent{cursor: s.store.Head()}
	var bad error
	err := s.store.Backward(func(record localstore.Record) bool {
		event, err := s.event(record)
		if err != nil {
			bad = err
			return false
		}
		for _, m := range slices.Backward(event.Measurements) {
			r.list = append(r.list, m)
		}
		return len(r.list) < recentSize
	})
	slices.Reverse(r.list)
	r.trim()
	if err == nil {
		err = bad
	}
	return r, err
}

func (r *recent) follow(ctx context.Context, s *Station) error {
	for {
		if err := s.Wait(ctx, r.cursor); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		events, err := s.Follow(r.cursor)
		if err != nil {
			return err
		}
		r.add(events)
		s.board.changed()
	}
}

func (r *recent) add(events []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, event := range events {
		r.list = append(r.list, event.Measurements...)
		r.cursor = event.Last
	}
	r.trim()
}

func (r *recent) trim() {
	if extra := len(r.list) - recentSize; extra > 0 {
		r.list = slices.Delete(r.list, 0, extra)
	}
}

// Recent is the newest measurements, newest first, at most n.
func (s *Station) Recent(n int) []fhirmap.Recorded {
	s.recent.mu.Lock()
	defer s.recent.mu.Unlock()
	list := s.recent.list[max(0, len(s.recent.list)-n):]
	newest := make([]fhirmap.Recorded, 0, len(list))
	for _, m := range slices.Backward(list) {
		newest = append(newest, m)
	}
	return newest
}
