package station

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// A Search asks for Observations. What is empty or zero lets all through;
// several values mean any of them.
type Search struct {
	Types    []fhirmap.Type // of the Observations
	Patients []string       // keys (fhirmap.Patient.Key); "": nobody
	Devices  []string       // ids
	Taken    Span           // when they were measured
	Received Span           // when they came, or were corrected
	// Match decides on what was found by all that, nil for yes.
	Match func(*Found) bool

	ByReceived  bool  // in the order of Received, else in that of their times
	OldestFirst bool  // else the newest
	Limit       int   // of Found
	Page        *Page // where the search goes on; nil: it begins
}

// A Span is a piece of time, without its end; a zero bound is none.
type Span struct{ From, To time.Time }

// A Page is where a search goes on: behind an Observation, in what the log held
// when the search began. So what comes meanwhile moves nothing; what is corrected
// meanwhile stays where it is, and is told as it is now.
type Page struct {
	Head uint64
	At   int64 // ms since 1970, of the time that orders
	Seq  uint64
	Nth  int
}

// A Found is one Observation: the Nth that R4 makes of the measurement, from 0.
type Found struct {
	fhirmap.Recorded
	Nth int

	row uint64 // the number under which the catalogue has it
}

// maxRead bounds how many Observations a search reads to find those that match.
const maxRead = 20_000

// Search gives the Observations that s asks for, and where to go on when there
// are more; nil when there are not. It misses nothing that was recorded before
// the call, and tells the newest version of each. A search that would read too much is the fault limit.
func (s *Station) Search(ctx context.Context, q Search) (found []Found, next *Page, err error) {
	head := s.Head()
	if q.Page != nil {
		head = min(head, q.Page.Head)
	}
	p := s.plan(&q, head)
	reader := logReader{station: s}
	for read := 0; ; {
		// One more than asked for tells whether there are more.
		rows, err := s.rows(ctx, p, max(q.Limit-len(found)+1, 64))
		if err != nil {
			return nil, nil, err
		}
		for i := range rows {
			if read++; read > maxRead {
				return nil, nil, &fhirmap.Fault{
					Code: "limit", English: fmt.Sprintf("more than %d Observations would have to be read; ask for a patient, a code or a time", maxRead),
					French: "Cette recherche est trop vaste. Précisez un patient, une mesure ou une période.",
				}
			}
			one, err := reader.row(&rows[i], head)
			if err != nil {
				return nil, nil, err
			}
			if one == nil || !q.Wants(one) {
				continue
			}
			if len(found) == q.Limit {
				last := &found[q.Limit-1]
				return found, &Page{Head: head, At: p.at(last), Seq: last.row, Nth: last.Nth}, nil
			}
			found = append(found, *one)
		}
		if len(rows) == 0 {
			return found, nil, nil
		}
		p.behind = &rows[len(rows)-1]
	}
}

// Observation is the newest version of the nth Observation of the measurement
// with that number, nil if there is none.
func (s *Station) Observation(seq uint64, nth int) (*Found, error) {
	if seq == 0 || seq > s.Head() {
		return nil, nil
	}
	reader := logReader{station: s}
	return reader.observation(seq, nth)
}

// A logReader reads measurements whose neighbours are read next.
type logReader struct {
	station     *Station
	first, last uint64
	held        []fhirmap.Recorded
}

func (l *logReader) observation(seq uint64, nth int) (*Found, error) {
	if seq < l.first || seq > l.last {
		records, err := l.station.store.Read(seq, 1, 1)
		if fault := fhirmap.FaultOf(err); fault != nil && fault.Code == localstore.CodeGone {
			return nil, nil
		}
		if err != nil || len(records) == 0 {
			return nil, err
		}
		l.first, l.last, l.held = records[0].First, records[0].Last(), nil
		events, err := l.station.events(records[0])
		if err != nil {
			return nil, err
		}
		for i := range events {
			l.held = append(l.held, events[i].Measurements...)
		}
	}
	for i := range l.held {
		if m := &l.held[i]; m.Seq == seq && nth >= 0 && nth < m.Observations() {
			return &Found{*m, nth, seq}, nil
		}
	}
	return nil, nil
}

// row is what a row of the catalogue stands for, nil when a later one up to head
// does.
func (l *logReader) row(r *row, head uint64) (*Found, error) {
	of, current := l.station.corrections.measurementOf(r.seq, head)
	if !current {
		return nil, nil
	}
	found, err := l.observation(of, r.nth)
	if found != nil {
		found.row = r.seq
	}
	return found, err
}

// A plan is a Search as the catalogue takes it.
type plan struct {
	*Search
	head               uint64
	what, who, devices []uint64
	taken, received    [2]int64 // ms, both included
	behind             *row     // where it goes on
}

func (s *Station) plan(q *Search, head uint64) *plan {
	p := &plan{Search: q, head: head, taken: q.Taken.milliseconds(), received: q.Received.milliseconds()}
	for _, t := range q.Types {
		p.what = append(p.what, s.term("type", string(t)))
	}
	for _, key := range q.Patients {
		p.who = append(p.who, s.term("patient", key))
	}
	for _, id := range q.Devices {
		p.devices = append(p.devices, s.term("device", id))
	}
	if q.Page != nil {
		p.behind = &row{seq: q.Page.Seq, nth: q.Page.Nth, taken: q.Page.At, received: q.Page.At}
		p.narrow(q.Page.At)
	}
	return p
}

// narrow leaves out, segment by segment, what stands before the time where a page
// begins.
func (p *plan) narrow(at int64) {
	bounds := &p.taken
	if p.ByReceived {
		bounds = &p.received
	}
	if p.OldestFirst {
		bounds[0] = max(bounds[0], at)
	} else {
		bounds[1] = min(bounds[1], at)
	}
}

// milliseconds are the bounds of what rows can be of t.
func (t Span) milliseconds() [2]int64 {
	bounds := [2]int64{math.MinInt64, math.MaxInt64}
	if !t.From.IsZero() {
		bounds[0] = t.From.UnixMilli()
	}
	if !t.To.IsZero() {
		bounds[1] = t.To.UnixMilli()
	}
	return bounds
}

// Holds tells whether at lies within t.
func (t Span) Holds(at time.Time) bool {
	return (t.From.IsZero() || !at.Before(t.From)) && (t.To.IsZero() || at.Before(t.To))
}

// Wants tells whether f is one of those that q asks for, on whatever page.
func (q *Search) Wants(f *Found) bool {
	return (len(q.Types) == 0 || slices.Contains(q.Types, f.ObservationTypes()[f.Nth])) &&
		(len(q.Patients) == 0 || slices.Contains(q.Patients, f.Subject.Key())) &&
		(len(q.Devices) == 0 || slices.Contains(q.Devices, f.Device.ID)) &&
		q.Taken.Holds(f.Effective()) && q.Received.Holds(f.Updated()) && (q.Match == nil || q.Match(f))
}

func (p *plan) at(f *Found) int64 {
	if p.ByReceived {
		return f.Updated().UnixMilli()
	}
	return f.Effective().UnixMilli()
}

func within(n int64, bounds [2]int64) bool { return bounds[0] <= n && n <= bounds[1] }

func (p *plan) wants(r *row) bool {
	is := func(term uint64, wanted []uint64) bool { return len(wanted) == 0 || slices.Contains(wanted, term) }
	return r.what != 0 && r.seq <= p.head && is(r.what, p.what) && is(r.who, p.who) && is(r.device, p.devices) &&
		within(r.taken, p.taken) && within(r.received, p.received) && (p.behind == nil || p.compare(p.behind, r) < 0)
}

// compare is negative when a comes before b in the answer.
func (p *plan) compare(a, b *row) int {
	order := cmp.Compare(a.taken, b.taken)
	if p.ByReceived {
		order = cmp.Compare(a.received, b.received)
	}
	order = cmp.Or(order, cmp.Compare(a.seq, b.seq), cmp.Compare(a.nth, b.nth))
	if p.OldestFirst {
		return order
	}
	return -order
}

// begins is the time of the first that g can give to the answer.
func (p *plan) begins(g *segment) int64 {
	switch {
	case p.ByReceived && p.OldestFirst:
		return g.oldestReceived
	case p.ByReceived:
		return -g.newestReceived
	case p.OldestFirst:
		return g.oldestTaken
	}
	return -g.newestTaken
}

func (p *plan) time(r *row) int64 {
	at := r.taken
	if p.ByReceived {
		at = r.received
	}
	if p.OldestFirst {
		return at
	}
	return -at
}

// canHold tells whether g can have rows that p wants.
func (p *plan) canHold(g *segment) bool {
	overlap := func(oldest, newest int64, bounds [2]int64) bool { return oldest <= bounds[1] && newest >= bounds[0] }
	return g.first <= p.head && overlap(g.oldestTaken, g.newestTaken, p.taken) &&
		overlap(g.oldestReceived, g.newestReceived, p.received) && g.holds(p.what) && g.holds(p.who) && g.holds(p.devices)
}

// rows gives the first rows that p wants, at most so many, in their order.
func (s *Station) rows(ctx context.Context, p *plan, most int) ([]row, error) {
	c := &s.catalogue
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.follow(ctx, s, math.MaxInt); err != nil {
		return nil, err
	}
	best := p.take(nil, c.tail, most)
	likely := slices.DeleteFunc(slices.Clone(c.sealed), func(g *segment) bool { return !p.canHold(g) })
	slices.SortStableFunc(likely, func(a, b *segment) int { return cmp.Compare(p.begins(a), p.begins(b)) })
	for _, g := range likely {
		if len(best) == most && p.begins(g) > p.time(&best[most-1]) {
			break // and so is what follows
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := c.rowsOf(s, g)
		if err != nil {
			return nil, err
		}
		best = p.take(best, rows, most)
	}
	return best, nil
}

// take adds to best, which is in order, those of rows that p wants, and leaves
// the first ones. Rows come mostly in the order of their times.
func (p *plan) take(best, rows []row, most int) []row {
	for i := range rows {
		r := &rows[i]
		if !p.OldestFirst {
			r = &rows[len(rows)-1-i]
		}
		if len(best) == most && p.compare(&best[most-1], r) < 0 || !p.wants(r) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, r, func(b row, r *row) int { return p.compare(&b, r) })
		if len(best) == most {
			best = best[:most-1]
		}
		best = slices.Insert(best, at, *r)
	}
	return best
}
