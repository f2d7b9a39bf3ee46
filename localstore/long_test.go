package localstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// A ledger is a store beside the plainest form of what it must hold.
type ledger struct {
	*Store
	t           *testing.T
	dir         string
	copies      int
	log         map[uint64]string // by number
	first, head uint64
	settings    map[string]string
	saved       struct { // by a snapshot
		path        string
		log         map[uint64]string
		first, head uint64
		settings    map[string]string
	}
}

// TestStore_ManyOperations does what a program does in years, at random, and
// looks now and then whether all is there.
func TestStore_ManyOperations(t *testing.T) {
	operations := 3000
	if os.Getenv("VITALIEN_SOAK") != "" {
		operations = 100_000
	}
	l := &ledger{t: t, dir: t.TempDir(), log: map[uint64]string{}, first: 1, settings: map[string]string{}}
	l.open(filepath.Join(l.dir, "store.db"))
	defer func() { l.Close() }()
	for i := range operations {
		switch n := rand.IntN(1000); {
		case n < 700:
			text := fmt.Sprint("entry ", i)
			number := mustAppend(t, l.Store, 1, text)
			if l.head++; number != l.head {
				t.Fatalf("%d follows %d", number, l.head-1)
			}
			l.log[number] = text
		case n < 900:
			l.set(fmt.Sprint("key ", rand.IntN(50)), fmt.Sprint("value ", i))
		case n < 980:
			l.read()
		case n < 988:
			l.reopen()
		case n < 992:
			l.kill()
		case n < 995:
			l.trim()
		case n < 997:
			l.erase()
		case n < 999:
			l.snapshot()
		default:
			l.restore()
		}
		if i%500 == 499 || i == operations-1 {
			l.compare()
		}
	}
}

func (l *ledger) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *ledger) open(path string) {
	s, err := Open(path, Options{})
	l.must(err)
	l.Store = s
}

func (l *ledger) reopen() {
	l.must(l.Close())
	l.open(l.path)
}

// kill goes on with a copy of both files as they are.
func (l *ledger) kill() {
	l.copies++
	path := filepath.Join(l.dir, fmt.Sprint(l.copies, ".db"))
	l.must(l.claim())
	l.must(errors.Join(copyContent(l.path, path), copyContent(l.path+journalSuffix, path+journalSuffix)))
	l.yield()
	old := l.path
	l.must(l.Close())
	l.must(errors.Join(os.Remove(old), os.Remove(old+journalSuffix)))
	l.open(path)
}

func (l *ledger) set(key, value string) {
	if rand.IntN(3) == 0 {
		delete(l.settings, key)
		l.must(l.Delete("bucket", key))
		return
	}
	l.settings[key] = value
	l.must(l.Put("bucket", key, []byte(value)))
}

func (l *ledger) read() {
	from := l.first + rand.Uint64N(l.head-l.first+2)
	records, err := l.Read(from, 5, 1<<20)
	l.must(err)
	for _, r := range records {
		if r.First > from || r.Last() < from || string(r.Data) != l.log[r.First] {
			l.t.Fatalf("%d is %q, want %q", r.First, r.Data, l.log[r.First])
		}
		from = r.Last() + 1
	}
}

// trim removes at most a third of the log.
func (l *ledger) trim() {
	if l.head < l.first+3 {
		return
	}
	keep := l.first + rand.Uint64N((l.head-l.first)/3)
	_, err := l.Trim(context.Background(), keep)
	l.must(err)
	if l.First() > keep { // it may be less: a record is whole
		l.t.Fatalf("the log starts with %d, to keep %d", l.First(), keep)
	}
	for ; l.first < l.First(); l.first++ {
		delete(l.log, l.first)
	}
}

func (l *ledger) erase() {
	if l.head < l.first {
		return
	}
	number := l.first + rand.Uint64N(l.head-l.first+1)
	l.must(l.Rewrite(context.Background(), Rewriting{Record: func(r Record) ([]Entry, error) {
		if r.First != number {
			return nil, nil
		}
		return []Entry{{Count: r.Count}}, nil
	}}))
	l.log[number] = ""
}

func (l *ledger) snapshot() {
	l.saved.path = filepath.Join(l.dir, "snapshot")
	_, err := l.Snapshot(context.Background(), l.saved.path)
	l.must(err)
	l.saved.log, l.saved.settings = maps.Clone(l.log), maps.Clone(l.settings)
	l.saved.first, l.saved.head = l.first, l.head
}

// restore goes on behind the numbers that were lost.
func (l *ledger) restore() {
	if l.saved.path == "" {
		return
	}
	l.must(l.Close())
	done, err := Restore(context.Background(), l.path, l.saved.path, restoring(""))
	l.must(err)
	l.must(os.Remove(done.Aside))
	for number := l.saved.head + 1; number <= l.head; number++ {
		l.saved.log[number] = ""
	}
	l.log, l.settings, l.first = maps.Clone(l.saved.log), maps.Clone(l.saved.settings), l.saved.first
	l.open(l.path)
}

func (l *ledger) compare() {
	l.t.Helper()
	if _, err := l.Check(context.Background(), nil); err != nil {
		l.t.Fatal(err)
	}
	number := l.first
	for _, r := range readAll(l.t, l.Store) {
		for range r.Count {
			if number != r.First && l.log[number] != "" || number == r.First && string(r.Data) != l.log[number] {
				l.t.Fatalf("%d is %q, want %q", number, r.Data, l.log[number])
			}
			number++
		}
	}
	if number != l.head+1 || l.First() != l.first {
		l.t.Fatalf("from %d to %d, want %d to %d", l.First(), number-1, l.first, l.head)
	}
	all, err := l.List("bucket")
	l.must(err)
	if len(all) != len(l.settings) {
		l.t.Fatalf("%d settings, want %d", len(all), len(l.settings))
	}
	for key, value := range l.settings {
		if string(all[key]) != value {
			l.t.Fatalf("%s is %q, want %q", key, all[key], value)
		}
	}
}
