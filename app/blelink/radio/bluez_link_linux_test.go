package radio_test

import (
	"bytes"
	"testing"

	"vitalien/app/blelink"
	"vitalien/app/blelink/radio/bluezdouble"
)

// TestBlueZ_SpeaksFirst: a device that remembers who has subscribed speaks as
// soon as there is a link. It is heard, once.
func TestBlueZ_SpeaksFirst(t *testing.T) {
	k := newDesk(t)
	if err := k.use(); err != nil {
		t.Fatal(err)
	}
	k.cuff.Greet(func() {
		k.cuff.Notify(pressure, []byte{1})
		k.cuff.Notify(control, []byte{2})
	})
	leave := func(p blelink.Peripheral) (rest []blelink.Notification) {
		p.Disconnect()
		for n := range p.Notifications() {
			rest = append(rest, n)
		}
		return rest
	}
	p := connect(t, k.radio, address)
	k.cuff.Notify(pressure, []byte{3})
	if err := p.Subscribe(t.Context(), pressure); err != nil {
		t.Fatal(err)
	}
	k.cuff.Notify(pressure, []byte{4})
	for _, want := range []byte{1, 3, 4} {
		if n := <-p.Notifications(); n.Characteristic != pressure || n.Value[0] != want {
			t.Errorf("%+v instead of %d", n, want)
		}
	}
	if rest := leave(p); len(rest) > 0 {
		t.Errorf("also %+v", rest)
	}
	k.cuff.Greet(nil)
	p = connect(t, k.radio, address)
	if err := p.Subscribe(t.Context(), control); err != nil {
		t.Fatal(err)
	}
	if rest := leave(p); len(rest) > 0 { // of the link before
		t.Errorf("%+v", rest)
	}
}

// TestBlueZ_SpeaksAndLeaves: what a device says before there is a link is
// heard, also when it has left by then.
func TestBlueZ_SpeaksAndLeaves(t *testing.T) {
	k := newDesk(t)
	if err := k.use(); err != nil {
		t.Fatal(err)
	}
	k.cuff.Greet(func() {
		k.cuff.Notify(pressure, []byte{1})
		k.cuff.Disconnect()
	})
	p := connect(t, k.radio, address)
	if services, err := p.Services(t.Context()); err != nil || len(services) != 3 {
		t.Error(services, err)
	}
	for _, uuid := range []string{pressure, control} {
		if err := p.Subscribe(t.Context(), uuid); err != nil {
			t.Error(err)
		}
	}
	if n := <-p.Notifications(); n.Characteristic != pressure || !bytes.Equal(n.Value, []byte{1}) {
		t.Errorf("%+v", n)
	}
	if _, err := p.Read(t.Context(), model); code(err) != "device_disconnected" {
		t.Error(err)
	}
	p.Disconnect()
	for n := range p.Notifications() {
		t.Errorf("%+v", n)
	}
	k.cuff.Greet(nil)
	if err := k.use(); err != nil {
		t.Error(err)
	}
}

// TestBlueZ_Untold: a device that is connected without BlueZ saying so measures,
// also when BlueZ says something else of it, until the link is lost.
func TestBlueZ_Untold(t *testing.T) {
	k := newDesk(t, func(c *bluezdouble.Device) { c.Untold = true })
	p := connect(t, k.radio, address)
	if err := p.Subscribe(t.Context(), pressure); err != nil {
		t.Fatal(err)
	}
	k.cuff.Rename("HEM-9210T")
	k.cuff.Notify(pressure, []byte{1})
	if n := <-p.Notifications(); n.Characteristic != pressure || !bytes.Equal(n.Value, []byte{1}) {
		t.Errorf("%+v", n)
	}
	k.cuff.Disconnect()
	for n := range p.Notifications() {
		t.Errorf("%+v", n)
	}
	if err := k.use(); err != nil {
		t.Error(err)
	}
}
