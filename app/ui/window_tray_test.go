package ui

import (
	"context"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
)

func (c *fakeCore) SuspendBluetooth(_ context.Context, lasts time.Duration) error {
	return c.ask("suspend for", lasts.String())
}

func (c *fakeCore) ResumeBluetooth(context.Context) error { return c.ask("resume", "") }

func TestWindow_QuitsAtOnceWhereNothingEnds(t *testing.T) {
	d := newDriven(t)
	d.quit()
	if d.quits != 1 || d.dialogs.open != nil {
		t.Errorf("quit %d times, shown: %q", d.quits, d.dialogs.current.title)
	}
}

func TestWindow_QuitIsConfirmedWhereSomethingEnds(t *testing.T) {
	recording := auscultated(station.RecordingStatus{State: station.RecordingSound})
	for name, v := range map[string]view{
		"consultation": {situation: station.Situation{Consultation: consultation(eloise)}}, "recording": recording,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriven(t)
			d.show(v)
			for range 2 { // impatiently
				d.quit()
			}
			if !d.bridge.visible.Load() || d.dialogs.current.title != "Quitter Vitalien\u202f?" || focusedText(d.frame.Canvas()) != "Rester" {
				t.Fatalf("shown: %q, the keyboard is on %q", d.dialogs.current.title, focusedText(d.frame.Canvas()))
			}
			d.show(v)
			d.press(fyne.KeyEscape)
			if d.quits != 0 || d.dialogs.open != nil {
				t.Fatalf("quit %d times", d.quits)
			}
			d.quit()
			d.frame.Canvas().FocusNext()
			d.press(fyne.KeyReturn)
			if d.quits != 1 {
				t.Errorf("quit %d times", d.quits)
			}
		})
	}
}

func TestTray_SuspendsBluetoothOnceItIsConfirmed(t *testing.T) {
	d := newDriven(t)
	d.suspend()
	d.press(fyne.KeyEscape)
	d.wantNothing()
	d.suspend()
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	d.wantAsked("suspend for 30m0s")
	d.resume()
	d.wantAsked("resume ")
}

func TestTray_StartsAConsultationFromAHiddenWindow(t *testing.T) {
	d := newDriven(t)
	d.trayStart()
	if !d.bridge.visible.Load() || d.screen.front != pageConsultation || !d.page().chooser.Visible() {
		t.Error("there is nothing to start one in")
	}
}
