package localstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

func init() {
	children["look"] = func(path string) error { return said(CheckFile(path, true)) }
	children["read"] = childRead
	children["salvage"] = childSalvage
}

// said prints the code of err, if there is one.
func said(err error) error {
	if err != nil {
		fmt.Print(codeOf(err))
	}
	return nil
}

// flipText is what the record with that number says, and a setting of the name.
func flipText(n uint64) string {
	return fmt.Sprintf("the record %d, %x", n, bytes.Repeat([]byte{byte(n)}, int(n%50)))
}

const flipRecords = 120

// childRead opens the store, reads all of it, and fails on a wrong value alone.
func childRead(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return said(err)
	}
	defer s.Close()
	if s.Head() > flipRecords {
		return fmt.Errorf("the log ends at %d", s.Head())
	}
	var last error
	for next := uint64(1); next <= s.Head(); {
		records, err := s.Read(next, 10, 1<<20)
		for _, r := range records {
			if r.First != next || string(r.Data) != flipText(r.First) {
				return fmt.Errorf("record %d says %q", r.First, r.Data)
			}
			next = r.Last() + 1
		}
		if err != nil { // and on behind it
			last, next = err, next+1
		}
	}
	for n := range uint64(10) {
		switch value, found, err := s.Get("bucket", flipText(n)); {
		case err != nil:
			last = err
		case found && string(value) != flipText(n+1):
			return fmt.Errorf("setting %d is %q", n, value)
		}
	}
	return said(last)
}

// childSalvage makes the store anew and reads it: nothing is wrong, and nothing
// in disorder.
func childSalvage(path string) error {
	if _, err := Salvage(context.Background(), path, restoring("")); err != nil {
		return said(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		return fmt.Errorf("a salvaged store: %w", err)
	}
	defer s.Close()
	if _, err := s.Check(context.Background(), nil); err != nil {
		return fmt.Errorf("a salvaged store: %w", err)
	}
	return s.Backward(func(r Record) bool {
		if r.Kind != 99 && string(r.Data) != flipText(r.First) {
			err = fmt.Errorf("record %d says %q", r.First, r.Data)
		}
		return err == nil
	})
}

// Whatever bit of whatever file flips, or wherever it is cut, no value is wrong,
// and a look by a child process is enough for those that open it afterwards.
func TestFlips_NeverGiveAWrongValue(t *testing.T) {
	flips := 40
	if os.Getenv("VITALIEN_SOAK") != "" {
		flips = 1000
	}
	whole := filepath.Join(t.TempDir(), "store.db")
	s := open(t, whole)
	for n := range uint64(flipRecords) {
		if n == flipRecords-10 {
			mustApply(t, s)
			if err := s.claim(); err != nil { // the last ten stay in the journal
				t.Fatal(err)
			}
		}
		mustAppend(t, s, 1, flipText(n+1))
		if n < 10 {
			if err := s.Put("bucket", flipText(n), []byte(flipText(n+1))); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "store.db")
	copyFile(t, whole, path)
	copyFile(t, whole+journalSuffix, path+journalSuffix)
	s.yield()
	db, journal := mustRead(t, path), mustRead(t, path+journalSuffix)
	journal = journal[:12*journalPage] // what was written of it

	seen := map[string]int{}
	for i := range flips {
		d, j := bytes.Clone(db), bytes.Clone(journal)
		what := ""
		switch at := rand.IntN(len(d) + len(j)); {
		case i%10 == 9:
			d, what = d[:rand.IntN(len(d))], "cut"
		case at < len(d):
			d[at] ^= 1 << rand.IntN(8)
			what = fmt.Sprint("flip at ", at)
		default:
			j[at-len(d)] ^= 1 << rand.IntN(8)
			what = fmt.Sprint("flip of the journal at ", at-len(d))
		}
		mustWrite(t, path, d)
		mustWrite(t, path+journalSuffix, j)
		verdict, alive := ask(t, "look", path)
		if !alive || verdict != "" {
			seen["found by a look"]++
			continue
		}
		if verdict, alive = ask(t, "read", path); !alive {
			t.Fatalf("%s: a look says nothing, and reading %s", what, verdict)
		}
		seen["read: "+verdict]++
		mustWrite(t, path, d)
		mustWrite(t, path+journalSuffix, j)
		if verdict, alive = ask(t, "salvage", path); !alive {
			t.Fatalf("%s: salvaging %s", what, verdict)
		}
	}
	t.Log(strconv.Itoa(flips), seen)
}

// ask runs a child, and tells what it printed, and whether it ended well.
func ask(t *testing.T, mode, path string) (said string, well bool) {
	t.Helper()
	cmd := child(t, mode, path)
	cmd.Stderr = nil
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Sprintf("%s: %.300s", exit, exit.Stderr), false
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), true
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func mustWrite(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
