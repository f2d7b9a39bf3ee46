package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio/bluezdouble"
	"vitalien/app/cli"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// TestBluetooth_FromBlueZToTheClient is the road on Linux, all of it real but
// bluetoothd and the cuff: its indication goes over D-Bus to the child process,
// through the pipe, to disk and to a Socket.IO client. Then the child is killed,
// and the next one goes on.
func TestBluetooth_FromBlueZToTheClient(t *testing.T) {
	program := os.Getenv("VITALIEN_PROGRAM")
	if program == "" {
		t.Skip("VITALIEN_PROGRAM does not name the built program; make test does")
	}
	bluezdouble.Bus(t)
	bluez := bluezdouble.New(t)
	pressure := blelink.UUID16("2a35")
	subscribed := make(chan struct{}, 16)
	device := &bluezdouble.Device{
		Address: "AA:BB:CC:DD:EE:01", Name: "A&D_UA-651BLE_0001", Awake: true, Ask: "confirm", Passkey: 42, Protected: true,
		Services: []bluezdouble.Service{
			{UUID: blelink.UUID16("1810"), Values: []bluezdouble.Value{{UUID: pressure, Notified: func() { subscribed <- struct{}{} }}}},
			{UUID: blelink.UUID16("180f"), Values: []bluezdouble.Value{{UUID: blelink.UUID16("2a19"), Read: []byte{77}, Notified: func() {}}}},
			{UUID: blelink.UUID16("180a"), Values: []bluezdouble.Value{{UUID: blelink.UUID16("2a24"), Read: []byte("UA-651BLE")}}},
		},
	}
	bluez.Add(device)
	a := start(t, cli.Flags{}, func(a *App) { a.self = program })
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", a.server.URL())
	client.expect("connect")
	ctx := t.Context()
	if err := a.station.StartPairing(ctx, fhirmap.BloodPressureMonitor, ""); err != nil {
		t.Fatal(err)
	}
	pairing := func(is func(*station.Pairing) bool) func() bool {
		return func() bool { p := a.station.Situation().Pairing; return p != nil && is(p) }
	}
	a.awaitStation(t, "the cuff is heard", pairing(func(p *station.Pairing) bool { return len(p.Heard) == 1 }))
	if err := a.station.PairDevice(ctx, device.Address); err != nil {
		t.Fatal(err)
	}
	a.awaitStation(t, "a number to confirm", pairing(func(p *station.Pairing) bool {
		return p.Question != nil && p.Question.Kind == station.QuestionConfirm && p.Question.Passkey == "000042"
	}))
	if err := a.station.AnswerPairing(ctx, "", true); err != nil {
		t.Fatal(err)
	}
	a.awaitStation(t, "it is paired", pairing(func(p *station.Pairing) bool { return p.Step == station.PairingMeasuring }))
	if err := a.station.FinishPairing(ctx, "Tensiomètre", ""); err != nil {
		t.Fatal(err)
	}
	<-subscribed
	device.Notify(pressure, indication(time.Now(), 128))
	systolic := func() float64 {
		t.Helper()
		var observation struct {
			Component []struct{ ValueQuantity struct{ Value float64 } }
		}
		if err := json.Unmarshal([]byte(client.expect("fhir")), &observation); err != nil {
			t.Fatal(err)
		}
		return observation.Component[0].ValueQuantity.Value
	}
	if got := systolic(); got != 128 {
		t.Error(got)
	}
	device.Notify(pressure, indication(time.Now().Add(-time.Minute), 131))
	if got := systolic(); got != 131 {
		t.Error(got)
	}
	killRadio(t, program)
	a.awaitStation(t, "the child is back and connected", func() bool {
		device.Advertise()
		select {
		case <-subscribed:
			return true
		default:
			return false
		}
	})
	device.Notify(pressure, indication(time.Now(), 135))
	if got := systolic(); got != 135 {
		t.Error(got)
	}
	if d := a.station.PairedDevices()[0]; d.Battery != 77 || d.State != station.LinkConnected {
		t.Errorf("%+v", d)
	}
}

// indication is a blood pressure with its time.
func indication(at time.Time, systolic byte) []byte {
	return append([]byte{0x02, systolic, 0, 82, 0, 97, 0}, blelink.EncodeDateTime(at)...)
}

// killRadio kills the child process as the system may.
func killRadio(t *testing.T, program string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "pkill", "-KILL", "-f", program+" "+cli.BluetoothRadio).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, strings.TrimSpace(string(out)))
	}
}
