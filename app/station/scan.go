package station

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// segmentsEach is how many segments are worth another one who reads.
const segmentsEach = 4

// Count is how many Observations q finds on all its pages, without what Match
// says: the log is not read.
func (s *Station) Count(ctx context.Context, q Search) (n int, err error) {
	var shares []*int
	err = s.eachRow(ctx, &q, func() func(*row, uint64) {
		share := new(0)
		shares = append(shares, share)
		return func(*row, uint64) { *share++ }
	})
	for _, share := range shares {
		n += *share
	}
	return n, err
}

// eachRow calls what begin gives with the rows that q wants and that stand for
// the newest version of an Observation, and the number of that, in no order. It
// begins once for each of those that read side by side.
func (s *Station) eachRow(ctx context.Context, q *Search, begin func() func(*row, uint64)) error {
	p := s.plan(q, s.Head())
	if !q.Taken.To.IsZero() {
		p.taken[1]-- // the end is not part of a Span
	}
	c := &s.catalogue
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.follow(ctx, s, math.MaxInt); err != nil {
		return err
	}
	likely := slices.DeleteFunc(slices.Clone(c.sealed), func(g *segment) bool { return !p.canHold(g) })
	failed := make([]error, max(1, min(len(likely)/segmentsEach, runtime.GOMAXPROCS(0))))
	scan := scanning{station: s, plan: p, corrected: s.corrections.any(), oldest: s.First(), segments: likely}
	var all sync.WaitGroup
	for i := range failed {
		fn := begin()
		if i == 0 {
			scan.take(c.tail, fn)
		}
		all.Go(func() { failed[i] = scan.run(ctx, fn) })
	}
	all.Wait()
	err := errors.Join(failed...)
	if errors.Is(err, errSegment) {
		c.loaded = false // made anew by the next
	}
	return err
}

// A scanning is segments that several read side by side.
type scanning struct {
	*plan
	station   *Station
	corrected bool
	oldest    uint64 // measurement of the log
	segments  []*segment
	taken     atomic.Int64 // of segments
}

// run reads segments until none is left. Their rows stay in memory where others
// use them; the others are read once.
func (c *scanning) run(ctx context.Context, fn func(*row, uint64)) (err error) {
	var room []row
	for {
		next := int(c.taken.Add(1)) - 1
		if next >= len(c.segments) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		g := c.segments[next]
		rows := g.rows
		if rows == nil {
			if room, err = c.station.readSegment(g, room); err != nil {
				return err
			}
			rows = room
		}
		c.take(rows, fn)
	}
}

func (c *scanning) take(rows []row, fn func(*row, uint64)) {
	for i := range rows {
		r := &rows[i]
		if !c.wants(r) || r.has(figureGone) {
			continue
		}
		of, current := r.seq, true
		if c.corrected {
			of, current = c.station.corrections.measurementOf(r.seq, c.head)
		}
		if current && of >= c.oldest {
			fn(r, of)
		}
	}
}
