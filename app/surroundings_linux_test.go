package main

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink/radio/bluezdouble"
	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/app/station"
)

// A tunnel leads to a monitor, and can go dead as connections do while a
// computer sleeps: nothing comes any more, and nothing says so.
type tunnel struct {
	net.Listener
	mu    sync.Mutex
	dead  bool // what is accepted from now on is alive all the same
	count int
}

func dig(t *testing.T, to string) *tunnel {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &tunnel{Listener: listener}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			d.mu.Lock()
			d.count++
			d.mu.Unlock()
			all.Go(func() { d.serve(ctx, near, to) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		cancel()
		all.Wait()
	})
	return d
}

func (d *tunnel) serve(ctx context.Context, near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	defer context.AfterFunc(ctx, func() { near.Close(); far.Close() })()
	var both sync.WaitGroup
	defer both.Wait()
	d.mu.Lock()
	first := d.count == 1
	d.mu.Unlock()
	both.Go(func() { io.Copy(far, near); far.Close() })
	buf := make([]byte, 4096)
	for {
		n, err := far.Read(buf)
		d.mu.Lock()
		lost := d.dead && first
		d.mu.Unlock()
		if err != nil {
			near.Close()
			return
		}
		if !lost {
			near.Write(buf[:n])
		}
	}
}

func (d *tunnel) die() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

func (d *tunnel) calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// TestSurroundings_AfterASleepMonitorsAreCalledAtOnce: logind says that the
// computer wakes, and the connection that died meanwhile is made anew, while it
// still passes for a good one.
func TestSurroundings_AfterASleepMonitorsAreCalledAtOnce(t *testing.T) {
	bluezdouble.Bus(t)
	logind, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	defer logind.Close()
	if _, err := logind.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	m, _ := bedside(t, simulator.MonitorOptions{})
	way := dig(t, m.Address())
	a := start(t, cli.Flags{}, func(a *App) {
		if err := a.station.AcceptMonitor(t.Context(), way.Addr().String()); err != nil {
			t.Fatal(err)
		}
	})
	awaitBoard(t, a, "connected", func() bool { return a.monitorAt(way.Addr().String()).State == station.LinkConnected })
	way.die()
	for end := time.After(patience); way.calls() < 2; { // the program may not listen yet
		if s := a.monitorAt(way.Addr().String()); s.Fault != nil {
			t.Fatalf("found dead before it was told: %+v", s)
		}
		if err := logind.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", false); err != nil {
			t.Fatal(err)
		}
		select {
		case <-end:
			t.Fatal("not called again")
		case <-time.After(20 * time.Millisecond):
		}
	}
	before := a.monitorAt(way.Addr().String()).Messages
	awaitBoard(t, a, "heard again", func() bool {
		s := a.monitorAt(way.Addr().String())
		return s.State == station.LinkConnected && s.Messages > before+3
	})
}
