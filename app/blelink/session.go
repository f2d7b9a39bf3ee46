package blelink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// A Session is one connection to a device, as its driver sees it.
type Session struct {
	Peripheral
	Paired Paired // the driver may complete what the device says of itself
	Logger *slog.Logger
	Now    func() time.Time
	Zone   *time.Location
	// Ahead is by how much the device's clock is ahead of this computer's, once
	// the driver knows it.
	Ahead time.Duration
	// ClockRead: the driver could read the device's clock.
	ClockRead bool

	link    *Link
	device  *served
	yielded bool
}

func (l *Link) newSession(d *served, trial bool) *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Session{Paired: d.Paired, Logger: l.o.Logger, Now: l.o.Now, Zone: l.o.Zone, link: l, device: d}
	s.Paired.Progress.Recent = slices.Clone(d.Progress.Recent)
	return s
}

// Context is what decoders are told.
func (s *Session) Context() Context {
	return Context{Device: s.Paired.Device(), Received: s.Now(), Zone: s.Zone}
}

// Device is p as its measurements name it.
func (p *Paired) Device() fhirmap.Device {
	return fhirmap.Device{
		ID: p.ID, Type: p.Type, Name: p.Name, Manufacturer: p.Maker, Model: p.Model, Serial: p.Serial, EUI64: p.EUI64,
	}
}

// mostRecent is how many measurements of a device are remembered, more than
// the devices served store.
const mostRecent = 1024

// Record takes over what was measured, in its order. It returns once all of it
// is on disk, so only then may the device be asked for the next record. What
// was taken over before is left out. While the disk is full it waits; an
// error says that ctx has ended.
func (s *Session) Record(ctx context.Context, taken []Taken) error {
	for i := range taken {
		identity := identityOf(&taken[i])
		known := identity != "" && slices.Contains(s.Paired.Progress.Recent, identity)
		if !known {
			if err := s.recordOne(ctx, &taken[i], identity); err != nil {
				return err
			}
			s.yielded = true
		}
		s.advance(&taken[i], identity, known)
	}
	return nil
}

// Known tells whether what taken says was taken over before.
func (s *Session) Known(taken *Taken) bool {
	identity := identityOf(taken)
	return identity != "" && slices.Contains(s.Paired.Progress.Recent, identity)
}

// identityOf tells a measurement from others of the same device by its own
// number and clock. It is empty for one that has neither: the same values may
// well be measured again.
func identityOf(t *Taken) string {
	if t.Sequence == nil && t.Time.IsZero() {
		return ""
	}
	h := sha256.New()
	if t.Sequence != nil {
		fmt.Fprint(h, *t.Sequence)
	}
	fmt.Fprintf(h, "\x00%s\x00%s", t.Type, t.Time.Format("2006-01-02T15:04:05"))
	for i := range t.Readings {
		fmt.Fprintf(h, "\x00%s", t.Readings[i].Type)
		if v := t.Readings[i].Value; v != nil {
			fmt.Fprintf(h, "\x00%s", v)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func (s *Session) recordOne(ctx context.Context, t *Taken, identity string) error {
	m := t.Measurement
	m.Test = m.Test || s.link.o.Test
	s.setTime(&m)
	r := fhirmap.Report{Link: "ble", Peer: s.Paired.Address, Measurements: []fhirmap.Measurement{m}}
	if identity != "" {
		key := sha256.Sum256([]byte(s.Paired.ID + "\x00" + identity))
		r.Key = hex.EncodeToString(key[:])
	}
	for pause := time.Second; ; pause = min(2*pause, longRest) {
		_, err := s.link.o.Sink.Record(ctx, r)
		if err == nil {
			s.link.measured(s, &m)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fault := fhirmap.FaultOf(err)
		s.link.troubled(s, fault)
		if fault.Code == "bad_request" {
			s.Logger.Error("a Bluetooth measurement was refused", "device", s.Paired.ID, "error", err)
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// The clocks of devices. What lies further ahead than a clock may go wrong, or
// before there was such a device, is a clock that was never set.
const (
	clockTolerance = 2 * time.Minute
	oldestYear     = 2010
)

// setTime corrects the time of m where the device's clock is known to be
// wrong, as the coincident timestamp of the HL7 Personal Health Device guide
// does, and takes it away where it cannot be true.
func (s *Session) setTime(m *fhirmap.Measurement) {
	if m.Time.IsZero() {
		return
	}
	if s.ClockRead && s.Ahead.Abs() > clockTolerance {
		m.Time = m.Time.Add(-s.Ahead)
	}
	if now := s.Now(); m.Time.Sub(now) > clockTolerance || m.Time.Year() < oldestYear {
		m.Time, m.TimeUnknown = time.Time{}, true
	}
}

// advance notes that a measurement is on disk.
func (s *Session) advance(t *Taken, identity string, known bool) {
	p := &s.Paired.Progress
	if t.Sequence != nil {
		p.Sequence = new(*t.Sequence)
	}
	if identity == "" && t.Sequence == nil {
		return
	}
	if identity != "" && !known {
		p.Recent = append(p.Recent, identity)
		p.Recent = slices.Delete(p.Recent, 0, max(len(p.Recent)-mostRecent, 0))
	}
	s.Keep()
}

// Keep keeps what the session has learnt of the device.
func (s *Session) Keep() {
	if err := s.link.keep(s); err != nil {
		s.Logger.Warn("noting how far a device was read; it may be read again", "device", s.Paired.ID, "error", err)
	}
}

// Show shows values that are not to be recorded, to people and to clients that
// ask for them.
func (s *Session) Show(ctx context.Context, live *fhirmap.Live) {
	s.link.shows(s, live)
	report := fhirmap.Report{Link: "ble", Peer: s.Paired.Address, Live: []fhirmap.Live{*live}, Streaming: true}
	if _, err := s.link.o.Sink.Record(ctx, report); err != nil && ctx.Err() == nil {
		s.Logger.Warn("live values of a Bluetooth device could not be shown", "device", s.Paired.ID, "error", err)
	}
}

// Battery tells the charge, in percent.
func (s *Session) Battery(percent int) {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	s.device.status.Battery = percent
	s.link.tellLocked(s.device)
}

// keep stores what s has learnt, but not the names, which are people's.
func (l *Link) keep(s *Session) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := s.Paired
	p.Name, p.Place = s.device.Name, s.device.Place
	s.device.Paired = p
	s.device.Progress.Recent = slices.Clone(p.Progress.Recent)
	if s.device.trial || l.served[p.Address] != s.device {
		return nil // kept when pairing is finished, or not any more
	}
	return l.o.Keeper.Keep(p)
}

// troubled shows that something keeps a measurement from being recorded.
func (l *Link) troubled(s *Session, fault *fhirmap.Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.device.status.Fault = fault
	l.tellLocked(s.device)
}

// measured shows that a measurement is on disk.
func (l *Link) measured(s *Session, m *fhirmap.Measurement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.device.status.Fault != nil {
		s.device.status.Fault = nil
		l.tellLocked(s.device)
	}
	if s.device.trial {
		l.pairing.measuredLocked(l, m)
	}
}

func (l *Link) shows(s *Session, live *fhirmap.Live) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.device.trial {
		l.pairing.liveLocked(l, live)
	}
}
