package api

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"vitalien/app/station"
)

// A source is what a connection is handed, from a cursor of its own on.
type source interface {
	// wait returns when there is something behind the cursor, or with ctx.
	wait(ctx context.Context) error
	// next is a bounded piece of it, and moves the cursor behind that.
	next() ([]wsFrame, error)
}

// A pump hands a connection a source, piece by piece. The next piece is made
// only when the last has left.
type pump struct {
	socket *socketConn
	source source
}

// run returns why it ended: the cause of ctx, or why the connection must.
func (p *pump) run(ctx context.Context) (reason error) {
	server := p.socket.sockets.server
	defer func() {
		if failed := recover(); failed != nil {
			server.log.Error("handing on events failed", "client", p.socket.id(), "panic", fmt.Sprintf("%T", failed), "stack", string(debug.Stack()))
			reason = errors.New("internal")
		}
	}()
	for {
		err := p.source.wait(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err // the store is closed
		}
		if err := p.step(ctx); err != nil {
			return err
		}
	}
}

// step hands on one piece. A connection has one at a time, however many
// subscriptions it has or had: one that ends meanwhile still waits until its
// piece has left.
func (p *pump) step(ctx context.Context) error {
	select {
	case p.socket.sending <- struct{}{}:
		defer func() { <-p.socket.sending }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	server := p.socket.sockets.server
	frames, err := p.source.next()
	if err != nil {
		server.log.Error("reading for a client", "client", p.socket.id(), "error", err)
		return errors.New("internal")
	}
	return p.socket.send(ctx, frames, server.o.SlowAfter)
}

// logSource is the log in one form.
type logSource struct {
	log    waiter
	frames *frames
	cursor uint64
	pick   func([]shared) []wsFrame
	told   func(first, last uint64) // hears of what picks nothing; nil: pick does
}

// A waiter tells when the log has something behind a sequence number.
type waiter interface {
	Wait(ctx context.Context, after uint64) error
}

var _ waiter = (*station.Station)(nil)

func (s *logSource) wait(ctx context.Context) error { return s.log.Wait(ctx, s.cursor) }

func (s *logSource) next() ([]wsFrame, error) {
	events, cursor, err := s.frames.after(s.cursor)
	if err != nil {
		return nil, err
	}
	if s.told != nil && cursor > s.cursor {
		s.told(s.cursor+1, cursor)
	}
	s.cursor = cursor
	return s.pick(events), nil
}

func everything(events []shared) (frames []wsFrame) {
	for _, e := range events {
		frames = append(frames, e.frame)
	}
	return frames
}
