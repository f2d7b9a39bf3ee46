package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A fakeCore knows of what was measured what a real station does, where it has
// one.
type archive struct {
	history HistoryCore
}

var errArchive = errors.New("no archive")

func (a *archive) Patients(ctx context.Context) ([]station.Version[fhirmap.Patient], error) {
	if a.history == nil {
		return nil, nil
	}
	return a.history.Patients(ctx)
}

func (a *archive) Trends(ctx context.Context, q station.TrendSearch) ([]station.Trend, error) {
	if a.history == nil {
		return nil, errArchive
	}
	return a.history.Trends(ctx, q)
}

func (a *archive) Search(ctx context.Context, q station.Search) ([]station.Found, *station.Page, error) {
	return a.history.Search(ctx, q)
}

func (a *archive) Count(ctx context.Context, q station.Search) (int, error) {
	return a.history.Count(ctx, q)
}

func (a *archive) WriteBundle(ctx context.Context, out io.Writer, q station.Search, progress func(int)) (int, error) {
	return a.history.WriteBundle(ctx, out, q, progress)
}

func (a *archive) ExportFile(path string, f station.ExportFormat, who string, write func(io.Writer) (int, error)) error {
	return a.history.ExportFile(path, f, who, write)
}

// openArchive opens a station that holds measurements.
func openArchive(t testing.TB, measurements ...fhirmap.Measurement) *station.Station {
	t.Helper()
	s, err := station.Open(t.TempDir(), station.Options{Now: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for len(measurements) > 0 {
		n := min(len(measurements), 40)
		if _, err := s.Record(t.Context(), fhirmap.Report{Link: "test", Measurements: measurements[:n]}); err != nil {
			t.Fatal(err)
		}
		measurements = measurements[n:]
	}
	return s
}

var (
	omron  = fhirmap.Device{ID: "a1", Type: fhirmap.BloodPressureMonitor, Name: "Tensiomètre du cabinet", Manufacturer: "OMRON", Model: "HEM-9210T"}
	nonin  = fhirmap.Device{ID: "a2", Type: fhirmap.PulseOxymeter, Name: "Nonin 3230"}
	thermo = fhirmap.Device{ID: "a3", Type: fhirmap.Thermometer, Manufacturer: "A&D", Model: "UT-201BLE"}
	scale  = fhirmap.Device{ID: "a4", Type: fhirmap.WeightScale, Name: "Balance"}
)

// taken is a measurement of somebody some time ago.
func taken(who *fhirmap.Patient, d fhirmap.Device, ago time.Duration, m fhirmap.Measurement) fhirmap.Measurement {
	m.Patient, m.Device, m.Time = who, d, testNow.Add(-ago)
	return m
}

func whole(t fhirmap.Type, n float64, u fhirmap.Unit) fhirmap.Reading {
	return value(t, fmt.Sprint(int(math.Round(n))), u)
}

// twoMonths is what a practice knows of Éloïse.
func twoMonths() (all []fhirmap.Measurement) {
	mmHg, bpm := fhirmap.MillimetreOfMercury, fhirmap.BeatsPerMinute
	for day := range 60 {
		ago := time.Duration(60-day) * 24 * time.Hour
		wave := math.Sin(float64(day) / 5)
		noise := float64((day*7919)%13) - 6
		systolic := 138 - float64(day)/6 + 5*wave + noise
		all = append(all, taken(eloise, omron, ago+3*time.Hour, of(fhirmap.BloodPressure,
			whole(fhirmap.Systolic, systolic, mmHg), whole(fhirmap.Diastolic, systolic*0.62, mmHg),
			whole(fhirmap.Mean, systolic*0.75, mmHg), whole(fhirmap.HeartRate, 74+3*wave+noise/2, bpm))))
		if day%2 == 0 {
			all = append(all, taken(eloise, nonin, ago+2*time.Hour, of(fhirmap.OxygenSaturation,
				whole(fhirmap.OxygenSaturation, 96.6+1.6*wave-float64(day%9/8)*3, fhirmap.Percent), whole(fhirmap.HeartRate, 72-2*wave+noise/3, bpm))))
		}
		if day%3 == 0 {
			all = append(all, taken(eloise, thermo, ago+90*time.Minute, of(fhirmap.BodyTemperature,
				value(fhirmap.BodyTemperature, fmt.Sprintf("%.1f", 36.9+0.3*wave+float64(day/54)), fhirmap.Celsius))))
			all = append(all, taken(eloise, scale, ago+80*time.Minute, of(fhirmap.BodyWeight,
				value(fhirmap.BodyWeight, fmt.Sprintf("%.2f", 63.4-float64(day)/40+0.2*wave), fhirmap.Kilogram))))
		}
	}
	implausible := taken(eloise, omron, 50*time.Hour, of(fhirmap.BloodPressure, value(fhirmap.Systolic, "42", mmHg), value(fhirmap.Diastolic, "88", mmHg)))
	nobody := taken(nil, nonin, 26*time.Hour, of(fhirmap.OxygenSaturation, value(fhirmap.OxygenSaturation, "97", fhirmap.Percent)))
	return append(all, implausible, nobody)
}

// practice is twoMonths with corrections, and other patients.
func practice(t testing.TB) *station.Station {
	t.Helper()
	measurements := twoMonths()
	for i, name := range []string{"Martin", "Nguyễn", "O’Brien", "de La Rochefoucauld-Montmorency d’Aubigné", "Bernard", "Petit", "Müller", "Lefebvre", "Garcia"} {
		who := &fhirmap.Patient{System: "urn:ehr", ID: fmt.Sprint(100 + i), Family: name, Given: "Camille", BirthDate: fmt.Sprintf("19%d-0%d-17", 40+5*i, i+1), Sex: []string{"female", "male"}[i%2]}
		measurements = append(measurements, taken(who, nonin, time.Duration(90-i)*24*time.Hour, of(fhirmap.OxygenSaturation, value(fhirmap.OxygenSaturation, "97", fhirmap.Percent))))
	}
	measurements = append(measurements, taken(eloise, nonin, 25*time.Hour, of(fhirmap.OxygenSaturation,
		missing(fhirmap.OxygenSaturation, fhirmap.Percent, fhirmap.AbsentNegativeInfinity), value(fhirmap.HeartRate, "71", fhirmap.BeatsPerMinute))))
	s := openArchive(t, measurements...)
	found, _, err := s.Search(t.Context(), station.Search{Patients: []string{eloise.Key()}, Types: []fhirmap.Type{fhirmap.BloodPressure}, Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Discard(t.Context(), found[0].Seq, "brassard mal placé"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Assign(t.Context(), found[3].Seq, station.Attribution{Patient: &fhirmap.Patient{System: "urn:ehr", ID: "100", Family: "Martin", Given: "Camille"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Assign(t.Context(), found[3].Seq, station.Attribution{Patient: eloise}); err != nil {
		t.Fatal(err)
	}
	return s
}
