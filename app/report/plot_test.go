package report

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func plain(n float64, places int) string { return strconv.FormatFloat(n, 'f', places, 64) }

// An axis holds its values, has few ticks, and no two of them read the same.
func TestAxis_HoldsItsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-500, 5000).Draw(t, "low")
		high := low + rapid.SampledFrom([]float64{0, 0.001, 0.3, 1, 12, 87.5, 4000}).Draw(t, "span")
		axis := AxisOf(low, high, 3)
		if axis.Low > low || axis.High < high || axis.Low >= axis.High {
			t.Fatalf("%v to %v on %+v", low, high, axis)
		}
		ticks := axis.Ticks(plain)
		if len(ticks) < 2 || len(ticks) > 7 {
			t.Fatalf("%d ticks of %+v", len(ticks), axis)
		}
		seen := map[string]bool{}
		for _, tick := range ticks {
			if seen[tick.Text] {
				t.Fatalf("%q twice: %v", tick.Text, ticks)
			}
			seen[tick.Text] = true
			if n, err := strconv.ParseFloat(tick.Text, 64); err != nil || math.Abs(n-tick.At) > axis.Step/1000 {
				t.Fatalf("%v is written %q", tick.At, tick.Text)
			}
		}
	})
}

func TestAxis_OfNothing(t *testing.T) {
	if axis := AxisOf(math.Inf(1), math.Inf(-1), 3); axis.Low >= axis.High || len(axis.Ticks(plain)) > 7 {
		t.Errorf("%+v", axis)
	}
}

// Times of an axis lie within it, in order, and not too many, over any change of
// the clock.
func TestTimeTicks_LieWithin(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(-1e9, 3e9).Draw(t, "from"), 0).In(paris)
		span := time.Duration(rapid.Int64Range(int64(2*time.Second), int64(150*365*24*time.Hour)).Draw(t, "span"))
		most := rapid.IntRange(1, 12).Draw(t, "most")
		ticks := TimeTicks(from, from.Add(span), most)
		if len(ticks) > 2*most+1 {
			t.Fatalf("%d ticks instead of %d", len(ticks), most)
		}
		for i, tick := range ticks {
			if tick.At.Before(from) || tick.At.After(from.Add(span)) || i > 0 && !tick.At.After(ticks[i-1].At) {
				t.Fatalf("%v between %v and %v", tick, from, from.Add(span))
			}
		}
	})
	summer := time.Date(2026, 3, 29, 0, 0, 0, 0, paris) // which has 23 hours
	var texts []string
	for _, tick := range TimeTicks(summer, summer.AddDate(0, 0, 1), 7) {
		texts = append(texts, tick.Text)
	}
	if len(texts) != 7 || texts[0] != "29/03" || texts[6] != "30/03" {
		t.Errorf("%v", texts)
	}
}

// A line ends where nothing was measured for long, and nowhere else.
func TestBreaks(t *testing.T) {
	at := func(minutes ...int) (points []Point) {
		for _, m := range minutes {
			points = append(points, Point{At: time.Unix(int64(m)*60, 0), High: 1, Low: math.NaN(), Mean: math.NaN()})
		}
		return points
	}
	for name, test := range map[string]struct {
		points []Point
		want   int // behind which there is a break; -1: none
	}{
		"visits":      {at(0, 10_000, 40_000), -1},
		"night":       {at(0, 1, 2, 3, 500, 501, 502, 503), 3},
		"one missing": {at(0, 1, 2, 4, 5, 6), -1},
		"one":         {at(3), -1},
	} {
		broken := Breaks(test.points, 1000*time.Minute)
		for i := range test.points {
			if broken(i) != (i == test.want) {
				t.Errorf("%s: behind %d: %v", name, i, broken(i))
			}
		}
	}
}
