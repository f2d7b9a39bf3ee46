package station

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
	"vitalien/localstore"
)

// A Keyring keeps the key of the log outside of the data folder.
type Keyring = localstore.Keyring

// StoreFile is the name of the log within the data folder.
const StoreFile = "vitalien.db"

// Options are what a Station is made of. Clock and identifiers are injected.
type Options struct {
	Logger *slog.Logger
	Now    func() time.Time // nil: time.Now
	NewID  func() string    // nil: random UUIDs
	Demo   bool             // simulated devices are running

	// RecordEvery is how often values that come again by themselves are recorded;
	// 0: DefaultRecordEvery.
	RecordEvery time.Duration
	// Monitors are those that the settings file names: Address, and Name, Bed and
	// Department where they are given.
	Monitors []Monitor
	// Keyring keeps the key of the log; nil: a file in the data folder does.
	Keyring Keyring
	// ObservationAge is how long the log is kept; 0: 10 years.
	ObservationAge time.Duration
	// DetailAge is how long the continuous values of monitors are kept that were
	// recorded for the rhythm alone; 0: 30 days.
	DetailAge time.Duration
	// CheckFile looks at the log before it is opened; nil: nobody does, and one that
	// is damaged is not mended.
	CheckFile CheckFile
	// Backups are made every day.
	Backups Backups
	// QuarantineAge is how long refused messages are kept; 0: 30 days.
	QuarantineAge time.Duration
	// Stethoscope is where the sound of recordings comes from, how its network is
	// joined, and how long a recording is at most. The rest is the station's own.
	Stethoscope stethoscope.Options
}

// A Station is the one place where measurements are accepted. Its methods are
// safe for concurrent use.
type Station struct {
	store *localstore.Store
	log   *slog.Logger
	now   func() time.Time
	newID func() string
	demo  bool

	// ward guards open and the order of the log: reports hold it shared from
	// attribution to commit, a change of consultation exclusively.
	ward sync.RWMutex
	open *openConsultation

	repeats *repeats
	recent  recent
	sheet   sheet
	access  *access
	board   *board
	live    *live
	sampler *sampler
	alerts  *alerts

	monitors   *monitors
	patients   patients
	directory  *directory
	quarantine *localstore.Vault
	auditLog   *localstore.Vault
	refusals   refusals
	latest     latest
	bluetooth  bluetooth
	catalogue  catalogue
	recordings recordings
	onRevise   callbacks

	corrections corrections
	receivers   receivers
	traffic     traffic
	connections connections
	doubtful    bool // the log was mended, so that its indexes are made anew

	backups      Backups
	retention    time.Duration // of the log
	detailAge    time.Duration // of detail of continuous values
	opened       time.Time
	newestAtOpen time.Time // when the newest entry was received
	clock        time.Time // the latest that it has shown
}

// Open opens the log in the data folder and starts from what it holds: the
// consultation that was open, the messages of the last ten minutes, the
// approved web pages. Errors are Faults: store_locked when another instance
// holds the folder, and those of localstore.
func Open(folder string, o Options) (*Station, error) {
	s, err := open(folder, o)
	if isCode(err, localstore.CodeCorrupt) && o.CheckFile != nil && isSuspect(folder) {
		return open(folder, o) // mends what the first try has found
	}
	return s, err
}

func open(folder string, o Options) (*Station, error) {
	s := &Station{
		log: o.Logger, now: o.Now, newID: o.NewID, demo: o.Demo, repeats: newRepeats(), board: newBoard(o.Demo),
		live: newLive(), sampler: newSampler(o.RecordEvery), alerts: newAlerts(), monitors: newMonitors(),
		catalogue: catalogue{size: segmentRows}, directory: newDirectory(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = newUUID
	}
	s.backups = o.Backups.in(folder)
	s.retention, s.opened = cmp.Or(o.ObservationAge, observationAge), s.now()
	s.detailAge = cmp.Or(o.DetailAge, detailAge)
	if err := s.openStore(folder, &o); err != nil {
		return nil, err
	}
	s.lookAround(folder)
	s.quarantine = s.store.Vault(quarantineVault, o.quarantineLimits())
	s.auditLog = s.store.Vault(auditVault, auditLimits())
	s.openRecordings(o.Stethoscope)
	if err := s.restore(o); err != nil {
		s.store.Close()
		return nil, err
	}
	return s, nil
}

// Exists tells whether the data folder has a log.
func Exists(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, StoreFile))
	return err == nil
}

func (s *Station) restore(o Options) (err error) {
	if s.newestAtOpen, err = s.newestEntry(); err != nil {
		return err
	}
	s.clock = s.newestAtOpen
	s.watchClock()
	if s.access, err = openAccess(s.store, s.now, s.log); err != nil {
		return err
	}
	if err := s.corrections.load(s, s.doubtful); err != nil {
		return err
	}
	if err := errors.Join(s.recent.load(s), s.receivers.load(s)); err != nil {
		return err
	}
	if err := errors.Join(s.patients.load(s), s.restoreMonitors(o.Monitors), s.restoreAlerts(), s.restoreDevices()); err != nil {
		return err
	}
	if err := s.restoreConsultation(); err != nil {
		return err
	}
	if err := s.tellDeletions(); err != nil {
		s.log.Warn("the log does not tell of a deletion yet; the next start tries again", "error", err)
	}
	return errors.Join(s.restoreRecordings(), s.repeats.load(s.store, s.now()))
}

// Close closes the log. The commit under way is finished first; what waits
// behind it is refused. A recording under way ends, and is kept.
func (s *Station) Close() error {
	s.recordings.recorder.Close()
	s.resumeBluetooth()
	if err := s.noteAlerts(); err != nil && !errors.Is(err, localstore.ErrClosed) {
		s.log.Warn("noting the alerts; the next start reads more of the log", "error", err)
	}
	if err := s.closeReceivers(); err != nil && !errors.Is(err, localstore.ErrClosed) {
		s.log.Warn("noting who has received measurements", "error", err)
	}
	return s.store.Close()
}

// Run keeps what the window shows up to date, and ends a consultation that was
// forgotten, until ctx ends.
func (s *Station) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() { s.watchForgotten(ctx) })
	watch.Go(func() { s.keepTidy(ctx) })
	watch.Go(func() { s.retain(ctx) })
	watch.Go(func() { s.keepBackedUp(ctx) })
	watch.Go(func() { s.keepCatalogue(ctx) })
	return s.announce(ctx)
}

// ID is the UUID of the log, by which other systems know this station.
func (s *Station) ID() string { return s.store.ID() }

// Record makes a device's message durable. It returns once the message is on
// disk, so only then may the device be told "received". A message that came
// within the last ten minutes, across a restart too, is not stored again and
// gets the receipt of the first. Of values that come again by themselves those
// are recorded that are due; a receipt without a number says that none was. A
// report that tells nothing is refused.
//
// Errors are Faults: disk_full and the like from the store, bad_request for
// measurements that break an invariant.
func (s *Station) Record(ctx context.Context, r fhirmap.Report) (fhirmap.Receipt, error) {
	if err := validate(&r); err != nil {
		return fhirmap.Receipt{}, err
	}
	if r.Key == "" {
		return s.append(ctx, &r)
	}
	key, err := hex.DecodeString(r.Key)
	if err != nil {
		return fhirmap.Receipt{}, err
	}
	return s.repeats.once(ctx, messageKey(key), s.now, func(ctx context.Context) (fhirmap.Receipt, error) { return s.append(ctx, &r) })
}

// isMessageKey tells whether key has the form of Report.Key: 32 bytes in
// hexadecimal, or nothing.
func isMessageKey(key string) bool {
	return key == "" || len(key) == 64 && strings.Trim(key, "0123456789abcdef") == ""
}

func validate(r *fhirmap.Report) error {
	fault := func(cause error) error {
		return &fhirmap.Fault{
			Code: "bad_request", English: "a device's report breaks an invariant", Cause: cause,
			French: "Un appareil a envoyé un message incohérent\u202f; il a été refusé.",
		}
	}
	if !isMessageKey(r.Key) {
		return fault(errors.New("the message key is not 32 bytes in hexadecimal"))
	}
	if err := r.Validate(); err != nil {
		return fault(err)
	}
	return nil
}

// append takes over what r tells: to the screen all of it, to the log what is
// due.
func (s *Station) append(ctx context.Context, r *fhirmap.Report) (fhirmap.Receipt, error) {
	s.ward.RLock()
	defer s.ward.RUnlock()
	received := s.now()
	s.live.put(r, received)
	if err := s.alarm(ctx, r, received); err != nil {
		return fhirmap.Receipt{}, err
	}
	e := entry{Received: received, Link: r.Link, Peer: r.Peer, Key: r.Key, Open: s.open.seqOrZero()}
	room := rooms.Get().(*[]recordedEntry)
	defer func() {
		if clear(*room); cap(*room) <= maxPooled {
			rooms.Put(room)
		}
	}()
	detail := false
	*room, detail = s.judge((*room)[:0], r, received)
	if e.Measurements = *room; len(e.Measurements) == 0 {
		return fhirmap.Receipt{Received: received}, nil
	}
	kind := kindReport
	if detail {
		kind = kindDetail
	}
	first, err := s.appendEntry(ctx, kind, e.observations(), &e)
	if err != nil {
		if r.Streaming {
			s.sampler.restore(e.Measurements, received)
		}
		return fhirmap.Receipt{}, err
	}
	return fhirmap.Receipt{Seq: first, Received: received}, nil
}

// rooms are the measurements of entries that are on disk.
var rooms = sync.Pool{New: func() any { return new([]recordedEntry) }}

// judge adds to the measurements of r what only the station knows, and leaves
// out those that are not due for recording. It appends to list. detail tells that
// all of it is detail of continuous values.
func (s *Station) judge(list []recordedEntry, r *fhirmap.Report, received time.Time) (_ []recordedEntry, detail bool) {
	var report uint64
	detail = r.Streaming
	if r.Streaming {
		report = s.sampler.begin()
	} else {
		list = slices.Grow(list, len(r.Measurements))
	}
	m := new(recordedEntry)
	for i := range r.Measurements {
		*m = recordedEntry{Measurement: r.Measurements[i]}
		m.Subject, m.Consultation = s.attribute(&m.Measurement, received)
		if r.Streaming {
			due, again := s.sampler.due(m, report, received)
			if !due {
				continue
			}
			detail = detail && again && m.isDetail()
		}
		if m.Status == "" {
			m.Status = fhirmap.StatusFinal
		}
		m.Implausible = !m.Plausible()
		list = append(list, *m)
	}
	return list, detail
}

func (s *Station) appendEntry(ctx context.Context, kind byte, count int, e *entry) (uint64, error) {
	data, err := e.encode()
	if err != nil {
		return 0, err
	}
	return s.store.Append(ctx, localstore.Entry{Kind: kind, Count: count, Data: data})
}

// attribute decides whose a measurement is. One that names a patient is that
// patient's only. Otherwise it is that of the open consultation if it was
// taken within it, and else nobody's. Resemblance never counts, a device
// in training mode measures nobody, unless this is a demonstration, and one that
// is being paired is tried out on whoever is at hand.
func (s *Station) attribute(m *fhirmap.Measurement, received time.Time) (subject *fhirmap.Patient, consultation string) {
	within := s.open != nil && !m.TimeUnknown && s.open.covers(m.Time, received) && (s.demo || !m.Test) && !s.bluetooth.onTrial(m.Device.ID)
	switch {
	case m.Patient == nil && within:
		return s.open.Patient, s.open.ID
	case m.Patient != nil && within && m.Patient.Same(s.open.Patient):
		return s.open.Patient, s.open.ID
	}
	return m.Patient, ""
}

func newUUID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails (crypto/rand)
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}
