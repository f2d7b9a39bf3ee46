package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"sync"
	"time"
)

// mllp sends a ward monitor's message to the program, to the receiver that
// somebody writes in an afternoon, and to npm's simple-hl7, in turns.
func mllp(b *bench) ([]row, error) {
	ours, err := b.vitalien("--hl7-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	plain, err := b.role("receiver")
	if err != nil {
		return nil, err
	}
	defer plain.stop()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	node, err := b.node("hl7.js", port)
	if err != nil {
		return nil, err
	}
	defer node.stop()

	runs := map[string][]run{}
	loads := []struct {
		name, address string
		connections   int
		messages      int // on each
	}{
		{"ours 1", ours.ready["mllp"], 1, 1500},
		{"plain 1", plain.ready[""], 1, 1500},
		{"ours 16", ours.ready["mllp"], 16, 300},
		{"plain 16", plain.ready[""], 16, 100},
		{"node 16", node.ready[""], 16, 300},
	}
	for round := range b.rounds + 1 { // the first warms up
		for _, l := range loads {
			r, err := load(l.address, l.connections, l.messages)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", l.name, err)
			}
			if round > 0 {
				runs[l.name] = append(runs[l.name], r)
			}
		}
	}
	const work, baseline = "ORU of 2 kB and 20 OBX, durable before AA, ", "lenaten and one Update"
	return []row{
		compare(work+"1×", "/s", runs["ours 1"], runs["plain 1"], baseline, 1),
		compare(work+"16×", "/s", runs["ours 16"], runs["node 16"], "simple-hl7, stores nothing", 1),
		compare(work+"16×", "/s", runs["ours 16"], runs["plain 16"], baseline, 3),
	}, nil
}

// load sends messages over connections at once, on each the next as soon as
// the last is acknowledged.
func load(address string, connections, messages int) (run, error) {
	var all run
	var mu sync.Mutex
	var failed error
	var group sync.WaitGroup
	began := time.Now()
	for range connections {
		group.Go(func() {
			took, err := converse(address, messages)
			mu.Lock()
			defer mu.Unlock()
			all.took = append(all.took, took...)
			if err != nil {
				failed = err
			}
		})
	}
	group.Wait()
	all.rate = float64(connections*messages) / time.Since(began).Seconds()
	return all, failed
}

func converse(address string, messages int) (took []time.Duration, err error) {
	s, err := dialMLLP(address)
	if err != nil {
		return nil, err
	}
	defer s.conn.Close()
	for range messages {
		began := time.Now()
		if err := s.send(wardMessage()); err != nil {
			return nil, err
		}
		if err := s.accepted(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// A sender is a device's end of an MLLP connection, reduced to what costs the
// measurement least.
type sender struct {
	conn    net.Conn
	answers *bufio.Reader
	answer  []byte
	frame   []byte
}

func dialMLLP(address string) (*sender, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &sender{conn: conn, answers: bufio.NewReader(conn)}, nil
}

func (s *sender) send(message string) error {
	s.frame = append(append(append(s.frame[:0], 0x0b), message...), 0x1c, '\r')
	s.conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, err := s.conn.Write(s.frame)
	return err
}

// accepted reads one answer, which must be AA.
func (s *sender) accepted() error {
	for s.answer = s.answer[:0]; ; {
		part, err := s.answers.ReadSlice('\r')
		if err != nil {
			return err
		}
		s.answer = append(s.answer, part...)
		if len(part) == 2 && part[0] == 0x1c || bytes.HasSuffix(part, []byte("\x1c\r")) {
			break
		}
	}
	if !bytes.Contains(s.answer, []byte("MSA|AA|")) {
		return fmt.Errorf("answered %q", s.answer)
	}
	return nil
}
