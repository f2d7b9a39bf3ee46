package hl7link

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"sync"

	"golang.org/x/crypto/blake2b"

	"vitalien/fhirmap"
)

// A monitor says some values again in every message until there are others: a
// cuff pressure with the time of its measurement (OBX-14), the height and
// weight that were typed at admission. Each is one measurement. A memory knows
// which were recorded, of all connections of a link, so that a reconnection
// brings none again.
type memory struct {
	mu     sync.Mutex
	places map[string][]kept // the newest last
	order  []string          // of places, by when they were first heard of
	claims map[claim]bool    // what is being recorded
	freed  *sync.Cond        // of mu: a claim is over
}

func newMemory() *memory {
	y := &memory{places: map[string][]kept{}, claims: map[claim]bool{}}
	y.freed = sync.NewCond(&y.mu)
	return y
}

type digest [sha256.Size]byte

// digestOf is the digest of a message. BLAKE2b (RFC 7693) takes a third of the
// time of SHA-256 on processors that have no instructions for the latter.
func digestOf(text []byte) digest { return blake2b.Sum256(text) }

// A kept measurement was recorded as person's.
type kept struct {
	digest
	person string
}

// A claim is on one measurement.
type claim struct {
	place string
	digest
}

// What a memory holds at most: a monitor shows one cuff pressure, or a list of
// the last ones.
const (
	maxPlaces     = 1024
	maxRemembered = 64
)

// A remembrance is what to keep once its report is on disk. Its place is a kind
// of measurement of a device and bed, of one person where it was typed, and
// then only the newest counts: it can be changed, and changed back.
type remembrance struct {
	place string
	kept
	typed bool
}

// repeatable gives what tells the measurements apart that a monitor says again
// and again.
func (d *decoded) repeatable() []remembrance {
	if len(d.single) == 0 {
		return nil
	}
	all := make([]remembrance, len(d.single))
	for i, at := range d.single {
		all[i] = remember(&d.report.Measurements[at])
	}
	return all
}

// withoutKnown takes from the report what was recorded before: it is shown, to
// the one whose it is, and not recorded again. What it has not heard of a place
// may be of an earlier run, which recorded tells. It gives what is to be kept
// once the report is safe. A report that holds nothing but cuff pressures, and
// cannot be told from its repetition otherwise, gets a key of them.
func (y *memory) withoutKnown(d *decoded, all []remembrance, recorded func(*fhirmap.Measurement) *fhirmap.Measurement) (fresh []remembrance) {
	if len(all) == 0 {
		return nil
	}
	r, again, typed, pressure := &d.report, 0, false, false
	key, unheard := sha256.New(), map[string]bool{}
	for i := len(all) - 1; i >= 0; i-- {
		at, one := d.single[i], all[i]
		m := &r.Measurements[at]
		owner, known, heard := y.knows(one)
		if !heard {
			unheard[one.place] = true
		}
		if !known && unheard[one.place] { // of a list each
			if earlier := recorded(m); earlier != nil {
				known, owner = true, personOf(earlier.Patient)
				y.keep([]remembrance{{one.place, kept{one.digest, owner}, one.typed}})
			}
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
		typed = typed || one.typed
		pressure = pressure || m.Type == fhirmap.BloodPressure
	}
	if pressure { // it is not among what comes again by itself
		r.Streaming = false
	}
	if r.Key == "" && again == 0 && !typed && len(fresh) == len(r.Measurements) && r.Peer != "" && len(r.Alarms) == 0 {
		fmt.Fprint(key, r.Peer)
		r.Key = hex.EncodeToString(key.Sum(nil))
	}
	return fresh
}

// claim waits while somebody else records one of these, and keeps others from
// it until settled: they know by then what became of it.
func (y *memory) claim(all []remembrance) (settled func()) {
	if len(all) == 0 {
		return func() {}
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	for slices.ContainsFunc(all, func(one remembrance) bool { return y.claims[one.claim()] }) {
		y.freed.Wait()
	}
	for _, one := range all {
		y.claims[one.claim()] = true
	}
	return func() {
		y.mu.Lock()
		defer y.mu.Unlock()
		for _, one := range all {
			delete(y.claims, one.claim())
		}
		y.freed.Broadcast()
	}
}

func (one *remembrance) claim() claim { return claim{one.place, one.digest} }

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

// remember gives what tells m from others of its place. A cuff pressure that a
// monitor still shows when the next person is admitted is not theirs, so the
// person counts only where no bed is known, or where they are what is said:
// typed at admission.
func remember(m *fhirmap.Measurement) remembrance {
	one := remembrance{place: m.Device.ID + "\x00" + m.Bed + "\x00" + string(m.Type), typed: m.Origin != ""}
	one.person = personOf(m.Patient)
	h := sha256.New()
	if p := m.Patient; p != nil && (m.Bed == "" || one.typed) {
		who := fmt.Sprintf("%q", []string{p.System, p.ID, p.Family, p.Given, p.BirthDate})
		fmt.Fprint(h, who)
		if one.typed {
			one.place += "\x00" + who
		}
	}
	fmt.Fprintf(h, "%s %s %t ", m.Type, m.Status, m.Test)
	if !one.typed {
		fmt.Fprint(h, m.Time.UnixNano())
	}
	for i := range m.Readings {
		writeReading(h, &m.Readings[i])
	}
	one.digest = digest(h.Sum(nil))
	return one
}

// personOf tells persons apart, also those without an id.
func personOf(p *fhirmap.Patient) string {
	if key := p.Key(); key != "" || p == nil {
		return key
	}
	return fmt.Sprintf("%q", []string{p.System, p.Family, p.Given, p.BirthDate})
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
	all, heard := y.places[one.place]
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
		known, seen := y.places[one.place]
		if find(known, one.digest) >= 0 {
			continue
		}
		if !seen {
			y.makeRoom(one.place)
		}
		if len(known) == maxRemembered || one.typed && len(known) > 0 {
			known = slices.Delete(known, 0, 1)
		}
		y.places[one.place] = append(known, one.kept)
	}
}

func (y *memory) makeRoom(place string) {
	if len(y.order) == maxPlaces {
		delete(y.places, y.order[0])
		y.order = slices.Delete(y.order, 0, 1)
	}
	y.order = append(y.order, place)
}
