package station

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

func streaming(measurements ...fhirmap.Measurement) fhirmap.Report {
	r := report(measurements...)
	r.Streaming = true
	return r
}

func from(device string, m fhirmap.Measurement) fhirmap.Measurement {
	m.Device.ID = device
	return m
}

func saturation(value string) fhirmap.Measurement {
	m := pulse("72")
	m.Type = fhirmap.OxygenSaturation
	v := fhirmap.MustDecimal(value)
	m.Readings = []fhirmap.Reading{{Type: fhirmap.OxygenSaturation, Value: &v, Unit: fhirmap.Percent}}
	return m
}

// recordedValues are the values that the log holds.
func (d *desk) recordedValues() (values []string) {
	for _, event := range d.all() {
		for _, m := range event.Measurements {
			values = append(values, m.Readings[0].Value.String())
		}
	}
	return values
}

func wantValues(t *testing.T, have []string, want ...string) {
	t.Helper()
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("recorded %v, want %v", have, want)
	}
}

func TestRecord_OfAStreamSomeAreRecordedAndAllAreShown(t *testing.T) {
	d := newDesk(t)
	for i := range 130 {
		receipt := d.record(streaming(pulse(fmt.Sprint(60 + i))))
		if due := i%60 == 0; due != (receipt.Seq != 0) {
			t.Errorf("second %d: %+v", i, receipt)
		}
		if shown := d.Live(); len(shown) != 1 || shown[0].Values[0].Value.String() != fmt.Sprint(60+i) {
			t.Fatalf("second %d: %+v", i, shown)
		}
		d.clock.advance(time.Second)
	}
	wantValues(t, d.recordedValues(), "60", "120", "180")
}

func TestRecord_EveryTypeOfAStreamHasItsOwnTurn(t *testing.T) {
	d := newDesk(t)
	d.record(streaming(pulse("70")))
	d.clock.advance(30 * time.Second)
	d.record(streaming(pulse("71"), saturation("97")))
	d.clock.advance(30 * time.Second)
	d.record(streaming(pulse("72"), saturation("98")))
	d.clock.advance(30 * time.Second)
	d.record(streaming(pulse("73"), saturation("99")))
	wantValues(t, d.recordedValues(), "70", "97", "72", "99")
}

func TestRecord_WhatIsNotStreamingIsRecordedAtOnce(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("70")))
	d.record(streaming(pulse("71")))
	d.record(report(pulse("72")))
	d.record(streaming(pulse("73")))
	wantValues(t, d.recordedValues(), "70", "71", "72")
}

func TestRecord_AStreamOfSomebodyElseIsRecordedAtOnce(t *testing.T) {
	d := newDesk(t)
	d.record(streaming(pulse("70")))
	d.start("c-1", claire())
	d.record(streaming(pulse("71"))) // inherits the consultation
	d.record(streaming(pulse("72")))
	d.record(streaming(of(denis(), pulse("73"))))
	d.record(streaming(of(denis(), pulse("74"))))
	d.start("c-2", denis())
	d.record(streaming(pulse("75")))
	wantValues(t, d.recordedValues(), "70", "71", "73", "75")
}

func TestRecord_AnAlarmMakesTheNextValuesDue(t *testing.T) {
	d := newDesk(t)
	with := func(value string, list ...fhirmap.Alarm) fhirmap.Report {
		r := streaming(pulse(value))
		r.Alarms = []fhirmap.Alarms{{Device: r.Measurements[0].Device, Complete: bothKinds, List: list}}
		return r
	}
	d.record(with("70"))
	d.record(with("71"))
	d.record(with("72", tachycardia(fhirmap.PriorityMedium)))
	d.record(with("73", tachycardia(fhirmap.PriorityMedium)))
	d.record(streaming(from("another", pulse("99"))))
	d.record(with("74"))
	d.record(streaming(from("another", pulse("98"))))
	d.record(with("75"))
	wantValues(t, d.recordedValues(), "70", "72", "99", "74")
}

// Two connections that bring the same device at the same time.
func TestRecord_TwoWaysOfOneStream(t *testing.T) {
	d := newDesk(t)
	var ways sync.WaitGroup
	for range 16 {
		ways.Go(func() {
			if _, err := d.Record(context.Background(), streaming(pulse("70"), saturation("97"))); err != nil {
				t.Error(err)
			}
		})
	}
	ways.Wait()
	if n := len(d.recordedValues()); n != 2 {
		t.Errorf("%d recorded, want 2", n)
	}
}

func TestRecord_AStreamThatCouldNotBeRecordedIsDueAgain(t *testing.T) {
	d := newDesk(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Record(ended, streaming(pulse("70"))); err == nil {
		t.Fatal("recorded without time to do so")
	}
	d.record(streaming(pulse("71")))
	d.record(streaming(pulse("72")))
	wantValues(t, d.recordedValues(), "71")
}

func TestRecord_AClockSetBackDoesNotStopAStream(t *testing.T) {
	d := newDesk(t)
	d.record(streaming(pulse("70")))
	d.clock.advance(-24 * time.Hour)
	d.record(streaming(pulse("71")))
	d.record(streaming(pulse("72")))
	wantValues(t, d.recordedValues(), "70", "71")
}

func TestRecord_AcceptsWhatIsOnlyShown(t *testing.T) {
	d := newDesk(t)
	r := fhirmap.Report{Link: "hl7", Live: []fhirmap.Live{{Device: pulse("1").Device, Values: []fhirmap.LiveValue{
		{Type: fhirmap.PerfusionIndex, Value: new(fhirmap.MustDecimal("1.20")), Unit: fhirmap.Percent, State: fhirmap.LiveValid},
	}}}}
	if receipt := d.record(r); receipt.Seq != 0 || !receipt.Received.Equal(morning) || d.Head() != 0 {
		t.Errorf("%+v, head %d", receipt, d.Head())
	}
	r.Live[0].Values[0].State = "good"
	_, err := d.Record(t.Context(), r)
	wantFault(t, err, "bad_request")
}

func TestSampler_RemembersABoundedNumber(t *testing.T) {
	s := newSampler(time.Minute)
	for i := range streamLimit + 100 {
		m := recordedEntry{Measurement: from(fmt.Sprint(i), pulse("70"))}
		if due, again := s.due(&m, s.begin(), morning.Add(time.Duration(i)*time.Millisecond)); !due || again {
			t.Fatal("not due", i)
		}
		if len(s.streams) > streamLimit {
			t.Fatalf("%d streams", len(s.streams))
		}
	}
}

// TestSampler_Model: of each type, person and place a value is recorded exactly
// when none was within the interval, whatever the order.
func TestSampler_Model(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		every := time.Duration(rapid.IntRange(1, 120).Draw(r, "every")) * time.Second
		s := newSampler(every)
		last := map[string]time.Time{}
		now := morning
		for range rapid.IntRange(1, 60).Draw(r, "values") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(r, "ms")) * time.Millisecond)
			m := recordedEntry{Measurement: pulse("70")}
			m.Device.ID = rapid.SampledFrom([]string{"a", "b"}).Draw(r, "device")
			m.Bed = rapid.SampledFrom([]string{"", "1"}).Draw(r, "bed")
			m.Type = rapid.SampledFrom([]fhirmap.Type{fhirmap.HeartRate, fhirmap.RespiratoryRate}).Draw(r, "type")
			m.Subject = rapid.SampledFrom([]*fhirmap.Patient{nil, claire(), denis(), {Family: "X"}}).Draw(r, "subject")
			key := fmt.Sprint(m.Device.ID, "|", m.Bed, "|", m.Type, "|", m.Subject.Key(), "|", m.Subject.Name())
			if m.Subject.Key() != "" {
				key = fmt.Sprint(m.Device.ID, "|", m.Bed, "|", m.Type, "|", m.Subject.Key())
			}
			if rapid.IntRange(0, 9).Draw(r, "alarm") == 0 {
				s.restart(m.Device.ID)
				for k := range last {
					if k[0] == m.Device.ID[0] {
						delete(last, k)
					}
				}
			}
			before, recorded := last[key]
			want := !recorded || now.Sub(before) >= every
			have, again := s.due(&m, s.begin(), now)
			if have != want || have && again != recorded {
				r.Fatalf("%s: due %v, again %v, want %v", key, have, again, want)
			}
			if !want {
				continue
			}
			if rapid.IntRange(0, 9).Draw(r, "fails") == 0 {
				s.restore([]recordedEntry{m}, now)
				delete(last, key)
			} else {
				last[key] = now
			}
		}
	})
}

// Two probes measure the same at one time: neither is left out.
func TestRecord_WhatAStreamSaysTwiceIsRecordedTwice(t *testing.T) {
	d := newDesk(t)
	for i := range 3 {
		d.record(streaming(pulse(fmt.Sprint(70+i)), pulse(fmt.Sprint(90+i))))
		d.record(streaming(pulse(fmt.Sprint(80 + i)))) // over another connection
		d.clock.advance(30 * time.Second)
	}
	wantValues(t, d.recordedValues(), "70", "90", "72", "92")
}
