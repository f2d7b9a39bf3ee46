package localstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// restoring is how the tests restore, with a passphrase.
func restoring(passphrase string) Restoring {
	return Restoring{
		Now:        noon,
		Passphrase: func() (string, error) { return passphrase, nil },
		Filler:     func(count int) (Entry, error) { return Entry{Kind: 99, Count: count}, nil },
	}
}

// withBackups is a closed store of 30 numbers, and two backups with the first 20.
func withBackups(t *testing.T) (path, snapshot, sealed string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	out := t.TempDir()
	snapshot, sealed = filepath.Join(out, "snapshot.db"), filepath.Join(out, "sealed.age")
	s := open(t, path)
	for i := range 20 {
		mustAppend(t, s, 1, fmt.Sprint("record ", i))
	}
	mustAdd(t, s.Vault("v", vaultLimits), noon, "in a vault")
	if c, err := s.Snapshot(t.Context(), snapshot); err != nil || c != (Checked{20, 1, 20, 1}) {
		t.Fatal(c, err)
	}
	if err := s.Backup(t.Context(), sealed, "une phrase"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		mustAppend(t, s, 1, "later")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, snapshot, sealed
}

// wantRestored wants the first 20 numbers, then filler up to resumes.
func wantRestored(t *testing.T, path string, resumes uint64) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	for i, r := range readAll(t, s) {
		if i < 20 && string(r.Data) != fmt.Sprint("record ", i) || i >= 20 && r.Kind != 99 {
			t.Errorf("record %d is %d %q", r.First, r.Kind, r.Data)
		}
	}
	if first := mustAppend(t, s, 1, "goes on"); first != resumes {
		t.Errorf("appends at %d, want %d", first, resumes)
	}
	if values, closed := contents(t, s.Vault("v", vaultLimits)); len(values) != 1 || closed != 0 {
		t.Errorf("the vault: %q, %d closed", values, closed)
	}
}

// The numbers that clients know are not used for anything else.
func TestRestore_GoesOnBehindTheOldLog(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		t.Run(fmt.Sprint("sealed ", sealed), func(t *testing.T) {
			path, from, age := withBackups(t)
			if sealed {
				from = age
			}
			r := restoring("une phrase")
			done, err := Restore(t.Context(), path, from, r)
			if err != nil || done.Lost != 21 || done.Resumes != 31 || done.Records != 20 || done.Aside != path+".20261120-120000" {
				t.Fatalf("%+v, %v", done, err)
			}
			wantRestored(t, path, 31)
			if s := open(t, done.Aside); s.Head() != 30 {
				t.Errorf("what was set aside ends at %d", s.Head())
			}
		})
	}
}

// What only the journal of a killed process tells counts, too; and when nothing
// tells, many numbers are left out.
func TestRestore_OverABrokenStore(t *testing.T) {
	path, snapshot, _ := withBackups(t)
	s := open(t, path)
	mustAppend(t, s, 5, "in the journal")
	journal, err := os.ReadFile(path + journalSuffix)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for resumes, journal := range map[uint64][]byte{36: journal, 21 + unknownNumbers: nil} {
		err := errors.Join(os.WriteFile(path, []byte(strings.Repeat("broken", 5000)), 0o600), os.WriteFile(path+journalSuffix, journal, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		if done, err := Restore(t.Context(), path, snapshot, restoring("")); err != nil || done.Resumes != resumes {
			t.Fatalf("%+v, %v", done, err)
		}
		wantRestored(t, path, resumes)
	}
}

// On a new computer the passphrase is all there is.
func TestRestore_OnAnotherComputer(t *testing.T) {
	_, snapshot, sealed := withBackups(t)
	path := filepath.Join(t.TempDir(), "data", "store.db")
	_, err := Restore(t.Context(), path, snapshot, restoring(""))
	wantCode(t, err, CodeKey)
	_, err = Restore(t.Context(), path, sealed, restoring("une autre phrase"))
	wantCode(t, err, CodePassphrase)
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	done, err := Restore(t.Context(), path, sealed, restoring("une phrase"))
	if err != nil || done.Lost != 21 || done.Resumes != 21 || done.Aside != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	wantRestored(t, path, 21)
}

// A store that was started anew has another key, which is kept.
func TestRestore_OverAnotherStore(t *testing.T) {
	_, _, sealed := withBackups(t)
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	mustAppend(t, s, 40, "another log")
	s.Close()
	done, err := Restore(t.Context(), path, sealed, restoring("une phrase"))
	if err != nil {
		t.Fatal(err)
	}
	wantRestored(t, path, done.Resumes)
	if err := os.Rename(filepath.Join(filepath.Dir(path), KeyFile+".20261120-120000"), filepath.Join(filepath.Dir(path), KeyFile)); err != nil {
		t.Fatal(err)
	}
	if all := readAll(t, open(t, done.Aside)); len(all) != 1 {
		t.Error("what was set aside is lost")
	}
}

func TestRestore_RefusesWhatIsNotWhole(t *testing.T) {
	path, snapshot, sealed := withBackups(t)
	for _, from := range []string{snapshot, sealed} {
		whole, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{
			"cut": whole[:len(whole)-len(whole)/3], "empty": nil, "no backup": []byte(strings.Repeat("no backup ", 10_000)),
			"changed": changed(whole),
		} {
			if err := os.WriteFile(from, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(t.Context(), path, from, restoring("une phrase")); err == nil {
				t.Errorf("%s, %s: restored", filepath.Base(from), name)
			}
		}
	}
	_, err := Restore(t.Context(), path, filepath.Join(t.TempDir(), "missing"), restoring(""))
	wantCode(t, err, CodeFailed)
	if all := readAll(t, open(t, path)); len(all) != 30 {
		t.Errorf("%d records are left", len(all))
	}
}

// changed flips a bit in each of the pages of a backup.
func changed(whole []byte) []byte {
	other := append([]byte(nil), whole...)
	for at := 4096 + 600; at < len(other); at += 4096 {
		other[at] ^= 4
	}
	return other
}

func TestRestore_IsRefusedWhileTheStoreIsOpen(t *testing.T) {
	path, _, sealed := withBackups(t)
	s := open(t, path)
	_, err := Restore(t.Context(), path, sealed, restoring("une phrase"))
	wantCode(t, err, CodeLocked)
	if len(readAll(t, s)) != 30 {
		t.Error("something is lost")
	}
}

func TestSnapshot_CanBeCalledOff(t *testing.T) {
	s := openNew(t)
	mustAppend(t, s, 1, "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	to := filepath.Join(t.TempDir(), "copy.db")
	if _, err := s.Snapshot(ctx, to); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.Backup(ctx, to, "phrase"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(to)); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	wantCode(t, s.Backup(t.Context(), to, ""), CodeInvalid)
}

func TestCheck_FindsDamage(t *testing.T) {
	path, _, _ := withBackups(t)
	s := open(t, path)
	last := uint64(0)
	c, err := s.Check(t.Context(), func(done, of uint64) { last = done })
	if err != nil || c != (Checked{30, 1, 30, 1}) || last != 30 {
		t.Errorf("%+v, %d, %v", c, last, err)
	}
	s.Close()
	forge(t, path, func(log forger) error { return log.Delete(logKey(9)) })
	s = open(t, path)
	_, err = s.Check(t.Context(), nil)
	wantCode(t, err, CodeCorrupt)
	_, err = s.Snapshot(t.Context(), path+".copy")
	wantCode(t, err, CodeCorrupt)
	if _, err := os.Stat(path + ".copy"); err == nil {
		t.Error("a backup that is not whole has a name")
	}
	s.Close()
}

func TestCheckFile(t *testing.T) {
	path, _, _ := withBackups(t)
	for _, thorough := range []bool{false, true} {
		if err := CheckFile(path, thorough); err != nil {
			t.Error(err)
		}
		if err := CheckFile(filepath.Join(t.TempDir(), "none"), thorough); err != nil {
			t.Error(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	for name, content := range map[string][]byte{"cut": whole[:len(whole)/2], "text": []byte(strings.Repeat("text", 10_000)), "short": whole[:100]} {
		if err := os.WriteFile(broken, content, 0o600); err != nil {
			t.Fatal(err)
		}
		err := CheckFile(broken, false)
		if wantCode(t, err, CodeCorrupt); err == nil {
			t.Error(name)
		}
	}
}

func TestUnclean(t *testing.T) {
	path, _, _ := withBackups(t)
	if Unclean(path) {
		t.Error("it was closed")
	}
	s := open(t, path)
	mustAppend(t, s, 1, "x")
	if !Unclean(path) {
		t.Error("it is open")
	}
	s.Close()
}

// The backup that was made before a migration is brought up to date like the
// file that it is of.
func TestRestore_OfAnOlderFormat(t *testing.T) {
	path := oldStore(t)
	s := open(t, path)
	mustAppend(t, s, 2, "after the migration")
	s.Close()
	done, err := Restore(t.Context(), path, beforeFormat(path), restoring(""))
	if err != nil || done.Last != oldHead || done.Resumes != oldHead+3 {
		t.Fatalf("%+v, %v", done, err)
	}
	s = open(t, path)
	if readAll(t, s); s.Head() != oldHead+2 {
		t.Errorf("head %d", s.Head())
	}
	if left, _ := filepath.Glob(path + ".restoring*"); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
