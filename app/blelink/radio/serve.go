package radio

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// An Adapter is a Radio that can tell whether it can be used now.
type Adapter interface {
	blelink.Radio
	// Watch calls told with nil when the adapter can be used, and with a Fault
	// when it cannot, at once and on each change, until ctx ends.
	Watch(ctx context.Context, told func(*fhirmap.Fault)) error
}

// Serve does what the parent asks over in and out, until in ends or ctx does.
func Serve(ctx context.Context, in io.Reader, out io.Writer, adapter blelink.Radio, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{
		ctx: ctx, wire: wire{out: out}, adapter: adapter, log: logger,
		requests: map[uint64]*request{}, links: map[uint64]blelink.Peripheral{},
	}
	defer s.tasks.Wait()
	defer s.hangUp()
	defer cancel()
	if watched, ok := adapter.(Adapter); ok {
		s.tasks.Go(func() {
			err := watched.Watch(ctx, func(f *fhirmap.Fault) { s.tell(message{Say: sayAdapter, Fault: faultOfPointer(f)}) })
			if err != nil && ctx.Err() == nil {
				s.tell(message{Say: sayAdapter, Fault: faultOf(err)})
			}
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- receive(in, s.take, s.junk) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// faultOfPointer is faultOf for what may be a nil pointer.
func faultOfPointer(f *fhirmap.Fault) *fault {
	if f == nil {
		return nil
	}
	return faultOf(f)
}

type server struct {
	wire
	ctx     context.Context
	adapter blelink.Radio
	log     *slog.Logger
	tasks   sync.WaitGroup

	mu       sync.Mutex
	requests map[uint64]*request
	links    map[uint64]blelink.Peripheral
	lastLink uint64
}

// A request is one that is being done.
type request struct {
	cancel  context.CancelFunc
	answers chan message
}

func (s *server) junk(line string) { s.log.Warn("no message of the parent", "line", line) }

func (s *server) tell(m message) {
	if err := s.send(m); err != nil && s.ctx.Err() == nil {
		s.log.Error("telling the parent", "error", err)
	}
}

// take begins a request, or applies what has no answer.
func (s *server) take(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.Say {
	case sayCancel:
		if r := s.requests[m.ID]; r != nil {
			r.cancel()
		}
	case sayAnswer:
		if r := s.requests[m.ID]; r != nil {
			select {
			case r.answers <- m:
			default: // nothing was asked
			}
		}
	case sayDisconnect:
		if link := s.links[m.Link]; link != nil {
			s.tasks.Go(func() { link.Disconnect() })
		}
	default:
		ctx, cancel := context.WithCancel(s.ctx)
		r := &request{cancel, make(chan message, 1)}
		s.requests[m.ID] = r
		s.tasks.Go(func() { s.do(ctx, m, r) })
	}
}

func (s *server) do(ctx context.Context, m message, r *request) {
	answer := message{Say: sayDone, ID: m.ID}
	err := s.guarded(func() error { return s.perform(ctx, m, r, &answer) })
	answer.Fault = faultOf(err)
	s.mu.Lock()
	delete(s.requests, m.ID)
	s.mu.Unlock()
	r.cancel()
	s.tell(answer)
	if link := s.link(answer.Link); m.Say == doConnect && link != nil {
		s.forward(answer.Link, link)
	}
}

func (s *server) guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

func (s *server) perform(ctx context.Context, m message, r *request, answer *message) (err error) {
	link := s.link(m.Link)
	switch m.Say {
	case doScan:
		return s.adapter.Scan(ctx, func(a blelink.Advertisement) { s.tell(message{Say: sayHeard, ID: m.ID, Heard: &a}) })
	case doConnect:
		link, err := s.adapter.Connect(ctx, m.Address)
		if err == nil {
			answer.Link = s.keep(link)
		}
		return err
	case doPair:
		return s.adapter.Pair(ctx, m.Address, &agent{s, m.ID, r})
	case doUnpair:
		return s.adapter.Unpair(ctx, m.Address)
	}
	if link == nil {
		return blelink.Disconnected()
	}
	switch m.Say {
	case doServices:
		answer.Services, err = link.Services(ctx)
	case doRead:
		answer.Value, err = link.Read(ctx, m.Characteristic)
	case doWrite:
		err = link.Write(ctx, m.Characteristic, m.Value, m.Response)
	case doSubscribe:
		err = link.Subscribe(ctx, m.Characteristic)
	default:
		err = fmt.Errorf("unknown request %q", m.Say)
	}
	return err
}

func (s *server) keep(link blelink.Peripheral) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastLink++
	s.links[s.lastLink] = link
	return s.lastLink
}

func (s *server) link(number uint64) blelink.Peripheral {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[number]
}

// forward passes on what a device sends, and says when the link is gone.
func (s *server) forward(number uint64, link blelink.Peripheral) {
	for n := range link.Notifications() {
		s.tell(message{Say: sayValue, Link: number, Characteristic: n.Characteristic, Value: n.Value})
	}
	s.mu.Lock()
	delete(s.links, number)
	s.mu.Unlock()
	s.tell(message{Say: sayLost, Link: number})
}

// hangUp ends all links.
func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, link := range s.links {
		s.tasks.Go(func() { link.Disconnect() })
	}
}

// An agent passes the adapter's questions on to the parent.
type agent struct {
	server *server
	id     uint64
	r      *request
}

func (a *agent) ask(ctx context.Context, kind blelink.QuestionKind, passkey string) (message, error) {
	a.server.tell(message{Say: sayAsk, ID: a.id, Kind: kind, Passkey: passkey})
	select {
	case m := <-a.r.answers:
		return m, m.Fault.err()
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
}

func (a *agent) Passkey(ctx context.Context) (string, error) {
	m, err := a.ask(ctx, blelink.QuestionPasskey, "")
	return m.Passkey, err
}

func (a *agent) Confirm(ctx context.Context, passkey string) error {
	_, err := a.ask(ctx, blelink.QuestionConfirm, passkey)
	return err
}

func (a *agent) Display(passkey string) {
	a.server.tell(message{Say: sayAsk, ID: a.id, Kind: blelink.QuestionDisplay, Passkey: passkey})
}
