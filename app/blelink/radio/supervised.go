package radio

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// A Supervised is a blelink.Radio in a child process, which it starts when it is
// first needed, and again when it dies.
type Supervised struct {
	command func(context.Context) *exec.Cmd
	adapter func(*fhirmap.Fault)
	log     *slog.Logger

	needed chan struct{} // closed when the child is wanted
	want   sync.Once

	mu      sync.Mutex
	end     context.CancelFunc // of this life of the child; nil: it does not run
	renewed bool               // and it is to have another
	client  *Client            // nil: the child does not run
	trouble error              // why it does not; nil: it is being started
	changed chan struct{}      // closed when either has
}

var _ blelink.Radio = (*Supervised)(nil)

// NewSupervised prepares a radio whose child process command makes. adapter is
// told how the adapter is, nil when it can be used. Run must follow.
func NewSupervised(command func(context.Context) *exec.Cmd, adapter func(*fhirmap.Fault), logger *slog.Logger) *Supervised {
	return &Supervised{
		command: command, adapter: adapter, log: logger,
		needed: make(chan struct{}), changed: make(chan struct{}),
	}
}

// How long the child is left dead.
const (
	firstPause = time.Second
	longPause  = time.Minute
	goodRun    = time.Minute // after which it counts as well again
	killDelay  = 2 * time.Second
)

// Run keeps the child going, once it is needed, until ctx ends.
func (s *Supervised) Run(ctx context.Context) error {
	select {
	case <-s.needed:
	case <-ctx.Done():
		s.set(nil, ctx.Err())
		return nil
	}
	for pause := firstPause; ; pause = min(max(2*pause, firstPause), longPause) {
		began := time.Now()
		err := s.live(ctx)
		if ctx.Err() != nil {
			s.set(nil, ctx.Err())
			return nil
		}
		if s.again() {
			pause = 0
			continue
		}
		fault := fhirmap.FaultOf(childGone(err))
		s.set(nil, fault)
		s.adapter(fault)
		s.log.Error("the Bluetooth process has ended; starting it again", "error", err, "after", pause)
		if time.Since(began) > goodRun {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			s.set(nil, ctx.Err())
			return nil
		}
	}
}

// Renew ends the child, and what is under way in it, and starts it anew: what it
// knows of the adapter may be void, after a sleep for example.
func (s *Supervised) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		s.renewed, s.client = true, nil // who asks it now waits for the next
		s.end()
	}
}

// again tells, once, that the child has ended to be renewed.
func (s *Supervised) again() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = nil
	if !s.renewed {
		return false
	}
	s.renewed, s.client = false, nil
	return true
}

// live is one life of the child.
func (s *Supervised) live(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	s.mu.Lock()
	s.end = end
	s.mu.Unlock()
	command := s.command(ctx)
	command.WaitDelay = killDelay
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	command.Cancel = in.Close // the end of its input is what ends it
	if err := command.Start(); err != nil {
		return err
	}
	client := NewClient(out, in, s.adapter, s.log)
	s.set(client, nil)
	failed := client.Run() // what it said last is taken before it is waited for
	in.Close()
	return errors.Join(failed, command.Wait())
}

func (s *Supervised) set(client *Client, trouble error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client, s.trouble = client, trouble
	close(s.changed)
	s.changed = make(chan struct{})
}

// current is the child, once it runs.
func (s *Supervised) current(ctx context.Context) (*Client, error) {
	s.want.Do(func() { close(s.needed) })
	for {
		s.mu.Lock()
		client, trouble, changed := s.client, s.trouble, s.changed
		s.mu.Unlock()
		if client != nil || trouble != nil {
			return client, trouble
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Scan implements blelink.Radio.
func (s *Supervised) Scan(ctx context.Context, heard func(blelink.Advertisement)) error {
	client, err := s.current(ctx)
	if err != nil {
		return err
	}
	return client.Scan(ctx, heard)
}

// Connect implements blelink.Radio.
func (s *Supervised) Connect(ctx context.Context, address string) (blelink.Peripheral, error) {
	client, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	return client.Connect(ctx, address)
}

// Pair implements blelink.Radio.
func (s *Supervised) Pair(ctx context.Context, address string, agent blelink.Agent) error {
	client, err := s.current(ctx)
	if err != nil {
		return err
	}
	return client.Pair(ctx, address, agent)
}

// Unpair implements blelink.Radio.
func (s *Supervised) Unpair(ctx context.Context, address string) error {
	client, err := s.current(ctx)
	if err != nil {
		return err
	}
	return client.Unpair(ctx, address)
}
