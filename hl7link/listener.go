package hl7link

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"vitalien/fhirmap"
)

// A Sink is what a link hands its reports to. Record returns once the report
// is safe; it is called from several goroutines.
type Sink interface {
	Record(ctx context.Context, r fhirmap.Report) (fhirmap.Receipt, error)
}

// ListenerOptions say how a Listener works. Only Sink is required.
type ListenerOptions struct {
	Sink       Sink
	Directory  Directory  // answers monitors that ask who somebody is; nil: such a query is not supported
	Quarantine Quarantine // keeps what was refused; nil: nobody does
	// Recorded is that of MonitorOptions.
	Recorded func(ctx context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error)

	Logger *slog.Logger
	Zone   *time.Location // of times without offset; default: time.Local
	Now    func() time.Time
	Allow  []netip.Prefix // who may connect; empty: everybody who reaches the address
	TLS    *tls.Config    // nil: not encrypted

	MaxFrame       int           // bytes of one message; default DefaultMaxFrame
	MaxPending     int           // bytes of all messages under way; default 32 × MaxFrame
	MaxConnections int           // default 256
	IdleTimeout    time.Duration // between messages; default 1 h, keep-alive finds dead peers sooner
	FrameTimeout   time.Duration // from the start of a message to its end; default 30 s
	SilenceTimeout time.Duration // that ends a message without frame; default 3 s
	WriteTimeout   time.Duration // of an answer; default 10 s
	RecordTimeout  time.Duration // of Sink.Record; default 30 s

	// OnChange tells how many peers are connected and what went wrong since the
	// last message that was accepted: a *fhirmap.Fault, or nil. Calls come one
	// after the other; it must return soon. May be nil.
	OnChange func(peers int, last error)
	// OnPeer tells how a peer is doing: when it connects or disconnects, and at
	// most once a second while it sends. Calls come one after the other; it must
	// return soon. May be nil.
	OnPeer func(PeerStatus)
	// OnMessage shows each message with its answer, from several goroutines; it
	// must return soon. May be nil.
	OnMessage func(Exchange)
}

func (o *ListenerOptions) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxFrame <= 0 {
		o.MaxFrame = DefaultMaxFrame
	}
	if o.MaxPending <= 0 {
		o.MaxPending = 32 * o.MaxFrame
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = 256
	}
	for _, d := range []struct {
		set      *time.Duration
		fallback time.Duration
	}{
		{&o.IdleTimeout, time.Hour},
		{&o.FrameTimeout, 30 * time.Second},
		{&o.SilenceTimeout, 3 * time.Second},
		{&o.WriteTimeout, 10 * time.Second},
		{&o.RecordTimeout, 30 * time.Second},
	} {
		if *d.set <= 0 {
			*d.set = d.fallback
		}
	}
}

// A Listener accepts MLLP connections of devices and hands what they measured
// to its Sink.
type Listener struct {
	options ListenerOptions
	socket  net.Listener
	readers readers
	pending atomic.Int64 // bytes of messages under way

	mu    sync.Mutex
	peers int
	last  error
	open  map[*visitor]struct{}
	told  refusal

	status peers
	memory *memory
	namers namers
}

// readers are places for messages that may be read at once: few, since reading
// takes many times the memory of a message, and fewer for large ones.
type readers struct{ any, large chan struct{} }

// largeMessage is what no monitor sends in the ordinary.
const largeMessage = 64 << 10

// Listen binds address, HOST:PORT. Its errors are *fhirmap.Fault: port_in_use,
// bad_address, forbidden.
func Listen(ctx context.Context, address string, o ListenerOptions) (*Listener, error) {
	o.setDefaults()
	if o.Sink == nil {
		return nil, errors.New("hl7link: a Listener needs a Sink")
	}
	var config net.ListenConfig
	socket, err := config.Listen(ctx, networkOf(address), address)
	if err != nil {
		return nil, listenFault(address, err)
	}
	if o.TLS != nil {
		socket = tls.NewListener(socket, o.TLS)
	}
	return &Listener{
		options: o, socket: socket, open: map[*visitor]struct{}{}, status: peers{tell: o.OnPeer, now: o.Now}, memory: newMemory(),
		readers: readers{make(chan struct{}, 2*runtime.GOMAXPROCS(0)), make(chan struct{}, 2)},
	}, nil
}

// networkOf is IPv4 alone for an address of it: the network opens 0.0.0.0 to IPv6
// as well otherwise.
func networkOf(address string) string {
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().Is4() {
		return "tcp4"
	}
	return "tcp"
}

func listenFault(address string, err error) error {
	f := &fhirmap.Fault{English: "cannot listen for HL7 on " + address, Cause: err}
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.Errno(10048)): // WSAEADDRINUSE
		f.Code, f.Temporary = "port_in_use", true
		f.French = "Le port d’écoute HL7 " + address + " est déjà utilisé par un autre logiciel. " +
			"Fermez ce logiciel ou choisissez un autre port dans les réglages."
	case errors.Is(err, syscall.EACCES):
		f.Code = "forbidden"
		f.French = "Le système refuse l’écoute HL7 sur " + address + ". Choisissez un port supérieur à 1024 dans les réglages."
	default:
		f.Code = "bad_address"
		f.French = "L’adresse d’écoute HL7 «\u00a0" + address + "\u00a0» n’existe pas sur cet ordinateur. " +
			"Corrigez-la dans les réglages, par exemple 0.0.0.0:2575."
	}
	return f
}

// Addr is the address that was bound.
func (l *Listener) Addr() net.Addr { return l.socket.Addr() }

// Close stops accepting connections. Those that are open end with the context
// of Serve.
func (l *Listener) Close() error { return l.socket.Close() }

// Serve accepts connections until ctx ends, then lets each answer the message
// under way and returns nil.
func (l *Listener) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { l.socket.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := l.socket.Accept()
		switch {
		case err == nil:
			if v := l.admit(conn); v != nil {
				open.Go(func() { l.serve(ctx, v) })
			}
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		default: // out of file descriptors, or a connection that died while waiting
			l.changed(0, acceptFault(err))
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

func (l *Listener) allowed(peer string) bool {
	if len(l.options.Allow) == 0 {
		return true
	}
	address, err := netip.ParseAddr(peer)
	if err != nil {
		return false
	}
	address = address.WithZone("")
	for _, prefix := range l.options.Allow {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// changed counts peers, keeps the last error and tells who listens.
func (l *Listener) changed(by int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.peers += by
	if err != nil {
		l.last = err
	}
	l.tell()
}

// recovered forgets the last error: a message was accepted.
func (l *Listener) recovered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != nil {
		l.last = nil
		l.tell()
	}
}

// tell holds the lock, so that what is told last is true.
func (l *Listener) tell() {
	if l.options.OnChange != nil {
		l.options.OnChange(l.peers, l.last)
	}
}
