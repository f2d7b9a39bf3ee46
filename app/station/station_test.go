package station

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// paris is where the tests happen.
var paris = time.FixedZone("CET", 3600)

var morning = time.Date(2026, 11, 20, 9, 0, 0, 0, paris)

// A clock shows what it was set to.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

// A desk is a station with its folder and clock, which can be opened again.
type desk struct {
	*Station
	t      *testing.T
	folder string
	clock  *clock
	demo   bool
	ids    atomic.Int64
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, folder: t.TempDir(), clock: &clock{time: morning}}
	d.reopen()
	t.Cleanup(func() {
		if d.Station != nil {
			d.Close()
		}
	})
	return d
}

func (d *desk) reopen() {
	d.t.Helper()
	if d.Station != nil {
		if err := d.Close(); err != nil {
			d.t.Fatal(err)
		}
	}
	s, err := Open(d.folder, Options{
		Logger: slog.New(slog.DiscardHandler), Now: d.clock.now, Demo: d.demo,
		NewID: func() string { return fmt.Sprintf("id-%d", d.ids.Add(1)) },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Station = s
}

func (d *desk) record(r fhirmap.Report) fhirmap.Receipt {
	d.t.Helper()
	receipt, err := d.Record(context.Background(), r)
	if err != nil {
		d.t.Fatal(err)
	}
	return receipt
}

func (d *desk) start(id string, p *fhirmap.Patient) Consultation {
	d.t.Helper()
	c, err := d.StartConsultation(context.Background(), Consultation{ID: id, Patient: p})
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) end() {
	d.t.Helper()
	if err := d.EndConsultation(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

// all is the whole log as a follower reads it.
func (d *desk) all() []Event {
	d.t.Helper()
	var all []Event
	for cursor := uint64(0); ; {
		events, err := d.Follow(cursor)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(events) == 0 {
			return all
		}
		all = append(all, events...)
		cursor = events[len(events)-1].Last
	}
}

// stored is the measurement with a number.
func (d *desk) stored(seq uint64) fhirmap.Recorded {
	d.t.Helper()
	events, err := d.Follow(seq - 1)
	if err != nil || len(events) == 0 || len(events[0].Measurements) == 0 || events[0].Measurements[0].Seq != seq {
		d.t.Fatalf("no measurement %d: %v, %v", seq, events, err)
	}
	return events[0].Measurements[0]
}

func pulse(value string) fhirmap.Measurement {
	v := fhirmap.MustDecimal(value)
	return fhirmap.Measurement{
		Type:     fhirmap.HeartRate,
		Readings: []fhirmap.Reading{{Type: fhirmap.HeartRate, Value: &v, Unit: fhirmap.BeatsPerMinute}},
		Device:   fhirmap.Device{ID: "0123456789abcdef01234567", Type: fhirmap.PatientMonitor},
		Status:   fhirmap.StatusFinal,
	}
}

func report(measurements ...fhirmap.Measurement) fhirmap.Report {
	return fhirmap.Report{Link: "hl7", Peer: "192.0.2.7", Measurements: measurements}
}

func keyed(text string, measurements ...fhirmap.Measurement) fhirmap.Report {
	r := report(measurements...)
	sum := sha256.Sum256([]byte(text))
	r.Key = hex.EncodeToString(sum[:])
	return r
}

const ehr = "urn:vitalien:ehr"

func claire() *fhirmap.Patient { return &fhirmap.Patient{System: ehr, ID: "2", Family: "Lefèvre"} }
func denis() *fhirmap.Patient  { return &fhirmap.Patient{System: ehr, ID: "3", Family: "Cœur"} }

func wantFault(t *testing.T, err error, code string) {
	t.Helper()
	if got := fhirmap.FaultOf(err); got == nil || got.Code != code || got.French == "" {
		t.Errorf("got %v (%+v), want the fault %q", err, got, code)
	}
}

func TestRecord_KeepsWhatTheDeviceSaid(t *testing.T) {
	d := newDesk(t)
	m := pulse("72.0")
	m.Time = morning.Add(-time.Hour).In(time.FixedZone("", -5*3600))
	m.Bed, m.Test, m.Status = "4", true, ""
	got := d.stored(d.record(report(m)).Seq)
	if got.Reading(fhirmap.HeartRate).Value.String() != "72.0" {
		t.Errorf("value %s", got.Reading(fhirmap.HeartRate).Value)
	}
	if _, offset := got.Time.Zone(); !got.Time.Equal(m.Time) || offset != -5*3600 {
		t.Errorf("time %v, want %v", got.Time, m.Time)
	}
	if !got.Received.Equal(morning) || got.Log != d.ID() || got.Bed != "4" || !got.Test || got.Status != fhirmap.StatusFinal {
		t.Errorf("%+v", got)
	}
}

func TestRecord_MarksTheImplausible(t *testing.T) {
	d := newDesk(t)
	first := d.record(report(pulse("72"), pulse("999"))).Seq
	if d.stored(first).Implausible || !d.stored(first+1).Implausible {
		t.Error("72 is plausible and 999 is not")
	}
}

func TestRecord_RefusesWhatBreaksAnInvariant(t *testing.T) {
	none, noDevice, twice, badTime := pulse("72"), pulse("72"), pulse("72"), pulse("72")
	none.Readings = []fhirmap.Reading{{Type: fhirmap.HeartRate, Absent: fhirmap.AbsentUnknown}}
	noDevice.Device.ID = ""
	twice.Readings = append(twice.Readings, twice.Readings[0])
	badTime.Time = time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 24*3600))
	badKey := report(pulse("72"))
	badKey.Key = "ABCD"
	for name, r := range map[string]fhirmap.Report{
		"no measurement": report(), "no value": report(none), "no device": report(noDevice),
		"reading twice": report(twice), "offset of a day": report(badTime), "key": badKey,
		"the second of two": report(pulse("72"), none),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			_, err := d.Record(context.Background(), r)
			wantFault(t, err, "bad_request")
			if d.Head() != 0 {
				t.Errorf("%d entries stored", d.Head())
			}
		})
	}
}

func TestRecord_LeavesTheCallersReportAlone(t *testing.T) {
	d := newDesk(t)
	m := pulse("72")
	m.Status = ""
	shared := report(m)
	var devices sync.WaitGroup
	for range 8 {
		devices.Go(func() {
			if _, err := d.Record(context.Background(), shared); err != nil {
				t.Error(err)
			}
		})
	}
	devices.Wait()
	if shared.Measurements[0].Status != "" || d.Head() != 8 {
		t.Errorf("status %q, head %d", shared.Measurements[0].Status, d.Head())
	}
}

func TestOpen_RefusesASecondInstance(t *testing.T) {
	d := newDesk(t)
	_, err := Open(d.folder, Options{})
	wantFault(t, err, "store_locked")
}

func TestRecord_AfterClose(t *testing.T) {
	d := newDesk(t)
	d.Close()
	_, err := d.Record(context.Background(), keyed("a", pulse("72")))
	wantFault(t, err, "store_closed")
}
