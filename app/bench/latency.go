package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	latencyRate    = 200 // messages per second
	latencyFor     = 5 * time.Second
	latencyClients = 10
	latencySenders = 10
)

// latency measures from the last byte of a message on the wire until every
// client has read its event, at a steady rate, in turns with a bare fsync of
// as many bytes at the same rate.
func latency(b *bench) ([]row, error) {
	ours, err := b.vitalien("--hl7-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	var differences []float64
	var took, synced []time.Duration
	for round := range b.rounds + 1 { // the first warms up
		bare, err := fsyncs(filepath.Join(b.folder, "fsync"), latencyRate, int(latencyFor.Seconds()*latencyRate))
		if err != nil {
			return nil, err
		}
		way, err := roadTimes(ours)
		if err != nil {
			return nil, err
		}
		if round > 0 {
			synced, took = append(synced, bare...), append(took, way...)
			differences = append(differences, float64(quantile(way, 0.99)-quantile(bare, 0.99))/float64(time.Millisecond))
		}
	}
	return []row{{
		work:   fmt.Sprintf("last byte in to event at %d clients, %d messages/s", latencyClients, latencyRate),
		figure: millis(median(took)), p99: millis(quantile(took, 0.99)),
		baseline: "bare fsync " + millis(median(synced)), bp99: millis(quantile(synced, 0.99)),
		value: median(differences), limit: 5, unit: "ms", atMost: true,
	}}, nil
}

// fsyncs writes and syncs a message, count times at a rate.
func fsyncs(path string, rate, count int) (took []time.Duration, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for range count {
		<-tick.C
		message := []byte(spotCheck(nextID()))
		began := time.Now()
		if _, err := f.Write(message); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// roadTimes sends messages at the rate over several connections, and gives for
// each the time until the last client had its event.
func roadTimes(ours *process) ([]time.Duration, error) {
	total := int(latencyFor.Seconds() * latencyRate)
	sent := make([]atomic.Int64, total)
	seen := make([]atomic.Int64, total) // by the last client
	began := time.Now()
	failed := make(chan error, latencyClients+latencySenders)
	var group sync.WaitGroup
	for range latencyClients {
		c, err := connect(ours.ready[""])
		if err != nil {
			return nil, err
		}
		defer c.conn.Close()
		group.Go(func() { failed <- c.note(seen, began) })
	}
	for first := range latencySenders {
		s, err := dialMLLP(ours.ready["mllp"])
		if err != nil {
			return nil, err
		}
		defer s.conn.Close()
		group.Go(func() { failed <- s.pace(first, sent, began) })
	}
	group.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return nil, err
		}
	}
	took := make([]time.Duration, total)
	for i := range took {
		took[i] = time.Duration(seen[i].Load() - sent[i].Load())
	}
	return took, nil
}

// note notes for each message when the last of its events was read here, if
// nobody read it later.
func (c *reader) note(seen []atomic.Int64, began time.Time) error {
	for range len(seen) {
		packet, err := c.read()
		if err != nil {
			return err
		}
		i, err := valueOf(packet)
		if err != nil {
			return err
		}
		now := int64(time.Since(began))
		for last := seen[i-1].Load(); now > last && !seen[i-1].CompareAndSwap(last, now); last = seen[i-1].Load() {
		}
	}
	return nil
}

// pace sends every message of one connection when it is due.
func (s *sender) pace(first int, sent []atomic.Int64, began time.Time) error {
	for i := first; i < len(sent); i += latencySenders {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / latencyRate)))
		message := spotCheckOf(nextID(), i+1)
		sent[i].Store(int64(time.Since(began)))
		if err := s.send(message); err != nil {
			return err
		}
		if err := s.accepted(); err != nil {
			return err
		}
	}
	return nil
}
