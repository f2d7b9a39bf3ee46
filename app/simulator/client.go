package simulator

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"vitalien/hl7link"
)

// maxQueued is how many messages may wait for a client that reads slowly.
const maxQueued = 256

// A client is the other end of one connection of a monitor.
type client struct {
	monitor *Monitor
	conn    net.Conn
	number  int // among the monitor's connections, from 1
	out     chan []byte
	once    sync.Once
	left    int // bytes until it is cut; negative: never
}

// attend serves one client until it leaves, no longer echoes, or ctx ends.
func (m *Monitor) attend(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	c := m.admitClient(conn)
	if c == nil {
		return
	}
	stop := context.AfterFunc(ctx, c.drop)
	defer stop()
	var writing sync.WaitGroup
	writing.Go(func() {
		err := guarded(c.write)
		m.o.Logger.Debug("simulated monitor stopped writing", "error", err)
		if !errors.Is(err, errCut) {
			c.drop()
		}
	})
	err := guarded(c.read)
	m.o.Logger.Debug("simulated monitor lost its client", "error", err)
	m.mu.Lock()
	delete(m.clients, c)
	close(c.out)
	m.mu.Unlock()
	c.drop()
	writing.Wait()
}

// admitClient lets a client in, and gives it everything there is; nil when
// there are too many.
func (m *Monitor) admitClient(conn net.Conn) *client {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.clients) >= m.o.Clients {
		return nil
	}
	m.connections++
	c := &client{monitor: m, conn: conn, number: m.connections, out: make(chan []byte, maxQueued), left: -1}
	if m.faults.CutAfter != nil {
		if bytes := m.faults.CutAfter(c.number); bytes > 0 {
			c.left = bytes
		}
	}
	m.clients[c] = true
	c.queue(m.script().everything(&m.bedside))
	return c
}

// queue hands messages over for sending. A client with too many of them waiting
// is dropped. The monitor's lock is held.
func (c *client) queue(messages [][]byte) {
	for _, message := range messages {
		select {
		case c.out <- message:
		default:
			c.drop()
			return
		}
	}
}

// drop cuts the connection as a pulled plug does, without a farewell.
func (c *client) drop() {
	c.once.Do(func() {
		if tcp, ok := c.conn.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		c.conn.Close()
	})
}

// write sends what is queued, misbehaving where it is told to.
func (c *client) write() error {
	for message := range c.out {
		faults := c.monitor.misbehaviour()
		if faults.Mute {
			continue
		}
		frame := hl7link.Frame(message)
		if faults.Junk {
			frame = append([]byte("\x00\xff?\r\n"), frame...)
		}
		if err := c.put(frame, faults.Split); err != nil {
			return err
		}
	}
	return nil
}

var errCut = errors.New("cut, as it was told to be")

func (c *client) put(frame []byte, split bool) error {
	cut := c.left >= 0 && len(frame) >= c.left
	if cut {
		frame = frame[:c.left]
	}
	size := len(frame)
	if split {
		size = 1
	}
	for ; len(frame) > 0; frame = frame[min(size, len(frame)):] {
		part := frame[:min(size, len(frame))]
		c.conn.SetWriteDeadline(time.Now().Add(c.monitor.o.EchoTimeout))
		if _, err := c.conn.Write(part); err != nil {
			return err
		}
		if c.left >= 0 {
			c.left -= len(part)
		}
	}
	if !cut {
		return nil
	}
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		tcp.CloseWrite() // a reset could take back what was sent
	}
	return errCut
}

// read takes echoes and queries. It ends when no echo has come for too long.
func (c *client) read() error {
	splitter := hl7link.NewSplitter(0)
	buffer := make([]byte, 4<<10)
	c.echoed()
	for {
		n, err := c.conn.Read(buffer)
		if err != nil {
			return err
		}
		splitter.Feed(buffer[:n])
		for {
			message, err := splitter.Next()
			if err != nil {
				return err
			}
			if message == nil {
				break
			}
			c.take(message)
		}
	}
}

func (c *client) echoed() { c.conn.SetReadDeadline(time.Now().Add(c.monitor.o.EchoTimeout)) }

// take answers one message of the client; what it does not know it passes over.
func (c *client) take(text []byte) {
	message, err := hl7link.Parse(text)
	if err != nil {
		return
	}
	id, err := strconv.Atoi(message.Header().Text(10))
	if err != nil {
		return
	}
	switch id {
	case rtiEcho:
		c.echoed()
	case rtiQuery:
		m := c.monitor
		m.mu.Lock()
		defer m.mu.Unlock()
		s := m.script()
		c.queue(append(s.everything(&m.bedside), s.values(&m.bedside)))
	}
}
