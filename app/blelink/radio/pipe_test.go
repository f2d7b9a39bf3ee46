package radio_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

// child is the argument with which the test program starts itself as the
// Bluetooth process, with a simulated adapter.
const child = "-radio-child"

// systemChild is the same with the adapter of the system.
const systemChild = "-radio-system"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == child {
		air := simulator.NewAir(20 * time.Millisecond)
		flood := aFlood()
		air.Add(aThermometer(), flood)
		os.Stdout.WriteString("what a library prints\n{\"no\":\"message\"}\n")
		if err := radio.Serve(context.Background(), os.Stdin, os.Stdout, air, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == systemChild {
		if err := radio.ServeSystem(context.Background(), os.Stdin, os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const (
	thermometerAddress = "5A:00:00:00:00:04"
	floodAddress       = "5A:00:00:00:00:0F"
)

var temperature = blelink.UUID16("2a1c")

// aThermometer measures as soon as somebody subscribes, and dies when its
// model is asked for.
func aThermometer() *simulator.Gadget {
	g := simulator.NewThermometer("Thermomètre", thermometerAddress)
	g.Subscribed = map[string]func(*simulator.GadgetLink){temperature: func(l *simulator.GadgetLink) {
		l.Notify(simulator.Temperature(371, time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)))
	}}
	g.Written = map[string]func(*simulator.GadgetLink, []byte) error{blelink.UUID16("2a19"): func(*simulator.GadgetLink, []byte) error {
		os.Exit(3) // as native code may
		return nil
	}}
	g.Passkey = "123456"
	g.StartAwake()
	return g
}

// aFlood sends more than anybody can take.
func aFlood() *simulator.Gadget {
	g := simulator.NewThermometer("Flot", floodAddress)
	g.Subscribed = map[string]func(*simulator.GadgetLink){temperature: func(l *simulator.GadgetLink) {
		go func() {
			for {
				select {
				case <-l.Gone():
					return
				default:
					l.Notify(simulator.Temperature(371, time.Now()))
				}
			}
		}()
	}}
	g.StartAwake()
	return g
}

// parent starts the child process.
func parent(t *testing.T) *radio.Supervised { return parentOf(t, child, func(*fhirmap.Fault) {}) }

func parentOf(t *testing.T, which string, adapter func(*fhirmap.Fault)) *radio.Supervised {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := radio.NewSupervised(func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, self, which) },
		adapter, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func patiently(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func connect(t *testing.T, s *radio.Supervised, address string) blelink.Peripheral {
	t.Helper()
	p, err := s.Connect(patiently(t), address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPipe_ScanConnectMeasure(t *testing.T) {
	s := parent(t)
	ctx, stop := context.WithCancel(patiently(t))
	var names []string
	err := s.Scan(ctx, func(a blelink.Advertisement) {
		if !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
		if len(names) == 2 {
			stop()
		}
	})
	if err != context.Canceled || !slices.Contains(names, "Thermomètre") {
		t.Fatal(names, err)
	}
	p := connect(t, s, thermometerAddress)
	services, err := p.Services(t.Context())
	if err != nil || len(services) != 3 {
		t.Error(services, err)
	}
	if model, err := p.Read(t.Context(), blelink.UUID16("2a24")); err != nil || string(model) != "Thermomètre" {
		t.Errorf("%q %v", model, err)
	}
	if _, err := p.Read(t.Context(), blelink.UUID16("2a00")); err == nil {
		t.Error("a characteristic that is not there")
	}
	if err := p.Subscribe(t.Context(), temperature); err != nil {
		t.Fatal(err)
	}
	if n := <-p.Notifications(); n.Characteristic != temperature || len(n.Value) != 12 {
		t.Errorf("%+v", n)
	}
	if err := p.Disconnect(); err != nil {
		t.Error(err)
	}
	if _, open := <-p.Notifications(); open {
		t.Error("more")
	}
	if _, err := p.Services(t.Context()); fhirmap.FaultOf(err).Code != "device_disconnected" {
		t.Error(err)
	}
}

type person struct {
	passkey string
	err     error
}

func (p person) Passkey(context.Context) (string, error)     { return p.passkey, p.err }
func (p person) Confirm(_ context.Context, key string) error { return p.err }
func (p person) Display(string)                              {}

func TestPipe_Pairing(t *testing.T) {
	s := parent(t)
	if err := s.Pair(patiently(t), thermometerAddress, person{passkey: "1"}); fhirmap.FaultOf(err).Code != "pairing_refused" || fhirmap.FaultOf(err).French == "" {
		t.Error(err)
	}
	refused := &fhirmap.Fault{Code: "pairing_cancelled"}
	if err := s.Pair(patiently(t), thermometerAddress, person{err: refused}); fhirmap.FaultOf(err).Code != "pairing_cancelled" {
		t.Error(err)
	}
	if err := s.Pair(patiently(t), thermometerAddress, person{passkey: "123456"}); err != nil {
		t.Error(err)
	}
	if err := s.Unpair(patiently(t), thermometerAddress); err != nil {
		t.Error(err)
	}
}

// TestPipe_DeathOfTheChild: what it had said is taken, what is under way
// fails, and the next life serves again.
func TestPipe_DeathOfTheChild(t *testing.T) {
	s := parent(t)
	p := connect(t, s, thermometerAddress)
	if err := p.Subscribe(t.Context(), temperature); err != nil {
		t.Fatal(err)
	}
	err := p.Write(t.Context(), blelink.UUID16("2a19"), []byte{1}, true)
	if fhirmap.FaultOf(err).Code != "bluetooth_failed" {
		t.Error(err)
	}
	var values int
	for range p.Notifications() {
		values++
	}
	if values != 1 {
		t.Errorf("%d values were received and taken", values)
	}
	for {
		again, err := s.Connect(patiently(t), thermometerAddress)
		if err == nil {
			again.Disconnect()
			for range again.Notifications() {
			}
			return
		}
		if fhirmap.FaultOf(err).Code != "bluetooth_failed" {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestPipe_Flood: a device that sends more than is taken loses its link; the
// others do not notice.
func TestPipe_Flood(t *testing.T) {
	s := parent(t)
	flood := connect(t, s, floodAddress)
	if err := flood.Subscribe(t.Context(), temperature); err != nil {
		t.Fatal(err)
	}
	for { // until the link is lost, since nobody takes anything
		_, err := flood.Services(patiently(t))
		if err == nil {
			continue
		}
		if fhirmap.FaultOf(err).Code != "device_disconnected" {
			t.Fatal(err)
		}
		break
	}
	p := connect(t, s, thermometerAddress)
	if err := p.Subscribe(patiently(t), temperature); err != nil {
		t.Fatal(err)
	}
	<-p.Notifications()
	for _, l := range []blelink.Peripheral{p, flood} {
		l.Disconnect()
		for range l.Notifications() {
		}
	}
}

// TestPipe_Cancelled: a connection that nobody waits for any more is not left
// open.
func TestPipe_Cancelled(t *testing.T) {
	s := parent(t)
	ctx, cancel := context.WithCancel(patiently(t))
	var tries sync.WaitGroup
	tries.Go(func() {
		if _, err := s.Connect(ctx, "5A:00:00:00:00:FF"); err != context.Canceled {
			t.Error(err)
		}
	})
	cancel()
	tries.Wait()
	connect(t, s, thermometerAddress).Disconnect()
}

// TestPipe_Renewed: after a sleep the child is another one at once, and nobody is
// told that the adapter had failed.
func TestPipe_Renewed(t *testing.T) {
	var mu sync.Mutex
	var faults []*fhirmap.Fault
	s := parentOf(t, child, func(f *fhirmap.Fault) {
		mu.Lock()
		defer mu.Unlock()
		faults = append(faults, f)
	})
	s.Renew() // which no child has needed yet
	for range 3 {
		p := connect(t, s, thermometerAddress)
		if err := p.Subscribe(patiently(t), temperature); err != nil {
			t.Fatal(err)
		}
		<-p.Notifications()
		s.Renew()
		for range p.Notifications() { // until the link is lost
		}
	}
	connect(t, s, thermometerAddress).Disconnect()
	mu.Lock()
	defer mu.Unlock()
	for _, f := range faults {
		if f != nil {
			t.Error(f)
		}
	}
}

// TestServe_HostileParent: lines that are no messages, and requests that make
// no sense, are answered or passed over.
func TestServe_HostileParent(t *testing.T) {
	lines := []string{
		"", "nonsense", `{"say":""}`, `{"say":"read","id":1,"link":7,"characteristic":"x"}`, `{"say":"fly","id":2}`,
		`{"say":"answer","id":9}`, `{"say":"cancel","id":9}`, `{"say":"disconnect","link":9}`, `{"say":"connect","id":3,"address":"nowhere"}`, `{"say":"cancel","id":3}`,
	}
	var out strings.Builder
	var mu sync.Mutex
	err := radio.Serve(t.Context(), strings.NewReader(strings.Join(lines, "\n")), writer(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(b)
	}), simulator.NewAir(0), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if n := strings.Count(out.String(), `"say":"done"`); n != 3 {
		t.Errorf("%d answers: %s", n, out.String())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

var _ io.Writer = writer(nil)
