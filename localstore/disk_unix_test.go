//go:build !windows

package localstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func init() {
	children["limit"] = childLimit
	children["full open"] = childFullOpen
}

func TestAppend_ReportsAFullDiskAndGoesOnWhenThereIsRoom(t *testing.T) {
	out, err := child(t, "limit", filepath.Join(t.TempDir(), "store.db")).Output()
	if err != nil {
		t.Fatalf("%s %v", out, err)
	}
}

// A disk may be full when a process starts again after a crash. What the journal
// alone holds can be read, and goes to bbolt when there is room.
func TestOpen_OnAFullDiskKeepsTheJournal(t *testing.T) {
	path := killed(t, 1, 0)
	s := open(t, path)
	if err := s.claim(); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, 1, strings.Repeat("x", 50_000))
	again := filepath.Join(t.TempDir(), "store.db")
	copyFile(t, path, again)
	copyFile(t, path+journalSuffix, again+journalSuffix)
	s.yield()
	if out, err := child(t, "full open", again).Output(); err != nil {
		t.Fatalf("%s %v", out, err)
	}
}

func childFullOpen(path string) error {
	limit, err := fileLimit()
	if err != nil {
		return err
	}
	if err := limit(56 << 10); err != nil {
		return err
	}
	for range 2 {
		s, err := Open(path, Options{})
		if err != nil {
			return err
		}
		records, err := s.Read(1, 10, 1<<20)
		if err != nil || len(records) != 2 || s.tail.empty() {
			return fmt.Errorf("%d records, error %w", len(records), err)
		}
		if code := codeOf(s.apply()); code != CodeDiskFull {
			return fmt.Errorf("bbolt takes it with %q", code)
		}
		if code := codeOf(s.Close()); code != CodeDiskFull {
			return fmt.Errorf("Close gives %q", code)
		}
	}
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	if err := limit(1 << 30); err != nil {
		return err
	}
	return s.Close()
}

// fileLimit returns what sets the limit of file size, which needs no rights and
// which a process can lift again.
func fileLimit() (set func(uint64) error, err error) {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return nil, err
	}
	whole := limit.Cur
	return func(n uint64) error {
		limit.Cur = min(n, whole)
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	}, nil
}

// childLimit meets the limit of file size (EFBIG).
func childLimit(path string) error {
	set, err := fileLimit()
	if err != nil {
		return err
	}
	return fillAndRelieve(path,
		func() error { return set(journalInitial + 300<<10) },
		func() error { return set(1 << 30) })
}

// fillAndRelieve appends until the disk is full, from several goroutines,
// then makes room and goes on; all that was acknowledged must be there.
func fillAndRelieve(path string, fill, relieve func() error) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	s.journal.limit = journalInitial // what is relieved must hold what the journal does
	acks := &ackList{data: map[uint64]string{}}
	if err := acks.append(s, "before"); err != nil {
		return err
	}
	for range 3 {
		if err := fill(); err != nil {
			return err
		}
		if err := untilFull(s, acks); err != nil {
			return err
		}
		if err := acks.check(s); err != nil { // reading goes on
			return err
		}
		if code := codeOf(s.Put("b", "k", make([]byte, MaxSetting))); code != CodeDiskFull {
			return fmt.Errorf("a large setting on a full disk gives %q", code)
		}
		if err := relieve(); err != nil {
			return err
		}
		if err := acks.append(s, "after"); err != nil {
			return fmt.Errorf("there is room again: %w", err)
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	if s, err = Open(path, Options{}); err != nil {
		return err
	}
	defer s.Close()
	return acks.check(s)
}

// untilFull appends until four writers have each met the full disk.
func untilFull(s *Store, acks *ackList) error {
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := 0; i < 10_000 && errs[w] == nil; i++ {
				errs[w] = acks.append(s, fmt.Sprintf("%d/%d %s", w, i, make([]byte, 5000)))
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if codeOf(err) != CodeDiskFull {
			return fmt.Errorf("a full disk gives %w", err)
		}
	}
	return nil
}

// ackList is what Append has acknowledged.
type ackList struct {
	mu   sync.Mutex
	data map[uint64]string
}

func (a *ackList) append(s *Store, data string) error {
	first, err := s.Append(context.Background(), Entry{Count: 1, Data: []byte(data)})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.data[first] = data
	return nil
}

// check reads the whole log and compares.
func (a *ackList) check(s *Store) error {
	found := 0
	for next := uint64(1); next <= s.Head(); {
		records, err := s.Read(next, 100, 1<<20)
		if err != nil {
			return err
		}
		for _, r := range records {
			if want, acked := a.data[r.First]; acked {
				found++
				if string(r.Data) != want {
					return fmt.Errorf("number %d holds another entry", r.First)
				}
			}
			next = r.Last() + 1
		}
	}
	if found != len(a.data) {
		return fmt.Errorf("%d of %d acknowledged entries are there", found, len(a.data))
	}
	return nil
}

func TestOpen_ReportsMissingRights(t *testing.T) {
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(foreign, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"folder": filepath.Join(locked, "deeper", "store.db"), "file in the folder": filepath.Join(locked, "store.db"), "file": foreign,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := child(t, "open", path, "VITALIEN_STORE_DROP=1").Output()
			if err != nil || string(out) != "["+CodeDenied+"]" {
				t.Errorf("it gives %s, error %v", out, err)
			}
		})
	}
}

// dropRights makes root somebody without rights.
func dropRights() error {
	const nobody = 65534
	if os.Geteuid() != 0 {
		return nil
	}
	return errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody))
}

// A file that is cut under a running program gives memory faults in its map.
// (Windows does not let anybody cut a mapped file.)
func TestStore_SurvivesThatItsFileIsCut(t *testing.T) {
	for _, pages := range []int64{0, 1, 2, 3} {
		t.Run(fmt.Sprint(pages, " pages are left"), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			s := open(t, path)
			for range 50 {
				mustAppend(t, s, 1, "x")
			}
			mustApply(t, s)
			if err := os.Truncate(path, pages*int64(os.Getpagesize())); err != nil {
				t.Fatal(err)
			}
			_, err := s.Read(1, 100, 1<<20)
			wantCode(t, err, CodeCorrupt)
			atClose := ""
			if _, err := s.Append(t.Context(), Entry{Count: 1}); err == nil { // bbolt has not been asked yet
				wantCode(t, s.apply(), CodeCorrupt)
				atClose = CodeCorrupt
			}
			for range 2 {
				_, err = s.Append(t.Context(), Entry{Count: 1})
				wantCode(t, err, CodeCorrupt)
			}
			wantCode(t, s.Backward(func(Record) bool { return true }), CodeCorrupt)
			wantCode(t, s.Close(), atClose)
			if pages > 0 {
				wantRefused(t, path, CodeCorrupt)
			}
		})
	}
}
