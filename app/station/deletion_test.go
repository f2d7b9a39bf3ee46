package station

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"vitalien/fhirmap"
)

// removed is what the log tells of deletions behind after.
func (d *desk) removed(after uint64) (list []Removed) {
	d.t.Helper()
	for after < d.Head() {
		events, err := d.Follow(after)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, e := range events {
			list = append(list, e.Removed...)
			after = e.Last
		}
	}
	return list
}

// removedIDs is what follows of the deletion of patients and consultations.
func (d *desk) removedIDs() (list []string) {
	d.t.Helper()
	if err := d.WaitVersions(d.t.Context(), d.Head()-1); err != nil {
		d.t.Fatal(err)
	}
	patients, _ := d.PatientsBehind(0, 100)
	for _, v := range patients {
		if v.Type == Deleted {
			list = append(list, fmt.Sprint(v.Seq, " ", v.ID))
		}
	}
	consultations, _ := d.ConsultationsBehind(0, 100)
	for _, v := range consultations {
		if v.Type == Deleted {
			list = append(list, fmt.Sprint(v.Seq, " ", v.ID))
		}
	}
	return list
}

// Followers are told what was deleted: by this program's own numbers for as long
// as the log stands, and by the ids of the EHR while the program runs.
func TestErasePatient_FollowersAreTold(t *testing.T) {
	d := visited(t)
	head := d.Head()
	if _, err := d.ErasePatient(t.Context(), *eloise(), nil); err != nil {
		t.Fatal(err)
	}
	want := []Removed{
		{Seq: head + 1, Measurement: 2, Observation: 1},
		{Seq: head + 2, Measurement: 7, Observation: 1},
		{Seq: head + 3, Measurement: 9, Observation: 1},
	}
	told := d.removed(0)
	if len(told) != 5 || !slices.Equal(told[:3], want) || told[3].Recording+told[4].Recording == 0 || told[3].Alert+told[4].Alert == "" {
		t.Fatalf("told %+v, want %+v, a recording and an alert", told, want)
	}
	if ids, want := d.removedIDs(), []string{fmt.Sprint(head+7, " ", eloise().Key()), fmt.Sprint(head+6, " bed-e")}; !slices.Equal(ids, want) {
		t.Errorf("%q, want %q", ids, want)
	}
	for i := range told { // who stopped in the middle gets the rest
		if rest := d.removed(head + uint64(i)); !slices.Equal(rest, told[i:]) {
			t.Errorf("behind %d: %+v", head+uint64(i), rest)
		}
	}
	d.reopen()
	if again := d.removed(0); !slices.Equal(again, told) {
		t.Errorf("after a restart %+v, before %+v", again, told)
	}
	if ids := d.removedIDs(); len(ids) > 0 {
		t.Errorf("%q is kept", ids)
	}
	if p, found, err := d.PatientByKey(t.Context(), eloise().Key()); found || err != nil {
		t.Error(p, err)
	}
	d.start("back", eloise())
	d.end()
	if v, found, err := d.PatientByKey(t.Context(), eloise().Key()); !found || err != nil || v.Type != Created {
		t.Errorf("who comes back: %+v, %t, %v", v, found, err)
	}
}

// A panel counts as the Observations that it is, and a deletion of many things
// takes several entries.
func TestErasePatient_TellsEachObservation(t *testing.T) {
	d := newDesk(t)
	const measured = deletionSize
	for i := range measured {
		m := pulse(fmt.Sprint(60 + i%40))
		m.Type = fhirmap.OxygenSaturation
		m.Readings = append(m.Readings, fhirmap.Reading{Type: fhirmap.OxygenSaturation, Value: new(fhirmap.MustDecimal("97")), Unit: fhirmap.Percent})
		d.record(keyed(fmt.Sprint(i), of(eloise(), m)))
	}
	head := d.Head()
	if _, err := d.ErasePatient(t.Context(), *eloise(), nil); err != nil {
		t.Fatal(err)
	}
	told := d.removed(head)
	if len(told) != 2*measured {
		t.Fatalf("told of %d Observations", len(told))
	}
	for i, r := range told {
		want := Removed{Seq: head + uint64(i) + 1, Measurement: uint64(i/2)*2 + 1, Observation: i%2 + 1}
		if r != want {
			t.Fatalf("%+v, want %+v", r, want)
		}
	}
	if list, err := d.store.List(deletionsBucket); err != nil || len(list) > 0 {
		t.Errorf("%d are still to be told, %v", len(list), err)
	}
}

// A crash between the rewriting and its entry in the log, or between that and
// the end of the note, has the next start tell what was not told, once.
func TestErasePatient_ACrashLeavesNothingUntold(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("72")))
	note := func(key string, p pendingDeletion) {
		t.Helper()
		text, err := json.Marshal(p)
		if err == nil {
			err = d.store.Put(deletionsBucket, key, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	first := pendingDeletion{Behind: d.Head(), What: deletion{Measurements: [][2]uint64{{1, 1}}}}
	second := pendingDeletion{Behind: d.Head(), What: deletion{Alerts: []string{"a"}, Unnamed: 1}}
	note("x/00000000", first)
	note("x/00000001", second)
	for range 2 {
		d.reopen()
		told := d.removed(0)
		if want := []Removed{{Seq: 2, Measurement: 1, Observation: 1}, {Seq: 3, Alert: "a"}}; !slices.Equal(told, want) || d.Head() != 4 {
			t.Fatalf("told %+v up to %d", told, d.Head())
		}
		note("x/00000001", second)
	}
	d.reopen()
	if d.Head() != 4 {
		t.Errorf("told again: the log ends at %d", d.Head())
	}
	note("y", pendingDeletion{Behind: d.Head(), What: deletion{Unnamed: 1}})
	d.reopen()
	if d.Head() != 5 {
		t.Errorf("another one: the log ends at %d", d.Head())
	}
}
