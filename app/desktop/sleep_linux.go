package desktop

import "github.com/godbus/dbus/v5"

// sleepSignals gives what logind says of sleep (org.freedesktop.login1.Manager,
// PrepareForSleep), and a function that ends it. The channel is nil where there
// is no system bus, and is closed when the bus goes away.
func sleepSignals() (<-chan bool, func()) {
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		return nil, func() {}
	}
	signals := make(chan *dbus.Signal, 8)
	bus.Signal(signals)
	err = bus.AddMatchSignal(dbus.WithMatchSender("org.freedesktop.login1"), dbus.WithMatchObjectPath("/org/freedesktop/login1"),
		dbus.WithMatchInterface("org.freedesktop.login1.Manager"), dbus.WithMatchMember("PrepareForSleep"))
	if err != nil {
		bus.Close()
		return nil, func() {}
	}
	asleep := make(chan bool, 8)
	go func() {
		defer close(asleep)
		for s := range signals { // closed with the bus
			if begins, ok := onlyBool(s); ok {
				select {
				case asleep <- begins:
				default: // nobody listens any more
				}
			}
		}
	}()
	return asleep, func() { bus.Close() }
}

func onlyBool(s *dbus.Signal) (value, ok bool) {
	if s.Name != "org.freedesktop.login1.Manager.PrepareForSleep" || len(s.Body) != 1 {
		return false, false
	}
	value, ok = s.Body[0].(bool)
	return value, ok
}
