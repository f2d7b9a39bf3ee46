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
	var shares []*trends
	err := s.eachRow(ctx, &Search{Types: q.Types, Patients: []string{q.Patient}, Taken: q.Taken}, func() func(*row, uint64) {
		t := newTrends(&q)
		shares = append(shares, t)
		return t.add
	})
	if err != nil {
		return nil, err
	}
	for _, t := range shares[1:] {
		shares[0].merge(t)
	}
	return shares[0].list(s), nil
}

// trends gathers rows.
type trends struct {
	start, span int64 // ms
	columns     int
	found       []*gathered
	of          int // that of the row before
}

type trendKey struct {
	what uint64
	unit int
}

// gathered is what was found of one vital sign in one unit.
type gathered struct {
	trendKey
	first, last     int64
	count, doubtful int
	columns         []column // nil: no points are wanted
	at              *column  // that of the row before, which most often has the same
	from, to        int64    // its bounds, ms
}

func newTrends(q *TrendSearch) *trends {
	bounds := q.Taken.milliseconds()
	return &trends{start: bounds[0], span: max(1, bounds[1]-bounds[0]), columns: q.Columns}
}

func (t *trends) add(r *row, of uint64) {
	if !r.has(figureKinds) || r.has(figureError) {
		return
	}
	g := t.gathered(trendKey{r.what, r.unit()})
	g.count++
	g.first, g.last = min(g.first, r.taken), max(g.last, r.taken)
	switch {
	case r.has(figureDoubt):
		g.doubtful++
	case g.columns != nil:
		if r.taken < g.from || r.taken >= g.to {
			t.turn(g, r.taken)
		}
		g.at.add(r, of)
	}
}

// turn goes to the column of a time.
func (t *trends) turn(g *gathered, taken int64) {
	n := int64(t.columns)
	at := (taken - t.start) * n / t.span
	begins := func(at int64) int64 { return t.start + (at*t.span+n-1)/n }
	g.at, g.from, g.to = &g.columns[at], begins(at), begins(at+1)
}

// merge adds what others have gathered of the same search.
func (t *trends) merge(others *trends) {
	for _, other := range others.found {
		g := t.gathered(other.trendKey)
		g.first, g.last = min(g.first, other.first), max(g.last, other.last)
		g.count, g.doubtful = g.count+other.count, g.doubtful+other.doubtful
		for i := range g.columns {
			g.columns[i].merge(&other.columns[i])
		}
	}
}

// gathered finds that of a key. Vital signs come in turns, as a monitor sends
// them, or one for long.
func (t *trends) gathered(key trendKey) *gathered {
	for range t.found {
		if g := t.found[t.of]; g.trendKey == key {
			return g
		}
		if t.of++; t.of == len(t.found) {
			t.of = 0
		}
	}
	g := &gathered{trendKey: key, first: math.MaxInt64, last: math.MinInt64}
	if t.columns > 0 && key.unit != otherUnit {
		g.columns = make([]column, t.columns)
	}
	t.found = append(t.found, g)
	return g
}

// list is what was found, in the order of the vocabulary.
func (t *trends) list(s *Station) (list []Trend) {
	for _, v := range fhirmap.Vitals() {
		what, units := s.term("type", string(v.Type)), unitsOf(v)
		for unit := range otherUnit + 1 {
			at := slices.IndexFunc(t.found, func(g *gathered) bool { return g.trendKey == trendKey{what, unit} })
			if at < 0 {
				continue
			}
			g := t.found[at]
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

func (m *mark) compare(other *mark) int {
	return cmp.Or(cmp.Compare(m.taken, other.taken), cmp.Compare(m.seq, other.seq), cmp.Compare(m.nth, other.nth))
}

// before tells whether r comes before m.
func (m *mark) before(r *row) bool {
	if m.taken != r.taken {
		return r.taken < m.taken
	}
	return r.seq < m.seq || r.seq == m.seq && r.nth < m.nth
}

// add takes up a row. Of equal ones the first stands for all, in whatever order
// they come.
func (c *column) add(r *row, of uint64) {
	low, high := r.bounds()
	if !c.any {
		m := mark{r.figures, of, r.seq, r.nth, r.taken, low, high}
		*c = column{true, m, m, m, m}
		return
	}
	if c.first.before(r) {
		c.first.set(r, of, low, high)
	}
	if !c.last.before(r) {
		c.last.set(r, of, low, high)
	}
	if low < c.lowest.low || low == c.lowest.low && c.lowest.before(r) {
		c.lowest.set(r, of, low, high)
	}
	if high > c.highest.high || high == c.highest.high && c.highest.before(r) {
		c.highest.set(r, of, low, high)
	}
}

func (m *mark) set(r *row, of uint64, low, high float64) {
	m.figures, m.of, m.seq, m.nth, m.taken, m.low, m.high = r.figures, of, r.seq, r.nth, r.taken, low, high
}

// merge takes up what another column stands for.
func (c *column) merge(other *column) {
	if !other.any {
		return
	}
	for _, m := range [...]*mark{&other.first, &other.last, &other.lowest, &other.highest} {
		c.add(&row{taken: m.taken, seq: m.seq, nth: m.nth, figures: m.figures}, m.of)
	}
}

// points adds those of the column to a list, each once and in order.
func (c *column) points(list []TrendPoint) []TrendPoint {
	if !c.any {
		return list
	}
	marks := [...]*mark{&c.first, &c.lowest, &c.highest, &c.last}
	slices.SortFunc(marks[:], (*mark).compare)
	for i, m := range marks {
		if i > 0 && m.compare(marks[i-1]) == 0 {
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
	if f.flags&figureKinds == figureHigh { // alone, as most are
		n := f.float(0)
		return n, n
	}
	low, high = math.Inf(1), math.Inf(-1)
	for i := range f.digits {
		if f.has(1 << i) {
			n := f.float(i)
			low, high = min(low, n), max(high, n)
		}
	}
	return low, high
}

func (f *figures) float(i int) float64 { return float64(f.digits[i]) / tens[f.places[i]] }
