package localstore

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const crashWriters = 4

func init() {
	children["append"] = childAppend
	children["open"] = childOpen
}

// child prepares the test binary as a child process in mode.
func child(t testing.TB, mode, path string, extra ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childVar+"="+mode, "VITALIEN_STORE_PATH="+path,
		"GORACE=atexit_sleep_ms=0 halt_on_error=1") // a race ends the child, and so is seen
	cmd.Env = append(cmd.Env, extra...)
	cmd.Stderr = os.Stderr
	return cmd
}

// childAppend appends until it is killed. It prints each entry after Append
// has returned, never before.
func childAppend(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	run := rand.Text()
	errs := make(chan error)
	go func() { // more often than by itself, so that kills meet every state
		for range time.Tick(3 * time.Millisecond) {
			if err := s.apply(); err != nil {
				errs <- err
			}
		}
	}()
	for w := range crashWriters {
		go func() {
			for i := 0; ; i++ {
				e := Entry{Kind: byte(w), Count: 1 + mathrand.IntN(3)}
				e.Data = fmt.Appendf(nil, "%s %d %d %s", run, w, i, strings.Repeat("x", mathrand.IntN(2000)))
				first, err := s.Append(context.Background(), e)
				if err != nil {
					errs <- err
					return
				}
				fmt.Printf("%d %s\n", first, digest(e.Data))
			}
		}()
	}
	return <-errs
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// TestKill_LosesNothingAcknowledged kills a process that appends, at a random
// moment, and looks for what it had acknowledged. It does not test the flush to
// the disk: what a killed process has written, the system keeps.
func TestKill_LosesNothingAcknowledged(t *testing.T) {
	rounds := 50
	if os.Getenv("VITALIEN_SOAK") != "" {
		rounds = 500
	}
	var path string
	acknowledged, known := 0, uint64(0)
	for round := range rounds {
		if round%10 == 0 { // a kill while the file is being made, too
			path, known = filepath.Join(t.TempDir(), "store.db"), 0
			killAfter(t, path, 0)
		}
		acks := killAfter(t, path, 1+mathrand.IntN(300))
		acknowledged += len(acks)
		known = checkAfterKill(t, path, known, acks)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d rounds, %d acknowledged entries", rounds, acknowledged)
}

// killAfter starts a child, kills it once it has acknowledged n entries, and
// returns all it had acknowledged by then.
func killAfter(t *testing.T, path string, n int) map[uint64]string {
	t.Helper()
	cmd := child(t, "append", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acks := map[uint64]string{}
	kill := func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
	}
	if n == 0 {
		kill()
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) { // a last line without its end was not acknowledged
			break
		}
		var first uint64
		var sum string
		if _, err := fmt.Sscan(line, &first, &sum); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, twice := acks[first]; twice {
			t.Fatalf("number %d was acknowledged twice", first)
		}
		if acks[first] = sum; len(acks) == n {
			kill()
		}
	}
	_ = cmd.Wait() // "signal: killed"
	if len(acks) < n {
		t.Fatalf("the child ended by itself after %d of %d entries", len(acks), n)
	}
	return acks
}

// checkAfterKill reads what has come after number known, and returns the head.
// Each writer goes on only when its entry is acknowledged, so of each writer
// all entries but perhaps the last must be there, once, in order.
func checkAfterKill(t *testing.T, path string, known uint64, acks map[uint64]string) uint64 {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	next := map[string]int{}
	expected := uint64(1)
	for _, r := range readAll(t, s) {
		if r.First != expected {
			t.Fatalf("number %d follows, want %d", r.First, expected)
		}
		expected = r.Last() + 1
		var run string
		var writer, i int
		if _, err := fmt.Sscan(string(r.Data), &run, &writer, &i); err != nil {
			t.Fatal(err)
		}
		author := fmt.Sprint(run, writer)
		if i != next[author] {
			t.Errorf("entry %d of writer %d stands where %d belongs", i, writer, next[author])
		}
		next[author]++
		if sum, acked := acks[r.First]; acked {
			if digest(r.Data) != sum {
				t.Errorf("number %d holds another entry than was acknowledged", r.First)
			}
			delete(acks, r.First)
		}
	}
	if len(acks) > 0 {
		t.Errorf("%d acknowledged entries are lost", len(acks))
	}
	if s.Head() < known {
		t.Errorf("the head went back from %d to %d", known, s.Head())
	}
	return s.Head()
}

// childOpen prints the code of the fault that opening gives. When started by
// root it gives up its rights first if asked to.
func childOpen(path string) error {
	if os.Getenv("VITALIEN_STORE_DROP") != "" {
		if err := dropRights(); err != nil {
			return err
		}
	}
	s, err := Open(path, Options{})
	if err == nil {
		defer s.Close()
	}
	fmt.Printf("[%s]", codeOf(err))
	return nil
}

func TestOpen_IsForOneProcessAndOneStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	wantRefused(t, path, CodeLocked)
	if out, err := child(t, "open", path).Output(); err != nil || string(out) != "["+CodeLocked+"]" {
		t.Errorf("another process gets %s, error %v", out, err)
	}
	mustAppend(t, s, 1, "the first is not disturbed")
	s.Close()
	if out, err := child(t, "open", path).Output(); err != nil || string(out) != "[]" {
		t.Errorf("after Close another process gets %s, error %v", out, err)
	}
}
