package station

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// A TrendSearch asks how vital signs of one patient went.
type TrendSearch struct {
	Patient string         // key (fhirmap.Patient.Key); empty: what is assigned to nobody
	Types   []fhirmap.Type // of Observations; empty: all
	Taken   Span           // when they were measured; zero: whenever
	// Columns is how many columns of pixels a plot of Taken has, which then has
	// bounds. 0: the Trends have no Points.
	Columns int
}

// A Trend is how one vital sign went, in one unit.
type Trend struct {
	Type        fhirmap.Type
	Unit        fhirmap.Unit // empty: in units that are none of its usual ones, without Points
	First, Last time.Time    // of those that count
	Count       int          // Observations that have a value and are not recorded in error
	Doubtful    int          // of these, implausible ones, which are no Points
	Points      []TrendPoint // oldest first
}

// A TrendPoint is an Observation as a plot shows it, with the digits that the
// device sent. Of a pressure High is the systolic and Low the diastolic one;
// of all else High is the value, and the others are nil.
type TrendPoint struct {
	At              time.Time
	High, Low, Mean *fhirmap.Decimal
	Seq             uint64 // of the measurement
	Nth             int    // which of its Observations
}

// Bounds are the lowest and the highest number of p.
func (p *TrendPoint) Bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, d := range [...]*fhirmap.Decimal{p.High, p.Low, p.Mean} {
		if d != nil {
			low, high = min(low, d.Float64()), max(high, d.Float64())
		}
	}
	return low, high
}

// Trends gives what q asks for, in the order of the vocabulary, from the
// catalogue alone: the log is not read. It misses nothing that was recorded
// before the call. Where more Observations than can be drawn share a column of
// pixels, the first, the last, the lowest and the highest of them stand for all:
// a plot of these looks like that of all (M4: Jugel et al., VLDB 2014).
func (s *Station) Trends(ctx context.Context, q TrendSearch) ([]Trend, error) {
	if q.Columns > 0 && (q.Taken.From.IsZero() || q.Taken.To.IsZero()) {
		return nil, errors.New("a plot without bounds")
	}
	t := newTrends(&q)
	err := s.eachRow(ctx, &Search{Types: q.Types, Patients: []string{q.Patient}, Taken: q.Taken}, t.add)
	if err != nil {
		return nil, err
	}
	return t.list(s), nil
}

// Count is how many Observations q finds on all its pages, without what Match
// says: the log is not read.
func (s *Station) Count(ctx context.Context, q Search) (n int, err error) {
	err = s.eachRow(ctx, &q, func(*row, uint64) { n++ })
	return n, err
}

// eachRow calls fn with the rows that q wants and that stand for the newest
// version of an Observation, and the number of that, in no order.
func (s *Station) eachRow(ctx context.Context, q *Search, fn func(*row, uint64)) error {
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
	corrected, oldest := s.corrections.any(), s.First()
	take := func(rows []row) {
		for i := range rows {
			r := &rows[i]
			if !p.wants(r) || r.has(figureGone) {
				continue
			}
			of, current := r.seq, true
			if corrected {
				of, current = s.corrections.measurementOf(r.seq, p.head)
			}
			if current && of >= oldest {
				fn(r, of)
			}
		}
	}
	take(c.tail)
	var room []row
	for _, g := range c.sealed {
		if !p.canHold(g) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := g.rows
		if rows == nil { // read once: those that others use stay in memory
			var err error
			if room, err = c.read(s, g, room); err != nil {
				return err
			}
			rows = room
		}
		take(rows)
	}
	return nil
}

// trends gathers rows.
type trends struct {
	start, span int64 // ms
	columns     int
	found       map[trendKey]*gathered
	key         trendKey // of the row before, which most often has the same
	of          *gathered
}

type trendKey struct {
	what uint64
	unit int
}

// gathered is what was found of one vital sign in one unit.
type gathered struct {
	first, last     int64
	count, doubtful int
	columns         []column // nil: no points are wanted
}

func newTrends(q *TrendSearch) *trends {
	bounds := q.Taken.milliseconds()
	return &trends{start: bounds[0], span: max(1, bounds[1]-bounds[0]), columns: q.Columns, found: map[trendKey]*gathered{}}
}

func (t *trends) add(r *row, of uint64) {
	if !r.has(figureKinds) || r.has(figureError) {
		return
	}
	if key := (trendKey{r.what, r.unit()}); t.of == nil || key != t.key {
		t.key, t.of = key, t.gathered(key)
	}
	g := t.of
	g.count++
	g.first, g.last = min(g.first, r.taken), max(g.last, r.taken)
	switch {
	case r.has(figureDoubt):
		g.doubtful++
	case g.columns != nil:
		at := (r.taken - t.start) * int64(t.columns) / t.span
		g.columns[at].add(r, of)
	}
}

func (t *trends) gathered(key trendKey) *gathered {
	g := t.found[key]
	if g == nil {
		g = &gathered{first: math.MaxInt64, last: math.MinInt64}
		if t.columns > 0 && key.unit != otherUnit {
			g.columns = make([]column, t.columns)
		}
		t.found[key] = g
	}
	return g
}

// list is what was found, in the order of the vocabulary.
func (t *trends) list(s *Station) (list []Trend) {
	for _, v := range fhirmap.Vitals() {
		what, units := s.term("type", string(v.Type)), unitsOf(v)
		for unit := range otherUnit + 1 {
			g := t.found[trendKey{what, unit}]
			if g == nil {
				continue
			}
			trend := Trend{
				Type: v.Type, First: time.UnixMilli(g.first), Last: time.UnixMilli(g.last),
				Count: g.count, Doubtful: g.doubtful,
			}
			if unit < len(units) {
				trend.Unit = units[unit]
			}
			for i := range g.columns {
				trend.Points = g.columns[i].points(trend.Points)
			}
			list = append(list, trend)
		}
	}
	return list
}

// unitsOf are the units of a vital sign, of a pressure those of its parts.
func unitsOf(v fhirmap.Vital) []fhirmap.Unit {
	if parts, ok := pressureParts[v.Type]; ok {
		v, _ = fhirmap.Lookup(parts[0])
	}
	return v.Units
}

// A column is the Observations that share a column of pixels, or those four
// that stand for them.
type column struct {
	any                          bool
	first, last, lowest, highest mark
}

// A mark is a row that may become a point.
type mark struct {
	figures
	of, seq   uint64 // the measurement, and the row's own number
	nth       int
	taken     int64
	low, high float64
}

func (m *mark) compare(r *row) int {
	if m.taken != r.taken {
		return cmp.Compare(m.taken, r.taken)
	}
	return cmp.Or(cmp.Compare(m.seq, r.seq), cmp.Compare(m.nth, r.nth))
}

func (m *mark) row() *row { return &row{taken: m.taken, seq: m.seq, nth: m.nth} }

func (c *column) add(r *row, of uint64) {
	low, high := r.bounds()
	m := func() mark { return mark{r.figures, of, r.seq, r.nth, r.taken, low, high} }
	if !c.any {
		*c = column{true, m(), m(), m(), m()}
		return
	}
	if c.first.compare(r) > 0 {
		c.first = m()
	}
	if c.last.compare(r) < 0 {
		c.last = m()
	}
	if low < c.lowest.low {
		c.lowest = m()
	}
	if high > c.highest.high {
		c.highest = m()
	}
}

// points adds those of the column to a list, each once and in order.
func (c *column) points(list []TrendPoint) []TrendPoint {
	if !c.any {
		return list
	}
	marks := [...]*mark{&c.first, &c.lowest, &c.highest, &c.last}
	slices.SortFunc(marks[:], func(a, b *mark) int { return a.compare(b.row()) })
	for i, m := range marks {
		if i > 0 && m.compare(marks[i-1].row()) == 0 {
			continue
		}
		list = append(list, TrendPoint{
			At: time.UnixMilli(m.taken), High: m.number(0), Low: m.number(1), Mean: m.number(2), Seq: m.of, Nth: m.nth,
		})
	}
	return list
}

// number is the figure at that place, nil where there is none.
func (f *figures) number(i int) *fhirmap.Decimal {
	if !f.has(1 << i) {
		return nil
	}
	return new(fhirmap.NewDecimal(int64(f.digits[i]), -int32(f.places[i])))
}

var tens = [mostPlaces + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// bounds are the lowest and the highest of the figures.
func (f *figures) bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for i := range f.digits {
		if f.has(1 << i) {
			n := float64(f.digits[i]) / tens[f.places[i]]
			low, high = min(low, n), max(high, n)
		}
	}
	return low, high
}
