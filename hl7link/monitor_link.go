package hl7link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"vitalien/fhirmap"
)

const (
	echoEvery  = time.Second // the monitor hangs up after ten without
	queryAfter = 2           // echoes, while it says what it has to say first
	maxNoise   = 64 << 10    // bytes between messages
	quarantine = 5 * time.Second

	unreadEvery = time.Minute // between periodic values that are kept for the same fault
)

// What can end a connection to a monitor beside itself.
var (
	errSilent = errors.New("no message for too long")
	errPanic  = errors.New("panic")
)

// A monitorLink is one connection to a monitor.
type monitorLink struct {
	*monitorClient
	net.Conn
	session  *rtiSession
	splitter *Splitter
	begun    time.Time
	messages int    // that could be read
	noise    int    // bytes thrown away before the last message
	unread   string // what could not be read of the last periodic values that were kept
	unreadAt time.Time
	pressure []byte // the last message of a cuff pressure, which is told once its state had time to come
}

func newMonitorLink(c *monitorClient, conn net.Conn) *monitorLink {
	peer := conn.RemoteAddr().String()
	if address, err := netip.ParseAddrPort(peer); err == nil {
		peer = address.Addr().Unmap().String()
	}
	now := c.Now()
	return &monitorLink{
		monitorClient: c, Conn: conn, splitter: NewSplitter(c.MaxFrame), begun: now,
		session: newRTISession(c.Address, c.Name, peer, c.Zone, c.history, now),
	}
}

// good tells whether this was a monitor, and not one that hangs up at once.
func (l *monitorLink) good() bool {
	return l.messages > 0 && l.Now().Sub(l.begun) >= l.Silence
}

// run reads until the monitor hangs up or falls silent, anew is closed, or ctx
// ends.
func (l *monitorLink) run(ctx context.Context, anew <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		select {
		case <-ctx.Done():
		case <-anew:
		}
		l.Close() // ends the read under way
	})
	writer.Go(func() {
		if err := l.write(ctx); err != nil {
			l.Close()
		}
	})
	defer writer.Wait()
	defer cancel()
	err := l.read(ctx)
	l.deliver(ctx, l.session.close(), nil)
	return err
}

// write sends the echo that keeps the connection, and asks once for
// everything.
func (l *monitorLink) write(ctx context.Context) error {
	tick := time.NewTicker(echoEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		message := rtiEcho
		if n == queryAfter {
			message = rtiQuery(l.Now().In(l.Zone))
		}
		if err := l.SetWriteDeadline(time.Now().Add(l.Silence)); err != nil {
			return err
		}
		if _, err := l.Write(Frame([]byte(message))); err != nil {
			return err
		}
		if n == queryAfter {
			continue // the echo is due as well
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// rtiEcho is message 106.
const rtiEcho = "MSH|^~\\&|||||||ORU^R01|106|P|2.3.1|\r"

// rtiQuery is message 1203, which asks for all parameters of all modules
// (QRF-5: any monitor, no filter).
func rtiQuery(now time.Time) string {
	return "MSH|^~\\&|||||||QRY^R02|1203|P|2.3.1\r" +
		"QRD|" + now.Format("20060102150405") + "|R|I|Q1|||||RES\r" +
		"QRF|MON||||0&0^1^1^1^\r"
}

func (l *monitorLink) read(ctx context.Context) error {
	buf := make([]byte, 32<<10)
	deadline := time.Now().Add(l.Silence)
	for {
		if err := l.SetReadDeadline(deadline); err != nil {
			return l.ended(err)
		}
		n, readErr := l.Conn.Read(buf)
		l.splitter.Feed(buf[:n])
		before := l.messages
		if err := l.drain(ctx); err != nil {
			return err
		}
		if l.messages > before {
			deadline = time.Now().Add(l.Silence)
		}
		if l.splitter.Dropped-l.noise > maxNoise {
			return errNoise
		}
		if readErr != nil {
			return l.ended(readErr)
		}
	}
}

// ended says why the connection ended.
func (l *monitorLink) ended(err error) error {
	begun, _ := l.splitter.Pending()
	switch {
	case l.messages == 0 && l.splitter.Dropped > 0:
		return errNoise
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSilent
	case errors.Is(err, io.EOF) && begun:
		return errCut
	}
	return err
}

// drain reads every whole message that has come.
func (l *monitorLink) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		frame, err := l.splitter.Next()
		if err != nil {
			return err
		}
		if frame == nil {
			break
		}
		if junk := l.splitter.Dropped - l.noise; junk > 0 {
			l.log.Warn("bytes outside of messages were thrown away", "bytes", junk)
		}
		l.noise = l.splitter.Dropped
		messages, err := messagesIn(frame)
		if err != nil || len(messages) == 0 {
			l.reject(ctx, frame, "no message in the frame")
		}
		for _, text := range messages {
			l.message(ctx, text)
		}
	}
	l.deliver(ctx, l.session.flush(), nil)
	return nil
}

// deliver hands reports over, with the message that they come from.
func (l *monitorLink) deliver(ctx context.Context, reports []fhirmap.Report, text []byte) {
	for _, r := range reports {
		if len(r.Measurements) > 0 && r.Measurements[0].Type == fhirmap.BloodPressure && !r.Streaming {
			l.outbox.put(ctx, r, l.pressure)
		} else {
			l.outbox.put(ctx, r, text)
		}
	}
}

// message reads one message.
func (l *monitorLink) message(ctx context.Context, text []byte) {
	m, err := Parse(text)
	if err != nil {
		l.reject(ctx, text, err.Error())
		return
	}
	defer m.release()
	if kind := m.Header().Component(9, 1); kind != "" && kind != "ORU" {
		l.tellMessage(text, "")
		return // an answer; what it says comes by itself as well
	}
	if !spokenByMindray(m) {
		l.reject(ctx, text, "no message of the Realtime Result Interface")
		return
	}
	reports, troubles := l.session.read(m, l.Now())
	l.deliver(ctx, reports, text)
	if m.Header().Text(10) == rtiPressure {
		l.pressure = text
	}
	l.heard()
	if len(troubles) == 0 {
		l.tellMessage(text, "")
		return
	}
	l.tellMessage(text, troubles[0].String())
	l.rejectPart(ctx, m, text, troubles[0].String()) // what could be read counts all the same
}

// rejectPart keeps a message of which something cannot be read. One of those
// that come each second is enough to show what is wrong with them.
func (l *monitorLink) rejectPart(ctx context.Context, m *Message, text []byte, reason string) {
	if m.Header().Text(10) == rtiPeriodic {
		now := l.Now()
		if reason == l.unread && now.Sub(l.unreadAt).Abs() < unreadEvery {
			l.note(func(s *MonitorStatus) { s.Rejected++ })
			return
		}
		l.unread, l.unreadAt = reason, now
	}
	l.refuse(ctx, text, reason)
}

// heard notes a message that was read; the first shows that it is a monitor.
func (l *monitorLink) heard() {
	l.messages++
	s := l.session
	how := func(status *MonitorStatus) {
		status.Messages++
		status.LastMessage = l.Now()
		status.Bed, status.Department = s.bed, s.department
		status.Name = s.device.Name
	}
	if l.messages > 1 {
		l.note(how)
		return
	}
	l.log.Info("monitor connected")
	l.note(how)
	l.enter(MonitorConnected, l.outbox.fault())
}

// reject shows and keeps a message that cannot be read.
func (l *monitorLink) reject(ctx context.Context, text []byte, reason string) {
	l.tellMessage(text, reason)
	l.refuse(ctx, text, reason)
}

func (l *monitorLink) refuse(ctx context.Context, text []byte, reason string) {
	l.note(func(s *MonitorStatus) { s.Rejected++ })
	l.log.Warn("message not read", "reason", reason)
	l.keep(ctx, text, reason)
}

func (c *monitorClient) keep(ctx context.Context, text []byte, reason string) {
	if c.Quarantine == nil || text == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quarantine)
	defer cancel()
	err := c.Quarantine.Reject(ctx, Rejected{Link: "hl7", Peer: c.Address, Received: c.Now(), Reason: reason, Message: text})
	if err != nil {
		c.log.Error("a refused message could not be kept", "error", fmt.Sprint(err))
	}
}
