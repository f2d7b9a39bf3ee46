package simulator

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("CET", 3600))

// devices are those that Run starts, with how many measurements six of their
// messages hold of each type.
var devices = map[string]struct {
	start func(seed uint64) func(time.Time) []byte
	six   map[fhirmap.Type]int
	bed   string
	id    string // of the patient; empty: it names nobody
}{
	"monitor": {newWardMonitor, map[fhirmap.Type]int{
		fhirmap.HeartRate: 6, fhirmap.OxygenSaturation: 6, fhirmap.RespiratoryRate: 6, fhirmap.BodyTemperature: 6, fhirmap.BloodPressure: 1,
	}, "1", "DEMO-1"},
	"spot check": {newSpotCheck, map[fhirmap.Type]int{
		fhirmap.BloodPressure: 2, fhirmap.OxygenSaturation: 2, fhirmap.BodyTemperature: 2,
	}, "", ""},
	"LOINC device": {newLOINCDevice, map[fhirmap.Type]int{
		fhirmap.HeartRate: 6, fhirmap.OxygenSaturation: 6, fhirmap.RespiratoryRate: 6, fhirmap.BodyTemperature: 6, fhirmap.BloodPressure: 6,
	}, "", ""},
}

// steps is how far a value can go from one message of a type to the next.
var steps = map[fhirmap.Type]float64{
	fhirmap.HeartRate: 12, fhirmap.OxygenSaturation: 3, fhirmap.RespiratoryRate: 6, fhirmap.BodyTemperature: 0.4,
	fhirmap.Systolic: 20, fhirmap.Diastolic: 15, fhirmap.Mean: 15,
}

func TestDevices_AThousandMessages(t *testing.T) {
	for name, device := range devices {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2) {
				next, before, counts := device.start(seed), map[fhirmap.Type]float64{}, map[fhirmap.Type]int{}
				keys, ids := map[string]bool{}, map[string]bool{}
				for i := range 1002 {
					now := noon.Add(time.Duration(i) * 10 * time.Second)
					text := next(now)
					reports, err := hl7link.Decode(text, time.UTC)
					if err != nil || len(reports) != 1 {
						t.Fatalf("message %d: %v", i, err)
					}
					keys[reports[0].Key], ids[controlID(t, text)] = true, true
					for _, m := range reports[0].Measurements {
						counts[m.Type]++
						wantSimulated(t, &m, now, device.bed, device.id)
						wantNear(t, &m, before)
					}
				}
				if len(keys) != 1002 || len(ids) != 1002 || keys[""] || ids[""] {
					t.Errorf("%d different keys, %d control ids", len(keys), len(ids))
				}
				for kind, n := range device.six {
					if counts[kind] != n*1002/6 {
						t.Errorf("%d of %s, want %d", counts[kind], kind, n*1002/6)
					}
				}
				if len(counts) != len(device.six) {
					t.Errorf("measured %v", counts)
				}
			}
		})
	}
}

func controlID(t *testing.T, text []byte) string {
	t.Helper()
	m, err := hl7link.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m.Header().Text(10)
}

func wantSimulated(t *testing.T, m *fhirmap.Measurement, now time.Time, bed, patient string) {
	t.Helper()
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	if !m.Plausible() || !m.Test || m.Status != fhirmap.StatusFinal || !m.Time.Equal(now) || m.Bed != bed {
		t.Fatalf("%+v", m)
	}
	if _, offset := m.Time.Zone(); offset != 3600 {
		t.Fatalf("time %v", m.Time)
	}
	if (m.Patient == nil) != (patient == "") || (m.Patient != nil && (m.Patient.ID != patient || m.Patient.Given != "Camille")) {
		t.Fatalf("names %+v", m.Patient)
	}
	for _, r := range m.Readings {
		if r.Value == nil {
			t.Fatalf("%s of %s has no value", r.Type, m.Type)
		}
	}
}

// wantNear holds m to the one of its kind before.
func wantNear(t *testing.T, m *fhirmap.Measurement, before map[fhirmap.Type]float64) {
	t.Helper()
	for _, r := range m.Readings {
		step, known := steps[r.Type]
		if !known {
			t.Fatalf("%s is measured", r.Type)
		}
		kind, value := m.Type+" "+r.Type, r.Value.Float64()
		if last, seen := before[kind]; seen && math.Abs(value-last) > step {
			t.Fatalf("%s jumps from %v to %v", kind, last, value)
		}
		before[kind] = value
	}
}

func TestDevices_ValuesVary(t *testing.T) {
	next, seen := newWardMonitor(1), map[string]bool{}
	for i := range 50 {
		reports, err := hl7link.Decode(next(noon.Add(time.Duration(i)*time.Second)), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reports[0].Measurements {
			if r := m.Reading(fhirmap.BodyTemperature); r != nil {
				seen[r.Value.String()] = true
				if r.Value.Places() != 1 {
					t.Errorf("temperature %s", r.Value)
				}
			}
		}
	}
	if len(seen) < 3 {
		t.Errorf("fifty temperatures: %v", seen)
	}
}

func TestDevices_SameSeedSameValues(t *testing.T) {
	a, b, other := newSpotCheck(7), newSpotCheck(7), newSpotCheck(8)
	var differ bool
	for i := range 20 {
		now := noon.Add(time.Duration(i) * time.Second)
		first := string(a(now))
		if first != string(b(now)) {
			t.Fatal("two devices of one seed differ")
		}
		differ = differ || first != string(other(now))
	}
	if !differ {
		t.Error("the seed changes nothing")
	}
}

// A sink hands over what it got, or refuses it.
type sink struct {
	reports chan fhirmap.Report
	fail    atomic.Bool
}

func (s *sink) Record(ctx context.Context, r fhirmap.Report) (fhirmap.Receipt, error) {
	select {
	case s.reports <- r:
	case <-ctx.Done():
		return fhirmap.Receipt{}, ctx.Err()
	}
	if s.fail.Load() {
		return fhirmap.Receipt{}, errors.New("disk full")
	}
	return fhirmap.Receipt{Seq: 1, Received: noon}, nil
}

// listen starts a listener that ends with stop.
func listen(t *testing.T, address string, s *sink) (bound string, stop func()) {
	t.Helper()
	l, err := hl7link.Listen(t.Context(), address, hl7link.ListenerOptions{Sink: s})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	return l.Addr().String(), func() {
		t.Helper()
		cancel()
		for {
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
				return
			case <-s.reports: // the message under way
			}
		}
	}
}

// wantBoth waits until both devices have sent something.
func wantBoth(t *testing.T, s *sink) {
	t.Helper()
	var monitor, spotCheck bool
	for !monitor || !spotCheck {
		select {
		case r := <-s.reports:
			monitor = monitor || r.Measurements[0].Patient != nil
			spotCheck = spotCheck || r.Measurements[0].Patient == nil
		case <-time.After(20 * time.Second):
			t.Fatalf("monitor %v, spot check %v", monitor, spotCheck)
		}
	}
}

func TestRun_SendsAndConnectsAgain(t *testing.T) {
	s := &sink{reports: make(chan fhirmap.Report)}
	address, stop := listen(t, "127.0.0.1:0", s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{
			Address: address, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Seed: 1,
			Monitor: 2 * time.Millisecond, SpotCheck: 3 * time.Millisecond, Reconnect: time.Millisecond,
		})
	}()
	wantBoth(t, s)
	s.fail.Store(true) // a refusal is no reason to stop
	wantBoth(t, s)
	wantBoth(t, s)
	stop()
	s.fail.Store(false)
	_, stop = listen(t, address, s)
	wantBoth(t, s)
	stop()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it does not end")
	}
}

func TestGuarded_MakesAnErrorOfAPanic(t *testing.T) {
	if err := guarded(func() error { panic("oops") }); err == nil || !strings.Contains(err.Error(), "oops") {
		t.Error(err)
	}
}
