package station

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// told is all versions that the log has, one a line, read so many at a time.
func (d *desk) told(most int) string {
	d.t.Helper()
	if head := d.Head(); head > 0 {
		if err := d.WaitVersions(d.t.Context(), head-1); err != nil {
			d.t.Fatal(err)
		}
	}
	label := func(test bool) string { return strings.Repeat(" (test)", map[bool]int{true: 1}[test]) }
	lines := walk(d, most, d.PatientsBehind, func(v Version[fhirmap.Patient]) string {
		return fmt.Sprintf("patient %s|%s %s %s%s", v.What.System, v.What.ID, v.What.Name(), v.What.BirthDate, label(v.Test))
	})
	lines = append(lines, walk(d, most, d.DevicesBehind, func(v Version[fhirmap.Device]) string {
		return fmt.Sprintf("device %s %s %s%s", v.What.ID, v.What.Name, v.What.Model, label(v.Test))
	})...)
	lines = append(lines, walk(d, most, d.ConsultationsBehind, func(v Version[Consultation]) string {
		end := "goes on"
		if !v.What.End.IsZero() {
			end = v.What.End.Format("15:04")
		}
		return fmt.Sprintf("consultation %s %s %s–%s", v.What.ID, v.What.Patient.Name(), v.What.Start.Format("15:04"), end)
	})...)
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func walk[T any](d *desk, most int, behind func(uint64, int) ([]Version[T], uint64), say func(Version[T]) string) (lines []string) {
	d.t.Helper()
	for cursor := uint64(0); cursor < d.Head(); {
		list, upTo := behind(cursor, most)
		if len(list) > most || upTo <= cursor || upTo > d.Head() {
			d.t.Fatalf("behind %d: %d versions up to %d", cursor, len(list), upTo)
		}
		for _, v := range list {
			if v.Seq <= cursor || v.Seq > upTo || v.Received.IsZero() {
				d.t.Fatalf("behind %d: %+v, up to %d", cursor, v, upTo)
			}
			lines = append(lines, fmt.Sprintf("%03d %s ", v.Seq, v.Type)+say(v))
		}
		cursor = upTo
	}
	return lines
}

// tells holds the versions to want, however they are read, before a restart and
// behind it.
func (d *desk) tells(want string) {
	d.t.Helper()
	for _, most := range []int{1000, 1, 2} {
		if diff := cmp.Diff(want, d.told(most)); diff != "" {
			d.t.Fatalf("%d at a time (-want +have):\n%s", most, diff)
		}
	}
	d.reopen()
	if diff := cmp.Diff(want, d.told(3)); diff != "" {
		d.t.Errorf("after a restart (-want +have):\n%s", diff)
	}
}

// by is a pulse that device id took of p.
func by(id string, p *fhirmap.Patient) fhirmap.Measurement {
	m := pulse("72")
	m.Device.ID, m.Patient = id, p
	return m
}

func TestDirectory_StartsAndEnds(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire()) // 1
	d.clock.advance(time.Minute)
	d.start("e", denis())          // 2 ends, 3 starts
	d.record(report(by("d", nil))) // 4
	d.clock.advance(time.Minute)
	d.end() // 5
	d.clock.advance(time.Minute)
	d.start("e", denis()) // 6: the same goes on
	d.end()               // 7
	d.start("e", nil)     // 8: another under its id
	d.tells(`001 CREATE consultation c LEFÈVRE 09:00–goes on
001 CREATE patient urn:vitalien:ehr|2 LEFÈVRE 
002 UPDATE consultation c LEFÈVRE 09:00–09:01
003 CREATE consultation e CŒUR 09:01–goes on
003 CREATE patient urn:vitalien:ehr|3 CŒUR 
004 CREATE device d  
005 UPDATE consultation e CŒUR 09:01–09:02
006 UPDATE consultation e CŒUR 09:01–goes on
007 UPDATE consultation e CŒUR 09:01–09:03
008 UPDATE consultation e  09:03–goes on
`)
}

func TestDirectory_PatientsAndDevices(t *testing.T) {
	d := newDesk(t)
	person := func(id, family, born string) *fhirmap.Patient {
		return &fhirmap.Patient{System: "urn:ward", ID: id, Family: family, BirthDate: born}
	}
	named := by("d1", person("2", "Petit", ""))
	named.Device.Name = "Lit 1"
	elsewhere := by("d1", person("2", "Petit", "1980"))
	elsewhere.Device.Name, elsewhere.Device.Model = "Lit 2", "uMEC10"
	d.record(report(named, named, by("d2", person("3", "Roux", "")))) // 1, 2, 3
	d.record(report(by("d1", person("2", "", ""))))                   // 4: leaves out what is known
	d.record(report(named, elsewhere))                                // 5, 6
	d.record(report(by("d2", person("", "Sans", ""))))                // 7: nobody that can be found again
	d.start("c", &fhirmap.Patient{System: "urn:ward", ID: "3", Family: "Roux-Petit"})
	d.record(report(by("d2", nil))) // 9
	d.end()
	d.tells(`001 CREATE device d1 Lit 1 
001 CREATE patient urn:ward|2 PETIT 
003 CREATE device d2  
003 CREATE patient urn:ward|3 ROUX 
006 UPDATE device d1 Lit 2 uMEC10
006 UPDATE patient urn:ward|2 PETIT 1980
008 CREATE consultation c ROUX-PETIT 09:00–goes on
008 UPDATE patient urn:ward|3 ROUX-PETIT 
010 UPDATE consultation c ROUX-PETIT 09:00–09:00
`)
}

// A gateway has the name of another bed in every message: each name is news
// once. What was there earlier comes back when the newest has stood for a while.
func TestDirectory_DescriptionsThatTakeTurns(t *testing.T) {
	d := newDesk(t)
	at := func(bed string) {
		m := by("gateway", nil)
		m.Device.Name = "Lit " + bed
		d.record(report(m))
	}
	for range 10 {
		at("1")
		at("2")
		at("3")
		d.clock.advance(time.Minute)
	}
	d.clock.advance(settled)
	at("1") // 31
	at("2")
	d.tells(`001 CREATE device gateway Lit 1 
002 UPDATE device gateway Lit 2 
003 UPDATE device gateway Lit 3 
031 UPDATE device gateway Lit 1 
`)
}

func TestDirectory_TestUntilItIsReal(t *testing.T) {
	d := newDesk(t)
	training := by("d", claire())
	training.Test = true
	d.record(report(training))
	d.record(report(training, by("d", claire())))
	d.record(report(training))
	d.tells(`001 CREATE device d   (test)
001 CREATE patient urn:vitalien:ehr|2 LEFÈVRE  (test)
003 UPDATE device d  
003 UPDATE patient urn:vitalien:ehr|2 LEFÈVRE 
`)
}

func TestDirectory_Alarms(t *testing.T) {
	d := newDesk(t)
	alarms := fhirmap.Alarms{
		Device: fhirmap.Device{ID: "m", Type: fhirmap.PatientMonitor}, Patient: claire(), List: []fhirmap.Alarm{
			{Kind: fhirmap.Technical, Code: "1", Priority: fhirmap.PriorityLow}, {Kind: fhirmap.Technical, Code: "2", Priority: fhirmap.PriorityLow},
		},
	}
	d.record(fhirmap.Report{Link: "hl7", Alarms: []fhirmap.Alarms{alarms}})
	d.tells("001 CREATE device m  \n001 CREATE patient urn:vitalien:ehr|2 LEFÈVRE \n")
}

// What cannot be read does not hide the rest.
func TestDirectory_PassesOverDamage(t *testing.T) {
	d := newDesk(t)
	d.record(report(by("d1", claire())))
	for _, kind := range []byte{kindReport, kindConsultationStart, kindAlerts} {
		if _, err := d.store.Append(t.Context(), localstore.Entry{Kind: kind, Count: 2, Data: make([]byte, headerSize+1)}); err != nil {
			t.Fatal(err)
		}
	}
	d.record(report(by("d2", nil)))
	if have, want := d.told(1000), "001 CREATE device d1  \n001 CREATE patient urn:vitalien:ehr|2 LEFÈVRE \n008 CREATE device d2  \n"; have != want {
		t.Errorf("have\n%swant\n%s", have, want)
	}
}

func TestDirectory_LooksUp(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.start("séance 1", claire())
	d.clock.advance(time.Minute)
	d.end()
	d.record(report(by("d", denis())))
	p, found, err := d.PatientByKey(ctx, claire().Key())
	if err != nil || !found || p.What != *claire() || p.Seq != 1 || p.Type != Created || !p.Received.Equal(morning) {
		t.Errorf("%+v, %v, %v", p, found, err)
	}
	device, found, err := d.DeviceByID(ctx, "d")
	if err != nil || !found || device.Seq != 3 || device.What.Type != fhirmap.PatientMonitor {
		t.Errorf("%+v, %v, %v", device, found, err)
	}
	c, found, err := d.ConsultationByID(ctx, fhirmap.EncounterID("séance 1"))
	if err != nil || !found || c.What.ID != "séance 1" || c.Seq != 2 || c.Type != Updated || !c.Received.Equal(c.What.End) {
		t.Errorf("%+v, %v, %v", c, found, err)
	}
	if _, found, err := d.PatientByKey(ctx, "2"); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	patients, err := d.Patients(ctx)
	if err != nil || len(patients) != 2 || patients[0].Seq != 1 || patients[1].Seq != 3 {
		t.Errorf("%+v, %v", patients, err)
	}
	d.start("c", claire())
	devices, err1 := d.Devices(ctx)
	consultations, err2 := d.Consultations(ctx)
	if err := errors.Join(err1, err2); err != nil || len(devices) != 1 || len(consultations) != 2 || consultations[1].What.ID != "c" {
		t.Errorf("%+v, %+v, %v", devices, consultations, err)
	}
}

// Many who look while the log grows see the same.
func TestDirectory_Concurrent(t *testing.T) {
	d := newDesk(t)
	const total = 300
	var work sync.WaitGroup
	seen := make([]string, 4)
	for i := range seen {
		work.Go(func() {
			for cursor := uint64(0); cursor < total; {
				if err := d.WaitVersions(t.Context(), cursor); err != nil {
					t.Error(err)
					return
				}
				list, upTo := d.PatientsBehind(cursor, 7)
				for _, v := range list {
					seen[i] += fmt.Sprint(v.Seq, v.Type, v.What.ID, v.What.Family, " ")
				}
				if _, err := d.Devices(t.Context()); err != nil {
					t.Error(err)
				}
				cursor = upTo
			}
		})
	}
	for i := range total {
		p := &fhirmap.Patient{System: "urn:ward", ID: fmt.Sprint(i % 20), Family: fmt.Sprint("N", i/100)}
		d.record(report(by("d", p)))
	}
	work.Wait()
	for _, s := range seen {
		if s != seen[0] || strings.Count(s, " ") != 60 {
			t.Errorf("%d versions:\n%s", strings.Count(s, " "), s)
		}
	}
}

func TestDirectory_EndsWithItsContextAndTheStore(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("72")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Patients(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	d.Close()
	_, err := d.Patients(t.Context())
	wantFault(t, err, "store_closed")
	wantFault(t, d.WaitVersions(t.Context(), 0), "store_closed")
}

// BenchmarkDirectory reads a log for the first time.
func BenchmarkDirectory(b *testing.B) {
	const measurements = 200_000
	folder := b.TempDir()
	fillLog(b, folder, measurements, time.Now(), time.Second)
	s, err := Open(folder, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		if err := newDirectory().readTo(b.Context(), s, s.Head()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(measurements*float64(b.N)/b.Elapsed().Seconds(), "measurements/s")
}
