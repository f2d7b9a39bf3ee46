package localstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

// texts are what the records hold, with their numbers.
func texts(t *testing.T, s *Store) (list []string) {
	t.Helper()
	for from := uint64(0); ; {
		records, err := s.Read(from, 100, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return list
		}
		for _, r := range records {
			list = append(list, fmt.Sprintf("%d-%d %d %s", r.First, r.Last(), r.Kind, r.Data))
			from = r.Last() + 1
		}
	}
}

func TestSubstitute(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s := open(t, path)
	for i := range 5 {
		if _, err := s.Append(t.Context(), Entry{Kind: 1, Count: 1 + i%2, Data: fmt.Append(nil, "old", i)}); err != nil {
			t.Fatal(err)
		}
	}
	empty := func(r Record) (*Entry, error) {
		if r.First == 2 {
			return nil, nil
		}
		return &Entry{Kind: 6, Count: r.Count}, nil
	}
	// The second is kept, the fourth lies behind what was asked for.
	if n, err := s.Substitute(t.Context(), 1, 4, empty); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	want := "[1-1 6  2-3 1 old1 4-4 6  5-6 1 old3 7-7 1 old4]"
	if got := fmt.Sprint(texts(t, s)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n, err := s.Substitute(t.Context(), 5, 100, empty); n != 1 || err != nil { // the newest stays
		t.Errorf("%d, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	want = "[1-1 6  2-3 1 old1 4-4 6  5-6 6  7-7 1 old4]"
	if got := fmt.Sprint(texts(t, s)); got != want {
		t.Errorf("after reopening %s, want %s", got, want)
	}
	if _, err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestSubstitute_RefusesAndChangesNothing(t *testing.T) {
	s := openNew(t)
	for i := range 3 {
		if _, err := s.Append(t.Context(), Entry{Kind: 1, Count: 2, Data: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
	}
	before := fmt.Sprint(texts(t, s))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	boom := errors.New("no")
	for name, c := range map[string]struct {
		ctx  context.Context
		with func(Record) (*Entry, error)
	}{
		"another number of numbers": {t.Context(), func(r Record) (*Entry, error) { return &Entry{Kind: 6, Count: 1}, nil }},
		"an error half way": {t.Context(), func(r Record) (*Entry, error) {
			if r.First > 1 {
				return nil, boom
			}
			return &Entry{Kind: 6, Count: 2}, nil
		}},
		"an end": {ended, func(r Record) (*Entry, error) { return &Entry{Kind: 6, Count: 2}, nil }},
	} {
		if n, err := s.Substitute(c.ctx, 1, 6, c.with); n != 0 || err == nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if after := fmt.Sprint(texts(t, s)); after != before {
			t.Errorf("%s: %s", name, after)
		}
	}
	if _, err := s.Append(t.Context(), Entry{Kind: 1, Count: 1}); err != nil {
		t.Error("the store goes on:", err)
	}
}

// More than one transaction, while others append.
func TestSubstitute_WhileOthersAppend(t *testing.T) {
	s := openNew(t)
	const many = 2*trimRecords + 10
	for i := range many {
		if i%500 == 0 {
			if _, err := s.Append(t.Context(), Entry{Kind: 1, Count: 1, Data: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		go s.Append(context.Background(), Entry{Kind: 1, Count: 1, Data: []byte("x")})
	}
	if err := s.Wait(t.Context(), many-1); err != nil {
		t.Fatal(err)
	}
	appended := make(chan error, 1)
	go func() {
		var err error
		for range 50 {
			if _, e := s.Append(context.Background(), Entry{Kind: 1, Count: 1, Data: []byte("new")}); e != nil {
				err = e
			}
		}
		appended <- err
	}()
	n, err := s.Substitute(t.Context(), 1, many, func(r Record) (*Entry, error) { return &Entry{Kind: 6, Count: r.Count}, nil })
	if failed := <-appended; failed != nil {
		t.Error(failed)
	}
	if err != nil || n < many-1 || n > many {
		t.Fatalf("%d, %v", n, err)
	}
	if all := texts(t, s); len(all) != many+50 || s.Head() != many+50 {
		t.Errorf("%d records, head %d", len(all), s.Head())
	}
}
