package localstore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// A model is what the store must be: a slice and a map.
type model struct {
	path     string
	store    *Store
	log      []Record // from first on
	first    uint64
	settings map[string]string
}

func TestStore_BehavesLikeASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "localstore-model-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{path: filepath.Join(dir, "store.db"), first: 1, settings: map[string]string{}}
		m.open(t)
		defer func() { m.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append":   m.append,
			"burst":    m.burst,
			"read":     m.read,
			"backward": m.backward,
			"setting":  m.setting,
			"reopen":   m.reopen,
			"apply":    m.apply,
			"kill":     m.kill,
			"trim":     m.trim,
			"":         m.check,
		})
	})
}

func (m *model) open(t *rapid.T) {
	var err error
	if m.store, err = Open(m.path, Options{}); err != nil {
		t.Fatal(err)
	}
}

func (m *model) reopen(t *rapid.T) {
	id := m.store.ID()
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
	if m.store.ID() != id {
		t.Fatal("another ID")
	}
}

func (m *model) apply(t *rapid.T) {
	if err := m.store.apply(); err != nil {
		t.Fatal(err)
	}
}

// kill goes on with both files as they are.
func (m *model) kill(t *rapid.T) {
	path := m.path + "x"
	if err := m.store.claim(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", journalSuffix} {
		content, err := os.ReadFile(m.path + suffix)
		if err == nil {
			err = os.WriteFile(path+suffix, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m.store.yield()
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	m.path = path
	m.open(t)
}

func (m *model) head() uint64 {
	if len(m.log) == 0 {
		return 0
	}
	return m.log[len(m.log)-1].Last()
}

func (m *model) check(t *rapid.T) {
	if m.store.Head() != m.head() || m.store.First() != m.first {
		t.Fatalf("from %d to %d, want %d to %d", m.store.First(), m.store.Head(), m.first, m.head())
	}
}

func (m *model) trim(t *rapid.T) {
	keep := rapid.Uint64Range(0, m.head()+2).Draw(t, "keep")
	n := 0
	for n+1 < len(m.log) && m.log[n].Last() < keep {
		n++
	}
	removed, err := m.store.Trim(context.Background(), keep)
	if err != nil || removed != n {
		t.Fatalf("%d removed, error %v; want %d", removed, err, n)
	}
	if n > 0 {
		m.log = m.log[n:]
		m.first = m.log[0].First
	}
}

func drawEntry(t *rapid.T) Entry {
	return Entry{
		Kind:  rapid.Byte().Draw(t, "kind"),
		Count: rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, MaxCount)).Draw(t, "count"),
		Data: bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")},
			rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 20_000)).Draw(t, "size")),
	}
}

func (m *model) append(t *rapid.T) {
	e := drawEntry(t)
	first, err := m.store.Append(context.Background(), e)
	if err != nil || first != m.head()+1 {
		t.Fatalf("first %d, error %v; want %d", first, err, m.head()+1)
	}
	m.log = append(m.log, Record{First: first, Count: e.Count, Kind: e.Kind, Data: e.Data})
}

// burst appends at the same time; whatever their order, the numbers adjoin.
func (m *model) burst(t *rapid.T) {
	added := make([]Record, rapid.IntRange(2, 40).Draw(t, "writers"))
	errs := make([]error, len(added))
	var wg sync.WaitGroup
	for i := range added {
		e := drawEntry(t)
		added[i] = Record{Count: e.Count, Kind: e.Kind, Data: e.Data}
		wg.Go(func() { added[i].First, errs[i] = m.store.Append(context.Background(), e) })
	}
	wg.Wait()
	slices.SortFunc(added, func(a, b Record) int { return int(a.First) - int(b.First) })
	for i, r := range added {
		if errs[i] != nil || r.First != m.head()+1 {
			t.Fatalf("first %d, error %v; want %d", r.First, errs[i], m.head()+1)
		}
		m.log = append(m.log, r)
	}
}

func (m *model) read(t *rapid.T) {
	from := rapid.Uint64Range(0, m.head()+2).Draw(t, "from")
	records := rapid.IntRange(-1, 30).Draw(t, "records")
	size := rapid.IntRange(-1, 50_000).Draw(t, "bytes")
	var want []Record
	total := 0
	for _, r := range m.log {
		if r.Last() < from {
			continue
		}
		if total += len(r.Data); len(want) > 0 && (len(want) >= records || total > size) {
			break
		}
		want = append(want, r)
	}
	got, err := m.store.Read(from, records, size)
	if from > 0 && from < m.first {
		if !codeIs(err, CodeGone) {
			t.Fatalf("%d records from %d, error %v", len(got), from, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

func (m *model) backward(t *rapid.T) {
	stop := rapid.IntRange(1, 200).Draw(t, "stop")
	var got []Record
	err := m.store.Backward(func(r Record) bool {
		got = append(got, r)
		return len(got) < stop
	})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(m.log)
	slices.Reverse(want)
	same(t, got, want[:min(stop, len(want))])
}

func (m *model) setting(t *rapid.T) {
	key, value := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), rapid.String().Draw(t, "value")
	var err error
	if rapid.Bool().Draw(t, "put") {
		m.settings[key] = value
		err = m.store.Put("bucket", key, []byte(value))
	} else {
		delete(m.settings, key)
		err = m.store.Delete("bucket", key)
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.store.List("bucket")
	if err != nil || len(all) != len(m.settings) {
		t.Fatalf("%v, error %v; want %v", all, err, m.settings)
	}
	for key, want := range m.settings {
		if string(all[key]) != want {
			t.Fatalf("%s is %q, want %q", key, all[key], want)
		}
	}
}

func same(t *rapid.T, got, want []Record) {
	brief := func(r Record) string {
		return fmt.Sprintf("%d+%d kind %d, %d bytes", r.First, r.Count, r.Kind, len(r.Data))
	}
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range got {
		if brief(got[i]) != brief(want[i]) || !bytes.Equal(got[i].Data, want[i].Data) {
			t.Fatalf("record %d is %s, want %s", i, brief(got[i]), brief(want[i]))
		}
	}
}
