package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

const (
	idleFor     = 20 * time.Second
	storeSize   = 1_000_000 // measurements
	idleClients = 1000
)

// idle is what the program costs that nobody uses, its supervisor included.
func idle(b *bench) ([]row, error) {
	p, err := b.vitalien("--hl7-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(idleFor):
	case <-b.ctx.Done():
		return nil, b.ctx.Err()
	}
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	memory, err := p.rssAnon()
	if err != nil {
		return nil, err
	}
	megabytes := float64(memory) / (1 << 20)
	busy := 100 * float64(after-before) / float64(idleFor)
	return []row{
		{work: "headless, idle: RssAnon", figure: fmt.Sprintf("%.1f MB", megabytes), value: megabytes, limit: 40, unit: "MB", atMost: true},
		{work: fmt.Sprintf("headless, idle for %v: of a core", idleFor), figure: fmt.Sprintf("%.2f %%", busy), value: busy, limit: 0.5, unit: "%", atMost: true},
	}, nil
}

// startUp is the time until the program is ready on a store of a million
// measurements.
func startUp(b *bench) ([]row, error) {
	folder, err := os.MkdirTemp(b.folder, "million")
	if err != nil {
		return nil, err
	}
	memory, err := fill(b.ctx, folder)
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for range b.rounds * 2 {
		p, err := b.vitalienIn(folder, "--hl7-listen", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		took = append(took, p.started)
		p.stop()
	}
	small, err := b.vitalien("--hl7-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	small.stop()
	p, err := b.vitalienIn(folder, "--hl7-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	asked, err := lookUps(p.ready[""])
	if err != nil {
		return nil, err
	}
	size, err := sizeOf(folder)
	if err != nil {
		return nil, err
	}
	each, megabytes := float64(size)/storeSize, float64(memory)/(1<<20)
	middle := median(took)
	return []row{{
		work: "1,000,000 measurements: RssAnon while they are appended", figure: fmt.Sprintf("%.1f MB", megabytes),
		value: megabytes, limit: 64, unit: "MB", atMost: true,
	}, {
		work: "1,000,000 measurements: of the files each", figure: fmt.Sprintf("%.0f B", each),
		value: each, limit: 900, unit: "B", atMost: true,
	}, {
		work: "start to ready, 1,000,000 measurements", figure: millis(middle), p99: millis(quantile(took, 0.99)),
		baseline: "empty store " + millis(small.started),
		value:    float64(quantile(took, 0.99)) / float64(time.Millisecond), limit: 300, unit: "ms", atMost: true,
	}, {
		work: "REST: a patient's last 100 of 2,000,000", figure: millis(median(asked)), p99: millis(quantile(asked, 0.99)),
		value: float64(median(asked)) / float64(time.Millisecond), limit: 5, unit: "ms", atMost: true,
	}}, nil
}

// sizeOf is what the files of a folder take, in bytes.
func sizeOf(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}

// fill records a million measurements, in messages of some twenty as monitors
// send them, by several links at once. It tells the most memory of this process
// meanwhile.
func fill(ctx context.Context, folder string) (memory int64, err error) {
	s, err := station.Open(folder, station.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	const links, inMessage = 64, 20
	failed := make(chan error, links)
	for link := range links {
		go func() {
			for i := link; i < storeSize/inMessage; i += links {
				report := fhirmap.Report{Link: "bench"}
				for n := range inMessage {
					m := saturation(60 + n)
					m.Patient = benchPatient(i % benchPatients)
					report.Measurements = append(report.Measurements, m)
				}
				if _, err := s.Record(ctx, report); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for left := links; left > 0; {
		select {
		case one := <-failed:
			left--
			err = errors.Join(err, one)
		case <-tick.C:
			now, readErr := rssAnonOf("self")
			memory, err = max(memory, now), errors.Join(err, readErr)
		}
	}
	return memory, err
}

// clients is what each connected client costs while nothing happens, once it
// has had some events.
func clients(b *bench) ([]row, error) {
	p, err := b.vitalien("--hl7-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	before, err := p.rssAnon()
	if err != nil {
		return nil, err
	}
	var all []*reader
	defer func() {
		for _, c := range all {
			c.conn.Close()
		}
	}()
	for range idleClients {
		c, err := connect(p.ready[""])
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	device, err := dialMLLP(p.ready["mllp"])
	if err != nil {
		return nil, err
	}
	defer device.conn.Close()
	for i := range 10 {
		if err := device.send(spotCheckOf(nextID(), i+1)); err != nil {
			return nil, err
		}
		if err := device.accepted(); err != nil {
			return nil, err
		}
	}
	for _, c := range all {
		if err := c.expect(1, 10); err != nil {
			return nil, err
		}
	}
	memory, err := p.rssAnon()
	if err != nil {
		return nil, err
	}
	each := float64(memory-before) / idleClients / 1024
	return []row{{
		work: "1,000 idle clients: RssAnon each", figure: fmt.Sprintf("%.1f kB", each), value: each, limit: 60, unit: "kB", atMost: true,
	}}, nil
}
