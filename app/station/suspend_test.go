package station

import (
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/blelink"
)

func TestSuspendBluetooth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		wantFault(t, d.SuspendBluetooth(t.Context(), time.Minute), "bluetooth_absent")
		d.ServeBluetooth(blelink.New(blelink.Options{Keeper: d.Station}))
		suspend := func(lasts time.Duration) {
			t.Helper()
			if err := d.SuspendBluetooth(t.Context(), lasts); err != nil {
				t.Fatal(err)
			}
		}
		until := func() time.Time { return d.Situation().Bluetooth.Suspended }

		suspend(30 * time.Minute)
		if want := d.clock.now().Add(30 * time.Minute); !until().Equal(want) {
			t.Errorf("until %v, want %v", until(), want)
		}
		time.Sleep(30 * time.Minute) // of the bubble
		synctest.Wait()
		if !until().IsZero() {
			t.Error("it does not end by itself")
		}

		suspend(24 * time.Hour)
		if want := d.clock.now().Add(longestSuspension); until().After(want) {
			t.Errorf("until %v", until())
		}
		d.clock.advance(2 * longestSuspension) // the computer slept
		d.resumeInTime()
		if !until().IsZero() {
			t.Error("it outlasts a sleep of the computer")
		}

		suspend(time.Minute)
		if err := d.ResumeBluetooth(t.Context()); err != nil || !until().IsZero() {
			t.Errorf("not resumed: %v", err)
		}

		d.SetPairing(&Pairing{})
		wantFault(t, d.SuspendBluetooth(t.Context(), time.Minute), "bluetooth_pairing")
		d.SetPairing(nil)
		suspend(time.Minute) // and is closed with that
	})
}
