package simulator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// MonitorOptions are what a simulated bedside monitor is made of.
type MonitorOptions struct {
	Listen                string // HOST:PORT, IPv4; real ones have port 4601, 0 picks a free one
	Beacon                string // HOST:PORT that hears of the monitor each second; empty: nobody
	Name, Bed, Department string
	Patient               *fhirmap.Patient // who is admitted at first; nil: nobody
	Every                 time.Duration    // between periodic values; 0: 1 s
	PressureEvery         time.Duration    // between blood pressures; 0: only those of MeasurePressure
	EchoTimeout           time.Duration    // after which a client without echo is dropped; 0: 10 s
	Clients               int              // how many at once; 0: 4
	Seed                  uint64
	Now                   func() time.Time // nil: time.Now
	Logger                *slog.Logger     // nil: none
	Faults                Faults           // how it misbehaves from the start
	Test                  bool             // its messages say that they are a test (MSH-11 T)
}

// Broadcast is where monitors send their beacon on their own network.
const Broadcast = "255.255.255.255:4600"

// Faults are ways of a monitor to misbehave, for tests.
type Faults struct {
	// CutAfter is after how many bytes a connection is cut, which counts from 1;
	// 0: never. Nil: none is cut.
	CutAfter func(connection int) int
	Mute     bool // it says nothing more, and the connection stays
	NoBeacon bool
	Split    bool // every byte is a segment of its own
	Junk     bool // bytes that belong to no frame stand before each
	Cyrillic bool // labels and alarms in Russian, in the firmware's shifted code page
}

// script is how it writes now. The caller holds m.
func (m *Monitor) script() script { return script{cyrillic: m.faults.Cyrillic, test: m.o.Test} }

// A Monitor is a simulated bedside monitor that speaks Mindray's Realtime
// Result Interface (HL7 2.3.1, MLLP) as real ones do: it is the TCP server,
// sends to every client without being asked, and makes itself known by UDP.
// Its names say that it is simulated, since the interface has no mark for test
// data.
type Monitor struct {
	o        MonitorOptions
	listener net.Listener

	mu          sync.Mutex
	bedside     bedside
	faults      Faults
	clients     map[*client]bool
	connections int // so far
}

// ListenMonitor binds the monitor's port. Serve or Close must follow.
func ListenMonitor(ctx context.Context, o MonitorOptions) (*Monitor, error) {
	if o.Every <= 0 {
		o.Every = time.Second
	}
	if o.EchoTimeout <= 0 {
		o.EchoTimeout = 10 * time.Second
	}
	if o.Clients <= 0 {
		o.Clients = 4
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", o.Listen)
	if err != nil {
		return nil, err
	}
	m := &Monitor{o: o, listener: listener, faults: o.Faults, clients: map[*client]bool{}}
	m.bedside = bedside{
		name: o.Name, bed: o.Bed, department: o.Department, serial: fmt.Sprintf("%024X", o.Seed),
		body: newBody(o.Seed), patient: o.Patient, conditions: map[Condition]*happening{},
	}
	at := listener.Addr().(*net.TCPAddr)
	m.bedside.port = at.Port
	if !at.IP.IsUnspecified() {
		m.bedside.address = binary.BigEndian.Uint32(at.IP.To4())
	}
	m.bedside.step()
	return m, nil
}

// Address is where the monitor listens, HOST:PORT.
func (m *Monitor) Address() string { return m.listener.Addr().String() }

// Close frees the port of a monitor that does not serve.
func (m *Monitor) Close() error { return m.listener.Close() }

// Serve works as a monitor until ctx ends, which cuts every client off.
func (m *Monitor) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { m.listener.Close() })
	defer stop()
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() { m.guard(ctx, "values", m.tick) })
	if m.o.Beacon != "" {
		work.Go(func() { m.guard(ctx, "beacon", m.shout) })
	}
	if m.o.PressureEvery > 0 {
		work.Go(func() { m.guard(ctx, "pressure", m.inflate) })
	}
	for {
		conn, err := m.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			m.o.Logger.Warn("simulated monitor takes no client", "error", err)
			pause(ctx, reconnectAfter)
			continue
		}
		work.Go(func() { m.attend(ctx, conn) })
	}
}

// guard keeps a part of the monitor going, since a panic must not end the
// program.
func (m *Monitor) guard(ctx context.Context, part string, run func(context.Context) error) {
	for ctx.Err() == nil {
		err := guarded(func() error { return run(ctx) })
		if ctx.Err() != nil || err == nil {
			return
		}
		m.o.Logger.Warn("simulated monitor failed", "part", part, "error", err)
		pause(ctx, reconnectAfter)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// each calls do at each interval. The monitors of a ward do not do so in step.
func (m *Monitor) each(ctx context.Context, interval time.Duration, do func()) error {
	phase := rand.New(rand.NewPCG(m.o.Seed, uint64(interval))).Float64()
	pause(ctx, time.Duration(phase*float64(interval)))
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return ctx.Err()
}

func (m *Monitor) tick(ctx context.Context) error {
	count := 0
	return m.each(ctx, m.o.Every, func() {
		m.change(func(b *bedside, s script) (messages [][]byte) {
			b.step()
			if count++; count%30 == 0 {
				messages = append(messages, s.states(b))
			}
			return append(messages, s.values(b))
		})
	})
}

func (m *Monitor) inflate(ctx context.Context) error {
	return m.each(ctx, m.o.PressureEvery, m.MeasurePressure)
}

// change changes the bedside and sends what came of it to every client, and
// the list of alarms whenever it is another.
func (m *Monitor) change(do func(*bedside, script) [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.script()
	messages := do(&m.bedside, s)
	if m.bedside.refreshAlarms() {
		messages = append(messages, s.alarmed(&m.bedside)...)
	}
	for c := range m.clients {
		c.queue(messages)
	}
}

// MeasurePressure measures a blood pressure now.
func (m *Monitor) MeasurePressure() {
	m.change(func(b *bedside, s script) [][]byte {
		b.inflate(m.o.Now())
		return s.nibp(b)
	})
}

// Pressure sends a blood pressure in mmHg that was measured at a time.
func (m *Monitor) Pressure(systolic, diastolic, mean int, at time.Time) {
	m.change(func(b *bedside, s script) [][]byte {
		b.pressure = cuffPressure{systolic, diastolic, mean, at}
		return s.nibp(b)
	})
}

// Admit admits a patient in the place of the one before; nil discharges. What
// belonged to the one before is gone.
func (m *Monitor) Admit(p *fhirmap.Patient) {
	m.change(func(b *bedside, s script) [][]byte {
		b.patient, b.pressure = p, cuffPressure{}
		return append([][]byte{s.patient(b)}, s.nibp(b)...)
	})
}

// Begin lets a condition set in.
func (m *Monitor) Begin(c Condition) {
	m.change(func(b *bedside, s script) [][]byte {
		if !b.has(c) {
			b.conditions[c] = &happening{since: m.o.Now()}
		}
		b.step()
		return [][]byte{s.states(b), s.values(b)}
	})
}

// End lets a condition be over.
func (m *Monitor) End(c Condition) {
	m.change(func(b *bedside, s script) [][]byte {
		delete(b.conditions, c)
		b.step()
		return [][]byte{s.states(b), s.values(b)}
	})
}

// Misbehave changes how the monitor misbehaves from now on.
func (m *Monitor) Misbehave(f Faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = f
}

// Connections is how many clients were let in so far.
func (m *Monitor) Connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.connections
}

// DropClients cuts every client off, as a pulled plug does.
func (m *Monitor) DropClients() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.clients {
		c.drop()
	}
}

func (m *Monitor) misbehaviour() Faults {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.faults
}

// shout sends the beacon each second.
func (m *Monitor) shout(ctx context.Context) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp4", m.o.Beacon)
	if err != nil {
		return err
	}
	defer conn.Close()
	return m.each(ctx, time.Second, func() {
		m.mu.Lock()
		silent := m.faults.NoBeacon
		datagram := m.script().beacon(&m.bedside, m.o.Clients-len(m.clients))
		m.mu.Unlock()
		if !silent {
			conn.Write(datagram) // nobody listens yet: the next one will tell
		}
	})
}
