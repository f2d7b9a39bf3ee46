package desktop

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink/radio/bluezdouble"
)

// TestSleepSignals has a double of logind on a private bus, and somebody who
// says the same without being logind.
func TestSleepSignals(t *testing.T) {
	bluezdouble.Bus(t)
	connect := func() *dbus.Conn {
		bus, err := dbus.ConnectSystemBus()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { bus.Close() })
		return bus
	}
	say := func(bus *dbus.Conn, member string, values ...any) {
		if err := bus.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager."+member, values...); err != nil {
			t.Fatal(err)
		}
	}
	logind, other := connect(), connect()
	if _, err := logind.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	asleep, stop := sleepSignals()
	say(other, "PrepareForSleep", false)
	if err := other.BusObject().Call("org.freedesktop.DBus.GetId", 0).Err; err != nil { // the bus has passed on what came before
		t.Fatal(err)
	}
	say(logind, "PrepareForShutdown", true)
	say(logind, "PrepareForSleep", "soon")
	say(logind, "PrepareForSleep", true)
	say(logind, "PrepareForSleep", false)
	for _, want := range []bool{true, false} {
		select {
		case got := <-asleep:
			if got != want {
				t.Errorf("%v, want %v", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatal("nothing is heard")
		}
	}
	stop()
	select {
	case got, open := <-asleep:
		if open {
			t.Errorf("then %v", got)
		}
	case <-time.After(time.Minute):
		t.Error("it does not end")
	}
}

func TestSleepSignals_WithoutABus(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
	asleep, stop := sleepSignals()
	defer stop()
	if asleep != nil {
		t.Error("a bus that is not there says something")
	}
}
