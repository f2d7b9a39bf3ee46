package localstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// allValues copies every value in the file of a closed store.
func allValues(t *testing.T, path string) (values [][]byte) {
	t.Helper()
	edit(t, path, func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketLog)
		err := b.ForEach(func(_, value []byte) error {
			values = append(values, bytes.Clone(value))
			return nil
		})
		return errors.Join(err, eachGroup(tx, func(_, _ []byte, b *bolt.Bucket) error {
			return b.ForEach(func(_, value []byte) error {
				values = append(values, bytes.Clone(value))
				return nil
			})
		}))
	})
	return values
}

func TestRewrite_KeepsAllUnderANewKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	v := s.Vault("v", vaultLimits)
	mustAdd(t, v, noon, "in a vault")
	if err := s.Put("bucket", "key", []byte("setting")); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		mustAppend(t, s, 2, fmt.Sprint("record ", i))
	}
	before, old := readAll(t, s), s.keys.Load()
	last := uint64(0)
	progress := func(done, of uint64) {
		if done <= last && done != 2 || of != 40 {
			t.Errorf("%d of %d after %d", done, of, last)
		}
		last = done
	}
	if err := s.Rewrite(t.Context(), Rewriting{Progress: progress}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, 1, "later")
	for range 2 {
		if after := readAll(t, s); len(after) != 21 || fmt.Sprint(after[:20]) != fmt.Sprint(before) {
			t.Errorf("%d records", len(after))
		}
		if value, found, err := s.Get("bucket", "key"); string(value) != "setting" || !found || err != nil {
			t.Errorf("the setting: %q, %v", value, err)
		}
		if values, closed := contents(t, s.Vault("v", vaultLimits)); len(values) != 1 || closed != 0 {
			t.Errorf("the vault: %q, %d closed", values, closed)
		}
		s.Close()
		s = open(t, path)
	}
	s.Close()
	for _, value := range allValues(t, path) {
		if id := value[1 : 1+4]; bytes.Equal(id, idOfKey(old.current)) {
			t.Error("a value is sealed with the old key")
		}
	}
	edit(t, path, func(tx *bolt.Tx) error {
		if tx.Bucket(bucketKeys).Get(idOfKey(old.current)) != nil {
			t.Error("the old key is still there")
		}
		return nil
	})
}

func TestRewrite_ReplacesAndRemoves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	for _, text := range []string{"ab", "cd", "ef"} {
		mustAppend(t, s, 2, text)
	}
	for _, key := range []string{"keep", "drop"} {
		if err := s.Put("bucket", key, []byte(key)); err != nil {
			t.Fatal(err)
		}
		mustAdd(t, s.Vault("v", vaultLimits), noon, key)
	}
	err := s.Rewrite(t.Context(), Rewriting{
		Record: func(r Record) ([]Entry, error) {
			if r.First != 3 {
				return nil, nil
			}
			return []Entry{{Kind: 1, Count: 1, Data: r.Data[:1]}, {Kind: 2, Count: 1}}, nil
		},
		Setting: func(bucket, key string, value []byte) bool {
			return bucket != "bucket" || key != "drop" || string(value) != "drop"
		},
		Value: func(vault string, _, value []byte) []byte {
			if vault != "v" || string(value) == "drop" {
				return nil
			}
			return append(value, '!')
		},
		Also: func(put func(bucket, key string, value []byte) error) error {
			return errors.Join(put("bucket", "more", []byte("more")), put("new", "one", nil))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got := ""
		for _, r := range readAll(t, s) {
			got += fmt.Sprintf("%d+%d %d %s, ", r.First, r.Count, r.Kind, r.Data)
		}
		if want := "1+2 7 ab, 3+1 1 c, 4+1 2 , 5+2 7 ef, "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		wantList(t, s, "bucket", map[string]string{"keep": "keep", "more": "more"})
		wantList(t, s, "new", map[string]string{"one": ""})
		if values, _ := contents(t, s.Vault("v", vaultLimits)); len(values) != 1 || values[0] != "keep!" {
			t.Errorf("%q", values)
		}
		s.Close()
		s = open(t, path)
	}
}

// Whatever ends a rewriting leaves all as it was.
func TestRewrite_ThatFailsChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		rewriting func(cancel context.CancelFunc) Rewriting
		code      string
	}{
		"cancelled": {func(cancel context.CancelFunc) Rewriting {
			return Rewriting{Progress: func(done, _ uint64) { cancel() }}
		}, ""},
		"another count": {func(context.CancelFunc) Rewriting {
			return Rewriting{Record: func(Record) ([]Entry, error) { return []Entry{{Count: 1}}, nil }}
		}, CodeInvalid},
		"a setting without a name": {func(context.CancelFunc) Rewriting {
			return Rewriting{Also: func(put func(string, string, []byte) error) error { return put("", "", nil) }}
		}, CodeInvalid},
		"an error": {func(context.CancelFunc) Rewriting {
			return Rewriting{Record: func(Record) ([]Entry, error) { return nil, corruptFault(errors.New("no")) }}
		}, CodeCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			s := open(t, path)
			for range 3 {
				mustAppend(t, s, 2, "record")
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := s.Rewrite(ctx, c.rewriting(cancel))
			if err == nil || c.code == "" && !errors.Is(err, context.Canceled) || c.code != "" && !codeIs(err, c.code) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(path + ".new"); err == nil {
				t.Error("half a file is left")
			}
			if mustAppend(t, s, 1, "goes on"); len(readAll(t, s)) != 4 {
				t.Error("something is lost")
			}
			s.Close()
			if len(readAll(t, open(t, path))) != 4 {
				t.Error("something is lost")
			}
		})
	}
}

// Who appends, reads and changes settings meanwhile loses nothing.
func TestRewrite_WhileTheStoreIsUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	mustAppend(t, s, 1, "0")
	var users sync.WaitGroup
	for w := range 4 {
		users.Go(func() {
			for i := range 150 {
				first := mustAppend(t, s, 1, "x")
				if records, err := s.Read(first, 1, 1); err != nil || len(records) != 1 {
					t.Errorf("record %d: %v", first, err)
				}
				if i%50 == 0 {
					if err := s.Put("bucket", fmt.Sprint(w, i), nil); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 5 {
		if err := s.Rewrite(t.Context(), Rewriting{}); err != nil {
			t.Error(err)
		}
	}
	users.Wait()
	for range 2 {
		if all := readAll(t, s); len(all) != 601 {
			t.Errorf("%d records, want 601", len(all))
		}
		if all, err := s.List("bucket"); len(all) != 12 || err != nil {
			t.Errorf("%d settings, %v", len(all), err)
		}
		s.Close()
		s = open(t, path)
	}
}

func TestRewrite_EndsWithTheStore(t *testing.T) {
	s := openNew(t)
	for range 3 {
		mustAppend(t, s, 1, "x")
	}
	closed := make(chan error, 1)
	err := s.Rewrite(t.Context(), Rewriting{Record: func(r Record) ([]Entry, error) {
		if r.First == 1 {
			go func() { closed <- s.Close() }()
			<-s.quit
		}
		return nil, nil
	}})
	wantCode(t, err, CodeClosed)
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestTrim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	for i := range 10 {
		mustAppend(t, s, 2, fmt.Sprint("record ", i))
	}
	for _, c := range []struct {
		keep    uint64
		removed int
		first   uint64
	}{{0, 0, 1}, {2, 0, 1}, {6, 2, 5}, {6, 0, 5}, {13, 4, 13}} {
		if n, err := s.Trim(t.Context(), c.keep); n != c.removed || err != nil || s.First() != c.first {
			t.Errorf("keep %d: %d removed, first %d, %v; want %d, %d", c.keep, n, s.First(), err, c.removed, c.first)
		}
	}
	rewritten := false
	for range 3 {
		for from, code := range map[uint64]string{1: CodeGone, 12: CodeGone, 13: "", 0: "", 20: ""} {
			_, err := s.Read(from, 100, 1<<20)
			wantCode(t, err, code)
		}
		records, err := s.Read(0, 100, 1<<20)
		if err != nil || len(records) != 4 || records[0].First != 13 {
			t.Errorf("%v, %v", records, err)
		}
		n := 0
		if err := s.Backward(func(Record) bool { n++; return true }); err != nil || n != 4 {
			t.Errorf("%d backward, %v", n, err)
		}
		s.Close()
		if s = open(t, path); !rewritten {
			if rewritten = true; s.Rewrite(t.Context(), Rewriting{}) != nil {
				t.Error("not rewritten")
			}
		}
	}
	if n, err := s.Trim(t.Context(), 1000); n != 3 || err != nil || s.First() != 19 {
		t.Errorf("the newest stays: %d removed, first %d, %v", n, s.First(), err)
	}
	s.Close()
	forge(t, path, func(log forger) error { return log.Tx().Bucket(bucketMeta).Delete(keyFirst) })
	wantRefused(t, path, CodeCorrupt)
}
