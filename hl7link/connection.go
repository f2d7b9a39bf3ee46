package hl7link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"vitalien/fhirmap"
)

// A connection serves one peer: messages one after the other, each answered
// before the next is read, so that the log keeps their order.
type connection struct {
	*ListenerOptions
	net.Conn
	peer     string
	log      *slog.Logger
	readers  readers
	splitter *Splitter
	pending  *atomic.Int64           // bytes of messages under way, of all connections
	held     int                     // of them, those of this one
	ignored  int                     // bytes thrown away before the last message
	begun    time.Time               // when the message under way began, on the clock of deadlines
	flushed  bool                    // silence has ended a message, and none has begun since
	changed  func(by int, err error) // of the listener
	accepted func()                  // of the listener: a message was
	heard    func()                  // of the listener: a message came
	peers    *peers                  // of the listener
	memory   *memory                 // of the listener
	ward     rtiWard
}

func (l *Listener) serve(ctx context.Context, v *visitor) {
	c := &connection{
		ListenerOptions: &l.options, Conn: v.Conn, peer: v.peer, readers: l.readers, pending: &l.pending,
		log: l.options.Logger.With("peer", v.peer), splitter: NewSplitter(l.options.MaxFrame),
		changed: l.changed, accepted: l.recovered, heard: func() { l.heard(v) },
		peers: &l.status, memory: l.memory, ward: rtiWard{namers: &l.namers},
	}
	l.changed(0, nil)
	l.status.connected(v.peer)
	c.log.Info("connected")
	// The read under way ends at once; the message under way is still answered.
	stop := context.AfterFunc(ctx, func() { v.SetReadDeadline(time.Unix(1, 0)) })
	err := c.run(ctx)
	stop()
	c.hold(0)
	v.Close()
	l.leave(v)
	if v.displaced.Load() {
		err = errDisplaced
	}
	if ctx.Err() != nil {
		err = nil
	}
	c.log.Info("disconnected", "dropped", c.splitter.Dropped, "broken", c.splitter.Broken, "reason", reason(err))
	fault := c.connectionFault(err)
	l.status.disconnected(v.peer, fault)
	l.changed(-1, fault)
}

func reason(err error) string {
	if err == nil {
		return "closed"
	}
	return err.Error()
}

// run reads until the peer closes, falls silent for too long, or breaks the
// protocol.
func (c *connection) run(ctx context.Context) error {
	buf := make([]byte, 32<<10)
	if err := c.handshake(ctx); err != nil {
		if errors.Is(err, io.EOF) { // it only looked whether somebody listens
			return nil
		}
		return err
	}
	for {
		if err := c.SetReadDeadline(c.deadline()); err != nil {
			return err
		}
		if ctx.Err() != nil { // after the deadline, which it would have undone
			return nil
		}
		n, readErr := c.Read(buf)
		dropped := c.splitter.Dropped
		c.splitter.Feed(buf[:n])
		err := c.drain(ctx)
		c.reportCut(c.splitter.Dropped - dropped)
		if err == nil {
			err = c.bounded()
		}
		if err != nil {
			return c.refuse(ctx, err)
		}
		if readErr != nil {
			if again, err := c.interrupted(ctx, readErr); !again {
				return err
			}
		}
	}
}

// reportCut tells at once that the rest of a message was thrown away: it came
// after silence had ended the message.
func (c *connection) reportCut(bytes int) {
	if !c.flushed {
		return
	}
	begun, _ := c.splitter.Pending()
	c.flushed = !begun && bytes == 0
	if bytes > 0 {
		c.log.Warn("the rest of a message without frame was thrown away", "bytes", bytes)
		c.changed(0, c.cutFault())
	}
}

// deadline is when the next bytes must be there.
func (c *connection) deadline() time.Time {
	now := time.Now()
	begun, quiet := c.splitter.Pending()
	if !begun {
		c.begun = time.Time{}
		return now.Add(c.IdleTimeout)
	}
	if c.begun.IsZero() {
		c.begun = now
	}
	end := c.begun.Add(c.FrameTimeout)
	if silence := now.Add(c.SilenceTimeout); quiet && silence.Before(end) {
		return silence
	}
	return end
}

// drain answers every whole message that has come.
func (c *connection) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		frame, err := c.splitter.Next()
		if err != nil {
			return err
		}
		if frame == nil {
			return nil
		}
		if junk := c.splitter.Dropped - c.ignored; junk > 0 {
			c.log.Warn("bytes outside of messages were thrown away", "bytes", junk)
		}
		c.begun, c.ignored = time.Time{}, c.splitter.Dropped
		c.heard()
		if err := c.frame(ctx, frame); err != nil {
			return err
		}
	}
	return nil
}

// bounded tells whether what waits here, and what was thrown away since the last
// message, is within the bounds.
func (c *connection) bounded() error {
	c.hold(c.splitter.size())
	switch {
	case c.splitter.Dropped-c.ignored > c.MaxFrame:
		return errNoise
	case c.held > largeMessage && c.pending.Load() > int64(c.MaxPending):
		return errBusy
	}
	return nil
}

func (c *connection) hold(n int) {
	c.pending.Add(int64(n - c.held))
	c.held = n
}

// How long and how much a peer that was refused may go on sending. Closing
// earlier would take the answer back from it.
const (
	lingerTime  = time.Second
	lingerBytes = 16 << 20
)

// refuse says what is wrong with what the peer sends, and waits until it has
// heard so. Only what breaks the protocol is answered.
func (c *connection) refuse(ctx context.Context, err error) error {
	if !errors.Is(err, ErrFrameTooLong) && err != errNoise && err != errBusy {
		return err
	}
	c.reject(ctx, c.splitter.buf, err.Error())
	c.peers.message(c.peer, "", "", rejectedFault(c.peer, err.Error()))
	nak := acknowledge(nil, answer{verdict: verdict{"AE", trouble{code: errDataType, text: err.Error()}}, at: c.now()})
	c.tell(c.splitter.buf, nak, err.Error())
	c.splitter = &Splitter{max: c.MaxFrame, Dropped: c.splitter.Dropped, Broken: c.splitter.Broken}
	c.hold(0)
	if failed := c.write(nak); failed != nil {
		return errors.Join(err, failed)
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	c.SetReadDeadline(time.Now().Add(lingerTime))
	if ctx.Err() == nil {
		io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
	return err
}

// interrupted judges the end of a read. A message without frame is whole when
// the sender ends the stream, or falls silent after a whole segment.
func (c *connection) interrupted(ctx context.Context, err error) (again bool, _ error) {
	begun, quiet := c.splitter.Pending()
	ended := errors.Is(err, io.EOF)
	silent := errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case ctx.Err() != nil:
		return false, nil
	case ended || silent && quiet:
		if text := c.splitter.Flush(); text != nil {
			c.flushed = silent
			if err := c.frame(ctx, text); err != nil {
				return false, err
			}
			return silent, nil
		}
		if begun {
			return false, errCut
		}
		return false, nil
	case silent && begun:
		c.reject(ctx, c.splitter.buf, errUnended.Error())
		c.peers.message(c.peer, "", "", rejectedFault(c.peer, errUnended.Error()))
		nak := acknowledge(nil, answer{verdict: verdict{"AE", trouble{code: errDataType, text: "message without its end"}}, at: c.now()})
		c.tell(c.splitter.buf, nak, errUnended.Error())
		return false, errors.Join(errUnended, c.write(nak))
	case silent:
		return false, errIdle
	}
	return false, err
}

// frame answers the messages in one frame.
func (c *connection) frame(ctx context.Context, frame []byte) error {
	messages, err := messagesIn(frame)
	if err != nil || len(messages) == 0 {
		messages = [][]byte{frame}
	}
	for _, text := range messages {
		reply, reason := c.handle(ctx, text)
		if err := c.write(reply); err != nil {
			c.tell(text, nil, strings.TrimPrefix(reason+"; answer not sent", "; "))
			return err
		}
		c.tell(text, reply, reason)
	}
	return nil
}

func (c *connection) now() time.Time { return c.Now().In(c.Zone) }

// handle reads one message, has it stored, and gives the answer, and why it or a
// part of it was not taken.
func (c *connection) handle(ctx context.Context, text []byte) (reply []byte, reason string) {
	defer func() {
		if p := recover(); p != nil { // its value could quote the message
			c.log.Error("panic in a message", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			a := answer{verdict: verdict{"AE", trouble{code: errInternal, text: "internal error"}}, digest: digestOf(text), at: c.now()}
			c.note(ctx, text, decoded{}, a)
			reply, reason = acknowledge(text, a), a.why()
		}
	}()
	d := c.decode(text)
	switch {
	case !d.acknowledge:
		return nil, ""
	case d.query != nil && c.Directory != nil:
		reply, failed := c.lookUp(ctx, text, *d.query)
		c.peers.message(c.peer, "", "", failed)
		return reply, ""
	}
	a := answer{verdict: d.refusal(), digest: d.digest, at: c.now()}
	if a.code == "AA" {
		a.warnings = d.troubles[:min(len(d.troubles), maxWarnings)]
		if d.holdsAnything() {
			a = c.store(ctx, &d, a)
		}
	} else if d.holdsAnything() { // shown, although nothing of it can be recorded
		d.report.Key = ""
		c.store(ctx, &d, a)
	}
	c.note(ctx, text, d, a)
	return acknowledge(text, a), a.why()
}

// decode reads one message, few at a time: a large one takes much memory.
func (c *connection) decode(text []byte) decoded {
	places := c.readers.any
	if len(text) > largeMessage {
		places = c.readers.large
	}
	places <- struct{}{}
	defer func() { <-places }()
	return decode(text, decoding{zone: c.Zone, peer: c.peer, dialects: dialects, ward: &c.ward})
}

// store hands the report to the sink. The answer bears the time at which the
// message first came, so that its repetition gets the same.
func (c *connection) store(ctx context.Context, d *decoded, a answer) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.RecordTimeout)
	defer cancel()
	all := d.repeatable()
	defer c.memory.claim(all)()
	fresh := c.memory.withoutKnown(d, all, func(m *fhirmap.Measurement) *fhirmap.Measurement { return c.recorded(ctx, m) })
	if !d.holdsAnything() { // all of it is known, and of somebody else
		return a
	}
	receipt, err := c.Sink.Record(ctx, d.report)
	if err != nil {
		f := fhirmap.FaultOf(err)
		c.log.Error("not stored", "code", f.Code, "error", f)
		a.verdict = verdict{"AR", trouble{code: errInternal, text: "not stored: " + f.Code}}
		if f.Code == "bad_request" { // sending it again does not help
			a.verdict = verdict{"AE", trouble{code: errDataType, text: "not stored: " + f.English}}
		}
		a.warnings = nil
		return a
	}
	c.memory.keep(fresh)
	if !receipt.Received.IsZero() {
		a.at = receipt.Received.In(c.Zone)
	}
	return a
}

// recorded is m as it was recorded in an earlier run, nil if it was not. When
// that cannot be told it is recorded again.
func (c *connection) recorded(ctx context.Context, m *fhirmap.Measurement) *fhirmap.Measurement {
	if c.Recorded == nil {
		return nil
	}
	earlier, err := c.Recorded(ctx, *m)
	if err != nil {
		c.log.Error("not known whether a measurement was recorded before", "error", err)
		return nil
	}
	return earlier
}

// write sends one frame in one write.
func (c *connection) write(message []byte) error {
	if message == nil {
		return nil
	}
	if err := c.SetWriteDeadline(time.Now().Add(c.WriteTimeout)); err != nil {
		return err
	}
	_, err := c.Write(Frame(message))
	return err
}
