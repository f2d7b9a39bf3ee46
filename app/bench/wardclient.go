package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// lastSystolic is that of the pressure that ends the run, which no bed has.
const lastSystolic = 222

// last sends it, from a device of its own.
func (w *ward) last() error {
	s, err := dialMLLP(w.program.ready["mllp"])
	if err != nil {
		return err
	}
	defer s.conn.Close()
	if err := s.send(spotCheckOf(nextID(), lastSystolic)); err != nil {
		return err
	}
	return s.accepted()
}

// stream is a monitor that connects to the listener, in Mindray's unsolicited
// interface: whose the values are, then 20 of them each second, each message
// acknowledged.
func (w *ward) stream(ctx context.Context, number int) error {
	s, err := dialMLLP(w.program.ready["mllp"])
	if err != nil {
		return err
	}
	defer s.conn.Close()
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	message := bedPatient(number)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err = s.send(message); err == nil {
			err = s.accepted()
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sender %d: %w", number, err)
		}
		message = bedValues(number)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

const rtiHeader = "MSH|^~\\&|||||||ORU^R01|%d|P|2.3.1|\r"

func bedPatient(number int) string {
	return fmt.Sprintf(rtiHeader, 103) + fmt.Sprintf("PID|||bench-%d||Démonstration^Paul||19540702|M|\rPV1||I|^^BENCH&S%d&0&4601&&1|||||||||||||||A|||\r", number, number) +
		fmt.Sprintf("OBR||||Moniteur simulé|||0|\rOBX||ST|2301^||S%d||||||F\rOBX||ST|2308^BedNoStr||S%d||||||F\r", number, number)
}

func bedValues(number int) string {
	var b strings.Builder
	fmt.Fprintf(&b, rtiHeader, 204)
	jitter := (int(time.Now().Unix()) + number) % 7
	for _, p := range []struct {
		id, module int
		value      string
	}{
		{101, 2101, strconv.Itoa(70 + jitter)}, {102, 2101, "0"}, {105, 2101, "0.02"}, {106, 2101, "0.04"}, {107, 2101, "0.02"}, {108, 2101, "-0.03"},
		{109, 2101, "0.01"}, {110, 2101, "0.03"}, {117, 2101, "0.05"}, {151, 2102, strconv.Itoa(14 + jitter)}, {160, 2103, "97"},
		{161, 2103, strconv.Itoa(70 + jitter)}, {162, 2103, "2.40"}, {200, 2104, "36.8"}, {201, 2104, "36.2"}, {202, 2104, "0.6"},
		{500, 2116, strconv.Itoa(120 + jitter)}, {501, 2116, "90"}, {502, 2116, "75"}, {566, 2117, "7"},
	} {
		fmt.Fprintf(&b, "OBX||NM|%d^|%d|%s||||||F\r", p.id, p.module, p.value)
	}
	return b.String()
}

// follow reads what a client gets until the last pressure. It demands that
// every pressure comes once and that the log's numbers rise, and gives a hash
// of all that was recorded from the first pressure on, in its order.
func (w *ward) follow(c *reader, vitals bool) (order uint64, err error) {
	c.conn.SetDeadline(time.Time{})
	if vitals {
		if err := c.write(`420["subscribe",{"resource":"Vitals"}]`); err != nil {
			return 0, err
		}
	}
	sum := fnv.New64a()
	var last uint64
	live := 0
	had := make([]bool, len(w.sent))
	for {
		packet, err := c.read()
		switch {
		case err != nil:
			return 0, err
		case bytes.HasPrefix(packet, []byte(`42["vitals",`)):
			live++
			w.live.Add(1)
			continue
		case bytes.HasPrefix(packet, []byte(`430[`)) && bytes.Contains(packet, []byte(`"ok":true`)):
			continue
		case !bytes.HasPrefix(packet, []byte(eventPrefix)):
			return 0, fmt.Errorf("unexpected packet %.200q", packet)
		}
		number, err := numberOf(packet)
		if err != nil {
			return 0, err
		}
		if number <= last {
			return 0, fmt.Errorf("event %d comes after %d", number, last)
		}
		last = number
		done, err := w.pressure(packet, had)
		if err != nil {
			return 0, err
		}
		if had[0] { // all clients are there by then
			sum.Write(strconv.AppendUint(nil, number, 10))
		}
		if done {
			if vitals && live == 0 {
				return 0, fmt.Errorf("no live value has come")
			}
			return sum.Sum64(), nil
		}
	}
}

// pressure notes when a blood pressure came; done tells that it was the last.
func (w *ward) pressure(packet []byte, had []bool) (done bool, err error) {
	if !bytes.Contains(packet, []byte(`"display":"blood_pressure"`)) {
		return false, nil
	}
	if systolic, err := valueOf(packet); err != nil || systolic == lastSystolic {
		return true, err
	}
	_, rest, _ := bytes.Cut(packet, []byte(`"effectiveDateTime":"`))
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return false, err
	}
	i := int(at.Sub(w.base)/time.Second) - 1
	if i < 0 || i >= len(had) {
		return false, nil // measured before the load
	}
	if had[i] {
		return false, fmt.Errorf("pressure %d comes twice", i)
	}
	had[i] = true
	now := int64(time.Since(w.began))
	for last := w.seen[i].Load(); now > last && !w.seen[i].CompareAndSwap(last, now); last = w.seen[i].Load() {
	}
	if w.missing.Add(-1) == 0 {
		close(w.all)
	}
	return false, nil
}

// numberOf is the log's number of an event, from the id of its resource.
func numberOf(packet []byte) (uint64, error) {
	_, rest, ok := bytes.Cut(packet, []byte(`,"id":"`))
	id, _, closed := bytes.Cut(rest, []byte(`"`))
	_, digits, dashed := bytes.Cut(id, []byte("-"))
	if !ok || !closed || !dashed {
		return 0, fmt.Errorf("event without an id: %.200q", packet)
	}
	return strconv.ParseUint(string(digits), 10, 64)
}
