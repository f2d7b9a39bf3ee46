package stethoscope

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// How long each step may take.
const (
	joinTimeout  = 30 * time.Second
	openTimeout  = 10 * time.Second
	firstTimeout = 5 * time.Second  // until sound comes
	stallTimeout = 10 * time.Second // until a source that sends nothing is given up
	leaveTimeout = 20 * time.Second
	stallShown   = time.Second            // until people are told
	lookEvery    = 125 * time.Millisecond // whether sound still comes
)

// A session is one recording from start to end.
type session struct {
	o     *Options
	ctx   context.Context // ends when somebody stops it
	stop  context.CancelFunc
	begun chan struct{} // closed when sound has come, or will not
	done  chan struct{}

	mu     sync.Mutex // guards what follows
	status Status
	result error // of begun
	meter  *meter

	recording fhirmap.Recording // belongs to run
}

func newSession(o *Options, r fhirmap.Recording) *session {
	s := &session{
		o: o, recording: r, begun: make(chan struct{}), done: make(chan struct{}),
		status: Status{ID: r.ID, SSID: r.SSID, State: Connecting},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// wait returns when sound has come, or why none did.
func (s *session) wait(ctx context.Context) error {
	select {
	case <-s.begun:
		return s.result
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended returns when the sound is stored, or why it could not be.
func (s *session) ended(ctx context.Context) (Status, error) {
	select {
	case <-s.done:
	case <-ctx.Done():
		return s.snapshot(), ctx.Err()
	}
	last := s.snapshot()
	if last.State == Failed {
		return last, last.Fault
	}
	return last, nil
}

func (s *session) snapshot() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *session) wave() []Bar {
	s.mu.Lock()
	m := s.meter
	s.mu.Unlock()
	if m == nil {
		return nil
	}
	return m.wave()
}

// change publishes the status that set makes of the one before.
func (s *session) change(set func(*Status)) {
	s.mu.Lock()
	set(&s.status)
	s.mu.Unlock()
	s.publish()
}

func (s *session) publish() { s.o.OnChange(s.snapshot()) }

// run leaves the last status to be published.
func (s *session) run() {
	defer s.stop()
	fault := s.take()
	if fault != nil {
		s.o.Logger.Warn("recording", "recording", s.recording.ID, "code", fault.Code, "error", fault)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := &s.status
	now.Fault, now.Clipping, now.Level = fault, false, 0
	if now.State = Stopped; fault != nil && !now.Kept {
		now.State = Failed
		s.release(fault)
	}
	s.release(stoppedEarly())
}

// release answers who waits for the beginning. The first answer counts.
func (s *session) release(err error) {
	select {
	case <-s.begun:
	default:
		s.result = err
		close(s.begun)
	}
}

// take joins, records, keeps and leaves. A panic ends the recording and nothing
// else.
func (s *session) take() (fault *fhirmap.Fault) {
	defer func() {
		if p := recover(); p != nil {
			s.o.Logger.Error("recording failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			fault = fhirmap.FaultOf(errors.New("panic"))
		}
	}()
	if s.o.Network != nil {
		leave, err := s.join()
		if err != nil {
			return s.unlessStopped(err)
		}
		defer s.leave(leave)
	}
	stream, err := s.open()
	if err != nil {
		return s.unlessStopped(err)
	}
	return s.record(stream)
}

// unlessStopped is err as people are told of it. What fails since somebody has
// stopped the recording is no fault.
func (s *session) unlessStopped(err error) *fhirmap.Fault {
	if s.ctx.Err() != nil {
		return nil
	}
	return fhirmap.FaultOf(err)
}

func (s *session) join() (leave func(context.Context) error, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, joinTimeout)
	defer cancel()
	return s.o.Network.Join(ctx, s.recording.SSID)
}

func (s *session) leave(leave func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	if err := leave(ctx); err != nil {
		s.o.Logger.Error("the former network was not joined again", "error", err)
	}
}

func (s *session) open() (Stream, error) {
	ctx, cancel := context.WithTimeout(s.ctx, openTimeout)
	defer cancel()
	stream, err := s.o.Source.Open(ctx)
	if err != nil {
		if _, known := errors.AsType[*fhirmap.Fault](err); !known {
			err = noSound("the stethoscope cannot be reached", err)
		}
		return nil, err
	}
	return stream, nil
}

func (s *session) record(stream Stream) *fhirmap.Fault {
	blocks, done, end := listen(stream, s.o.Logger)
	defer end() // after a panic, too
	t := newTake(s.o.Source.Format(), s.o.Limit, func(at int64, piece []byte) error {
		return s.o.Keeper.Append(s.recording.ID, at, piece)
	})
	err := s.listenTo(t, blocks, done)
	end()
	return s.save(t, err)
}

// listenTo returns why the sound ended; nil: it was stopped, or is long enough.
func (s *session) listenTo(t *take, blocks <-chan block, done func(block)) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	heard := s.o.Now() // last
	for !t.full() {
		select {
		case <-s.ctx.Done():
			return nil
		case <-look.C:
			if err := s.look(t, s.o.Now().Sub(heard)); err != nil {
				return err
			}
		case b := <-blocks:
			if s.ctx.Err() != nil {
				return nil // it came too late
			}
			if b.err != nil {
				return ended(b.err)
			}
			heard = s.o.Now()
			if err := s.heard(t, heard, b); err != nil {
				return err
			}
			done(b)
		}
	}
	return nil
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return noSound("the stethoscope has ended the sound", err)
}

// heard takes over a block.
func (s *session) heard(t *take, now time.Time, b block) error {
	if s.snapshot().State == Connecting {
		s.recording.Start = now
		t.describe(&s.recording)
		if err := s.o.Keeper.Note(s.recording); err != nil {
			return err
		}
		s.mu.Lock()
		s.meter = t.meter
		s.mu.Unlock()
		s.change(func(st *Status) { st.State = Recording })
		s.release(nil)
	}
	known := len(t.gaps)
	err := t.add(now, b.sound, b.lost)
	if err == nil && len(t.gaps) > known {
		t.describe(&s.recording)
		err = s.o.Keeper.Note(s.recording)
	}
	return err
}

// look tells what has become of the sound, silence after the last heard.
func (s *session) look(t *take, silence time.Duration) error {
	if s.snapshot().State == Connecting {
		if silence >= firstTimeout {
			return noSound("the stethoscope sends no sound", nil)
		}
		return nil
	}
	if silence >= stallTimeout {
		return noSound("the stethoscope sends no sound any more", nil)
	}
	reading := t.meter.read()
	s.change(func(now *Status) {
		now.Length, now.Gaps = s.recording.Length(t.samples), len(t.gaps)
		now.Clipping, now.Level, now.HeartHint = reading.clipping, reading.level, reading.hint
		if now.Fault = nil; reading.silent || silence >= stallShown {
			now.Fault = noSound("no sound is heard", nil)
		}
	})
	return nil
}

// save keeps what has come, whatever ended it.
func (s *session) save(t *take, why error) *fhirmap.Fault {
	if s.snapshot().State == Connecting {
		return s.unlessStopped(why)
	}
	s.change(func(now *Status) { now.State, now.Fault = Saving, nil })
	if err := t.finish(); why == nil || fhirmap.FaultOf(why).Code == codeNoSound {
		why = cmp.Or(err, why)
	}
	fault := fhirmap.FaultOf(why)
	if t.kept == 0 {
		return fault
	}
	t.describe(&s.recording)
	s.recording.Shorten(t.kept / int64(t.format.frame()))
	if fault != nil {
		s.recording.CutShort = fault.Code
	}
	if s.recording.CutShort == codeWrongRate {
		s.recording.HeartHint = 0
	}
	if err := s.o.Keeper.End(s.recording); err != nil {
		return fhirmap.FaultOf(err)
	}
	s.change(func(now *Status) {
		now.Kept, now.Length, now.Gaps, now.HeartHint = true, s.recording.Duration(), len(s.recording.Gaps), s.recording.HeartHint
	})
	return fault
}
