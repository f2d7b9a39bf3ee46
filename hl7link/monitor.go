package hl7link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// MonitorOptions say how a monitor is read. Address and Sink are required.
type MonitorOptions struct {
	Address    string // HOST:PORT of its Realtime Result Interface
	Name       string // what people call it; default: the host
	Sink       Sink
	Quarantine Quarantine // of messages that cannot be read; may be nil
	Logger     *slog.Logger
	Zone       *time.Location // of times without offset; default: time.Local
	Now        func() time.Time
	// OnChange tells how the connection is doing. Calls come one after the
	// other, at once when the state changes and else at most once a second; it
	// must return soon. May be nil.
	OnChange func(MonitorStatus)
	// OnMessage shows each message that came, which this interface never answers;
	// it must return soon. May be nil.
	OnMessage func(Exchange)
	// Recorded gives a measurement as it was recorded in an earlier run of the
	// program, nil if it was not: after each connection the monitor repeats what
	// it measured last, whoever lies there by then. May be nil: none was.
	Recorded func(ctx context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error)

	// Anew gives a channel that is closed when connections may be dead although
	// nothing has said so, after a sleep for example: the monitor is then called
	// again at once. May be nil: its silence alone tells.
	Anew func() <-chan struct{}

	DialTimeout   time.Duration // default 5 s
	Silence       time.Duration // without a message, after which it is offline; default 10 s
	RecordTimeout time.Duration // of Sink.Record; default 30 s
	MaxFrame      int           // bytes of one message; default DefaultMaxFrame

	dial func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
	wait func(attempt int) time.Duration                             // nil: backOff
}

func (o *MonitorOptions) setDefaults() error {
	host, port, err := net.SplitHostPort(o.Address)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
		return monitorFault("bad_address", o.Address, err)
	}
	if o.Sink == nil {
		return errors.New("hl7link: a monitor needs a Sink")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Name == "" {
		o.Name = host
	}
	if o.Anew == nil {
		o.Anew = func() <-chan struct{} { return nil }
	}
	if o.dial == nil {
		o.dial = dialTCP
	}
	if o.wait == nil {
		o.wait = backOff
	}
	for _, d := range []struct {
		set      *time.Duration
		fallback time.Duration
	}{{&o.DialTimeout, 5 * time.Second}, {&o.Silence, 10 * time.Second}, {&o.RecordTimeout, 30 * time.Second}} {
		if *d.set <= 0 {
			*d.set = d.fallback
		}
	}
	return nil
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", address)
}

// backOff is how long to wait before the next attempt, counted from 0: up to
// twice as long each time, to 30 s, anything below that at random (full
// jitter), so that after a power cut not all monitors are called at once.
func backOff(attempt int) time.Duration {
	longest := min(time.Second<<min(attempt, 10), 30*time.Second)
	return longest/10 + rand.N(longest*9/10)
}

// A monitorClient is the client of one monitor, over all its connections.
type monitorClient struct {
	MonitorOptions
	log     *slog.Logger
	history *rtiHistory
	outbox  *outbox

	mu     sync.Mutex // held while OnChange is called, so that what is told last is true
	status MonitorStatus
	told   time.Time
}

// RunMonitor reads a Mindray monitor through its Realtime Result Interface and
// hands what it says to the Sink, until ctx ends: it connects, and connects
// again whenever the connection is lost. What could not be recorded is tried
// again, except values that come each second. Its errors are those of the
// options.
func RunMonitor(ctx context.Context, o MonitorOptions) error {
	if err := o.setDefaults(); err != nil {
		return err
	}
	c := &monitorClient{
		MonitorOptions: o, log: o.Logger.With("monitor", o.Address), history: &rtiHistory{},
		status: MonitorStatus{Address: o.Address, Name: o.Name, State: MonitorConnecting, Since: o.Now()},
	}
	c.history.recorded = func(m *fhirmap.Measurement) *fhirmap.Measurement { return c.recorded(ctx, m) }
	c.outbox = newOutbox(c)
	delivering, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var delivery sync.WaitGroup
	delivery.Go(func() { c.outbox.run(delivering) })
	defer delivery.Wait()
	defer cancel() // once nothing more can come
	c.change(func(*MonitorStatus) {})
	for attempt := 0; ctx.Err() == nil; attempt++ {
		anew := c.Anew()
		good, err := c.connect(ctx, anew)
		if ctx.Err() != nil {
			break
		}
		if isClosed(anew) {
			c.enter(MonitorConnecting, nil)
			attempt = -1
			continue
		}
		if good {
			attempt = 0
		}
		c.enter(MonitorOffline, c.fault(err))
		c.log.Info("monitor offline", "reason", err)
		select {
		case <-ctx.Done():
		case <-anew:
			attempt = -1
		case <-time.After(c.wait(attempt)):
		}
	}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// recorded is m as it was recorded in an earlier run, nil if it was not. When
// that cannot be told it is recorded again.
func (c *monitorClient) recorded(ctx context.Context, m *fhirmap.Measurement) *fhirmap.Measurement {
	if c.Recorded == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.RecordTimeout)
	defer cancel()
	earlier, err := c.Recorded(ctx, *m)
	if err != nil {
		c.log.Error("not known whether a measurement was recorded before", "error", err)
		return nil
	}
	return earlier
}

// connect serves one connection, until anew is closed; good tells whether it was
// one to a monitor that lasted.
func (c *monitorClient) connect(ctx context.Context, anew <-chan struct{}) (good bool, err error) {
	defer func() {
		if p := recover(); p != nil { // its value could quote a message
			c.log.Error("panic in a connection", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	conn, err := c.call(ctx, anew)
	if err != nil {
		return false, err
	}
	boundBuffers(conn)
	l := newMonitorLink(c, conn)
	err = l.run(ctx, anew)
	return l.good(), err
}

func (c *monitorClient) call(ctx context.Context, anew <-chan struct{}) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.DialTimeout)
	defer cancel()
	go func() {
		select {
		case <-anew:
			cancel()
		case <-ctx.Done():
		}
	}()
	return c.dial(ctx, c.Address)
}

// enter changes the state, which is told at once.
func (c *monitorClient) enter(state MonitorState, fault error) {
	c.change(func(s *MonitorStatus) {
		if s.State != state {
			s.State, s.Since = state, c.Now()
		}
		s.Fault = fault
	})
}

// change changes the status and tells of it.
func (c *monitorClient) change(how func(*MonitorStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how(&c.status)
	c.tell()
}

// note changes what need not be told at once.
func (c *monitorClient) note(how func(*MonitorStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how(&c.status)
	if c.Now().Sub(c.told).Abs() >= time.Second {
		c.tell()
	}
}

// tell holds the lock.
func (c *monitorClient) tell() {
	c.told = c.Now()
	if c.OnChange != nil {
		c.OnChange(c.status)
	}
}
