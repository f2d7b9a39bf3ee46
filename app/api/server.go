package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Bounds that keep one caller from hurting the others.
const (
	writeBuffer   = 32 << 10 // of the operating system, for a client that does not read
	maxHeader     = 16 << 10
	maxBody       = 128 << 10 // also of one Socket.IO message; no event of a client is larger
	headerTimeout = 10 * time.Second
	bodyTimeout   = 15 * time.Second
	heartbeat     = 20 * time.Second // answered within 5/4 of it
	slowAfter     = 30 * time.Second // a client that takes nothing for so long is dropped
)

// Options are what a Server is made of.
type Options struct {
	Station      *station.Station
	Logger       *slog.Logger
	Address      string // HOST:PORT; localhost is both loopbacks
	RequireToken bool
	Version      string
	SlowAfter    time.Duration // 0: 30 s

	headerTimeout time.Duration // 0: 10 s
	bodyTimeout   time.Duration // 0: 15 s
	heartbeat     time.Duration // 0: 20 s
	connections   int           // 0: maxConnections
	now           func() time.Time
}

// A Server is the local server.
type Server struct {
	o          Options
	log        *slog.Logger
	listeners  []net.Listener
	http       *http.Server
	guard      *guard
	sockets    *sockets
	doors      *doors
	frames     map[form]*frames // of the log
	vitals     *vitals
	recordings *recordings
	passes     passes
}

// Listen binds the address. A port that another program holds, or an address
// that cannot be had, is a Fault "port_taken" or "listen_failed".
func Listen(o Options) (*Server, error) {
	for set, fallback := range map[*time.Duration]time.Duration{
		&o.SlowAfter: slowAfter, &o.headerTimeout: headerTimeout, &o.bodyTimeout: bodyTimeout, &o.heartbeat: heartbeat,
	} {
		if *set == 0 {
			*set = fallback
		}
	}
	if o.connections == 0 {
		o.connections = maxConnections
	}
	if o.now == nil {
		o.now = time.Now
	}
	listeners, err := listenLoopback(o.Address)
	if err != nil {
		return nil, listenFault(o.Address, err)
	}
	s := &Server{
		o: o, log: o.Logger, listeners: listeners, doors: newDoors(o.connections, maxCrowd, o.Logger),
		frames: map[form]*frames{}, passes: passes{now: o.now},
	}
	for _, f := range []form{formKligo, formR4, formEvent, formAlert, formRecording} {
		s.frames[f] = newFrames(o.Station, f)
	}
	for f, changes := range changesOf(o.Station) {
		s.frames[f] = newFrames(o.Station, f)
		s.frames[f].changes = changes
	}
	s.vitals = newVitals(o.Station, o.now)
	s.recordings = newRecordings(&s.o)
	s.sockets = newSockets(s)
	s.guard = newGuard(&s.o, s.port(), s.sockets, s.routes())
	s.http = &http.Server{
		Handler: s.guard, ReadHeaderTimeout: o.headerTimeout, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		ConnState: s.doors.state, ConnContext: withGuest,
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	o.Station.OnRevoke(s.sockets.dropOrigin)
	o.Station.OnRevokeToken(s.sockets.dropTokens)
	o.Station.OnRevise(func() {
		for _, f := range s.frames {
			f.forget()
		}
	})
	return s, nil
}

// listenLoopback binds HOST:PORT; localhost binds 127.0.0.1 and, where the
// computer has it, [::1] with the same port.
func listenLoopback(address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", address)
		return []net.Listener{l}, err
	}
	for attempt := 0; ; attempt++ {
		v4, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return nil, err
		}
		chosen := strconv.Itoa(v4.Addr().(*net.TCPAddr).Port)
		v6, err := net.Listen("tcp6", net.JoinHostPort("::1", chosen))
		switch {
		case err == nil:
			return []net.Listener{v4, v6}, nil
		case !isTaken(err):
			return []net.Listener{v4}, nil // no IPv6 on this computer
		case port != "0" || attempt > 20:
			v4.Close()
			return nil, err
		}
		v4.Close() // the free port is taken on [::1]: another one
	}
}

// isTaken knows Windows's own number as well (WSAEADDRINUSE).
func isTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.Errno(10048))
}

func listenFault(address string, err error) error {
	if isTaken(err) {
		return &fhirmap.Fault{
			Code: "port_taken", Temporary: true, Cause: err,
			English: fmt.Sprintf("another program listens on %s; close it, or choose another port with --listen", address),
			French: fmt.Sprintf("L’adresse %s est déjà prise par un autre programme, le logiciel médical ne peut donc pas recevoir les mesures. "+
				"Fermez l’autre programme, ou choisissez un autre port avec --listen.", address),
		}
	}
	return &fhirmap.Fault{
		Code: "listen_failed", Cause: err, English: "cannot listen on " + address + "; choose another address with --listen",
		French: "Impossible d’écouter sur " + address + ". Choisissez une autre adresse avec --listen.",
	}
}

func (s *Server) port() int { return s.listeners[0].Addr().(*net.TCPAddr).Port }

// URL is the address that the ready line names.
func (s *Server) URL() string { return "http://" + s.listeners[0].Addr().String() }

// Serve answers until ctx ends, then closes every connection.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, len(s.listeners))
	var telling sync.WaitGroup
	defer telling.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	telling.Go(func() { s.recordings.run(ctx) })
	for _, l := range s.listeners {
		go func() { failed <- s.http.Serve(s.doors.guard(l)) }()
	}
	s.o.Station.SetLink(station.Link{ID: "server", Name: "Serveur local", State: station.LinkConnected, Where: s.URL()})
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	if closed := s.Close(); err == nil {
		err = closed
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends every connection. It may be called more than once.
func (s *Server) Close() error {
	s.sockets.close()
	err := s.http.Close()
	for _, l := range s.listeners {
		l.Close() // those that were never served; a second close is harmless
	}
	return err
}
