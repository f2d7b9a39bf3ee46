package station

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

// columnsOf sorts what was found into the columns of a plot, by type.
func columnsOf(found []Found, taken Span, columns int) map[fhirmap.Type]map[int][]Found {
	all := map[fhirmap.Type]map[int][]Found{}
	for _, f := range found {
		if f.Discarded || f.Implausible {
			continue
		}
		what := f.ObservationTypes()[f.Nth]
		if all[what] == nil {
			all[what] = map[int][]Found{}
		}
		at := int(f.Effective().Sub(taken.From).Milliseconds() * int64(columns) / taken.To.Sub(taken.From).Milliseconds())
		all[what][at] = append(all[what][at], f)
	}
	return all
}

func boundsOf(f *Found) (low, high float64) {
	what := f.ObservationTypes()[f.Nth]
	parts, pressure := pressureParts[what]
	if !pressure {
		parts = [3]fhirmap.Type{what}
	}
	low, high = math.Inf(1), math.Inf(-1)
	for _, part := range parts {
		if r := f.Reading(part); r != nil && r.Value != nil {
			low, high = min(low, r.Value.Float64()), max(high, r.Value.Float64())
		}
	}
	return low, high
}

// TestTrends_LoseNoExtreme compares the points with what a search finds: of each
// column of pixels the first, the last, the lowest and the highest, in order,
// and no other.
func TestTrends_LoseNoExtreme(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := openSearched(t, t.TempDir())
	changed := map[uint64]changedTo{}
	drawn, dropped := 0, 0
	for range 60 {
		for range 1 + r.IntN(20) {
			if _, err := s.Record(context.Background(), anyReport(r)); err != nil {
				t.Fatal(err)
			}
		}
		for range r.IntN(3) {
			correctAny(t, s, r, changed)
		}
		who := ""
		if n := r.IntN(4); n > 0 {
			who = (&fhirmap.Patient{System: "urn:test", ID: fmt.Sprint(n)}).Key()
		}
		taken := Span{From: morning.Add(time.Duration(r.IntN(50_000)) * time.Second)}
		taken.To = taken.From.Add(time.Duration(1+r.IntN(100_000)) * time.Second)
		columns := 1 + r.IntN(40)
		found, _, err := s.Search(t.Context(), Search{Patients: []string{who}, Taken: taken, OldestFirst: true, Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Count(t.Context(), Search{Patients: []string{who}, Taken: taken})
		if err != nil || n != len(found) {
			t.Fatalf("%d counted, %d found, %v", n, len(found), err)
		}
		trends, err := s.Trends(t.Context(), TrendSearch{Patient: who, Taken: taken, Columns: columns})
		if err != nil {
			t.Fatal(err)
		}
		want := columnsOf(found, taken, columns)
		for _, trend := range trends {
			if !slices.IsSortedFunc(trend.Points, func(a, b TrendPoint) int { return a.At.Compare(b.At) }) {
				t.Fatal("points are not in order")
			}
			got := map[int][]TrendPoint{}
			for _, p := range trend.Points {
				at := int(p.At.Sub(taken.From).Milliseconds() * int64(columns) / taken.To.Sub(taken.From).Milliseconds())
				got[at] = append(got[at], p)
			}
			if len(got) != len(want[trend.Type]) {
				t.Fatalf("%s: %d columns instead of %d", trend.Type, len(got), len(want[trend.Type]))
			}
			for at, all := range want[trend.Type] {
				drawn, dropped = drawn+len(got[at]), dropped+len(all)-len(got[at])
				sameColumn(t, got[at], all)
			}
		}
	}
	if drawn < 1000 || dropped < 1000 {
		t.Errorf("only %d points drawn and %d stood for", drawn, dropped)
	}
}

// sameColumn holds points against all that they stand for, oldest first.
func sameColumn(t *testing.T, points []TrendPoint, all []Found) {
	t.Helper()
	if len(points) > 4 || len(points) > len(all) {
		t.Fatalf("%d points for %d", len(points), len(all))
	}
	low, high := math.Inf(1), math.Inf(-1)
	for i := range all {
		l, h := boundsOf(&all[i])
		low, high = min(low, l), max(high, h)
	}
	drawnLow, drawnHigh := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		l, h := p.Bounds()
		drawnLow, drawnHigh = min(drawnLow, l), max(drawnHigh, h)
		i := slices.IndexFunc(all, func(f Found) bool { return f.Seq == p.Seq && f.Nth == p.Nth })
		if i < 0 || !all[i].Effective().Equal(p.At) {
			t.Fatalf("a point at %v that nobody measured", p.At)
		}
		if fl, fh := boundsOf(&all[i]); fl != l || fh != h {
			t.Fatalf("a point from %v to %v, measured %v to %v", l, h, fl, fh)
		}
	}
	if drawnLow != low || drawnHigh != high {
		t.Fatalf("drawn from %v to %v, measured %v to %v", drawnLow, drawnHigh, low, high)
	}
	first, last := points[0], points[len(points)-1]
	if !first.At.Equal(all[0].Effective()) || !last.At.Equal(all[len(all)-1].Effective()) {
		t.Fatal("the first or the last is not drawn")
	}
}

// The figures of an Observation keep what the device sent, and survive the disk.
func TestFigures_KeepTheDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coefficient := rapid.Int64Range(-1<<33, 1<<33).Draw(t, "coefficient")
		exponent := rapid.Int32Range(-12, 3).Draw(t, "exponent")
		value := fhirmap.NewDecimal(coefficient, exponent)
		unit := rapid.SampledFrom([]fhirmap.Unit{fhirmap.MilligramPerDecilitre, fhirmap.MillimolePerLitre, fhirmap.Percent}).Draw(t, "unit")
		m := &fhirmap.Recorded{Measurement: fhirmap.Measurement{
			Type: fhirmap.BloodGlucose, Readings: []fhirmap.Reading{{Type: fhirmap.BloodGlucose, Value: &value, Unit: unit}},
		}, Implausible: rapid.Bool().Draw(t, "implausible"), Discarded: rapid.Bool().Draw(t, "discarded")}
		f := figuresOf(m, fhirmap.BloodGlucose)
		d := &varints{data: f.append(nil)}
		if again := d.figures(); d.failed || d.left() > 0 || again != f {
			t.Fatalf("%+v, then %+v", f, again)
		}
		if f.has(figureDoubt) != m.Implausible || f.has(figureError) != m.Discarded {
			t.Fatalf("%+v", f)
		}
		d32 := coefficient
		for range exponent {
			d32 *= 10
		}
		if fits := int64(int32(d32)) == d32 && exponent >= -mostPlaces; fits != (f.number(0) != nil) {
			t.Fatalf("%s: fits %v, %v", value, fits, f.number(0))
		}
		if n := f.number(0); n != nil && (n.String() != value.String() || unit == fhirmap.Percent && f.unit() != otherUnit) {
			t.Fatalf("%s became %s", value, n)
		}
	})
}

// TestTrends_CountsApart: what is in error is not there, what is implausible is
// counted and not drawn, and units do not mix.
func TestTrends_CountsApart(t *testing.T) {
	s := openSearched(t, t.TempDir())
	glucose := func(text string, unit fhirmap.Unit) fhirmap.Measurement {
		value := fhirmap.MustDecimal(text)
		return fhirmap.Measurement{
			Type: fhirmap.BloodGlucose, Device: fhirmap.Device{ID: "g", Type: fhirmap.Glucometer}, Patient: claire(), Time: morning,
			Readings: []fhirmap.Reading{{Type: fhirmap.BloodGlucose, Value: &value, Unit: unit}},
		}
	}
	for _, m := range []fhirmap.Measurement{
		glucose("5.40", fhirmap.MillimolePerLitre), glucose("99", fhirmap.MilligramPerDecilitre),
		glucose("9999", fhirmap.MilligramPerDecilitre), glucose("97", fhirmap.MilligramPerDecilitre),
	} {
		receipt, err := s.Record(t.Context(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{m}})
		if err != nil {
			t.Fatal(err)
		}
		if m.Readings[0].Value.String() == "97" {
			if _, err := s.Discard(t.Context(), receipt.Seq, "essai"); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := s.Trends(t.Context(), TrendSearch{Patient: claire().Key(), Taken: Span{morning.Add(-time.Hour), morning.Add(time.Hour)}, Columns: 10})
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	mass, moles := got[0], got[1]
	if mass.Unit != fhirmap.MilligramPerDecilitre || mass.Count != 2 || mass.Doubtful != 1 || len(mass.Points) != 1 || mass.Points[0].High.String() != "99" {
		t.Errorf("%+v", mass)
	}
	if moles.Unit != fhirmap.MillimolePerLitre || moles.Count != 1 || len(moles.Points) != 1 || moles.Points[0].High.String() != "5.40" || !moles.First.Equal(morning) {
		t.Errorf("%+v", moles)
	}
	if _, err := s.Trends(t.Context(), TrendSearch{Columns: 10}); err == nil {
		t.Error("drew a plot without bounds")
	}
}

// TestTrends_AreTheSameHoweverManyRead: of equal ones in a column the first is
// drawn, whoever has read it.
func TestTrends_AreTheSameHoweverManyRead(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s := openSearched(t, t.TempDir())
	for range 600 {
		if _, err := s.Record(t.Context(), anyReport(r)); err != nil {
			t.Fatal(err)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	q := TrendSearch{Patient: (&fhirmap.Patient{System: "urn:test", ID: "1"}).Key(), Taken: Span{morning.Add(-24 * time.Hour), morning.Add(72 * time.Hour)}, Columns: 50}
	alone, err := s.Trends(t.Context(), q)
	if err != nil || len(alone) == 0 || len(s.catalogue.sealed) < 8*segmentsEach {
		t.Fatalf("%d trends of %d segments, %v", len(alone), len(s.catalogue.sealed), err)
	}
	runtime.GOMAXPROCS(8)
	for range 20 {
		together, err := s.Trends(t.Context(), q)
		if err != nil || !reflect.DeepEqual(together, alone) {
			t.Fatalf("%+v, %v, want %+v", together, err, alone)
		}
	}
}

// BenchmarkTrends draws a patient's plots, with a million Observations stored:
// all of them theirs, or few.
func BenchmarkTrends(b *testing.B) {
	folder, end := b.TempDir(), time.Now()
	fillLog(b, folder, 1_000_000, end, time.Second)
	s, err := Open(folder, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Trends(b.Context(), TrendSearch{}); err != nil { // follows the log to its end
		b.Fatal(err)
	}
	for name, span := range map[string]time.Duration{"all": 50_001 * time.Second, "day": 24 * time.Hour, "hour": time.Hour} {
		q := TrendSearch{Patient: claire().Key(), Taken: Span{end.Add(-span), end.Add(time.Second)}, Columns: 1000}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Trends(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
