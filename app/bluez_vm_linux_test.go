package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio/bluezperipheral"
	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A realAir is the program on hci0 of a virtual machine, with a client, and
// what is simulated on the other adapters of the real BlueZ.
type realAir struct {
	*testing.T
	app    *App
	client *realClient
	air    *simulator.Air
}

func newRealAir(t *testing.T) *realAir {
	if os.Getenv("VITALIEN_BLUEZ_VM") == "" {
		t.Skip("not in the virtual machine; make test-bluez is")
	}
	explain(t, os.Getenv("VITALIEN_BLUEZ_LOG"))
	r := &realAir{T: t, air: simulator.NewAir(0)}
	r.app = start(t, cli.Flags{}, func(a *App) { a.self = os.Getenv("VITALIEN_PROGRAM") })
	r.client = run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", r.app.server.URL())
	r.client.expect("connect")
	return r
}

// explain has a test that fails show what bluetoothd said during it.
func explain(t *testing.T, log string) {
	t.Helper()
	before, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if said, err := os.ReadFile(log); t.Failed() {
			t.Logf("bluetoothd (%v):\n%s", err, said[min(len(before), len(said)):])
		}
	})
}

// serve puts a device on an adapter.
func (r *realAir) serve(adapter string, g *simulator.Gadget) *bluezperipheral.Peripheral {
	r.Helper()
	g.StartAwake()
	r.air.Add(g)
	if err := r.air.Pair(r.Context(), g.Advertisement.Address, knows(g.Passkey)); err != nil {
		r.Fatal(err)
	}
	return bluezperipheral.New(r.T, adapter, bluezperipheral.Source{
		Air: r.air, Advertisement: g.Advertisement, Services: g.Services, Bond: g.Bond,
	})
}

// pairing waits until the pairing is so.
func (r *realAir) pairing(what string, is func(*station.Pairing) bool) {
	r.Helper()
	r.app.awaitStation(r.T, what, func() bool {
		p := r.app.station.Situation().Pairing
		if p != nil && p.Step == station.PairingFailed {
			r.Fatalf("%s: %+v", what, p.Fault)
		}
		return p != nil && is(p)
	})
}

// pair pairs a device as a person does. screen shows the number to type; nil:
// none is asked for.
func (r *realAir) pair(p *bluezperipheral.Peripheral, t fhirmap.DeviceType, driver string, screen *bluezperipheral.Screen) {
	r.Helper()
	must := func(err error) {
		r.Helper()
		if err != nil {
			r.Fatal(err)
		}
	}
	p.Wake()
	address := p.Address()
	must(r.app.station.StartPairing(r.Context(), t, ""))
	r.pairing("it is heard", func(p *station.Pairing) bool {
		return len(p.Heard) > 0 && p.Heard[0].Address == address && p.Heard[0].Driver == driver
	})
	must(r.app.station.PairDevice(r.Context(), address))
	if screen != nil {
		r.pairing("a number is asked for", func(p *station.Pairing) bool {
			return p.Question != nil && p.Question.Kind == station.QuestionPasskey
		})
		must(r.app.station.AnswerPairing(r.Context(), <-screen.Passkeys, true))
	}
	r.pairing("it is paired", func(p *station.Pairing) bool { return p.Step == station.PairingMeasuring })
}

// finish ends the pairing, behind the test measurement.
func (r *realAir) finish(name string) {
	r.Helper()
	r.pairing("a test measurement", func(p *station.Pairing) bool { return p.Measured != nil })
	if err := r.app.station.FinishPairing(r.Context(), name, ""); err != nil {
		r.Fatal(err)
	}
}

// expect waits for an event at the client for each of values, which it holds.
func (r *realAir) expect(values ...float64) {
	r.Helper()
	for _, want := range values {
		type quantity struct{ Value float64 }
		var observation struct {
			ValueQuantity quantity
			Component     []struct{ ValueQuantity quantity }
		}
		if err := json.Unmarshal([]byte(r.client.expect("fhir")), &observation); err != nil {
			r.Fatal(err)
		}
		got := []float64{observation.ValueQuantity.Value}
		for _, c := range observation.Component {
			got = append(got, c.ValueQuantity.Value)
		}
		if !slices.Contains(got, want) {
			r.Errorf("%v instead of %v", got, want)
		}
	}
}

// knows is who has read the number on a device's label.
type knows string

func (k knows) Passkey(context.Context) (string, error) { return string(k), nil }
func (knows) Confirm(context.Context, string) error     { return nil }
func (knows) Display(string)                            {}

// TestRealBlueZ_Cuff: a cuff pairs, and measures; what it has stored while
// nobody was there comes when it wakes, over a link that the bond encrypts.
func TestRealBlueZ_Cuff(t *testing.T) {
	r := newRealAir(t)
	bluezperipheral.NewScreen(t, "NoInputNoOutput")
	c := simulator.NewCuff("A&D_UA-651BLE_SIMUL", cuffAddress, time.Now)
	p := r.serve("hci1", &c.Gadget)
	c.Store(118, 71, 87, 61, 0)
	r.pair(p, fhirmap.BloodPressureMonitor, "and-ua-651ble", nil)
	r.finish("Tensiomètre")
	r.expect(118)
	if !p.Bonded() {
		t.Error("no bond")
	}
	r.app.awaitStation(t, "its battery is known", func() bool { return r.app.station.PairedDevices()[0].Battery == 82 })
	p.HangUp()
	r.app.awaitStation(t, "it sleeps", func() bool { return r.app.station.PairedDevices()[0].State == station.LinkAsleep })
	c.Store(131, 82, 98, 66, 0)
	c.Store(135, 84, 101, 67, 0)
	p.Wake()
	r.expect(131, 135)
}

// TestRealBlueZ_Meter: a glucose meter shows a number to type, and its records
// are fetched. What is missing when it hangs up, or loses its power, is fetched
// when it is back.
func TestRealBlueZ_Meter(t *testing.T) {
	r := newRealAir(t)
	screen := bluezperipheral.NewScreen(t, "DisplayOnly")
	m := simulator.NewMeter("meter+12345678", "5A:00:00:00:00:02", "123456")
	p := r.serve("hci1", &m.Gadget)
	for i := range uint16(5) {
		m.Store(i+1, time.Now().Add(time.Duration(i)*time.Minute-time.Hour), 101+int(i), false)
	}
	m.CutAfter(2)
	r.pair(p, fhirmap.Glucometer, "accu-chek", screen)
	r.finish("Lecteur de glycémie")
	r.expect(101, 102)
	r.app.awaitStation(t, "the link is lost", func() bool { return r.app.station.PairedDevices()[0].State == station.LinkFailed })
	vanished := p.Fail()
	m.CutAfter(1)
	p.Wake()
	<-vanished
	m.CutAfter(0)
	p.Return()
	p.Wake()
	r.expect(103, 104, 105)
}

// TestRealBlueZ_Others: a device of each other profile, one after the other.
func TestRealBlueZ_Others(t *testing.T) {
	r := newRealAir(t)
	bluezperipheral.NewScreen(t, "NoInputNoOutput")
	says := func(g *simulator.Gadget, characteristic string, say func(l *simulator.GadgetLink)) *simulator.Gadget {
		g.Subscribed = map[string]func(*simulator.GadgetLink){blelink.UUID16(characteristic): say}
		return g
	}
	for _, device := range []struct {
		kind   fhirmap.DeviceType
		driver string
		gadget *simulator.Gadget
		value  float64
	}{
		{fhirmap.Thermometer, "thermometer", says(simulator.NewThermometer("Thermomètre", "5A:00:00:00:00:04"), "2a1c", func(l *simulator.GadgetLink) {
			l.Notify(simulator.Temperature(371, time.Now()))
		}), 37.1},
		{fhirmap.WeightScale, "weight-scale", says(simulator.NewScale("Balance", "5A:00:00:00:00:05"), "2a9d", func(l *simulator.GadgetLink) {
			l.Notify(simulator.Weight(14_100, time.Now()))
		}), 70.5},
		{fhirmap.PulseOxymeter, "pulse-oximeter", says(simulator.NewOximeter("Oxymètre", "5A:00:00:00:00:03"), "2a5f", finger), 97},
	} {
		t.Run(device.driver, func(t *testing.T) {
			r := &realAir{t, r.app, r.client, r.air}
			p := r.serve("hci1", device.gadget)
			r.pair(p, device.kind, device.driver, nil)
			r.finish(device.driver)
			r.expect(device.value)
			if err := r.app.station.UnpairDevice(t.Context(), r.app.station.PairedDevices()[0].ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRealBlueZ_Vanishes: an oximeter that loses its power while it measures
// gives nothing, and measures when it is back.
func TestRealBlueZ_Vanishes(t *testing.T) {
	r := newRealAir(t)
	bluezperipheral.NewScreen(t, "NoInputNoOutput")
	g := simulator.NewOximeter("Oxymètre", "5A:00:00:00:00:03")
	subscribed := make(chan *simulator.GadgetLink, 1)
	g.Subscribed = map[string]func(*simulator.GadgetLink){blelink.UUID16("2a5f"): func(l *simulator.GadgetLink) { subscribed <- l }}
	p := r.serve("hci1", g)
	r.pair(p, fhirmap.PulseOxymeter, "pulse-oximeter", nil)
	l := <-subscribed
	l.Notify(simulator.Oximetry(93, 71))
	r.pairing("it measures", func(p *station.Pairing) bool { return p.Live != nil })
	p.Vanish()
	<-l.Gone()
	p.Return()
	p.Wake()
	finger(<-subscribed)
	r.finish("Oxymètre")
	r.expect(97)
}

// finger is one in the oximeter, until the link is lost.
func finger(l *simulator.GadgetLink) {
	go func() {
		for second := time.NewTicker(time.Second); ; {
			l.Notify(simulator.Oximetry(97, 71))
			select {
			case <-second.C:
			case <-l.Gone():
				second.Stop()
				return
			}
		}
	}()
}
