package blelink

import (
	"cmp"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// How long a candidate is shown after it was heard, and how many are.
const (
	heardAge  = 20 * time.Second
	mostHeard = 64
)

// Search looks for devices of a type, or of one driver's; it ends the pairing
// that was under way. Errors: a Fault bad_request.
func (l *Link) Search(t fhirmap.DeviceType, driver string) error {
	if d := DriverByID(driver); driver != "" && (d == nil || d.Type != t) || !slices.ContainsFunc(Drivers(), func(d *Driver) bool { return d.Type == t }) {
		return &fhirmap.Fault{
			Code: "bad_request", English: "no such kind of device can be paired",
			French: "Ce type d’appareil ne peut pas être jumelé.",
		}
	}
	l.control.Lock()
	defer l.control.Unlock()
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pairing = &attempt{Pairing: Pairing{Step: StepSearching, Type: t, Driver: driver}, answers: make(chan answer, 1)}
	l.tellPairingLocked()
	l.changed()
	return nil
}

func (a *attempt) searching() bool { return a != nil && a.Step == StepSearching }

// heard notes a candidate: what one of the drivers recognises, and what else
// has a name.
func (a *attempt) heard(l *Link, adv Advertisement, now time.Time) {
	if !a.searching() {
		return
	}
	a.Heard = slices.DeleteFunc(a.Heard, func(h Heard) bool { return now.Sub(h.Seen) > heardAge })
	h := Heard{Address: adv.Address, Name: adv.Name, RSSI: adv.RSSI, Seen: now}
	if d, sure := a.recognise(&adv); d != nil {
		h.Driver, h.sure = d.ID, sure
	}
	if d := l.served[adv.Address]; d != nil {
		h.Paired = d.ID
	}
	i := slices.IndexFunc(a.Heard, func(have Heard) bool { return have.Address == h.Address })
	switch {
	case i >= 0:
		have := &a.Heard[i]
		h.Name = cmp.Or(h.Name, have.Name)
		if h.sure < have.sure { // scan response and advertisement say different things
			h.Driver, h.sure = have.Driver, have.sure
		}
		*have = h
	case h.Name == "" && h.Driver == "" || len(a.Heard) >= mostHeard && h.Driver == "":
		return
	default:
		a.Heard = append(a.Heard, h)
	}
	slices.SortStableFunc(a.Heard, func(x, y Heard) int {
		return cmp.Or(cmp.Compare(y.sure, x.sure), cmp.Compare(strength(y.RSSI), strength(x.RSSI)))
	})
	l.tellPairingLocked()
}

// strength is the signal in steps, so that the list stays still.
func strength(rssi int) int {
	switch {
	case rssi == 0 || rssi < -85:
		return 0
	case rssi < -70:
		return 1
	}
	return 2
}

// recognise finds the driver that is surest of the device, among those of the
// type that is looked for. One that was chosen outdoes those that are as sure.
func (a *attempt) recognise(adv *Advertisement) (best *Driver, sure int) {
	for _, d := range Drivers() {
		if d.Type != a.Type {
			continue
		}
		if s := d.Recognise(adv); s > sure || s == sure && s > 0 && d.ID == a.Driver {
			best, sure = d, s
		}
	}
	return best, sure
}
