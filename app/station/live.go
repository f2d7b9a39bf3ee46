package station

import (
	"slices"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// The limits of the live board.
const (
	liveDevices = 1024 // beds; the one that was silent longest makes room
	liveValues  = 96   // parameters of one
	liveAge     = time.Hour
)

// A place is one bed of one device.
type place struct{ device, bed string }

// live holds the newest values of every place. Keeping it up to date is a few
// words for each value and no allocation: a ward sends thousands a second,
// which nobody may be looking at.
type live struct {
	mu       sync.Mutex
	places   map[place]*placeLive
	version  uint64
	watchers map[chan struct{}]struct{}
}

type placeLive struct {
	place    place
	device   fhirmap.Device
	patient  *fhirmap.Patient
	received time.Time
	version  uint64
	cleared  uint64 // the version that took away what was somebody else's
	values   []liveSlot
}

type liveSlot struct {
	fhirmap.LiveValue
	received time.Time
	version  uint64 // of the place, when the value came
	course   *ring  // nil: the place has too many
}

func newLive() *live {
	return &live{places: map[place]*placeLive{}, watchers: map[chan struct{}]struct{}{}}
}

// put takes over what r shows.
func (l *live) put(r *fhirmap.Report, received time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var at *placeLive
	came := arrivalOf(r, received)
	came.before = l.version
	for i := range r.Measurements {
		m := &r.Measurements[i]
		at = l.at(at, &m.Device, m.Bed, received)
		at.take(m.Patient)
		if m.Origin != fhirmap.OriginAdmission { // nobody has measured it now
			at.measured(m, &came)
		}
	}
	for i := range r.Live {
		shown := &r.Live[i]
		at = l.at(at, &shown.Device, shown.Bed, received)
		if slices.ContainsFunc(shown.Values, func(v fhirmap.LiveValue) bool { return v.State != "" }) {
			at.take(shown.Patient)
		}
		for j := range shown.Values {
			at.show(&shown.Values[j], shown.Time, &came)
		}
	}
	if at != nil {
		l.wake()
	}
}

// An arrival is when values came, by the clocks of both ends.
type arrival struct {
	received  time.Time
	newest    time.Time // of what the monitor says, by its own clock
	streaming bool
	before    uint64 // the version of the board
}

func arrivalOf(r *fhirmap.Report, received time.Time) arrival {
	a := arrival{received: received, streaming: r.Streaming}
	if !a.streaming {
		return a
	}
	for i := range r.Measurements {
		a.note(r.Measurements[i].Time)
	}
	for i := range r.Live {
		a.note(r.Live[i].Time)
		for j := range r.Live[i].Values {
			a.note(r.Live[i].Values[j].Time)
		}
	}
	return a
}

func (a *arrival) note(own time.Time) {
	if own.After(a.newest) {
		a.newest = own
	}
}

// asOf is when a value of the time own held. Where values come by themselves,
// the newest holds now, and what the monitor says again beside it, such as a
// cuff pressure of before, is older by as much as by the monitor's clock.
func (a *arrival) asOf(own time.Time) time.Time {
	switch {
	case own.IsZero():
		return a.received
	case a.streaming:
		return a.received.Add(own.Sub(a.newest))
	}
	return own
}

// at finds the place of device and bed, which most often is the one before.
func (l *live) at(before *placeLive, d *fhirmap.Device, bed string, received time.Time) *placeLive {
	at := before
	if at == nil || at.place.device != d.ID || at.place.bed != bed {
		at = l.places[place{d.ID, bed}]
	}
	if at == nil {
		l.makeRoom()
		at = &placeLive{place: place{strings.Clone(d.ID), strings.Clone(bed)}}
		l.places[at.place] = at
	}
	if at.device != *d {
		at.device = cloneDevice(d)
	}
	at.received = received
	l.version++
	at.version = l.version
	return at
}

func (l *live) makeRoom() {
	if len(l.places) < liveDevices {
		return
	}
	var oldest *placeLive
	for _, at := range l.places {
		if oldest == nil || at.received.Before(oldest.received) {
			oldest = at
		}
	}
	delete(l.places, oldest.place)
}

// take notes whose the values that follow are. What was somebody else's leaves;
// the limits are the monitor's, and stay.
func (at *placeLive) take(who *fhirmap.Patient) {
	if samePerson(at.patient, who) {
		return
	}
	for i := range at.values {
		v := &at.values[i].LiveValue
		if v.State != "" {
			at.cleared = at.version
		}
		v.Value, v.State = nil, ""
		at.values[i].course.clear()
	}
	at.patient = clonePatient(who)
}

// measured takes over the readings of m. Values that come again by themselves
// replace the ones before, whatever clock the monitor has; of others the newest.
// Of two probes the first is shown: the second is often on the skin.
func (at *placeLive) measured(m *fhirmap.Measurement, came *arrival) {
	own := m.Time
	if own.IsZero() {
		own = came.received
	}
	doubted := !m.Plausible()
	contradictory := doubted && !slices.ContainsFunc(m.Readings, func(r fhirmap.Reading) bool { return !fhirmap.Plausible(r) })
	for i := range m.Readings {
		r := &m.Readings[i]
		v := fhirmap.LiveValue{Type: r.Type, Value: r.Value, Unit: r.Unit, State: fhirmap.LiveValid, Low: r.Low, High: r.High, Time: own, AsOf: came.asOf(m.Time)}
		if r.Type == fhirmap.HeartRate && m.Type != fhirmap.HeartRate {
			v.Type = fhirmap.PulseRate
		}
		switch {
		case r.Value == nil:
			v.State = fhirmap.LiveMissing
		case contradictory || doubted && !fhirmap.Plausible(*r):
			v.State = fhirmap.LiveImplausible
		}
		slot := at.slot(v.Type)
		if slot == nil || slot.newer(&v, came.received) || slot.State == fhirmap.LiveValid && slot.version > came.before && !v.AsOf.After(slot.AsOf) {
			continue
		}
		slot.put(&v, came.received)
		slot.version = at.version
	}
}

// show takes over a value as the monitor shows it, or its limits alone.
func (at *placeLive) show(v *fhirmap.LiveValue, own time.Time, came *arrival) {
	slot := at.slot(v.Type)
	if slot == nil {
		return
	}
	shown := *v
	if shown.Time.IsZero() {
		shown.Time = own
	}
	shown.AsOf = came.asOf(shown.Time)
	if shown.Time.IsZero() {
		shown.Time = came.received
	}
	if v.State == fhirmap.LiveValid && !fhirmap.Plausible(fhirmap.Reading{Type: v.Type, Value: v.Value, Unit: v.Unit}) {
		shown.State = fhirmap.LiveImplausible
	}
	if v.State == "" || !slot.newer(&shown, came.received) {
		slot.put(&shown, came.received)
	}
}

// newer tells whether what s shows is newer than v. What is newer than the
// present was measured by a clock that has been set right since, and what is
// not shown any more is no obstacle either.
func (s *liveSlot) newer(v *fhirmap.LiveValue, received time.Time) bool {
	return s.State != "" && v.AsOf.Before(s.AsOf) && !v.Time.Equal(s.Time) &&
		!s.AsOf.After(received.Add(aheadTolerance)) && !expired(s.received, received)
}

// slot finds the place of a parameter, nil when there are too many.
func (at *placeLive) slot(t fhirmap.Type) *liveSlot {
	for i := range at.values {
		if at.values[i].Type == t {
			return &at.values[i]
		}
	}
	if len(at.values) == liveValues {
		return nil
	}
	s := liveSlot{LiveValue: fhirmap.LiveValue{Type: fhirmap.Type(strings.Clone(string(t)))}}
	if len(at.values) < coursesEach {
		s.course = &ring{}
	}
	at.values = append(at.values, s)
	return &at.values[len(at.values)-1]
}

func (s *liveSlot) put(v *fhirmap.LiveValue, received time.Time) {
	sameUnit := s.Unit.UCUM == v.Unit.UCUM && s.Unit.Label == v.Unit.Label
	if !sameUnit {
		if v.State == "" && s.State != "" {
			return // limits of other numbers than those shown
		}
		s.Unit = fhirmap.Unit{UCUM: strings.Clone(v.Unit.UCUM), Label: strings.Clone(v.Unit.Label), MDC: v.Unit.MDC}
		s.Low, s.High = nil, nil
		s.course.clear()
	}
	if v.State != "" {
		s.Value, s.State, s.Time, s.AsOf, s.received = v.Value, v.State, v.Time, v.AsOf, received
	}
	if v.State == fhirmap.LiveValid {
		s.course.add(v, received)
	}
	if v.Low != nil || v.High != nil || v.State == "" {
		s.Low, s.High = v.Low, v.High
	}
}

// snapshot is what at shows, the caller's own. Limits without a value show
// nothing.
func (at *placeLive) snapshot(now time.Time) fhirmap.Live {
	shown := fhirmap.Live{Device: at.device, Bed: at.place.bed, Patient: at.patient}
	for i := range at.values {
		slot := &at.values[i]
		if slot.State == "" || expired(slot.received, now) {
			continue
		}
		shown.Values = append(shown.Values, slot.LiveValue)
		if slot.Time.After(shown.Time) {
			shown.Time = slot.Time
		}
	}
	if len(shown.Values) == 0 {
		shown.Time = at.received
	}
	return shown
}

func expired(received, now time.Time) bool { return now.Sub(received).Abs() > liveAge }

// since is what has changed behind version after, in a stable order.
func (l *live) since(after uint64, now time.Time) ([]fhirmap.Live, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []fhirmap.Live
	for key, at := range l.places {
		if expired(at.received, now) {
			delete(l.places, key)
			continue
		}
		if at.version > after {
			shown := at.snapshot(now)
			if len(shown.Values) > 0 || after > 0 && at.cleared > after {
				list = append(list, shown)
			}
		}
	}
	slices.SortFunc(list, func(a, b fhirmap.Live) int {
		if d := strings.Compare(a.Bed, b.Bed); d != 0 {
			return d
		}
		return strings.Compare(a.Device.ID, b.Device.ID)
	})
	return list, l.version
}

// wake tells who watches; one that has not looked yet is not told twice.
func (l *live) wake() {
	for watcher := range l.watchers {
		select {
		case watcher <- struct{}{}:
		default:
		}
	}
}

// Live is what every monitor shows: the newest values of each device and bed,
// with their limits and states, by bed. A value keeps its own time; what is
// older than an hour, and what was measured on somebody else, is not shown.
func (s *Station) Live() []fhirmap.Live {
	list, _ := s.live.since(0, s.now())
	return list
}

// LiveSince is the part of Live that has changed since it gave version, 0 for
// all of it, and the version to pass next time. A bed without values is one of
// which those of the person before are to be taken away.
func (s *Station) LiveSince(version uint64) (changed []fhirmap.Live, now uint64) {
	return s.live.since(version, s.now())
}

// WatchLive gives a channel that receives when Live has changed, however often
// it changed meanwhile, and a function that ends it.
func (s *Station) WatchLive() (changed <-chan struct{}, stop func()) {
	l := s.live
	watcher := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[watcher] = struct{}{}
	return watcher, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, watcher)
	}
}

func samePerson(a, b *fhirmap.Patient) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.ID == "" && b.ID == "" { // named, and nobody that can be found again
		return *a == *b
	}
	return a.ID == b.ID && a.System == b.System
}

func cloneDevice(d *fhirmap.Device) fhirmap.Device {
	return fhirmap.Device{
		ID: strings.Clone(d.ID), Type: d.Type, Name: strings.Clone(d.Name), Manufacturer: strings.Clone(d.Manufacturer),
		Model: strings.Clone(d.Model), Serial: strings.Clone(d.Serial), EUI64: strings.Clone(d.EUI64),
	}
}

func clonePatient(p *fhirmap.Patient) *fhirmap.Patient {
	if p == nil {
		return nil
	}
	return &fhirmap.Patient{
		System: strings.Clone(p.System), ID: strings.Clone(p.ID), Family: strings.Clone(p.Family),
		Given: strings.Clone(p.Given), BirthDate: strings.Clone(p.BirthDate), Sex: strings.Clone(p.Sex),
	}
}
