package station

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// watched is a desk whose monitor was heard for ten minutes, forty days ago: the
// first minute and what is no detail stay for ten years.
func watched(t *testing.T) *desk {
	d := newDesk(t)
	d.catalogue.size = 4
	for i := range 10 {
		d.record(streaming(of(eloise(), pulse(fmt.Sprint(60+i)))))
		d.clock.advance(time.Minute)
	}
	d.record(report(of(eloise(), pulse("99")))) // not by itself
	d.clock.advance(40 * day)
	d.record(report(of(eloise(), pulse("100"))))
	d.opened, d.newestAtOpen = d.clock.now(), d.clock.now()
	return d
}

func TestRetainDetail_RemovesWhatTheRhythmRecorded(t *testing.T) {
	d := watched(t)
	if _, _, err := d.Search(t.Context(), Search{Limit: 1}); err != nil { // the catalogue knows all
		t.Fatal(err)
	}
	if n, err := d.ExpiredDetail(t.Context()); err != nil || n != 9 {
		t.Fatalf("%d to go, %v", n, err)
	}
	if n, err := d.RetainDetail(t.Context()); err != nil || n != 9 {
		t.Fatalf("%d gone, %v", n, err)
	}
	for range 2 {
		wantValues(t, d.recordedValues(), "60", "99", "100")
		if d.First() != 1 || d.Head() != 12 {
			t.Errorf("from %d to %d", d.First(), d.Head())
		}
		if events, err := d.Follow(4); err != nil || len(events) != 8 || events[0].First != 5 || events[0].Measurements != nil {
			t.Errorf("a cursor within: %d events, %v", len(events), err)
		}
		found, next, err := d.Search(t.Context(), Search{Limit: 100, Patients: []string{eloise().Key()}})
		if err != nil || next != nil || len(found) != 3 {
			t.Errorf("%d are found, %v", len(found), err)
		}
		span := Span{morning.Add(-day), morning.Add(100 * day)}
		trends, err := d.Trends(t.Context(), TrendSearch{Patient: eloise().Key(), Taken: span, Columns: 1000})
		if err != nil || len(trends) != 1 || trends[0].Count != 3 {
			t.Errorf("trends %+v, %v", trends, err)
		}
		if n, err := d.Count(t.Context(), Search{}); err != nil || n != 3 {
			t.Errorf("%d are counted, %v", n, err)
		}
		if f, err := d.Observation(5, 0); f != nil || err != nil {
			t.Errorf("%+v, %v", f, err)
		}
		if newest := d.Recent(10); len(newest) != 3 {
			t.Errorf("%d of the newest", len(newest))
		}
		if done, err := d.Export(t.Context(), ExportOptions{Dir: t.TempDir(), Format: ExportFHIR}); err != nil || done.Measurements != 3 {
			t.Errorf("%d are exported, %v", done.Measurements, err)
		}
		if checked, err := d.Check(t.Context(), nil); err != nil {
			t.Errorf("%+v, %v", checked, err)
		}
		if n, err := d.RetainDetail(t.Context()); err != nil || n != 0 {
			t.Errorf("once more: %d, %v", n, err)
		}
		d.reopen()
	}
	if done, err := d.ErasePatient(t.Context(), *eloise(), nil); err != nil || done.Measurements != 3 {
		t.Errorf("%+v, %v", done, err)
	}
}

// Losing a measurement is worse than keeping one.
func TestRetainDetail_KeepsWhatIsNoDetail(t *testing.T) {
	minute := func(d *desk, r fhirmap.Report) { d.record(r); d.clock.advance(time.Minute) }
	cuff := func(d *desk) fhirmap.Measurement {
		m := pulse("80")
		m.Type = fhirmap.BloodPressure
		return m
	}
	for name, c := range map[string]struct {
		record func(*desk)
		want   []string
	}{
		"the first of every stream": {func(d *desk) {
			minute(d, streaming(of(eloise(), pulse("70"))))
			minute(d, streaming(of(claire(), pulse("71"))))
			minute(d, streaming(from("other", pulse("72"))))
		}, []string{"70", "71", "72"}},
		"at an alarm": {func(d *desk) {
			minute(d, streaming(pulse("70")))
			d.sampler.restart(pulse("70").Device.ID)
			minute(d, streaming(pulse("71")))
			minute(d, streaming(pulse("72")))
		}, []string{"70", "71"}},
		"beside a cuff pressure": {func(d *desk) {
			minute(d, streaming(pulse("70"), cuff(d)))
			minute(d, streaming(pulse("71"), cuff(d)))
		}, []string{"70", "80", "71", "80"}},
		"of a device at hand": {func(d *desk) {
			for _, v := range []string{"70", "71"} {
				m := pulse(v)
				m.Device.Type = fhirmap.PulseOxymeter
				minute(d, streaming(m))
			}
		}, []string{"70", "71"}},
		"of a consultation": {func(d *desk) {
			d.start("c", eloise())
			for _, v := range []string{"70", "71"} {
				m := pulse(v)
				m.Time = d.clock.now()
				minute(d, streaming(m))
			}
			if err := d.EndConsultation(context.Background()); err != nil {
				d.t.Fatal(err)
			}
		}, []string{"70", "71"}},
		"that somebody has corrected": {func(d *desk) {
			for _, v := range []string{"70", "71", "72"} {
				minute(d, streaming(pulse(v)))
			}
			if _, err := d.Discard(context.Background(), 2, "artefact"); err != nil {
				d.t.Fatal(err)
			}
		}, []string{"70", "71"}},
		"the newest": {func(d *desk) {
			minute(d, streaming(pulse("70")))
			minute(d, streaming(pulse("71")))
		}, []string{"70", "71"}},
		"younger than that": {func(d *desk) {
			minute(d, streaming(pulse("70")))
			d.clock.advance(30 * day)
			d.opened, d.newestAtOpen = d.clock.now(), d.clock.now()
			minute(d, streaming(pulse("71")))
			minute(d, streaming(pulse("72")))
			d.clock.advance(-5 * time.Minute)
		}, []string{"70", "71", "72"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c.record(d)
			if name != "the newest" && name != "younger than that" {
				d.clock.advance(31 * day)
				d.record(report(pulse("99")))
				c.want = append(c.want, "99")
			} else if name == "the newest" {
				d.clock.advance(31 * day)
			}
			d.opened, d.newestAtOpen = d.clock.now(), d.clock.now()
			if _, err := d.RetainDetail(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantValues(t, d.recordedValues(), c.want...)
		})
	}
}

func TestRetainDetail_DoesNotTrustAClockThatJumps(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		d.record(streaming(pulse(fmt.Sprint(60 + i))))
		d.clock.advance(time.Minute)
	}
	d.clock.advance(365 * day)
	d.reopen()
	if n, err := d.RetainDetail(t.Context()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	d.clock.advance(day)
	if n, err := d.RetainDetail(t.Context()); n != 3 || err != nil {
		t.Errorf("after a day: %d, %v", n, err)
	}
}

func TestRetainDetail_EndsWithItsContextAndGoesOn(t *testing.T) {
	d := watched(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.RetainDetail(ctx); err == nil {
		t.Error("no error")
	}
	if n, err := d.RetainDetail(t.Context()); n != 9 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestRetainDetail_AfterACrashTheCatalogueFollows(t *testing.T) {
	d := watched(t)
	if _, _, err := d.Search(t.Context(), Search{Limit: 1}); err != nil {
		t.Fatal(err)
	}
	n, err := d.store.Substitute(t.Context(), 1, d.Head(), func(r localstore.Record) (*localstore.Entry, error) {
		if r.Kind != kindDetail {
			return nil, nil
		}
		old, err := decode(r)
		if err != nil {
			return nil, err
		}
		return emptied(r, old)
	})
	if n != 9 || err != nil {
		t.Fatal(n, err)
	}
	d.reopen()
	d.opened, d.newestAtOpen = d.clock.now(), d.clock.now()
	if n, err := d.Count(t.Context(), Search{}); n != 12 || err != nil {
		t.Fatalf("%d are counted, %v: the test tests nothing", n, err)
	}
	if _, err := d.RetainDetail(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Count(t.Context(), Search{}); n != 3 || err != nil {
		t.Errorf("%d are counted, %v", n, err)
	}
}

// What is searched for after detail has gone is what is left, whatever went in
// between and however often.
func TestRetainDetail_Model(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk(t)
		d.catalogue.size = rapid.IntRange(1, 8).Draw(r, "size")
		for step := range rapid.IntRange(1, 40).Draw(r, "steps") {
			m := from(rapid.SampledFrom([]string{"a", "b"}).Draw(r, "device"), pulse(fmt.Sprint(step)))
			switch rapid.IntRange(0, 9).Draw(r, "what") {
			case 0:
				d.record(report(m))
			case 1:
				d.reopen()
				d.catalogue.size = 4
			case 2:
				d.opened, d.newestAtOpen = d.clock.now(), d.clock.now()
				if _, err := d.RetainDetail(context.Background()); err != nil {
					r.Fatal(err)
				}
			default:
				d.record(streaming(m, of(claire(), saturation(fmt.Sprint(step)))))
			}
			d.clock.advance(time.Duration(rapid.SampledFrom([]int{1, 60, 3600, 40 * 24 * 3600}).Draw(r, "seconds")) * time.Second)
			left := d.recordedValues()
			found, _, err := d.Search(context.Background(), Search{Limit: 1000})
			if err != nil {
				r.Fatal(err)
			}
			var values []string
			for i := range found {
				values = append(values, found[i].Readings[0].Value.String())
			}
			if n, err := d.Count(context.Background(), Search{}); err != nil || n != len(found) {
				r.Fatalf("%d are counted, %d found, %v", n, len(found), err)
			}
			slices.Sort(left)
			slices.Sort(values)
			if !slices.Equal(left, values) {
				r.Fatalf("found %v, the log holds %v", values, left)
			}
			if n, err := d.Count(context.Background(), Search{}); err != nil || n != len(left) {
				r.Fatalf("%d are counted of %d, %v", n, len(left), err)
			}
		}
	})
}
