package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

// beds are simulated monitors that end with the test.
type beds []*simulator.Monitor

// openBeds starts n monitors, each with a patient of its own. change changes
// the options of each.
func openBeds(t *testing.T, n int, change func(i int, o *simulator.MonitorOptions)) beds {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	t.Cleanup(func() { cancel(); serving.Wait() })
	var all beds
	for i := range n {
		o := simulator.MonitorOptions{
			Listen: "127.0.0.1:0", Name: "Moniteur simulé", Bed: strconv.Itoa(i + 1), Department: "WARD", Seed: uint64(i + 1),
			Patient: &fhirmap.Patient{ID: fmt.Sprint("BED-", i+1), Family: "Démonstration", Given: "Anne", BirthDate: "1954-07-02", Sex: "female"},
		}
		if change != nil {
			change(i, &o)
		}
		m, err := simulator.ListenMonitor(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		serving.Go(func() { m.Serve(ctx) })
		all = append(all, m)
	}
	return all
}

// configure writes settings that name every bed, with head before them, below
// [hl7].
func (all beds) configure(t *testing.T, folder, head string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "[hl7]\n%s\n", head)
	for _, m := range all {
		fmt.Fprintf(&b, "[[hl7.monitor]]\naddress = %q\n", m.Address())
	}
	if err := os.WriteFile(filepath.Join(folder, config.FileName), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wardLoad is how many monitors TestWard has, for how long, and how often their
// values are recorded.
func wardLoad() (monitors int, lasts, every time.Duration) {
	if os.Getenv("VITALIEN_SOAK") != "" {
		return 200, 5 * time.Minute, time.Minute
	}
	return 60, 8 * time.Second, 2 * time.Second
}

// TestWard lets a ward of monitors send 20 values a second each, and a blood
// pressure now and then, to ten clients. Each client gets everything that was
// recorded once and in order; everything that was due was recorded; memory
// stays flat.
func TestWard(t *testing.T) {
	n, lasts, every := wardLoad()
	all := openBeds(t, n, nil)
	folder := t.TempDir()
	all.configure(t, folder, fmt.Sprintf("record_every = %q", every))
	p := launch(t, folder)
	ctx, cancel := context.WithTimeout(t.Context(), lasts+5*time.Minute)
	defer cancel()
	base := time.Now().Truncate(time.Second).Add(-12 * time.Hour)
	pressures := int(lasts.Seconds()) * 10
	clients := make([]*wardClient, 10)
	var reading sync.WaitGroup
	var missing atomic.Int64
	missing.Store(int64(pressures * len(clients)))
	whole := make(chan struct{})
	for i := range clients {
		c := &wardClient{base: base, had: make([]int, pressures), have: func() {
			if missing.Add(-1) == 0 {
				close(whole)
			}
		}}
		clients[i] = c
		if err := c.connect(ctx, p.url, i%2 == 0); err != nil {
			t.Fatal(err)
		}
		reading.Go(func() {
			if err := c.read(ctx); err != nil {
				t.Errorf("client %d: %v", i, err)
				cancel()
			}
		})
	}
	all.awaitConnected(ctx, t)
	memory := all.load(ctx, t, p, base, pressures, lasts)
	select {
	case <-whole:
	case <-ctx.Done():
		t.Fatalf("%d blood pressures are missing", missing.Load())
	}
	device := dial(t, p.mllp)
	send(t, device, oru(lastPatient, 72))
	reading.Wait()
	p.stop(t)
	a := start(t, cli.Flags{DataDir: folder})
	list := beforeLast(t, recorded(t, a))
	for i, c := range clients {
		if from := slices.Index(list.numbers, c.numbers[0]); from < 0 || !slices.Equal(c.numbers, list.numbers[from:]) {
			t.Errorf("client %d had %d events from number %d on, the log has others", i, len(c.numbers), c.numbers[0])
		}
		if c.subscribed && c.live == 0 {
			t.Errorf("client %d had no live values", i)
		}
	}
	list.wantDue(t, n, lasts, every)
	list.wantPressures(t, base, pressures)
	wantFlat(t, memory)
}

func (all beds) awaitConnected(ctx context.Context, t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !t.Failed() && slices.ContainsFunc(all, func(m *simulator.Monitor) bool { return m.Connections() == 0 }) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("some monitors were never connected to")
		}
	}
}

// load measures blood pressures, evenly over the time, each on the next bed
// and each with a time of its own. It gives the memory meanwhile.
func (all beds) load(ctx context.Context, t *testing.T, p *process, base time.Time, pressures int, lasts time.Duration) (memory []int64) {
	t.Helper()
	began := time.Now()
	for i := range pressures {
		select {
		case <-time.After(time.Until(began.Add(time.Duration(i) * lasts / time.Duration(pressures)))):
		case <-ctx.Done():
			t.Fatal("the load was broken off")
		}
		all[i%len(all)].Pressure(100+i%60, 50+i%30, 70+i%30, base.Add(time.Duration(i)*time.Second))
		if i%10 == 0 {
			memory = append(memory, rssAnon(t, p.worker(t)))
		}
	}
	return memory
}

// lastPatient is whose measurement ends TestWard.
const lastPatient = "LAST"

// wardLog is what the log has before the measurement that ended the test.
type wardLog struct {
	list    []fhirmap.Recorded
	numbers []uint64
}

func beforeLast(t *testing.T, list []fhirmap.Recorded) (l wardLog) {
	t.Helper()
	for i := range list {
		if p := list[i].Patient; p != nil && p.ID == lastPatient {
			l.list = list[:i]
			return l
		}
		l.numbers = append(l.numbers, list[i].Seq)
	}
	t.Fatal("the last message is not in the log")
	return l
}

// wantDue demands a heart rate of each bed so often as values are to be
// recorded, the first that comes after the interval, of its own patient.
func (l *wardLog) wantDue(t *testing.T, beds int, lasts, every time.Duration) {
	t.Helper()
	counts := map[string]int{}
	for i := range l.list {
		if m := &l.list[i]; m.Type == fhirmap.HeartRate {
			if m.Subject == nil || m.Subject.ID != "BED-"+m.Bed {
				t.Fatalf("bed %q: %+v", m.Bed, m.Subject)
			}
			counts[m.Bed]++
		}
	}
	want := int(lasts / (every + time.Second))
	for bed := 1; bed <= beds; bed++ {
		if n := counts[strconv.Itoa(bed)]; n < want || n > want+want/2+3 {
			t.Errorf("bed %d has %d heart rates in %v, one each %v", bed, n, lasts, every)
		}
	}
}

func (l *wardLog) wantPressures(t *testing.T, base time.Time, pressures int) {
	t.Helper()
	had := make([]int, pressures)
	for i := range l.list {
		m := &l.list[i]
		n := int(m.Time.Sub(base) / time.Second)
		if m.Type != fhirmap.BloodPressure || n < 0 || n >= pressures {
			continue
		}
		had[n]++
		if systolic := m.Reading(fhirmap.Systolic); systolic == nil || systolic.Value.Float64() != float64(100+n%60) {
			t.Errorf("pressure %d is %+v", n, systolic)
		}
	}
	for n, times := range had {
		if times != 1 {
			t.Errorf("pressure %d was recorded %d times", n, times)
		}
	}
}

func wantFlat(t *testing.T, memory []int64) {
	t.Helper()
	third := len(memory) / 3
	middle, end, most := median(memory[third:2*third]), median(memory[2*third:]), slices.Max(memory)
	t.Logf("RssAnon %.1f MB in the second third, %.1f MB in the last, at most %.1f MB", mega(middle), mega(end), mega(most))
	if most > 120<<20 {
		t.Errorf("memory rose to %.1f MB", mega(most))
	}
	if os.Getenv("VITALIEN_SOAK") != "" && end > middle+middle/10 {
		t.Errorf("memory grows from %.1f to %.1f MB", mega(middle), mega(end))
	}
}
