package station

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// openSearched opens a station whose segments are small.
func openSearched(t testing.TB, folder string) *Station {
	t.Helper()
	s, err := Open(folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.catalogue.size = 50
	t.Cleanup(func() { s.Close() })
	return s
}

// anyReport is some measurements of some people by some devices.
func anyReport(r *rand.Rand) fhirmap.Report {
	report := fhirmap.Report{Link: "test"}
	for range 1 + r.IntN(4) {
		value := fhirmap.NewDecimal(int64(50+r.IntN(40)), 0)
		m := fhirmap.Measurement{
			Type: fhirmap.HeartRate, Device: fhirmap.Device{ID: fmt.Sprint("d", r.IntN(3))},
			Readings: []fhirmap.Reading{{Type: fhirmap.HeartRate, Value: &value, Unit: fhirmap.BeatsPerMinute}},
			Time:     morning.Add(time.Duration(r.IntN(100_000)) * time.Second),
		}
		if r.IntN(2) == 0 {
			m.Type = fhirmap.BloodPressure
			for _, part := range []fhirmap.Type{fhirmap.Systolic, fhirmap.Diastolic} {
				m.Readings = append(m.Readings, fhirmap.Reading{Type: part, Value: &value, Unit: fhirmap.MillimetreOfMercury})
			}
		}
		if who := r.IntN(4); who > 0 {
			m.Patient = &fhirmap.Patient{System: "urn:test", ID: fmt.Sprint(who)}
		}
		report.Measurements = append(report.Measurements, m)
	}
	return report
}

func anySearch(r *rand.Rand) Search {
	q := Search{ByReceived: r.IntN(3) == 0, OldestFirst: r.IntN(2) == 0, Limit: 1 + r.IntN(30)}
	if r.IntN(2) == 0 {
		who := fhirmap.Patient{System: "urn:test", ID: []string{"", "1", "2", "3", "4"}[r.IntN(5)]} // "": nobody
		q.Patients = []string{who.Key()}
	}
	if r.IntN(3) == 0 {
		q.Devices = []string{fmt.Sprint("d", r.IntN(4)), "d1"}
	}
	if r.IntN(2) == 0 {
		q.Types = []fhirmap.Type{[]fhirmap.Type{fhirmap.HeartRate, fhirmap.BloodPressure, fhirmap.BodyWeight}[r.IntN(3)]}
	}
	if r.IntN(3) == 0 {
		q.Taken.From = morning.Add(time.Duration(r.IntN(100_000)) * time.Second)
		q.Taken.To = q.Taken.From.Add(time.Duration(r.IntN(50_000)) * time.Second)
	}
	if r.IntN(4) == 0 {
		odd := r.IntN(2)
		q.Match = func(f *Found) bool { return f.Seq%2 == uint64(odd) }
	}
	return q
}

// names are what was found, shortly.
func names(found []Found) (list []string) {
	for i := range found {
		list = append(list, fmt.Sprintf("%d-%d", found[i].Seq, found[i].Nth))
	}
	return list
}

// expected looks at every Observation of the log up to head.
// changed says what was corrected, beside the code that is tested.
func expected(t *testing.T, s *Station, q Search, head uint64, changed map[uint64]changedTo) []string {
	t.Helper()
	var all []Found
	for cursor := uint64(0); cursor < head; {
		events, err := s.Follow(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			for _, m := range e.Measurements {
				who, row := m.Subject.Key(), m.Seq
				if now, corrected := changed[m.Seq]; corrected {
					who, row, m.Corrected = now.who, now.entry, now.at
				}
				for nth, what := range m.ObservationTypes() {
					f := Found{m, nth, row}
					if m.Seq <= head && (q.Types == nil || slices.Contains(q.Types, what)) &&
						(q.Patients == nil || slices.Contains(q.Patients, who)) &&
						(q.Devices == nil || slices.Contains(q.Devices, m.Device.ID)) &&
						q.Taken.Holds(m.Effective()) && (q.Match == nil || q.Match(&f)) {
						all = append(all, f)
					}
				}
			}
			cursor = e.Last
		}
	}
	slices.SortStableFunc(all, func(a, b Found) int {
		order := a.Effective().Compare(b.Effective())
		if q.ByReceived {
			order = cmp.Compare(a.Updated().UnixMilli(), b.Updated().UnixMilli())
		}
		if order = cmp.Or(order, cmp.Compare(a.row, b.row), a.Nth-b.Nth); !q.OldestFirst {
			order = -order
		}
		return order
	})
	return names(all)
}

// A search page by page gives what a look at the whole log gives, whatever comes
// meanwhile, and after a restart.
func TestSearch_EqualsTheLog(t *testing.T) {
	folder, r := t.TempDir(), rand.New(rand.NewPCG(1, 2))
	s := openSearched(t, folder)
	record := func(n int) {
		for range n {
			if _, err := s.Record(context.Background(), anyReport(r)); err != nil {
				t.Fatal(err)
			}
		}
	}
	changed := map[uint64]changedTo{}
	for round := range 45 {
		record(1 + r.IntN(12))
		for range r.IntN(4) {
			correctAny(t, s, r, changed)
		}
		if round%15 == 14 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openSearched(t, folder)
		}
		q := anySearch(r)
		want := expected(t, s, q, s.Head(), changed)
		var got []string
		for page := 0; ; page++ {
			found, next, err := s.Search(context.Background(), q)
			if err != nil || len(found) > q.Limit {
				t.Fatal(len(found), err)
			}
			got = append(got, names(found)...)
			if q.Page = next; next == nil {
				break
			}
			if page < 3 {
				record(r.IntN(3))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d, %+v:\n%v instead of\n%v", round, q, got, want)
		}
	}
	if len(changed) < 20 {
		t.Errorf("%d corrected", len(changed))
	}
	if len(s.catalogue.sealed) < 5 {
		t.Errorf("%d segments", len(s.catalogue.sealed))
	}
}

// Segments that are damaged, or tell of another log, are made anew.
func TestSearch_DamagedCatalogue(t *testing.T) {
	folder, r := t.TempDir(), rand.New(rand.NewPCG(3, 4))
	s := openSearched(t, folder)
	for range 200 {
		if _, err := s.Record(context.Background(), anyReport(r)); err != nil {
			t.Fatal(err)
		}
	}
	all := Search{Limit: 10_000}
	want, _, err := s.Search(context.Background(), all)
	if err != nil || len(s.catalogue.sealed) < 3 {
		t.Fatal(len(s.catalogue.sealed), err)
	}
	keys := make([]string, 3)
	for i := range keys {
		keys[i] = s.catalogue.sealed[i].key()
	}
	beyond := newSegment([]row{{seq: 1 << 40}}, 0, 1<<40)
	damage := map[string]func(*localstore.Store) error{
		"cut": func(store *localstore.Store) error {
			return store.Put(catalogueBucket, keys[1], []byte{segmentVersion, 3})
		},
		"newer":   func(store *localstore.Store) error { return store.Put(catalogueBucket, keys[2], []byte{99}) },
		"missing": func(store *localstore.Store) error { return store.Delete(catalogueBucket, keys[0]) },
		"beyond":  func(store *localstore.Store) error { return store.Put(catalogueBucket, beyond.key(), beyond.encode()) },
	}
	for name, change := range damage {
		if err := change(s.store); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openSearched(t, folder)
		got, _, err := s.Search(context.Background(), all)
		if err != nil || !slices.Equal(names(got), names(want)) {
			t.Errorf("%s: %d found instead of %d, %v", name, len(got), len(want), err)
		}
	}
}

// Searching goes on when the catalogue cannot be written.
func TestSearch_CatalogueNotWritten(t *testing.T) {
	s, r := openSearched(t, t.TempDir()), rand.New(rand.NewPCG(5, 6))
	for range 200 {
		if _, err := s.Record(context.Background(), anyReport(r)); err != nil {
			t.Fatal(err)
		}
	}
	c := &s.catalogue
	if err := c.load(s); err != nil {
		t.Fatal(err)
	}
	c.write = func(string, []byte) error { return errors.New("no space left") }
	all := Search{Limit: 10_000}
	got, _, err := s.Search(context.Background(), all)
	if want := expected(t, s, all, s.Head(), nil); err != nil || !slices.Equal(names(got), want) || len(c.sealed) > 0 {
		t.Fatalf("%d found instead of %d, %d segments, %v", len(got), len(want), len(c.sealed), err)
	}
	c.write = nil
	if _, err := s.Record(context.Background(), anyReport(r)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Search(context.Background(), all); err != nil || len(c.sealed) == 0 {
		t.Errorf("%d segments when there is room again, %v", len(c.sealed), err)
	}
}

// A segment is read as it was written, and nothing else is taken for one.
func FuzzSegment(f *testing.F) {
	f.Add(newSegment([]row{{seq: 1, what: 5, device: 6, taken: -7}, {seq: 1, nth: 1, what: 9, who: 4, received: 1 << 50}}, 0, 2).encode())
	f.Add([]byte{segmentVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := decodeSegment(data)
		if err != nil {
			return
		}
		again, err := decodeSegment(g.encode())
		if err != nil || !slices.Equal(again.rows, g.rows) || again.last != g.last {
			t.Fatalf("%v, %v instead of %v", err, again, g)
		}
	})
}

// BenchmarkSearch finds a patient's last hundred among a million.
func BenchmarkSearch(b *testing.B) {
	folder := b.TempDir()
	fillLog(b, folder, 1_000_000, time.Now(), time.Second)
	s, err := Open(folder, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	value := fhirmap.NewDecimal(72, 0)
	rare := &fhirmap.Patient{System: "urn:test", ID: "rare"}
	for range 200 {
		m := fhirmap.Measurement{
			Type: fhirmap.HeartRate, Device: fhirmap.Device{ID: "d"}, Patient: rare, Time: time.Now(),
			Readings: []fhirmap.Reading{{Type: fhirmap.HeartRate, Value: &value, Unit: fhirmap.BeatsPerMinute}},
		}
		if _, err := s.Record(context.Background(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{m}}); err != nil {
			b.Fatal(err)
		}
	}
	first := time.Now()
	for name, who := range map[string]*fhirmap.Patient{"frequent": claire(), "rare": rare} {
		q := Search{Patients: []string{who.Key()}, Limit: 100}
		if found, _, err := s.Search(b.Context(), q); err != nil || len(found) != 100 {
			b.Fatal(len(found), err)
		}
		b.Logf("first %s search: %v", name, time.Since(first))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
