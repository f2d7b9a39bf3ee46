package localstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// failingDisk fails as often as it is told.
type failingDisk struct {
	disk
	writes, syncs atomic.Int32
}

func (d *failingDisk) WriteAt(p []byte, at int64) (int, error) {
	if d.writes.Add(-1) >= 0 {
		n, _ := d.disk.WriteAt(p[:len(p)/2], at)
		return n, errDisk
	}
	return d.disk.WriteAt(p, at)
}

func (d *failingDisk) Sync() error {
	if d.syncs.Add(-1) >= 0 {
		return errDisk
	}
	return d.disk.Sync()
}

func TestAppend_AFailedJournalFailsTheWholeGroupAndNothingElse(t *testing.T) {
	for name, fail := range map[string]func(*failingDisk){
		"write": func(d *failingDisk) { d.writes.Store(1) },
		"flush": func(d *failingDisk) { d.syncs.Store(1) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *Store) {
				d := &failingDisk{disk: s.journal.file}
				s.journal.file = d
				mustAppend(t, s, 2, "before")
				fail(d)
				release := hold(s)
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() {
						_, err := s.Append(t.Context(), Entry{Count: 3, Data: []byte("refused")})
						wantCode(t, err, CodeFailed)
						if !errors.Is(err, errDisk) {
							t.Error(err)
						}
					})
				}
				synctest.Wait()
				release()
				wg.Wait()
				if s.Head() != 2 || len(readAll(t, s)) != 1 {
					t.Errorf("head %d, want 2", s.Head())
				}
				if first := mustAppend(t, s, 1, "after"); first != 3 {
					t.Errorf("goes on with %d, want 3", first)
				}
				mustApply(t, s)
				if all := readAll(t, s); len(all) != 2 || string(all[1].Data) != "after" {
					t.Errorf("%v", all)
				}
			})
		})
	}
}

// While bbolt is blocked the journal takes what it can; then whoever appends
// waits, as long as its context, and goes on when bbolt does.
func TestAppend_WaitsForBboltWhenTheJournalIsFull(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		s.journal.size = 8 * journalPage
		release, result := blockBbolt(s)
		for i := range 8 {
			mustAppend(t, s, 1, fmt.Sprint(i))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := s.Append(ctx, Entry{Count: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the journal is full, and Append gives %v", err)
		}
		if all := readAll(t, s); len(all) != 8 {
			t.Errorf("%d records can be read, want 8", len(all))
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { mustAppend(t, s, 1, "later") })
		}
		synctest.Wait()
		if s.Head() != 8 {
			t.Errorf("head %d, want 8", s.Head())
		}
		release()
		wg.Wait()
		if err := <-result; err != nil {
			t.Error(err)
		}
		if s.journal.size != journalInitial {
			t.Errorf("a journal that was full has %d bytes, want %d", s.journal.size, journalInitial)
		}
	})
}

func TestTail_IsBoundedInMemory(t *testing.T) {
	var tail tail
	value := []byte{plainVersion1, 7, 1}
	page := func(i uint64) (many []pending) {
		for n := range uint64(1000) {
			many = append(many, pending{Record: Record{First: 1 + 1000*i + n, Count: 1, Kind: 7}, value: value})
		}
		return many
	}
	at := int64(0)
	for i := uint64(0); ; i++ {
		offset, ok := tail.place(at, journalPage, journalMax)
		if !ok {
			break
		}
		records := page(i)
		at = offset + journalPage
		tail.add(records, extent{offset: offset, end: at, last: records[999].Last()})
	}
	if n := len(tail.snapshot()); n > 2*maxTail/pendingCost || at > journalMax/2 {
		t.Errorf("%d small records wait, in %d bytes of the journal", n, at)
	}
}

// Little is applied after a while, much at once.
func TestStore_AppliesByItself(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		began := time.Now()
		mustAppend(t, s, 5, "little")
		synctest.Wait()
		if inBbolt(t, s) != 0 {
			t.Error("it did not wait for more")
		}
		for !s.tail.empty() {
			time.Sleep(time.Millisecond) // in the bubble, time passes when all wait
		}
		if d := time.Since(began); d > applyDelay+time.Millisecond || inBbolt(t, s) != 5 {
			t.Errorf("applied after %v", d)
		}
		began = time.Now()
		mustAppend(t, s, 1, strings.Repeat("much", applyBytes/4))
		synctest.Wait()
		if inBbolt(t, s) != 6 || !time.Now().Equal(began) {
			t.Errorf("bbolt ends at %d after %v", inBbolt(t, s), time.Since(began))
		}
	})
}

func TestStore_AppliesAgainAfterAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		if err := s.current().db.Close(); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, s, 3, "kept")
		began := time.Now()
		for !s.tail.empty() {
			time.Sleep(time.Millisecond)
		}
		if d := time.Since(began); d < 2*applyDelay || d > time.Second {
			t.Errorf("it tried again after %v", d)
		}
		if s.failing.Load() != nil || inBbolt(t, s) != 3 {
			t.Error("the failure is not forgotten")
		}
	})
}

// Readers see one log, wherever its records are, while the border between bbolt
// and the journal moves.
func TestRead_AcrossTheBorder(t *testing.T) {
	s := openNew(t)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	check := func(name string, read func(want uint64) (uint64, error)) {
		group.Go(func() {
			for next := uint64(1); ctx.Err() == nil; {
				after, err := read(next)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					stop()
				}
				next = after
			}
		})
	}
	sound := func(r Record) error {
		if want := fmt.Sprint(r.Count, " ", strings.Repeat("x", r.Count*50)); string(r.Data) != want {
			return fmt.Errorf("record %d holds %d bytes", r.First, len(r.Data))
		}
		return nil
	}
	check("Read", func(next uint64) (uint64, error) {
		if err := s.Wait(ctx, next-1); err != nil {
			return next, ignore(err, context.Canceled)
		}
		records, err := s.Read(next, 5, 1<<20)
		for _, r := range records {
			if r.First != next {
				return next, fmt.Errorf("%d follows, want %d", r.First, next)
			}
			next = r.Last() + 1
			err = errors.Join(err, sound(r))
		}
		if len(records) == 0 {
			err = errors.Join(err, fmt.Errorf("nothing at %d, head %d", next, s.Head()))
		}
		return next, err
	})
	check("Backward", func(uint64) (uint64, error) {
		expected, seen := s.Head(), 0
		var bad error
		err := s.Backward(func(r Record) bool {
			if r.Last() != expected && seen > 0 {
				bad = fmt.Errorf("%d is followed backward by %d", expected+1, r.Last())
			}
			bad = errors.Join(bad, sound(r))
			expected = r.First - 1
			seen++
			return bad == nil && seen < 200
		})
		return 1, errors.Join(err, bad)
	})
	check("Heads", func(uint64) (uint64, error) {
		var firsts []uint64
		err := s.Heads(1, func(r Record) bool {
			if len(firsts) > 0 && r.Last()+1 != firsts[len(firsts)-1] {
				return false
			}
			firsts = append(firsts, r.First)
			return true
		})
		if n := len(firsts); err == nil && n > 0 && firsts[n-1] != 1 {
			err = fmt.Errorf("a gap before %d", firsts[n-1])
		}
		return 1, err
	})
	check("apply", func(uint64) (uint64, error) { return 1, s.apply() })
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := range 100 {
				n := 1 + (w+i)%4
				mustAppend(t, s, n, fmt.Sprint(n, " ", strings.Repeat("x", n*50)))
			}
		})
	}
	writers.Wait()
	stop()
	group.Wait()
	if all := readAll(t, s); len(all) != 300 || all[299].Last() != s.Head() {
		t.Errorf("%d records", len(all))
	}
}

func ignore(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

// What a snapshot holds stays as it is when the tail goes on.
func TestTail_SnapshotsDoNotChange(t *testing.T) {
	var tail tail
	for i := uint64(1); i <= 10; i++ {
		tail.add([]pending{aRecord(t, i, fmt.Sprint(i))}, extent{last: i})
	}
	before := tail.snapshot()
	tail.drop(7)
	tail.add([]pending{aRecord(t, 11, "11")}, extent{last: 11})
	for i, r := range before {
		if r.First != uint64(i+1) || !bytes.Equal(r.Data, fmt.Append(nil, i+1)) {
			t.Errorf("record %d is %v", i+1, r.Record)
		}
	}
	if after := tail.snapshot(); len(before) != 10 || len(after) != 4 || after[0].First != 8 {
		t.Errorf("%d before, %d after", len(before), len(after))
	}
}
