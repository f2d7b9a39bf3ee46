package blelink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// A Sink makes what devices measured durable. Record returns once r is on
// disk; a Receipt says whether it was there already.
type Sink interface {
	Record(ctx context.Context, r fhirmap.Report) (fhirmap.Receipt, error)
}

// A Keeper keeps the paired devices over a restart. Keep and Forget return
// once that is on disk.
type Keeper interface {
	Paired() []Paired
	Keep(p Paired) error
	Forget(id string) error
}

// State is how a paired device is doing.
type State string

// The states of a device.
const (
	Connected State = "connected"
	Asleep    State = "asleep" // it will be heard when it has something to say
	Failed    State = "failed" // see Fault
)

// A Status tells a change of one paired device.
type Status struct {
	ID       string
	State    State
	LastSeen time.Time // zero: not heard yet
	Battery  int       // percent; -1: not known
	Fault    *fhirmap.Fault
}

// Options are what a Link is made of.
type Options struct {
	Radio  Radio
	Sink   Sink
	Keeper Keeper
	// OnStatus is told of each change of a device, OnPairing of each change of the
	// pairing under way (nil: none is). They are called one at a time and must
	// not call the Link.
	OnStatus  func(Status)
	OnPairing func(*Pairing)
	Logger    *slog.Logger
	Now       func() time.Time
	Zone      *time.Location // of device times, which have none
	Test      bool           // the devices are simulated
}

// A Link serves the paired devices: it listens for them, connects to one that
// advertises, and has its driver talk with it. It pairs new ones as well. Its
// methods are safe for concurrent use.
type Link struct {
	o       Options
	wake    chan struct{} // what is listened for has changed
	control sync.Mutex    // one start, end or choice of a pairing at a time

	mu      sync.Mutex
	ctx     context.Context // of Run; nil: it does not run
	tasks   *sync.WaitGroup
	served  map[string]*served // by address
	pairing *attempt

	suspended bool // nobody is listened for
}

// served is a paired device, or one that is being paired.
type served struct {
	Paired
	status Status
	end    context.CancelFunc // of the session under way; nil: none
	over   chan struct{}      // closed when it has ended
	trial  bool               // it is being paired
	rest   rest
	spot   spot // of its sessions, which follow each other: a link lost is no other finger
}

// New prepares a Link for the devices that o.Keeper knows.
func New(o Options) *Link {
	l := &Link{o: o, wake: make(chan struct{}, 1), served: map[string]*served{}}
	for _, p := range o.Keeper.Paired() {
		l.served[p.Address] = newServed(p)
	}
	return l
}

func newServed(p Paired) *served {
	return &served{Paired: p, status: Status{ID: p.ID, State: Asleep, Battery: -1}}
}

// rescan is how long the adapter is left alone after it failed.
const rescan = 3 * time.Second

// Run listens and serves until ctx ends. What the adapter cannot do now is
// tried again.
func (l *Link) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	l.mu.Lock()
	l.ctx, l.tasks = ctx, &tasks
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.ctx = nil
		l.mu.Unlock()
		cancel()
		tasks.Wait()
	}()
	for ctx.Err() == nil {
		if !l.listens() {
			select {
			case <-l.wake:
			case <-ctx.Done():
			}
			continue
		}
		a := l.underWay()
		if err := l.listen(ctx); err != nil {
			l.searchFailed(a, err)
			select {
			case <-l.wake:
			case <-time.After(rescan):
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// listens tells whether anybody is listened for.
func (l *Link) listens() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.suspended && (len(l.served) > 0 || l.pairing.searching())
}

// Suspend has the link listen for nobody, or listen again. Sessions under way go
// on to their end: what a device is telling is not cut off.
func (l *Link) Suspend(yes bool) {
	l.mu.Lock()
	l.suspended = yes
	l.mu.Unlock()
	l.changed()
}

// listen scans until nobody is listened for any more.
func (l *Link) listen(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() {
		for l.listens() {
			select {
			case <-l.wake:
			case <-ctx.Done():
				return
			}
		}
		stop()
	})
	err := l.o.Radio.Scan(ctx, l.heard)
	if ctx.Err() != nil {
		return nil
	}
	stop()
	return err
}

func (l *Link) changed() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// heard takes what is advertised: the sign of a paired device that it has
// something to say, or a candidate for pairing.
func (l *Link) heard(a Advertisement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.o.Now()
	if d := l.served[a.Address]; d != nil {
		awake := d.rest.heard(now)
		d.status.LastSeen = now
		if awake && d.end == nil && l.ctx != nil && !l.suspended {
			l.startLocked(d)
		}
	}
	l.pairing.heard(l, a, now)
}

// startLocked begins a session.
func (l *Link) startLocked(d *served) {
	ctx, end := context.WithCancel(l.ctx)
	d.end, d.over = end, make(chan struct{})
	trial := d.trial
	l.tasks.Go(func() {
		s := l.newSession(d, trial)
		err := guarded(func() error { return l.serve(ctx, s) })
		interrupted := ctx.Err() != nil
		end()
		l.mu.Lock()
		defer l.mu.Unlock()
		close(d.over)
		d.end = nil
		d.rest.begin(l.o.Now(), s.yielded, err != nil)
		l.endedLocked(d, err, interrupted)
	})
}

// endedLocked tells how a device is doing after a session.
func (l *Link) endedLocked(d *served, err error, interrupted bool) {
	d.status.State, d.status.Fault = Asleep, nil
	if err != nil && !interrupted {
		d.status.State, d.status.Fault = Failed, fhirmap.FaultOf(err)
		l.o.Logger.Warn("a Bluetooth session failed", "device", d.ID, "driver", d.Driver, "error", err)
		if d.trial {
			l.pairing.failLocked(l, err)
		}
	}
	l.tellLocked(d)
}

func (l *Link) tellLocked(d *served) {
	if !d.trial {
		l.o.OnStatus(d.status)
	}
}

// serve connects to the device and has its driver talk with it.
func (l *Link) serve(ctx context.Context, s *Session) error {
	driver := DriverByID(s.Paired.Driver)
	if driver == nil {
		return fmt.Errorf("unknown driver %q", s.Paired.Driver)
	}
	peripheral, err := l.o.Radio.Connect(ctx, s.Paired.Address)
	if err != nil {
		return err
	}
	defer func() {
		peripheral.Disconnect()
		for range peripheral.Notifications() { // what the driver did not want
		}
	}()
	s.Peripheral = peripheral
	l.connected(s)
	return driver.Serve(ctx, s)
}

func (l *Link) connected(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.device.status.State, s.device.status.Fault, s.device.status.LastSeen = Connected, nil, l.o.Now()
	l.tellLocked(s.device)
	if s.device.trial {
		l.pairing.connectedLocked(l)
	}
}

// A rest keeps a device that goes on advertising when it has nothing to say
// from being asked over and over.
type rest struct {
	last  time.Time // when it was heard
	until time.Time
	next  time.Duration
}

const (
	firstRest = 2 * time.Second
	longRest  = time.Minute
	silence   = 5 * time.Second // after which it advertises anew
)

// heard tells whether the device, which advertises now, may be connected to.
// One that had fallen silent has woken up for a reason, unless its last
// session failed.
func (r *rest) heard(now time.Time) bool {
	anew := now.Sub(r.last).Abs() > silence
	r.last = now
	if anew {
		r.until, r.next = time.Time{}, 0
	}
	return !now.Before(r.until) || r.until.Sub(now) > longRest
}

// begin is called when a session has ended.
func (r *rest) begin(now time.Time, yielded, failed bool) {
	switch {
	case yielded && !failed || r.next == 0:
		r.next = firstRest
	default:
		r.next = min(2*r.next, longRest)
	}
	r.last, r.until = now, now.Add(r.next)
}

// Rename has a device shown under another name and place. Errors: a Fault
// not_found, and those of the Keeper.
func (l *Link) Rename(id, name, place string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.byIDLocked(id)
	if d == nil || d.trial {
		return notFound()
	}
	p := d.Paired
	p.Name, p.Place = cmp.Or(name, p.Name), place
	if err := l.o.Keeper.Keep(p); err != nil {
		return err
	}
	d.Paired = p
	l.tellLocked(d)
	return nil
}

// Unpair forgets a device, and its bond. Errors: a Fault not_found, those of
// the Keeper; one of the Radio says that the device is forgotten here while
// the system still has the bond.
func (l *Link) Unpair(ctx context.Context, id string) error {
	l.mu.Lock()
	d := l.byIDLocked(id)
	if d == nil || d.trial {
		l.mu.Unlock()
		return notFound()
	}
	if err := l.o.Keeper.Forget(id); err != nil {
		l.mu.Unlock()
		return err
	}
	l.removeLocked(d)
	l.mu.Unlock()
	d.await()
	return l.o.Radio.Unpair(ctx, d.Address)
}

// removeLocked ends what there is of a device.
func (l *Link) removeLocked(d *served) {
	delete(l.served, d.Address)
	if d.end != nil {
		d.end()
	}
	l.changed()
}

// await waits for the end of a session of a device that was removed.
func (d *served) await() {
	if d.over != nil {
		<-d.over
	}
}

func (l *Link) byIDLocked(id string) *served {
	for _, d := range l.served {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func notFound() error {
	return &fhirmap.Fault{
		Code: "not_found", English: "no such device is paired",
		French: "Cet appareil n’est pas jumelé, ou ne l’est plus.",
	}
}

// guarded makes an error of a panic: one device must not end the service of
// the others.
func guarded(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New(fmt.Sprintf("panic: %T\n%s", p, debug.Stack())) // its text could quote a value
		}
	}()
	return run()
}
