package station

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

var bothKinds = []fhirmap.AlarmKind{fhirmap.Physiological, fhirmap.Technical}

func tachycardia(p fhirmap.Priority) fhirmap.Alarm {
	return fhirmap.Alarm{Kind: fhirmap.Physiological, System: "urn:test", Code: "1", Text: "FC haute", Priority: p, Type: fhirmap.HeartRate}
}

func sensorOff() fhirmap.Alarm {
	return fhirmap.Alarm{Kind: fhirmap.Technical, System: "urn:test", Code: "2", Text: "Capteur", Priority: fhirmap.PriorityLow}
}

// alarming is a message with all alarms of one monitor.
func alarming(who *fhirmap.Patient, list ...fhirmap.Alarm) fhirmap.Report {
	return fhirmap.Report{Link: "hl7", Alarms: []fhirmap.Alarms{{Device: pulse("1").Device, Bed: "4", Patient: who, Complete: bothKinds, List: list}}}
}

// changes are the alert changes in the log, as "CREATE code priority end".
func (d *desk) changes() (list []string) {
	for _, event := range d.all() {
		if c := event.Alert; c != nil {
			text := fmt.Sprint(c.Type, " ", c.Alert.Code, " ", c.Alert.Priority)
			if !c.Alert.Acknowledged.IsZero() {
				text += " acknowledged"
			}
			if !c.Alert.Active() {
				text += " over"
			}
			list = append(list, text)
		}
	}
	return list
}

func wantChanges(t *testing.T, have []string, want ...string) {
	t.Helper()
	if !slices.Equal(have, want) {
		t.Errorf("changes:\n%s\nwant:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

func TestAlerts_FromStartToEnd(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(nil, tachycardia(fhirmap.PriorityMedium)))
	d.record(alarming(nil, tachycardia(fhirmap.PriorityMedium), sensorOff()))
	d.clock.advance(time.Minute)
	d.record(alarming(nil, tachycardia(fhirmap.PriorityHigh), sensorOff()))
	d.record(alarming(nil, tachycardia(fhirmap.PriorityLow), sensorOff())) // the highest counts
	shown := d.Alerts()
	if len(shown) != 2 || shown[0].Priority != fhirmap.PriorityHigh || !shown[0].Start.Equal(morning) || shown[0].Bed != "4" || !shown[0].Active() {
		t.Errorf("%+v", shown)
	}
	if err := d.AcknowledgeAlert(t.Context(), shown[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := d.AcknowledgeAlert(t.Context(), shown[0].ID); err != nil {
		t.Error("twice:", err)
	}
	d.clock.advance(time.Minute)
	d.record(alarming(nil))
	left := d.Alerts()
	if len(left) != 1 || left[0].Code != "2" || !left[0].End.Equal(morning.Add(2*time.Minute)) {
		t.Errorf("%+v", left)
	}
	if err := d.AcknowledgeAlert(t.Context(), left[0].ID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, d.AcknowledgeAlert(t.Context(), left[0].ID), "not_found")
	if left := d.Alerts(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	wantChanges(t, d.changes(),
		"CREATE 1 medium", "CREATE 2 low", "UPDATE 1 high", "UPDATE 1 high acknowledged",
		"UPDATE 1 high acknowledged over", "UPDATE 2 low over", "UPDATE 2 low acknowledged over")
	if d.Head() != 7 {
		t.Errorf("head %d", d.Head())
	}
}

func TestAlerts_ARaisedPriorityIsToBeAcknowledgedAnew(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(nil, tachycardia(fhirmap.PriorityLow)))
	if err := d.AcknowledgeAlert(t.Context(), d.Alerts()[0].ID); err != nil {
		t.Fatal(err)
	}
	d.record(alarming(nil, tachycardia(fhirmap.PriorityHigh)))
	if a := d.Alerts()[0]; !a.Acknowledged.IsZero() || a.Priority != fhirmap.PriorityHigh {
		t.Errorf("%+v", a)
	}
	there := tachycardia(fhirmap.PriorityHigh)
	there.Acknowledged = true // at the monitor
	d.record(alarming(nil, there))
	d.record(alarming(nil, there))
	wantChanges(t, d.changes(), "CREATE 1 low", "UPDATE 1 low acknowledged", "UPDATE 1 high", "UPDATE 1 high acknowledged")
}

// A dialect that tells starts and ends lists nothing in between.
func TestAlerts_EndThatTheMonitorSays(t *testing.T) {
	d := newDesk(t)
	single := func(a fhirmap.Alarm) fhirmap.Report {
		r := alarming(nil, a)
		r.Alarms[0].Complete = nil
		return r
	}
	over := tachycardia(fhirmap.PriorityHigh)
	over.Ended = true
	d.record(single(over)) // of which nobody knew
	d.record(single(tachycardia(fhirmap.PriorityHigh)))
	d.record(single(sensorOff()))
	d.record(single(over))
	wantChanges(t, d.changes(), "CREATE 1 high", "CREATE 2 low", "UPDATE 1 high over")
}

func TestAlerts_CompleteForOneKind(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(nil, tachycardia(fhirmap.PriorityHigh), sensorOff()))
	r := alarming(nil)
	r.Alarms[0].Complete = []fhirmap.AlarmKind{fhirmap.Technical}
	d.record(r)
	other := alarming(nil)
	other.Alarms[0].Bed = "5" // another bed of the same gateway
	d.record(other)
	wantChanges(t, d.changes(), "CREATE 1 high", "CREATE 2 low", "UPDATE 2 low over")
}

func TestAlerts_WhoseTheyAre(t *testing.T) {
	d := newDesk(t)
	d.start("c-1", claire())
	old := tachycardia(fhirmap.PriorityHigh)
	old.Start = morning.Add(-time.Hour)
	d.record(alarming(denis(), sensorOff()))
	d.record(alarming(nil, sensorOff())) // no longer his
	d.record(alarming(nil, sensorOff(), old))
	type whose struct{ patient, consultation string }
	var have []whose
	for _, event := range d.all() {
		if c := event.Alert; c != nil && c.Type == AlertCreated {
			have = append(have, whose{c.Alert.Patient.Name(), c.Alert.Consultation})
		}
	}
	if want := []whose{{"CŒUR", ""}, {"LEFÈVRE", "c-1"}, {"", ""}}; !slices.Equal(have, want) {
		t.Errorf("%v, want %v", have, want)
	}
	if n := len(d.Alerts()); n != 3 || d.Alerts()[2].Active() {
		t.Errorf("%+v", d.Alerts())
	}
}

func TestAlerts_AMonitorInTrainingAlarmsForNobody(t *testing.T) {
	d := newDesk(t)
	d.start("c-1", claire())
	m := pulse("72")
	m.Test = true
	r := alarming(nil, sensorOff())
	r.Measurements = []fhirmap.Measurement{m}
	d.record(r)
	if a := d.Alerts()[0]; a.Patient != nil || !a.Test || r.Alarms[0].Test {
		t.Errorf("%+v", a)
	}
}

// An end is never before its start, whatever the monitor's clock.
func TestAlerts_ClockAhead(t *testing.T) {
	d := newDesk(t)
	ahead := tachycardia(fhirmap.PriorityHigh)
	ahead.Start = morning.Add(time.Hour)
	d.record(alarming(nil, ahead))
	d.record(alarming(nil))
	if a := d.Alerts()[0]; a.Active() || a.End.Before(a.Start) {
		t.Errorf("%+v", a)
	}
}

func TestAlerts_AfterARestart(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(claire(), tachycardia(fhirmap.PriorityMedium), sensorOff()))
	d.record(report(pulse("72")))
	d.record(alarming(claire(), tachycardia(fhirmap.PriorityHigh)))
	before := d.Alerts()
	for _, how := range []string{"noted at the end", "from the log alone"} {
		d.reopen()
		if diff := cmp.Diff(before, d.Alerts()); diff != "" {
			t.Errorf("%s: %s", how, diff)
		}
		if err := d.store.Delete(stateBucket, alertsKey); err != nil {
			t.Fatal(err)
		}
	}
	head := d.Head()
	d.record(alarming(claire(), tachycardia(fhirmap.PriorityHigh))) // nothing new
	if d.Head() != head {
		t.Errorf("%v", d.changes())
	}
	d.record(alarming(claire()))
	if list := d.Alerts(); len(list) != 2 || list[0].Active() || list[0].ID != before[0].ID {
		t.Errorf("%+v", list)
	}
}

func TestAlerts_ANoteOfAnotherLogIsNoObstacle(t *testing.T) {
	for _, note := range []string{"{", `{"upTo":99,"entries":[98]}`} {
		d := newDesk(t)
		d.record(alarming(nil, sensorOff()))
		s := d.Station
		if err := s.store.Put(stateBucket, alertsKey, []byte(note)); err != nil {
			t.Fatal(err)
		}
		s.alerts.changed = false // so that Close leaves it
		d.reopen()
		if n := len(d.Alerts()); n != 1 {
			t.Errorf("%d alerts after the note %q", n, note)
		}
	}
}

// An alert that cannot be read is no obstacle to the start.
func TestAlerts_DamagedOnDisk(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(nil, sensorOff()))
	bad, err := d.store.Append(t.Context(), localstore.Entry{Kind: kindAlerts, Count: 1, Data: append(make([]byte, headerSize), "{}"...)})
	if err != nil {
		t.Fatal(err)
	}
	for range recentSize {
		d.record(report(pulse("72")))
	}
	if err := d.store.Put(stateBucket, alertsKey, fmt.Appendf(nil, `{"upTo":%d,"entries":[%d,1]}`, d.Head(), bad)); err != nil {
		t.Fatal(err)
	}
	d.alerts.changed = false // so that Close leaves it
	d.reopen()
	if list := d.Alerts(); len(list) != 1 || list[0].Code != "2" {
		t.Errorf("%+v", list)
	}
}

func TestAlerts_OfASilentMonitorEnd(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(nil, sensorOff()))
	d.clock.advance(alertSilence)
	tidy := func() {
		t.Helper()
		if err := d.tidyAlerts(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.noteAlerts(); err != nil {
			t.Fatal(err)
		}
	}
	tidy()
	if !d.Alerts()[0].Active() {
		t.Error("ended too early")
	}
	d.clock.advance(time.Minute)
	tidy()
	if d.Alerts()[0].Active() {
		t.Error("still present")
	}
	d.clock.advance(endedAlertAge + time.Minute)
	tidy()
	if list := d.Alerts(); len(list) != 0 || len(d.alerts.places) != 0 {
		t.Errorf("%+v, %d places", list, len(d.alerts.places))
	}
}

// Every change is an event with a number of its own, wherever a follower
// starts.
func TestFollow_AlertsOneByOne(t *testing.T) {
	d := newDesk(t)
	d.record(alarming(nil, tachycardia(fhirmap.PriorityHigh), sensorOff()))
	r := alarming(nil)
	r.Measurements = []fhirmap.Measurement{pulse("72")}
	d.record(r)
	for after := range d.Head() {
		events, err := d.Follow(after)
		if err != nil || len(events) != int(d.Head()-after) {
			t.Fatalf("%+v behind %d: %v", events, after, err)
		}
		for i, event := range events {
			if want := after + 1 + uint64(i); event.First != want || event.Last != want || (event.Alert == nil) != (want == 5) {
				t.Errorf("%+v, want %d", event, want)
			}
		}
	}
	if recent := d.Recent(10); len(recent) != 1 || recent[0].Seq != 5 {
		t.Errorf("%+v", recent)
	}
}

// What a gateway says late of an alarm that is over begins none, and hides no
// other one.
func TestAlerts_StartBehindItsEnd(t *testing.T) {
	d := newDesk(t)
	said := func(after time.Duration, ended bool) {
		t.Helper()
		alarm := tachycardia(fhirmap.PriorityHigh)
		alarm.Said, alarm.Ended = morning.Add(after), ended
		if !ended {
			alarm.Start = alarm.Said
		}
		r := alarming(nil, alarm)
		r.Alarms[0].Complete = nil
		d.record(r)
	}
	said(5*time.Second, true) // overtook its start
	said(0, false)
	wantChanges(t, d.changes())
	said(5*time.Second, false) // within the second
	said(8*time.Second, true)
	said(6*time.Second, false)
	wantChanges(t, d.changes(), "CREATE 1 high", "UPDATE 1 high over")
	said(9*time.Second, false)
	wantChanges(t, d.changes(), "CREATE 1 high", "UPDATE 1 high over", "CREATE 1 high")
	said(10*time.Second, true)
	d.clock.advance(lateBy) // its clock was set back
	said(0, false)
	if shown := d.Alerts(); len(shown) == 0 || !shown[0].Active() {
		t.Errorf("%+v", shown)
	}
}
