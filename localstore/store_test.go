package localstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"vitalien/fhirmap"
)

// childVar makes the test binary do the work of a child process instead.
const childVar = "VITALIEN_STORE_CHILD"

func TestMain(m *testing.M) {
	humanEffort = ownEffort
	if mode := os.Getenv(childVar); mode != "" {
		if err := children[mode](os.Getenv("VITALIEN_STORE_PATH")); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// children are the programs of the child processes; other files add theirs.
var children = map[string]func(path string) error{}

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openNew(t testing.TB) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "store.db"))
}

func mustAppend(t testing.TB, s *Store, count int, data string) uint64 {
	t.Helper()
	first, err := s.Append(t.Context(), Entry{Kind: 7, Count: count, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := codeOf(err); got != code {
		t.Errorf("error %v has code %q, want %q", err, got, code)
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return fhirmap.FaultOf(err).Code
}

// mustApply has bbolt take everything, as Close does.
func mustApply(t testing.TB, s *Store) {
	t.Helper()
	if err := s.apply(); err != nil {
		t.Fatal(err)
	}
}

// inBbolt is the last number that bbolt holds.
func inBbolt(t testing.TB, s *Store) (head uint64) {
	t.Helper()
	err := s.view(func(tx *bolt.Tx) (err error) {
		head, err = lastSequence(tx.Bucket(bucketLog), s.keys.Load().decode)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// readAll reads the whole log in small steps.
func readAll(t testing.TB, s *Store) []Record {
	t.Helper()
	var all []Record
	for next := s.First(); ; {
		records, err := s.Read(next, 7, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return all
		}
		all = append(all, records...)
		next = all[len(all)-1].Last() + 1
	}
}

func TestOpen_MakesFolderAndFileForTheUserAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits: the folder's access list is inherited")
	}
	path := filepath.Join(t.TempDir(), "a", "b", "store.db")
	open(t, path)
	for name, want := range map[string]os.FileMode{path: 0o600, path + journalSuffix: 0o600, filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestID_IsMadeOnceWithTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	id := s.ID()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("%q is no UUID version 4", id)
	}
	s.Close()
	if again := open(t, path).ID(); again != id {
		t.Errorf("ID changed from %s to %s on reopening", id, again)
	}
	if other := openNew(t).ID(); other == id {
		t.Error("two stores have the same ID")
	}
}

func TestAppend_NumbersConsecutively(t *testing.T) {
	s := openNew(t)
	if s.Head() != 0 {
		t.Errorf("an empty log has head %d", s.Head())
	}
	for _, step := range []struct {
		count       int
		first, head uint64
	}{{1, 1, 1}, {3, 2, 4}, {MaxCount, 5, 10_004}, {1, 10_005, 10_005}} {
		if first := mustAppend(t, s, step.count, "x"); first != step.first || s.Head() != step.head {
			t.Errorf("count %d: first %d, head %d; want %d, %d", step.count, first, s.Head(), step.first, step.head)
		}
	}
}

func TestAppend_RefusesOnlyWhatIsInvalid(t *testing.T) {
	s := openNew(t)
	for name, e := range map[string]Entry{
		"no number":        {Count: 0},
		"negative count":   {Count: -1},
		"too many numbers": {Count: MaxCount + 1},
		"too much data":    {Count: 1, Data: make([]byte, MaxData+1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Append(t.Context(), e)
			wantCode(t, err, CodeInvalid)
		})
	}
	if first := mustAppend(t, s, 1, ""); first != 1 {
		t.Errorf("a refused entry took a number: the next got %d", first)
	}
	large := strings.Repeat("x", MaxData)
	mustAppend(t, s, 1, large)
	if all := readAll(t, s); len(all) != 2 || string(all[1].Data) != large || len(all[0].Data) != 0 {
		t.Error("the smallest and the largest entry do not come back")
	}
}

func TestAppend_CopiesData(t *testing.T) {
	s := openNew(t)
	data := []byte("before")
	if _, err := s.Append(t.Context(), Entry{Count: 1, Data: data}); err != nil {
		t.Fatal(err)
	}
	copy(data, "after!")
	first, second := readAll(t, s), readAll(t, s)
	copy(first[0].Data, "reader")
	if string(second[0].Data) != "before" {
		t.Errorf("read %q", second[0].Data)
	}
}

func TestRead_KeepsItsBounds(t *testing.T) {
	s := openNew(t)
	for range 5 {
		mustAppend(t, s, 3, "0123456789") // 1-3, 4-6, 7-9, 10-12, 13-15
	}
	for name, c := range map[string]struct {
		from           uint64
		records, bytes int
		first, howMany int
	}{
		"from 0 is from the first":       {from: 0, records: 100, bytes: 1000, first: 1, howMany: 5},
		"all":                            {from: 1, records: 100, bytes: 1000, first: 1, howMany: 5},
		"the record that holds from":     {from: 5, records: 100, bytes: 1000, first: 4, howMany: 4},
		"last number of a record":        {from: 6, records: 100, bytes: 1000, first: 4, howMany: 4},
		"the last number of all":         {from: 15, records: 100, bytes: 1000, first: 13, howMany: 1},
		"after the head":                 {from: 16, records: 100, bytes: 1000, howMany: 0},
		"far after the head":             {from: 1 << 63, records: 100, bytes: 1000, howMany: 0},
		"at most maxRecords":             {from: 1, records: 2, bytes: 1000, first: 1, howMany: 2},
		"at most maxBytes":               {from: 1, records: 100, bytes: 29, first: 1, howMany: 2},
		"exactly maxBytes":               {from: 1, records: 100, bytes: 30, first: 1, howMany: 3},
		"at least one, however large":    {from: 4, records: 100, bytes: 1, first: 4, howMany: 1},
		"at least one, however many ask": {from: 4, records: 0, bytes: 0, first: 4, howMany: 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Read(c.from, c.records, c.bytes)
			if err != nil || len(got) != c.howMany {
				t.Fatalf("%d records, error %v; want %d", len(got), err, c.howMany)
			}
			if c.howMany > 0 && got[0].First != uint64(c.first) {
				t.Errorf("starts with %d, want %d", got[0].First, c.first)
			}
		})
	}
}

func TestHeads_AreTheBeginningsNewestFirst(t *testing.T) {
	s := openNew(t)
	for i := range 5 {
		mustAppend(t, s, 2, "0123456789"[:2*i])
	}
	var got []string
	if err := s.Heads(5, func(r Record) bool {
		got = append(got, fmt.Sprintf("%d %d %s", r.First, r.Count, r.Data))
		return len(got) < 4
	}); err != nil {
		t.Fatal(err)
	}
	if want := "[9 2 01234 7 2 01234 5 2 0123 3 2 01]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestBackward_IsNewestFirstAndStops(t *testing.T) {
	s := openNew(t)
	const n = 3*pageRecords + 1
	for i := range n {
		mustAppend(t, s, 1+i%3, fmt.Sprint(i))
	}
	forward := readAll(t, s)
	for _, stop := range []int{1, 2, pageRecords, pageRecords + 1, n, n + 1} {
		seen := 0
		err := s.Backward(func(r Record) bool {
			want := forward[n-1-seen]
			if r.First != want.First || r.Count != want.Count || !bytes.Equal(r.Data, want.Data) {
				t.Fatalf("record %d from the end is %v, want %v", seen, r, want)
			}
			seen++
			return seen < stop
		})
		if err != nil || seen != min(stop, n) {
			t.Errorf("stop at %d: saw %d, error %v", stop, seen, err)
		}
	}
	if err := openNew(t).Backward(func(Record) bool { t.Error("an empty log has a record"); return true }); err != nil {
		t.Error(err)
	}
}

// A transaction held open while fn works would dead-lock with a writer that
// has to grow the map.
func TestBackward_MayAppendMeanwhile(t *testing.T) {
	s := openNew(t)
	for range 100 {
		mustAppend(t, s, 1, "old")
	}
	seen := 0
	err := s.Backward(func(r Record) bool {
		seen++
		if string(r.Data) != "old" {
			t.Fatal("a record appended after the call is seen")
		}
		mustAppend(t, s, 1, strings.Repeat("new", 10_000))
		return true
	})
	if err != nil || seen != 100 {
		t.Errorf("saw %d of 100, error %v", seen, err)
	}
}

func TestConcurrentWritersAndReaders_SeeOneOrder(t *testing.T) {
	s := openNew(t)
	const writers, each, readers = 8, 60, 4
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				first, err := s.Append(t.Context(), Entry{Count: 1 + w%2, Data: fmt.Appendf(nil, "%d/%d", w, i)})
				if err != nil || s.Head() < first {
					t.Errorf("first %d, head %d, error %v", first, s.Head(), err)
				}
			}
		})
	}
	orders := make([][]string, readers)
	for r := range readers {
		wg.Go(func() {
			for next := uint64(1); len(orders[r]) < writers*each; {
				if err := s.Wait(t.Context(), next-1); err != nil {
					t.Error(err)
					return
				}
				records, err := s.Read(next, 1+r*10, 1<<20)
				if err != nil || len(records) == 0 || records[0].First != next {
					t.Errorf("reading from %d: %v, error %v", next, records, err)
					return
				}
				for _, record := range records {
					orders[r] = append(orders[r], string(record.Data))
					next = record.Last() + 1
				}
			}
		})
	}
	wg.Wait()
	for r := range readers {
		if strings.Join(orders[r], " ") != strings.Join(orders[0], " ") {
			t.Errorf("reader %d saw another order", r)
		}
	}
	at := map[byte]int{}
	for _, data := range orders[0] {
		if want := fmt.Sprintf("%c/%d", data[0], at[data[0]]); data != want {
			t.Fatalf("%s follows, want %s: the order of one writer is not kept", data, want)
		}
		at[data[0]]++
	}
}

func TestClose_IsIdempotentAndFinal(t *testing.T) {
	s := openNew(t)
	mustAppend(t, s, 1, "x")
	for range 3 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	_, appendErr := s.Append(t.Context(), Entry{Count: 1})
	_, readErr := s.Read(1, 1, 1)
	_, pastErr := s.Read(2, 1, 1)
	_, _, getErr := s.Get("b", "k")
	_, listErr := s.List("b")
	for name, err := range map[string]error{
		"Append": appendErr, "Read": readErr, "Read past the head": pastErr, "Get": getErr, "List": listErr,
		"Put": s.Put("b", "k", nil), "Delete": s.Delete("b", "k"),
		"Wait": s.Wait(t.Context(), 0), "Backward": s.Backward(func(Record) bool { return true }),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if s.Head() != 1 {
		t.Error("Head is forgotten")
	}
}

func TestAppend_RefusesAnEndedContext(t *testing.T) {
	s := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, Entry{Count: 1}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.Wait(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if s.Head() != 0 {
		t.Error("it was stored")
	}
}
