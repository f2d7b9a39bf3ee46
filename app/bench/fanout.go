package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"vitalien/app/api"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// fanout has the program's server and npm's socket.io emit the same events in
// a burst, and clients read them: the same clients, which check that each
// event comes once and in order. Ours are recorded on disk on the way.
func fanout(b *bench) ([]row, error) {
	ours, err := b.role("burst")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	node, err := b.node("socketio.js")
	if err != nil {
		return nil, err
	}
	defer node.stop()
	template, err := sampleEvent(ours)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, fan := range []struct{ clients, events int }{{1, 10000}, {50, 1000}, {100, 500}} {
		var mine, theirs []run
		for round := range b.rounds + 1 { // the first warms up
			a, err := deliver(ours, template, fan.clients, fan.events)
			if err != nil {
				return nil, fmt.Errorf("vitalien: %w", err)
			}
			z, err := deliver(node, template, fan.clients, fan.events)
			if err != nil {
				return nil, fmt.Errorf("socket.io: %w", err)
			}
			if round > 0 {
				mine, theirs = append(mine, a), append(theirs, z)
			}
		}
		work := fmt.Sprintf("fan-out of %d B events, %d × %d", len(template)+9, fan.clients, fan.events)
		rows = append(rows, compare(work, "/s", mine, theirs, "socket.io 4", 0.95))
	}
	return rows, nil
}

// order is what a server does for a line on its standard input.
type order struct {
	First    int             `json:"first"`
	Count    int             `json:"count"`
	Template json.RawMessage `json:"template"`
}

// sampleEvent is one event of ours, for the other side to emit.
func sampleEvent(ours *process) (json.RawMessage, error) {
	c, err := connect(ours.ready[""])
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	if err := json.NewEncoder(ours.input).Encode(order{First: 1, Count: 1}); err != nil {
		return nil, err
	}
	packet, err := c.read()
	if err != nil {
		return nil, err
	}
	body, ok := bytes.CutPrefix(packet, []byte(eventPrefix))
	if !ok {
		return nil, fmt.Errorf("unexpected packet %.80q", packet)
	}
	return bytes.Clone(body[:len(body)-1]), nil
}

// deliver orders a burst, and returns when every client has read all of it.
func deliver(server *process, template json.RawMessage, clients, events int) (run, error) {
	var all []*reader
	defer func() {
		for _, c := range all {
			c.conn.Close()
		}
	}()
	for range clients {
		c, err := connect(server.ready[""])
		if err != nil {
			return run{}, err
		}
		all = append(all, c)
	}
	failed := make([]error, clients)
	var group sync.WaitGroup
	began := time.Now()
	if err := json.NewEncoder(server.input).Encode(order{First: 1, Count: events, Template: template}); err != nil {
		return run{}, err
	}
	for i, c := range all {
		group.Go(func() { failed[i] = c.expect(1, events) })
	}
	group.Wait()
	took := time.Since(began)
	for _, err := range failed {
		if err != nil {
			return run{}, err
		}
	}
	return run{rate: float64(clients*events) / took.Seconds()}, nil
}

// expect reads n events, whose values count up from first.
func (c *reader) expect(first, n int) error {
	for want := first; want < first+n; want++ {
		packet, err := c.read()
		if err != nil {
			return err
		}
		if got, err := valueOf(packet); err != nil || got != want {
			return fmt.Errorf("event %d, want %d (%v)", got, want, err)
		}
	}
	return nil
}

const eventPrefix = `42["fhir",`

// valueOf is the first value of an event.
func valueOf(packet []byte) (value int, err error) {
	if !bytes.HasPrefix(packet, []byte(eventPrefix)) {
		return 0, fmt.Errorf("unexpected packet %.80q", packet)
	}
	_, rest, ok := bytes.Cut(packet, []byte(`"value":`))
	if !ok {
		return 0, fmt.Errorf("event without a value: %.200q", packet)
	}
	for _, digit := range rest {
		if digit < '0' || digit > '9' {
			return value, nil
		}
		value = value*10 + int(digit-'0')
	}
	return value, nil
}

// burst serves clients, and records the measurements that it is ordered to.
func burst(folder string) error {
	quiet := slog.New(slog.DiscardHandler)
	s, err := station.Open(folder, station.Options{Logger: quiet})
	if err != nil {
		return err
	}
	defer s.Close()
	server, err := api.Listen(api.Options{Station: s, Logger: quiet, Address: "127.0.0.1:0", Version: "bench"})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go server.Serve(ctx)
	fmt.Println("ready", server.URL())
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		var o order
		if err := json.Unmarshal(orders.Bytes(), &o); err != nil {
			return err
		}
		if err := record(ctx, s, o.First, o.Count); err != nil {
			return err
		}
	}
	return nil
}

// record records measurements, a thousand in a report at most, as when the
// memory of a device is read out.
func record(ctx context.Context, s *station.Station, first, count int) error {
	for count > 0 {
		report := fhirmap.Report{Link: "bench"}
		for range min(count, 1000) {
			report.Measurements = append(report.Measurements, saturation(first))
			first, count = first+1, count-1
		}
		if _, err := s.Record(ctx, report); err != nil {
			return err
		}
	}
	return nil
}

// saturation is an oximeter's measurement, whose event is about 1 kB.
func saturation(rate int) fhirmap.Measurement {
	reading := func(vital fhirmap.Type, value int, unit fhirmap.Unit) fhirmap.Reading {
		decimal := fhirmap.NewDecimal(int64(value), 0)
		return fhirmap.Reading{Type: vital, Value: &decimal, Unit: unit}
	}
	return fhirmap.Measurement{
		Type: fhirmap.OxygenSaturation, Device: fhirmap.Device{ID: "bench", Type: fhirmap.PulseOxymeter}, Time: time.Now(),
		Readings: []fhirmap.Reading{
			reading(fhirmap.HeartRate, rate, fhirmap.BeatsPerMinute),
			reading(fhirmap.OxygenSaturation, 97, fhirmap.Percent),
		},
	}
}
