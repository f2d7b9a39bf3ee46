package report

import (
	"math"
	"slices"
	"time"
)

// A Point is one measurement of a plot. Of a pressure High is the systolic, Low
// the diastolic and Mean the mean one; of all else High is the value. What there
// is not is NaN.
type Point struct {
	At              time.Time
	High, Low, Mean float64
}

// Bounds are the lowest and the highest number of p.
func (p *Point) Bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, n := range [...]float64{p.High, p.Low, p.Mean} {
		if !math.IsNaN(n) {
			low, high = min(low, n), max(high, n)
		}
	}
	return low, high
}

// Pressure tells whether p is drawn as a bar.
func (p *Point) Pressure() bool { return !math.IsNaN(p.Low) }

// A Band is a range that is told apart on a plot; an end may be infinite.
type Band struct{ Low, High float64 }

// A Tick is a place on an axis and what stands there.
type Tick struct {
	At   float64
	Text string
}

// An Axis of values has round ends and a distance of its ticks.
type Axis struct{ Low, High, Step float64 }

// AxisOf holds the values from low to high and a little room, in about most
// steps. Where there are no values, low is above high.
func AxisOf(low, high float64, most int) Axis {
	if low > high {
		low, high = 0, 1
	}
	if room := (high - low) * 0.08; room > 0 {
		low, high = low-room, high+room
	} else {
		room = max(math.Abs(low)*0.05, 0.5)
		low, high = low-room, high+room
	}
	step := roundUp((high - low) / float64(max(most, 1)))
	return Axis{math.Floor(low/step) * step, math.Ceil(high/step) * step, step}
}

// roundUp is the next of 1, 2 and 5 times a power of ten.
func roundUp(n float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(n)))
	for _, factor := range []float64{1, 2, 5} {
		if n <= factor*power*(1+1e-9) {
			return factor * power
		}
	}
	return 10 * power
}

// Ticks are those from one end to the other. write writes a number with so many
// places behind the point.
func (a Axis) Ticks(write func(n float64, places int) string) (list []Tick) {
	places := max(0, int(-math.Floor(math.Log10(a.Step)+1e-9)))
	for i := 0.0; a.Low+i*a.Step <= a.High+a.Step/2; i++ {
		at := a.Low + i*a.Step
		list = append(list, Tick{at, write(at, places)})
	}
	return list
}

// A division is how far apart the ticks of an axis of time are, and how they are
// written: a layout of the package time.
type division struct {
	years, months, days int
	clock               time.Duration
	layout              string
}

var divisions = []division{
	{clock: time.Second, layout: "15:04:05"},
	{clock: 5 * time.Second, layout: "15:04:05"},
	{clock: 15 * time.Second, layout: "15:04:05"},
	{clock: 30 * time.Second, layout: "15:04:05"},
	{clock: time.Minute, layout: "15:04"},
	{clock: 2 * time.Minute, layout: "15:04"},
	{clock: 5 * time.Minute, layout: "15:04"},
	{clock: 15 * time.Minute, layout: "15:04"},
	{clock: 30 * time.Minute, layout: "15:04"},
	{clock: time.Hour, layout: "15:04"},
	{clock: 2 * time.Hour, layout: "15:04"},
	{clock: 4 * time.Hour, layout: "15:04"},
	{clock: 6 * time.Hour, layout: "15:04"},
	{clock: 12 * time.Hour, layout: "02/01 15:04"},
	{days: 1, layout: "02/01"},
	{days: 2, layout: "02/01"},
	{days: 7, layout: "02/01"},
	{days: 14, layout: "02/01"},
	{months: 1, layout: "01/2006"},
	{months: 2, layout: "01/2006"},
	{months: 3, layout: "01/2006"},
	{months: 6, layout: "01/2006"},
	{years: 1, layout: "2006"},
	{years: 2, layout: "2006"},
	{years: 5, layout: "2006"},
	{years: 10, layout: "2006"},
	{years: 50, layout: "2006"},
}

func (d *division) length() time.Duration {
	return d.clock + time.Duration(d.days)*24*time.Hour + time.Duration(d.months)*30*24*time.Hour + time.Duration(d.years)*365*24*time.Hour
}

// A TimeTick is a Tick of an axis of time.
type TimeTick struct {
	At   time.Time
	Text string
}

// TimeTicks are at round times of the clock that from has, at most so many.
// Midnight among hours is written as its day.
func TimeTicks(from, to time.Time, most int) (list []TimeTick) {
	span := to.Sub(from)
	i := slices.IndexFunc(divisions, func(d division) bool { return span <= d.length()*time.Duration(max(most, 1)) })
	if i < 0 {
		i = len(divisions) - 1
	}
	d := &divisions[i]
	for at := d.first(from); !at.After(to) && len(list) <= 2*most; at = d.next(at) {
		if at.Before(from) {
			continue
		}
		layout := d.layout
		if d.clock >= time.Minute && at.Hour() == 0 && at.Minute() == 0 {
			layout = "02/01"
		}
		list = append(list, TimeTick{at, at.Format(layout)})
	}
	return list
}

// first is a round time at or before from.
func (d *division) first(from time.Time) time.Time {
	year, month, day := from.Date()
	switch {
	case d.years > 0:
		return time.Date(year-year%d.years, 1, 1, 0, 0, 0, 0, from.Location())
	case d.months > 0:
		return time.Date(year, month-(month-1)%time.Month(d.months), 1, 0, 0, 0, 0, from.Location())
	case d.days > 0:
		return time.Date(year, month, day, 0, 0, 0, 0, from.Location())
	}
	if hours := d.hours(); hours > 0 {
		return time.Date(year, month, day, from.Hour()-from.Hour()%hours, 0, 0, 0, from.Location())
	}
	midnight := time.Date(year, month, day, 0, 0, 0, 0, from.Location())
	return midnight.Add(from.Sub(midnight) / d.clock * d.clock)
}

// hours are those that the clock of a wall goes on by, whatever was changed about
// it; 0 for less than one.
func (d *division) hours() int { return int(d.clock / time.Hour) }

func (d *division) next(at time.Time) time.Time {
	switch hours := d.hours(); {
	case hours > 0:
		year, month, day := at.Date()
		return time.Date(year, month, day, at.Hour()+hours, 0, 0, 0, at.Location())
	case d.clock > 0:
		return at.Add(d.clock)
	}
	return at.AddDate(d.years, d.months, d.days)
}

// A break in a line is longer than so many times the usual distance of its
// points, and than that share of the plot.
const (
	longBreak  = 20
	breakShare = 0.03
)

// Breaks tells behind which points of a plot of that span the line does not go
// on: nothing was measured there for long.
func Breaks(points []Point, span time.Duration) func(i int) bool {
	gaps := make([]time.Duration, 0, len(points))
	for i := 1; i < len(points); i++ {
		gaps = append(gaps, points[i].At.Sub(points[i-1].At))
	}
	if len(gaps) == 0 {
		return func(int) bool { return false }
	}
	sorted := slices.Sorted(slices.Values(gaps))
	longest := max(longBreak*sorted[len(sorted)/2], time.Duration(breakShare*float64(span)))
	return func(i int) bool { return i < len(gaps) && gaps[i] > longest }
}
