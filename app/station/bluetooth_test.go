package station

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

func aPaired(n int) blelink.Paired {
	return blelink.Paired{
		ID: fhirmap.DeviceID("ble", fmt.Sprint(n)), Address: fmt.Sprintf("5A:00:00:00:00:%02X", n), Driver: "blood-pressure",
		Type: fhirmap.BloodPressureMonitor, Name: fmt.Sprintf("Tensiomètre %02d", n), Place: "Cabinet 1",
		Progress: blelink.Progress{Sequence: new(uint16(7)), Recent: []string{"a", "b"}},
	}
}

// TestDevices_OverARestart: a paired device is there again, with how far it was
// read, and not connected until it is heard.
func TestDevices_OverARestart(t *testing.T) {
	d := newDesk(t)
	if err := d.Keep(aPaired(1)); err != nil {
		t.Fatal(err)
	}
	d.SetBluetooth(nil)
	d.SetDevice(blelink.Status{ID: aPaired(1).ID, State: blelink.Connected, Battery: 82, LastSeen: morning})
	if got := d.Situation().Devices; len(got) != 1 || got[0].State != LinkConnected || got[0].Battery != 82 || got[0].Place != "Cabinet 1" {
		t.Errorf("%+v", got)
	}
	d.SetDevice(blelink.Status{ID: aPaired(1).ID, State: blelink.Asleep, Battery: -1})
	if got := d.PairedDevices()[0]; got.Battery != 82 || !got.LastSeen.Equal(morning) {
		t.Errorf("what is not known took away what was: %+v", got)
	}
	d.reopen()
	if got := d.PairedDevices(); len(got) != 1 || got[0].State != LinkOffline || got[0].Battery != -1 {
		t.Errorf("%+v", got)
	}
	if got := d.Paired(); len(got) != 1 || *got[0].Progress.Sequence != 7 || len(got[0].Progress.Recent) != 2 {
		t.Errorf("%+v", got)
	}
	if err := d.Forget(aPaired(1).ID); err != nil {
		t.Fatal(err)
	}
	d.reopen()
	if len(d.PairedDevices()) != 0 {
		t.Error("still there")
	}
}

func TestDevices_AdapterTrouble(t *testing.T) {
	d := newDesk(t)
	if err := d.Keep(aPaired(1)); err != nil {
		t.Fatal(err)
	}
	d.SetBluetooth(nil)
	changed, stop := d.WatchDevices()
	defer stop()
	d.SetBluetooth(&fhirmap.Fault{Code: "bluetooth_off"})
	select {
	case <-changed:
	default:
		t.Error("nobody is told")
	}
	now := d.Situation()
	if now.Bluetooth.State != BluetoothFailed || now.Bluetooth.Fault.Code != "bluetooth_off" || now.Devices[0].State != LinkOffline {
		t.Errorf("%+v", now)
	}
	d.SetBluetooth(nil)
	if now := d.Situation(); now.Bluetooth.State != BluetoothReady || now.Devices[0].State != LinkAsleep {
		t.Errorf("%+v", now)
	}
}

func TestDevices_Bounds(t *testing.T) {
	d := newDesk(t)
	for n := range mostDevices {
		if err := d.Keep(aPaired(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Keep(aPaired(mostDevices)); fhirmap.FaultOf(err).Code != "limit" {
		t.Error(err)
	}
	if err := d.Keep(aPaired(1)); err != nil {
		t.Error("a known one is kept:", err)
	}
}

// TestDevices_TheTestMeasurementIsNobodys: whoever tries out a cuff while a
// consultation is open is not its patient.
func TestDevices_TheTestMeasurementIsNobodys(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	d.clock.advance(time.Minute)
	m := pulse("72")
	d.SetPairing(&Pairing{Step: PairingMeasuring, Device: m.Device.ID})
	if got := d.stored(d.record(report(m)).Seq); got.Subject != nil || got.Consultation != "" {
		t.Errorf("%+v", got)
	}
	d.SetPairing(nil)
	if got := d.stored(d.record(report(m)).Seq); !got.Subject.Same(claire()) {
		t.Errorf("%+v", got)
	}
}

func TestPairing_WithoutBluetooth(t *testing.T) {
	d := newDesk(t)
	if err := d.StartPairing(t.Context(), fhirmap.Thermometer, ""); fhirmap.FaultOf(err).Code != "bluetooth_absent" {
		t.Error(err)
	}
	if err := d.CancelPairing(t.Context()); err != nil {
		t.Error(err)
	}
	if len(d.Models()) == 0 {
		t.Error("no models")
	}
}

func TestPairing_Names(t *testing.T) {
	for given, want := range map[string]string{
		"  Tensiomètre ": "Tensiomètre", "": "", "é" + strings.Repeat("a", 255): "é" + strings.Repeat("a", 255),
		strings.Repeat("a", 257): "!", "a\nb": "!", "\xff": "!",
	} {
		got := given
		if err := checkNames(&got); err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: %q", given, got)
		}
	}
}
