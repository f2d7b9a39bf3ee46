package station

import (
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

func cuff(at time.Time, systolic int64, who *fhirmap.Patient) fhirmap.Measurement {
	high, low := fhirmap.NewDecimal(systolic, 0), fhirmap.NewDecimal(80, 0)
	return fhirmap.Measurement{
		Type: fhirmap.BloodPressure, Device: fhirmap.Device{ID: "m", Type: fhirmap.PatientMonitor}, Bed: "3", Time: at, Patient: who,
		Readings: []fhirmap.Reading{
			{Type: fhirmap.Systolic, Value: &high, Unit: fhirmap.MillimetreOfMercury},
			{Type: fhirmap.Diastolic, Value: &low, Unit: fhirmap.MillimetreOfMercury},
		},
	}
}

// TestRecorded: what a monitor repeats is known, within a run and after the
// next start, whoever lies in the bed by then. What differs is not.
func TestRecorded(t *testing.T) {
	folder := t.TempDir()
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	zoe, max := &fhirmap.Patient{System: "urn:ward", ID: "1"}, &fhirmap.Patient{System: "urn:ward", ID: "2"}
	weight := cuff(time.Time{}, 70, zoe)
	weight.Type, weight.Origin = fhirmap.BodyWeight, fhirmap.OriginAdmission
	weight.Readings = []fhirmap.Reading{{Type: fhirmap.BodyWeight, Value: weight.Readings[0].Value, Unit: fhirmap.Kilogram}}
	open := func() *Station {
		s, err := Open(folder, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	is := func(s *Station, m fhirmap.Measurement, want bool) {
		t.Helper()
		have, err := s.Recorded(t.Context(), m)
		if err != nil || have != nil != want {
			t.Errorf("%v, %v; want %v", have, err, want)
		}
		if have != nil && !have.Patient.Same(zoe) {
			t.Errorf("it is not %+v's", have.Patient)
		}
	}
	record := func(s *Station, list ...fhirmap.Measurement) {
		t.Helper()
		if _, err := s.Record(t.Context(), fhirmap.Report{Link: "test", Measurements: list}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(s *Station) {
		t.Helper()
		is(s, cuff(at, 120, zoe), true)
		is(s, cuff(at.In(time.FixedZone("", 7200)), 120, max), true) // it was not measured again
		is(s, cuff(at, 121, zoe), false)
		is(s, cuff(at.Add(time.Second), 120, zoe), false)
		is(s, cuff(time.Time{}, 120, zoe), false)
		elsewhere := cuff(at, 120, zoe)
		elsewhere.Bed = "4"
		is(s, elsewhere, false)
		is(s, weight, true)
		other := weight
		other.Patient = max
		is(s, other, false)
	}
	s := open()
	is(s, cuff(at, 120, zoe), false)
	record(s, cuff(at, 120, zoe), weight)
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	check(s)
	record(s, cuff(at.Add(time.Minute), 125, zoe))
	is(s, cuff(at.Add(time.Minute), 125, zoe), true)
	is(s, cuff(at, 120, zoe), true) // some monitors repeat a list
	heavier := weight
	heavier.Readings = []fhirmap.Reading{{Type: fhirmap.BodyWeight, Value: new(fhirmap.MustDecimal("71")), Unit: fhirmap.Kilogram}}
	record(s, heavier)
	is(s, heavier, true)
	is(s, weight, false) // it was changed, and can be changed back
}

// A list of pressures is known after a restart, as many as are remembered.
func TestRecorded_AListOfPressures(t *testing.T) {
	d := newDesk(t)
	var list []fhirmap.Measurement
	for i := range repeatedList + 6 {
		list = append(list, cuff(morning.Add(time.Duration(i-200)*time.Minute), 120, claire()))
	}
	d.record(report(list[:30]...))
	for range 2 {
		for i := range list[:30] {
			if have, err := d.Recorded(t.Context(), list[i]); err != nil || have == nil || !have.Patient.Same(claire()) {
				t.Errorf("%d: %+v, %v", i, have, err)
			}
		}
		d.reopen()
	}
	d.record(report(list[30:]...))
	for i := range list {
		if have, _ := d.Recorded(t.Context(), list[i]); (have != nil) != (i >= 6) {
			t.Errorf("%d: %+v", i, have)
		}
	}
}

// A record that cannot be read is no reason to record nothing any more.
func TestRecorded_BehindARecordThatCannotBeRead(t *testing.T) {
	d := newDesk(t)
	pressure := cuff(morning, 120, claire())
	for range 2 {
		d.record(report(pressure))
		if have, err := d.Recorded(t.Context(), pressure); have == nil || err != nil {
			t.Fatal(have, err)
		}
		damaged := localstore.Entry{Kind: kindReport, Count: 1, Data: make([]byte, headerSize+1)}
		if _, err := d.store.Append(t.Context(), damaged); err != nil {
			t.Fatal(err)
		}
		pressure.Time = pressure.Time.Add(time.Minute)
		if have, err := d.Recorded(t.Context(), pressure); have != nil || err != nil {
			t.Fatal(have, err)
		}
	}
}
