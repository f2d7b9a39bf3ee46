package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

const (
	wardMonitors  = 150 // that the program connects to, beside
	wardSenders   = 50  // that connect to it
	wardVitals    = 5   // clients that subscribe to the live values, beside
	wardFHIR      = 5   // clients that take what is recorded
	wardPressures = 20  // blood pressures a second, all beds together
	wardWarmUp    = 15 * time.Second
	wardPatience  = time.Minute
)

// A ward is 200 monitors with a message of 20 values each second, and ten
// clients.
type ward struct {
	monitors []*simulator.Monitor
	program  *process
	base     time.Time      // of the pressure before the first, whose time tells which it is
	sent     []atomic.Int64 // by pressure: when, in ns since began
	seen     []atomic.Int64 // by pressure: when the last client had it
	began    time.Time
	missing  atomic.Int64 // events that clients still have to read
	live     atomic.Int64 // events "vitals", of all clients
	all      chan struct{}
}

// wards measures what the program takes of the machine, and how long a blood
// pressure is on its way, in turns with a bare fsync of as many bytes under
// the same load. An event that is lost, doubled or out of order is an error.
func wards(b *bench) ([]row, error) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel()
	total := int(b.ward.Seconds()) * wardPressures
	w := &ward{
		base: time.Now().Truncate(time.Second).Add(-12 * time.Hour), sent: make([]atomic.Int64, total), seen: make([]atomic.Int64, total), began: time.Now(),
		all: make(chan struct{}),
	}
	w.missing.Store(int64(total * (wardVitals + wardFHIR)))
	if err := w.open(ctx, b, &serving); err != nil {
		return nil, err
	}
	defer w.program.stop()
	return w.measure(ctx, b)
}

// open starts the monitors, and the program with their addresses in its
// settings.
func (w *ward) open(ctx context.Context, b *bench, serving *sync.WaitGroup) error {
	var settings strings.Builder
	for i := range wardMonitors {
		m, err := simulator.ListenMonitor(ctx, simulator.MonitorOptions{
			Listen: "127.0.0.1:0", Name: "Moniteur simulé", Bed: fmt.Sprint(i + 1), Department: "BENCH", Seed: uint64(i + 1),
			Patient: &fhirmap.Patient{ID: fmt.Sprint("BENCH-", i+1), Family: "Démonstration", BirthDate: "1954-07-02", Sex: "female"},
		})
		if err != nil {
			return err
		}
		serving.Go(func() { m.Serve(ctx) })
		w.monitors = append(w.monitors, m)
		fmt.Fprintf(&settings, "[[hl7.monitor]]\naddress = %q\n", m.Address())
	}
	folder, err := os.MkdirTemp(b.folder, "ward")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(settings.String()), 0o600); err != nil {
		return err
	}
	w.program, err = b.vitalienIn(folder, "--hl7-listen", "127.0.0.1:0")
	return err
}

// measure runs the load and gives its rows.
func (w *ward) measure(ctx context.Context, b *bench) ([]row, error) {
	ctx, cancel := context.WithTimeout(ctx, b.ward+wardWarmUp+wardPatience)
	defer cancel()
	failed := make(chan error, wardSenders+wardVitals+wardFHIR)
	var loading sync.WaitGroup
	defer loading.Wait()
	defer cancel()
	for i := range wardSenders {
		loading.Go(func() { failed <- w.stream(ctx, i) })
	}
	orders := make(chan uint64, wardVitals+wardFHIR)
	for i := range wardVitals + wardFHIR {
		c, err := connect(w.program.ready[""])
		if err != nil {
			return nil, err
		}
		defer c.conn.Close()
		context.AfterFunc(ctx, func() { c.conn.Close() })
		loading.Go(func() {
			order, err := w.follow(c, i < wardVitals)
			failed <- err
			orders <- order
		})
	}
	if err := w.connected(ctx, failed); err != nil {
		return nil, err
	}
	rows, err := w.load(ctx, b, failed)
	if err != nil {
		return nil, err
	}
	return rows, sameOrder(orders)
}

// sameOrder demands that all clients have had the same events in the same
// order.
func sameOrder(orders <-chan uint64) error {
	first := <-orders
	for range wardVitals + wardFHIR - 1 {
		if order := <-orders; order != first {
			return fmt.Errorf("two clients had different events, or another order of them")
		}
	}
	return nil
}

// connected waits until the program has found every monitor, and lets the ward
// settle.
func (w *ward) connected(ctx context.Context, failed <-chan error) error {
	settled := time.After(wardWarmUp)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		missing := 0
		for _, m := range w.monitors {
			if m.Connections() == 0 {
				missing++
			}
		}
		select {
		case err := <-failed:
			return fmt.Errorf("before the load: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("%d monitors were never connected to", missing)
		case <-settled:
			if missing == 0 {
				return nil
			}
			settled = time.After(time.Second)
		case <-tick.C:
		}
	}
}

// load measures blood pressures at the rate, each on the next bed.
func (w *ward) load(ctx context.Context, b *bench, failed <-chan error) ([]row, error) {
	before, err := w.program.cpu()
	if err != nil {
		return nil, err
	}
	syncing := make(chan []time.Duration, 1)
	go func() {
		took, _ := fsyncs(filepath.Join(b.folder, "fsync"), wardPressures, len(w.sent))
		syncing <- took
	}()
	var memory int64
	live, start := w.live.Load(), time.Now()
	for i := range w.sent {
		select {
		case err := <-failed:
			return nil, fmt.Errorf("under the load: %w", err)
		case <-time.After(time.Until(start.Add(time.Duration(i) * time.Second / wardPressures))):
		}
		w.sent[i].Store(int64(time.Since(w.began)))
		w.monitors[i%len(w.monitors)].Pressure(100+i%60, 50+i%30, 70+i%30, w.base.Add(time.Duration(i+1)*time.Second))
		if i%wardPressures == 0 {
			now, err := w.program.rssAnon()
			if err != nil {
				return nil, err
			}
			memory = max(memory, now)
		}
	}
	after, err := w.program.cpu()
	if err != nil {
		return nil, err
	}
	lasted := time.Since(start)
	busy := 100 * float64(after-before) / float64(lasted)
	pace := float64(w.live.Load()-live) / wardVitals / lasted.Seconds()
	select {
	case <-w.all:
	case err := <-failed:
		return nil, fmt.Errorf("after the load: %w", err)
	case <-ctx.Done():
		return nil, fmt.Errorf("%d events are lost", w.missing.Load())
	}
	if err := w.last(); err != nil {
		return nil, err
	}
	return w.rows(b.ward, memory, busy, pace, <-syncing), nil
}

func (w *ward) rows(d time.Duration, memory int64, busy, pace float64, synced []time.Duration) []row {
	took := make([]time.Duration, len(w.sent))
	for i := range took {
		took[i] = time.Duration(w.seen[i].Load() - w.sent[i].Load())
	}
	megabytes := float64(memory) / (1 << 20)
	ward := fmt.Sprintf("200 monitors, 20 values/s each, %v: ", d)
	return []row{
		{work: ward + "RssAnon", figure: fmt.Sprintf("%.1f MB", megabytes), value: megabytes, limit: 120, unit: "MB", atMost: true},
		{work: ward + "of a core", figure: fmt.Sprintf("%.1f %%", busy), value: busy, limit: 35, unit: "%", atMost: true},
		{work: ward + "live values to each", figure: fmt.Sprintf("%.0f /s", pace), value: pace, limit: 0.9 * (wardMonitors + wardSenders), unit: "/s"},
		{
			work: ward + "socket to client", figure: millis(median(took)), p99: millis(quantile(took, 0.99)),
			baseline: "bare fsync " + millis(median(synced)), bp99: millis(quantile(synced, 0.99)),
			value: float64(quantile(took, 0.99)-quantile(synced, 0.99)) / float64(time.Millisecond), limit: 10, unit: "ms", atMost: true,
		},
	}
}
