package localstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"
)

// hold keeps the lead, as a commit does that the disk lets wait, until release
// is called.
func hold(s *Store) (release func()) {
	s.leading <- struct{}{}
	return sync.OnceFunc(func() { <-s.leading })
}

// blockBbolt keeps bbolt inside a transaction until release is called.
func blockBbolt(s *Store) (release func(), result <-chan error) {
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.change(func(*bolt.Bucket) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return sync.OnceFunc(func() { close(free) }), done
}

// blocks is how many blocks have been written to the journal. Nobody appends
// meanwhile.
func blocks(s *Store) int { return int(s.journal.number) }

// inBubble gives fn a store whose goroutines live in fn's bubble, so that
// synctest.Wait returns when all of them wait.
func inBubble(t *testing.T, fn func(t *testing.T, s *Store)) {
	path := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		fn(t, s)
	})
}

func TestAppend_ThoseWhoWaitShareOneBlock(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(s)
		var wg sync.WaitGroup
		for i := range 500 {
			wg.Go(func() {
				if _, err := s.Append(t.Context(), Entry{Count: 1 + i%3, Data: fmt.Append(nil, i)}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if s.Head() != 0 {
			t.Error("something was acknowledged without a commit")
		}
		release()
		wg.Wait()
		if n := blocks(s); n != 1 {
			t.Errorf("500 waiting appends took %d blocks, want 1", n)
		}
		if all := readAll(t, s); len(all) != 500 {
			t.Errorf("%d records", len(all))
		}
	})
}

func TestAppend_ABlockIsBoundedByBytes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(s)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := s.Append(t.Context(), Entry{Count: 1, Data: make([]byte, maxBatchBytes/2)}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		if n := blocks(s); n != 4 {
			t.Errorf("%d blocks, want 4", n)
		}
	})
}

func TestAppend_WaitsBehindAFullGroupAsLongAsItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(s)
		var wg sync.WaitGroup
		for range maxBatch {
			wg.Go(func() {
				if _, err := s.Append(t.Context(), Entry{Count: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.Append(ctx, Entry{Count: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the group is full, and Append gives %v", err)
		}
		release()
		wg.Wait()
		if s.Head() != maxBatch {
			t.Errorf("head %d, want %d", s.Head(), maxBatch)
		}
	})
}

func TestAppend_WhoGaveUpWhileWaitingIsNotStored(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(s)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				ctx, want := ctx, error(context.Canceled)
				if i%2 == 0 {
					ctx, want = t.Context(), nil
				}
				if _, err := s.Append(ctx, Entry{Count: 1}); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		release()
		wg.Wait()
		if s.Head() != 5 {
			t.Errorf("head %d, want 5", s.Head())
		}
	})
}

func TestAppend_WhoGivesUpLeavesNothingBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(s)
		var begun *group
		for range 2 * maxBatch {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := s.Append(ctx, Entry{Count: 1, Data: benchData}); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			cancel()
			if begun == nil {
				begun = s.forming
			}
		}
		if s.forming != begun || len(begun.requests) > 0 || begun.bytes > 0 {
			t.Errorf("left behind: %d requests, %d bytes", len(begun.requests), begun.bytes)
		}
		release()
		synctest.Wait()
		if first := mustAppend(t, s, 1, "next"); first != 1 {
			t.Errorf("goes on with %d", first)
		}
	})
}

func TestClose_FinishesTheCommitUnderWayAndRefusesTheRest(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(s)
		var wg sync.WaitGroup
		for range 2 * maxBatch { // half of them wait behind a full group
			wg.Go(func() {
				if _, err := s.Append(t.Context(), Entry{Count: 1}); !errors.Is(err, ErrClosed) {
					t.Errorf("Append gives %v", err)
				}
			})
		}
		wg.Go(func() {
			if err := s.Wait(t.Context(), 0); !errors.Is(err, ErrClosed) {
				t.Errorf("Wait gives %v", err)
			}
		})
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the commit under way")
		default:
		}
		release()
		wg.Wait()
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

func TestWait_WakesThousands(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		mustAppend(t, s, 2, "before")
		const waiters = 4000
		var woken, early sync.WaitGroup
		for i := range waiters {
			group, after := &woken, uint64(2)
			if i%2 == 0 {
				group, after = &early, 1
			}
			group.Go(func() {
				if err := s.Wait(t.Context(), after); err != nil || s.Head() <= after {
					t.Errorf("after %d: head %d, error %v", after, s.Head(), err)
				}
			})
		}
		far := make(chan error, 1)
		go func() { far <- s.Wait(t.Context(), 100) }()
		early.Wait()
		synctest.Wait()
		mustAppend(t, s, 1, "now")
		woken.Wait()
		synctest.Wait()
		select {
		case <-far:
			t.Error("who waits for 101 was released at 3")
		default:
		}
		mustAppend(t, s, 98, "to 101")
		if err := <-far; err != nil {
			t.Error(err)
		}
	})
}

func TestWait_LosesNoWakeUp(t *testing.T) {
	s := openNew(t)
	const n = 300
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for after := uint64(0); after < n; after = s.Head() {
				if err := s.Wait(t.Context(), after); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range n {
		mustAppend(t, s, 1, "x")
	}
	wg.Wait()
}

func TestWait_EndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := s.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// panickingDisk fails as a fault of this package would.
type panickingDisk struct{ disk }

func (panickingDisk) WriteAt([]byte, int64) (int, error) { panic("in the middle of a commit") }

func TestCommit_APanicFailsTheWaitingAndTheStore(t *testing.T) {
	for where, provoke := range map[string]func(t *testing.T, s *Store, release func()){
		"in bbolt, while a commit hangs": func(t *testing.T, s *Store, _ func()) {
			wantCode(t, s.change(func(*bolt.Bucket) error { panic("as bbolt does on a damaged page") }), CodeCorrupt)
		},
		"in the commit": func(_ *testing.T, s *Store, release func()) {
			s.journal.file = panickingDisk{s.journal.file}
			release()
		},
	} {
		t.Run(where, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			synctest.Test(t, func(t *testing.T) {
				s, err := Open(path, Options{})
				if err != nil {
					t.Fatal(err)
				}
				mustAppend(t, s, 1, "kept")
				release := hold(s)
				var wg sync.WaitGroup
				for range 10 {
					wg.Go(func() {
						_, err := s.Append(context.Background(), Entry{Count: 1}) // the first leads itself
						wantCode(t, err, CodeCorrupt)
					})
				}
				wg.Go(func() { wantCode(t, s.Wait(t.Context(), 1), CodeCorrupt) })
				synctest.Wait()
				provoke(t, s, release)
				wg.Wait()
				release()
				_, err = s.Append(t.Context(), Entry{Count: 1})
				wantCode(t, err, CodeCorrupt)
				s.Close()
			})
			if all := readAll(t, open(t, path)); len(all) != 1 || string(all[0].Data) != "kept" {
				t.Errorf("after reopening: %v", all)
			}
		})
	}
}

// bbolt loses its map when the file cannot grow (on Windows), and then refuses
// everything until it is opened again.
func TestCommit_ReopensWhatBboltHasClosed(t *testing.T) {
	s := openNew(t)
	mustAppend(t, s, 1, "before")
	if err := s.current().db.Close(); err != nil {
		t.Fatal(err)
	}
	if first := mustAppend(t, s, 1, "after"); first != 2 {
		t.Errorf("goes on with %d", first)
	}
	_ = s.apply() // it fails, unless the store itself has tried already
	if err := s.apply(); err != nil {
		t.Error(err)
	}
	if head := inBbolt(t, s); head != 2 {
		t.Errorf("bbolt ends at %d, want 2", head)
	}
	if all := readAll(t, s); len(all) != 2 {
		t.Errorf("%d records", len(all))
	}
}

func TestCommit_DoesNotGoOnInAnotherFile(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, filepath.Join(dir, "store.db")), open(t, filepath.Join(dir, "other.db"))
	mustAppend(t, other, 9, "longer than the other")
	other.Close()
	exchange(t, s, func() error { return os.Rename(other.path, s.path) })
	s.Close()
	if err := os.Remove(s.path + journalSuffix); err != nil {
		t.Fatal(err)
	}
	if head := open(t, s.path).Head(); head != 9 {
		t.Errorf("the other store ends at %d, want 9", head)
	}

	s = open(t, filepath.Join(dir, "third.db"))
	exchange(t, s, func() error { return os.Truncate(s.path, 0) })
	if info, err := os.Stat(s.path); err != nil || info.Size() > 0 {
		t.Error("a new store was made in the place of the old one")
	}
}

func exchange(t *testing.T, s *Store, how func() error) {
	t.Helper()
	mustAppend(t, s, 1, "mine")
	if err := errors.Join(s.apply(), s.current().db.Close(), how()); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, 1, "kept in the journal")
	for range 2 { // bbolt is found closed, then opened again
		if err := s.apply(); err == nil {
			t.Error("stored in the other file")
		}
	}
	for range 3 {
		_, err := s.Append(t.Context(), Entry{Count: 1})
		wantCode(t, err, CodeCorrupt)
	}
}
