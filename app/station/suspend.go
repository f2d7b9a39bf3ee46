package station

import (
	"context"
	"time"

	"vitalien/fhirmap"
)

// longestSuspension is how long Bluetooth can be left alone: who forgets about
// it loses no day.
const longestSuspension = time.Hour

// SuspendBluetooth leaves the Bluetooth devices alone for a while, at most an
// hour, so that another program or telephone can reach them. What is being
// transmitted is taken to its end. A device with a memory transmits later what it
// measured meanwhile; monitors, recordings and the EHR go on. A restart ends it.
//
// Errors are Faults: bluetooth_absent, and bluetooth_pairing while a device is
// being paired.
func (s *Station) SuspendBluetooth(_ context.Context, lasts time.Duration) error {
	link, err := s.theLink()
	if err != nil {
		return err
	}
	b := &s.bluetooth
	b.suspending.Lock()
	defer b.suspending.Unlock()
	b.mu.Lock()
	if b.pairing != nil {
		b.mu.Unlock()
		return &fhirmap.Fault{
			Code: "bluetooth_pairing", English: "a device is being paired",
			French: "Un jumelage est en cours. Terminez-le ou annulez-le, puis suspendez le Bluetooth.",
		}
	}
	lasts = min(lasts, longestSuspension)
	b.suspended = s.now().Add(lasts)
	if b.awake != nil {
		b.awake.Stop()
	}
	b.awake = time.AfterFunc(lasts, s.resumeBluetooth)
	b.mu.Unlock()
	link.Suspend(true)
	s.log.Info("Bluetooth is suspended", "for", lasts)
	s.board.changed()
	return nil
}

// ResumeBluetooth serves the Bluetooth devices again. It is no error when they
// are served.
func (s *Station) ResumeBluetooth(context.Context) error {
	s.resumeBluetooth()
	return nil
}

func (s *Station) resumeBluetooth() {
	b := &s.bluetooth
	b.suspending.Lock()
	defer b.suspending.Unlock()
	b.mu.Lock()
	link, suspended := b.link, !b.suspended.IsZero()
	b.suspended = time.Time{}
	if b.awake != nil {
		b.awake.Stop()
		b.awake = nil
	}
	b.mu.Unlock()
	if link != nil && suspended {
		link.Suspend(false)
		s.log.Info("Bluetooth is served again")
		s.board.changed()
	}
}

// resumeInTime ends a suspension whose time has passed on the clock on the wall,
// which goes on while the computer sleeps.
func (s *Station) resumeInTime() {
	s.bluetooth.mu.Lock()
	over := !s.bluetooth.suspended.IsZero() && !s.now().Before(s.bluetooth.suspended)
	s.bluetooth.mu.Unlock()
	if over {
		s.resumeBluetooth()
	}
}
