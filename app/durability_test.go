package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/station"
	"vitalien/hl7link"
)

// kills is how many times TestKill kills the program.
func kills() int {
	if os.Getenv("VITALIEN_SOAK") != "" {
		return 500
	}
	return 50
}

// TestKill kills the program during a burst, again and again on the same
// folder. Whatever was answered AA is there afterwards, and nothing is there
// twice, although each round first sends again what the last one was not
// answered for, and some of what it was.
func TestKill(t *testing.T) {
	const devices = 4
	folder := t.TempDir()
	acknowledged := map[string]bool{}
	var again []string // sent, not acknowledged: a device sends them again
	for round := range kills() {
		p := launch(t, folder)
		deadline := time.Duration(rand.IntN(60_000)) * time.Microsecond
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		var mu sync.Mutex
		var group sync.WaitGroup
		resend := again
		again = nil
		for d := range devices {
			group.Go(func() {
				device, err := hl7link.Dial(ctx, p.mllp)
				if err != nil {
					return
				}
				defer device.Close()
				for i := 0; ; i++ {
					id := fmt.Sprintf("R%dD%dN%d", round, d, i)
					if d == 0 && i < len(resend) {
						id = resend[i]
					}
					code, err := device.Send(ctx, []byte(oru(id, 60+len(id))))
					mu.Lock()
					if err == nil && code == "AA" {
						acknowledged[id] = true
					} else {
						again = append(again, id)
					}
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		group.Go(func() { <-ctx.Done(); p.kill() })
		group.Wait()
		cancel()
		for id := range acknowledged { // one that was answered, sent again as if the answer had been lost
			again = append(again, id)
			break
		}
	}
	if len(acknowledged) < kills() {
		t.Fatalf("only %d messages were acknowledged: no burst", len(acknowledged))
	}
	s, err := station.Open(folder, station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found := map[string]int{}
	for cursor := uint64(0); ; {
		events, err := s.Follow(cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for _, event := range events {
			if event.First != cursor+1 || len(event.Measurements) != 2 {
				t.Fatalf("entry %d follows %d with %d measurements", event.First, cursor, len(event.Measurements))
			}
			found[event.Measurements[0].Patient.ID]++
			cursor = event.Last
		}
	}
	for id := range acknowledged {
		if found[id] == 0 {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	for id, n := range found {
		if n > 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
	if _, err := s.Check(t.Context(), nil); err != nil {
		t.Errorf("store check: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, station.StoreFile+".2*")); len(left) > 0 {
		t.Errorf("a kill was taken for damage: %v", left)
	}
	t.Logf("%d kills, %d acknowledged, %d stored", kills(), len(acknowledged), len(found))
}

// TestSync watches the system calls: between a message's last write to the
// journal of the log and its AA stands an fdatasync of that file.
func TestSync(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing: make deps installs what the tests need")
	}
	folder := t.TempDir()
	trace := filepath.Join(folder, "trace")
	p := launch(t, folder, strace, "-D", "-f", "-y", "-s", "120", "-e", "trace=pwrite64,write,fdatasync,fsync,sendto,writev", "-o", trace)
	device := dial(t, p.mllp)
	const messages = 20
	for i := range messages {
		send(t, device, oru(fmt.Sprintf("S%d", i), 60+i))
	}
	device.Close()
	p.stop(t)
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	checkSyncs(t, string(text), messages)
}

// A call that is interrupted by those of other threads is two lines of the
// trace. The one that ends it names no file.
var (
	journal     = `\(\d+<[^>]*` + regexp.QuoteMeta(station.StoreFile+".journal") + `>`
	logWrite    = regexp.MustCompile(`^\d+ +pwrite64` + journal)
	logSync     = regexp.MustCompile(`^(\d+) +(?:fdatasync|fsync)` + journal)
	syncResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (?:fdatasync|fsync) resumed>`)
	succeeded   = regexp.MustCompile(`\) += 0$`)
	answered    = regexp.MustCompile(`MSA\|AA\|`)
)

// checkSyncs reads the trace in order: an answer AA while written bytes are
// not synced is a lie to the device.
func checkSyncs(t *testing.T, trace string, want int) {
	t.Helper()
	answers, blocks, written, synced := 0, 0, 0, 0
	syncing := map[string]int{} // by thread: the writes that its call covers
	for number, line := range strings.Split(trace, "\n") {
		began, ended := logSync.FindStringSubmatch(line), syncResumed.FindStringSubmatch(line)
		switch {
		case logWrite.MatchString(line):
			written++
			blocks += strings.Count(line, `"vljourn`)
			continue
		case began != nil:
			syncing[began[1]] = written
			ended = began
		case answered.MatchString(line):
			answers++
			if synced < written {
				t.Errorf("line %d: AA before the fdatasync:\n%s", number+1, line)
			}
		}
		if ended != nil && succeeded.MatchString(line) {
			synced = max(synced, syncing[ended[1]])
			delete(syncing, ended[1])
		}
	}
	if answers != want || blocks < want {
		t.Errorf("the trace has %d answers and %d blocks for %d messages", answers, blocks, want)
	}
}

// TestStop_FinishesWhatIsUnderWay: a clean stop ends with status 0, prints
// nothing more, and leaves a folder that opens again.
func TestStop_FinishesWhatIsUnderWay(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	device := dial(t, p.mllp)
	send(t, device, oru("LAST", 72))
	p.stop(t)
	again := launch(t, folder)
	again.stop(t)
}

// TestDiskFull: when the store can grow no more, devices are told AR and keep
// their message; the program lives, and goes on when there is room again.
func TestDiskFull(t *testing.T) {
	folder := t.TempDir()
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Fatal("prlimit is missing: it is part of util-linux")
	}
	p := launch(t, folder, prlimit, "--fsize=1245184:") // 128 KiB beyond the journal
	device := dial(t, p.mllp)
	answer := func(id string) string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		code, err := device.Send(ctx, []byte(oru(id, 72)))
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	stored := 0
	for answer(fmt.Sprintf("F%d", stored)) == "AA" {
		if stored++; stored > 10_000 {
			t.Fatal("the disk was never full")
		}
	}
	if code := answer("FULL"); code != "AR" {
		t.Errorf("a full disk answers %s", code)
	}
	room := exec.CommandContext(t.Context(), prlimit, "--pid", fmt.Sprint(p.worker(t)), "--fsize=unlimited:")
	if output, err := room.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if code := answer("FULL"); code != "AA" {
		t.Errorf("with room again the answer is %s", code)
	}
	p.stop(t)
	a := start(t, cli.Flags{DataDir: folder})
	found := map[string]bool{}
	for _, m := range recorded(t, a) {
		found[m.Patient.ID] = true
	}
	for i := range stored {
		if id := fmt.Sprintf("F%d", i); !found[id] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	if !found["FULL"] {
		t.Error("what came when there was room is lost")
	}
}
