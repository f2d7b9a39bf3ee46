package main

import (
	"encoding/json"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

const cuffAddress = "5A:00:00:00:00:0A"

// withAir has the program use a simulated adapter.
func withAir(air *simulator.Air) func(*App) {
	return func(a *App) {
		a.radio = air
		a.openBluetooth()
	}
}

func cuff() *simulator.Cuff {
	return simulator.NewCuff("A&D_UA-651BLE_000A", cuffAddress, time.Now)
}

// pair pairs the cuff as a person does, with a test measurement.
func pair(t *testing.T, a *App, c *simulator.Cuff) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Wake()
	must(a.station.StartPairing(ctx, fhirmap.BloodPressureMonitor, "and-ua-651ble"))
	a.awaitStation(t, "the cuff is heard", func() bool {
		p := a.station.Situation().Pairing
		return p != nil && len(p.Heard) == 1 && p.Heard[0].Driver == "and-ua-651ble"
	})
	must(a.station.PairDevice(ctx, cuffAddress))
	a.awaitStation(t, "it is paired", func() bool { return a.station.Situation().Pairing.Step == station.PairingMeasuring })
	c.Store(101, 71, 81, 61, 0)
	a.awaitStation(t, "a test measurement", func() bool { return a.station.Situation().Pairing.Measured != nil })
	must(a.station.FinishPairing(ctx, "Tensiomètre", "Cabinet 1"))
}

// TestBluetooth_FromThePairingToTheClient is the road of a device of one's own:
// paired, tried out on nobody, and then measuring the patient of the open
// consultation.
func TestBluetooth_FromThePairingToTheClient(t *testing.T) {
	air, c := simulator.NewAir(0), cuff()
	air.Add(&c.Gadget)
	a := start(t, cli.Flags{}, withAir(air))
	clients := map[string]*realClient{}
	for _, version := range []string{"sio2", "sio4"} {
		clients[version] = run(t, version, "node", "testdata/clients/receive.js", version, a.server.URL())
		clients[version].expect("connect")
	}
	clients["sio4"].emit("startConsultation", map[string]any{"patient": map[string]any{"id": "7", "family": "Lefèvre"}})
	pair(t, a, c)
	c.Store(128, 82, 97, 64, 0x01) // the patient moved
	for name, client := range clients {
		var trial, measured struct {
			Subject   struct{ Display string }
			Component []struct{ ValueQuantity struct{ Value float64 } }
			Device    struct{ Display string }
		}
		for _, observation := range []any{&trial, &measured} {
			if err := json.Unmarshal([]byte(client.expect("fhir")), observation); err != nil {
				t.Fatal(err)
			}
		}
		if trial.Subject.Display != "" || trial.Component[0].ValueQuantity.Value != 101 {
			t.Errorf("%s: the test measurement %+v", name, trial)
		}
		if measured.Subject.Display != "LEFÈVRE" || measured.Component[0].ValueQuantity.Value != 128 || measured.Device.Display != "blood_pressure_monitor" {
			t.Errorf("%s: %+v", name, measured)
		}
	}
	if last := recorded(t, a); len(last) != 2 || last[1].Quality[0] != fhirmap.BodyMovement {
		t.Errorf("%+v", last)
	}
}

// TestBluetooth_AfterARestart: what the cuff sends again is not recorded again,
// and the device is still paired.
func TestBluetooth_AfterARestart(t *testing.T) {
	folder := t.TempDir()
	air, c := simulator.NewAir(0), cuff()
	air.Add(&c.Gadget)
	t.Run("before", func(t *testing.T) {
		a := start(t, cli.Flags{DataDir: folder}, withAir(air))
		pair(t, a, c)
	})
	again, second := simulator.NewAir(0), cuff()
	second.Bond = false // the system still has it
	again.Add(&second.Gadget)
	a := start(t, cli.Flags{DataDir: folder}, withAir(again))
	first := recorded(t, a)[0].Measurement
	second.StoreAt(first.Time, 101, 71, 81, 61, 0)
	second.Store(133, 85, 101, 66, 0)
	second.Wake()
	a.awaitStation(t, "the new one", func() bool { return len(recorded(t, a)) == 2 })
	if list := recorded(t, a); list[1].Reading(fhirmap.Systolic).Value.String() != "133" {
		t.Errorf("%+v", list[1].Measurement)
	}
	if d := a.station.PairedDevices(); len(d) != 1 || d[0].Name != "Tensiomètre" || d[0].Place != "Cabinet 1" {
		t.Errorf("%+v", d)
	}
}
