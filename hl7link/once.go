package hl7link

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"sync"

	"vitalien/fhirmap"
)

// A monitor says some values again in every message until there are others: a
// cuff pressure with the time of its measurement (OBX-14), the height and
// weight that were typed at admission. Each is one measurement. A memory knows
// which were recorded, of all connections of a link, so that a reconnection
// brings none again.
type memory struct {
	mu      sync.Mutex
	devices map[string][]kept // by device and bed, the newest last
	order   []string          // of devices, by when they were first heard
}

type digest [sha256.Size]byte

// A kept measurement was recorded as person's.
type kept struct {
	digest
	person string
}

// someone is who is not known any more: the key of no patient.
const someone = "?"

// What a memory holds at most: a monitor shows one cuff pressure, and a list of
// a few when it reconnects.
const (
	maxRememberedDevices = 1024
	maxRemembered        = 16
)

// A remembrance is what to keep once its report is on disk.
type remembrance struct {
	place string
	kept
}

// withoutKnown takes from the report what was recorded before: it is shown, to
// the one whose it is, and not recorded again. Of a place that it has not heard of, recorded tells. What
// it gives is to be kept once the report is safe. A report that holds nothing
// but such values, and cannot be told from its repetition otherwise, gets a key
// of them.
func (y *memory) withoutKnown(d *decoded, recorded func(*fhirmap.Measurement) bool) []remembrance {
	if len(d.single) == 0 {
		return nil
	}
	r, fresh, again := &d.report, []remembrance(nil), 0
	pressure := false
	key := sha256.New()
	for i := len(d.single) - 1; i >= 0; i-- {
		at := d.single[i]
		m := &r.Measurements[at]
		one := remember(m)
		owner, known, heard := y.knows(one)
		if !heard && recorded(m) {
			known, owner = true, someone
			y.keep([]remembrance{{one.place, kept{one.digest, someone}}})
		}
		if known {
			if owner == one.person {
				d.showAgain(m)
			}
			r.Measurements = slices.Delete(r.Measurements, at, at+1)
			again++
			continue
		}
		fmt.Fprintf(key, "%q %x ", one.place, one.digest)
		fresh = append(fresh, one)
		pressure = pressure || m.Type == fhirmap.BloodPressure
	}
	if pressure { // it is not among what comes again by itself
		r.Streaming = false
	}
	if r.Key == "" && again == 0 && len(fresh) == len(r.Measurements) && r.Peer != "" && len(r.Alarms) == 0 {
		fmt.Fprint(key, r.Peer)
		r.Key = hex.EncodeToString(key.Sum(nil))
	}
	return fresh
}

// showAgain makes a measurement that is known a thing to be shown only.
func (d *decoded) showAgain(m *fhirmap.Measurement) {
	for i := range d.report.Live {
		if l := &d.report.Live[i]; l.Device.ID == m.Device.ID && l.Bed == m.Bed && l.Patient == m.Patient {
			l.Values = append(l.Values, m.LiveValues()...)
			return
		}
	}
	d.report.Live = append(d.report.Live, fhirmap.Live{
		Device: m.Device, Bed: m.Bed, Patient: m.Patient, Time: m.Time, Values: m.LiveValues(),
	})
}

// remember gives what tells m from others of its device and bed. A cuff
// pressure that a monitor still shows when the next person is admitted is not
// theirs, so the person counts only where no bed is known, or where they are
// what is said: typed at admission.
func remember(m *fhirmap.Measurement) remembrance {
	h := sha256.New()
	if m.Bed == "" || m.Origin == fhirmap.OriginAdmission {
		if p := m.Patient; p != nil {
			fmt.Fprintf(h, "%q", []string{p.System, p.ID, p.Family, p.Given, p.BirthDate})
		}
	}
	fmt.Fprintf(h, "%s %s %t ", m.Type, m.Status, m.Test)
	if m.Origin == "" {
		fmt.Fprint(h, m.Time.UnixNano())
	}
	for i := range m.Readings {
		writeReading(h, &m.Readings[i])
	}
	return remembrance{m.Device.ID + "\x00" + m.Bed, kept{digest(h.Sum(nil)), m.Patient.Key()}}
}

func writeReading(h hash.Hash, r *fhirmap.Reading) {
	value := ""
	if r.Value != nil {
		value = r.Value.String()
	}
	fmt.Fprintf(h, " %s=%s %s", r.Type, value, r.Unit.UCUM)
}

// knows tells whether one was kept, as whose, and whether anything was of its
// place.
func (y *memory) knows(one remembrance) (owner string, known, heard bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	all, heard := y.devices[one.place]
	if i := find(all, one.digest); i >= 0 {
		return all[i].person, true, true
	}
	return "", false, heard
}

func find(all []kept, d digest) int {
	return slices.IndexFunc(all, func(k kept) bool { return k.digest == d })
}

// keep remembers what is on disk now.
func (y *memory) keep(all []remembrance) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, one := range all {
		known, seen := y.devices[one.place]
		if find(known, one.digest) >= 0 {
			continue
		}
		if !seen {
			y.admit(one.place)
		}
		if len(known) == maxRemembered {
			known = slices.Delete(known, 0, 1)
		}
		y.devices[one.place] = append(known, one.kept)
	}
}

func (y *memory) admit(place string) {
	if y.devices == nil {
		y.devices = map[string][]kept{}
	}
	if len(y.order) == maxRememberedDevices {
		delete(y.devices, y.order[0])
		y.order = slices.Delete(y.order, 0, 1)
	}
	y.order = append(y.order, place)
}
