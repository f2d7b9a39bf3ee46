package localstore

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

var vaultLimits = VaultLimits{Count: 100, Bytes: 1 << 20, Age: time.Hour}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// contents is what v holds, oldest first, and how much could not be opened.
func contents(t testing.TB, v *Vault) (values []string, closed int) {
	t.Helper()
	err := v.Each(func(_ time.Time, value []byte, err error) bool {
		if err != nil {
			wantCode(t, err, CodeCorrupt)
			closed++
		} else {
			values = append(values, string(value))
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return values, closed
}

func mustAdd(t testing.TB, v *Vault, at time.Time, value string) {
	t.Helper()
	if err := v.Add(at, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func TestVault_NothingIsReadableInTheFile(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "store.db"))
	secret := "PID|1||42||LEFEVRE^ELOISE"
	for i := range 50 {
		mustAdd(t, s.Vault("v", vaultLimits), noon.Add(time.Duration(i)), secret)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || bytes.Contains(text, []byte("LEFEVRE")) {
			t.Errorf("%s: %v, or readable", file, err)
		}
	}
	s = open(t, filepath.Join(folder, "store.db"))
	values, closed := contents(t, s.Vault("v", vaultLimits))
	if len(values) != 50 || values[0] != secret || closed != 0 {
		t.Errorf("%d values, %d closed", len(values), closed)
	}
}

// A value that was moved to another place in the file is none.
func TestVault_ValuesAreBoundToTheirPlace(t *testing.T) {
	s := openNew(t)
	v, other := s.Vault("v", vaultLimits), s.Vault("other", vaultLimits)
	mustAdd(t, v, noon, "first")
	err := s.alter(func(tx *bolt.Tx) error {
		from := tx.Bucket(bucketSealed).Bucket([]byte("v"))
		to, err := sealedBucket(tx, []byte("other"))
		if err != nil {
			return err
		}
		key, value := from.Cursor().First()
		later := append(bytes.Clone(key[:8]), make([]byte, 8)...)
		return firstError(to.Put(key, value), from.Put(later, value), from.Put([]byte("short"), []byte{valueSealed, 1}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if values, closed := contents(t, v); len(values) != 1 || closed != 2 {
		t.Error(values, closed)
	}
	if values, closed := contents(t, other); len(values) != 0 || closed != 1 {
		t.Error(values, closed)
	}
}

func firstError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestVault_RefusesWhatIsTooLarge(t *testing.T) {
	v := openNew(t).Vault("v", VaultLimits{Count: 2, Bytes: 10, Age: time.Hour})
	wantCode(t, v.Add(noon, make([]byte, 11)), CodeInvalid)
}

func TestVault_Prune(t *testing.T) {
	v := openNew(t).Vault("v", vaultLimits)
	mustAdd(t, v, noon, "old")
	mustAdd(t, v, noon.Add(30*time.Minute), "newer")
	for _, step := range []struct {
		now  time.Duration
		left int
	}{{time.Hour, 2}, {time.Hour + 1, 1}, {2 * time.Hour, 0}, {3 * time.Hour, 0}} {
		if err := v.Prune(noon.Add(step.now)); err != nil {
			t.Fatal(err)
		}
		if n, err := v.Count(); n != step.left || err != nil {
			t.Errorf("after %v: %d left, want %d (%v)", step.now, n, step.left, err)
		}
	}
}

func TestVault_SharesCommits(t *testing.T) {
	v := openNew(t).Vault("v", VaultLimits{Count: 1000, Bytes: 1 << 20, Age: time.Hour})
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() { mustAdd(t, v, noon, fmt.Sprint(i)) })
	}
	all.Wait()
	values, closed := contents(t, v)
	if len(values) != 64 || closed != 0 {
		t.Errorf("%d values, %d closed", len(values), closed)
	}
}

func TestVault_AfterClose(t *testing.T) {
	s := openNew(t)
	v := s.Vault("v", vaultLimits)
	mustAdd(t, v, noon, "first")
	s.Close()
	wantCode(t, v.Add(noon, []byte("second")), CodeClosed)
	wantCode(t, v.Each(func(time.Time, []byte, error) bool { return true }), CodeClosed)
}

// TestVault_Model holds the limits against the plainest form of them.
func TestVault_Model(t *testing.T) {
	s := openNew(t)
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		runs++
		limits := VaultLimits{
			Count: rapid.IntRange(1, 8).Draw(r, "count"), Bytes: rapid.IntRange(200, 800).Draw(r, "bytes"), Age: time.Minute,
		}
		v := s.Vault(fmt.Sprint("v", runs), limits)
		type entry struct {
			at    time.Time
			value string
		}
		var model []entry
		now := noon
		for i := range rapid.IntRange(1, 20).Draw(r, "values") {
			now = now.Add(time.Duration(rapid.IntRange(1, 30_000).Draw(r, "ms")) * time.Millisecond)
			value := fmt.Sprintf("%0*d", rapid.IntRange(1, 100).Draw(r, "length"), i)
			if err := v.Add(now, []byte(value)); err != nil {
				r.Fatal(err)
			}
			model = append(model, entry{now, value})
			for len(model) > 0 {
				size := 0
				for _, e := range model {
					size += sealedCost + len(e.value)
				}
				if len(model) <= limits.Count && size <= limits.Bytes && now.Sub(model[0].at) <= limits.Age {
					break
				}
				model = model[1:]
			}
			values, closed := contents(t, v)
			if len(values) != len(model) || closed != 0 {
				r.Fatalf("%d values, want %d", len(values), len(model))
			}
			for i := range values {
				if values[i] != model[i].value {
					r.Fatalf("%q instead of %q", values[i], model[i].value)
				}
			}
		}
	})
}
