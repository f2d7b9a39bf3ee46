package station

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// How the test binary becomes the child of TestRetainDetail_Killed: on a folder,
// minutes past morning.
const (
	childVar    = "VITALIEN_STATION_CHILD"
	childMinute = "VITALIEN_STATION_MINUTE"
	shortAge    = 20 * time.Minute // of detail, there
)

// deskOf opens folder with a clock that can be trusted, and little detail.
func deskOf(t *testing.T, folder string, minute int) (*desk, error) {
	d := &desk{t: t, folder: folder, clock: &clock{time: morning.Add(time.Duration(minute) * time.Minute)}}
	s, err := Open(folder, Options{Now: d.clock.now})
	if err != nil {
		return nil, err
	}
	d.Station = s
	s.opened, s.newestAtOpen = d.clock.now(), d.clock.now()
	s.detailAge, s.catalogue.size = shortAge, 4
	return d, nil
}

// recordAndRetain records a pulse a minute, which is that minute, and removes
// detail meanwhile, until it is killed. Once something is durable it says so:
// number, minute, and whether it must stay.
func recordAndRetain(folder string) error {
	minute, err := strconv.Atoi(os.Getenv(childMinute))
	if err != nil {
		return err
	}
	d, err := deskOf(nil, folder, minute)
	if err != nil {
		return err
	}
	errs := make(chan error, 2)
	go func() {
		for {
			_, err := d.RetainDetail(context.Background())
			if err == nil {
				_, err = d.Count(context.Background(), Search{}) // makes segments
			}
			if err != nil {
				errs <- err
				return
			}
		}
	}()
	go func() {
		for ; ; minute++ {
			if err := recordMinute(d, minute); err != nil {
				errs <- err
				return
			}
			d.clock.advance(time.Minute)
		}
	}()
	return <-errs
}

// recordMinute records one pulse, and now and then discards an older one, which
// may be gone already.
func recordMinute(d *desk, minute int) error {
	r := report(pulse(strconv.Itoa(minute)))
	r.Streaming = rand.IntN(10) > 0
	receipt, err := d.Record(context.Background(), r)
	if err != nil {
		return err
	}
	records, err := d.store.Read(receipt.Seq, 1, 1)
	if err != nil {
		return err
	}
	fmt.Println(receipt.Seq, minute, records[0].Kind != kindDetail)
	if rand.IntN(10) > 0 {
		return nil
	}
	old := receipt.Seq - min(receipt.Seq-1, rand.Uint64N(30))
	switch m, err := d.Discard(context.Background(), old, "artefact"); {
	case err == nil:
		fmt.Println(old, m.Readings[0].Value.String(), true)
	case fhirmap.FaultOf(err).Code != "not_found":
		return err
	}
	return nil
}

// An acked pulse is one that the child has told of.
type acked struct {
	minute int
	stays  bool
}

// TestRetainDetail_Killed kills a process that records and removes detail, at a
// random moment. What must stay is there, the numbers go on, a cursor passes what
// is gone, and what is searched for is what the log holds.
func TestRetainDetail_Killed(t *testing.T) {
	rounds := 20
	if os.Getenv("VITALIEN_SOAK") != "" {
		rounds = 500
	}
	var folder string
	var known map[uint64]acked
	minute, told, removed := 0, 0, 0
	for round := range rounds {
		if round%10 == 0 {
			folder, known, minute = t.TempDir(), map[uint64]acked{}, 0
		}
		before := len(known)
		last := killDetail(t, folder, minute, 1+rand.IntN(150), known)
		told += len(known) - before
		minute = last + 3 // the clock may have been two minutes ahead of the last word
		removed += checkDetail(t, folder, minute, known)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	if removed == 0 {
		t.Error("no detail was ever removed")
	}
	t.Logf("%d kills, %d pulses, %d found removed", rounds, told, removed)
}

// killDetail starts the child at minute and kills it after n words, which it
// adds to known. It returns the minute of the last.
func killDetail(t *testing.T, folder string, minute, n int, known map[uint64]acked) (last int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childVar+"="+folder, childMinute+"="+strconv.Itoa(minute), "GORACE=atexit_sleep_ms=0 halt_on_error=1")
	child.Stderr = t.Output()
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) { // without its end it was not said
			break
		}
		var seq uint64
		var a acked
		if _, err := fmt.Sscan(line, &seq, &a.minute, &a.stays); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		known[seq], last = a, max(last, a.minute)
		if said++; said == n {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = child.Wait() // "signal: killed"
	if said < n {
		t.Fatalf("the child ended by itself after %d of %d words", said, n)
	}
	return last
}

// checkDetail looks at the folder of a killed child, and forgets what has gone.
func checkDetail(t *testing.T, folder string, minute int, known map[uint64]acked) (removed int) {
	t.Helper()
	d, err := deskOf(t, folder, minute)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for retained := range 2 {
		next, values := uint64(1), map[uint64]string{}
		for _, event := range d.all() {
			if event.First != next {
				t.Fatalf("number %d follows, want %d", event.First, next)
			}
			next = event.Last + 1
			for _, m := range event.Measurements {
				values[m.Seq] = m.Readings[0].Value.String()
			}
		}
		for seq, a := range known {
			switch value, found := values[seq]; {
			case seq >= next:
				t.Errorf("the log ends before number %d", seq)
			case found && value != strconv.Itoa(a.minute):
				t.Errorf("number %d is %s instead of %d", seq, value, a.minute)
			case !found && (a.stays || a.minute > minute-int(shortAge/time.Minute)):
				t.Errorf("number %d of minute %d is lost at minute %d", seq, a.minute, minute)
			case !found:
				delete(known, seq)
				removed++
			}
		}
		wantFound(t, d, values, retained == 1)
		if _, err := d.RetainDetail(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Check(t.Context(), nil); err != nil {
		t.Errorf("store check: %v", err)
	}
	return removed
}

// wantFound demands that a search finds the measurements of the log, and, once
// detail was retained, that as many are counted.
func wantFound(t *testing.T, d *desk, values map[uint64]string, counted bool) {
	t.Helper()
	found, next, err := d.Search(t.Context(), Search{Limit: 100_000})
	if err != nil || next != nil {
		t.Fatalf("%d and more are found, %v", len(found), err)
	}
	for i := range found {
		if got := found[i].Readings[0].Value.String(); got != values[found[i].Seq] {
			t.Errorf("number %d is found as %s, the log has %q", found[i].Seq, got, values[found[i].Seq])
		}
	}
	if len(found) != len(values) {
		t.Errorf("%d are found, the log has %d", len(found), len(values))
	}
	if n, err := d.Count(t.Context(), Search{}); err != nil || counted && n != len(values) {
		t.Errorf("%d are counted, the log has %d, %v", n, len(values), err)
	}
}
