package station

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

func (d *desk) sheetNow() Sheet {
	d.t.Helper()
	sheet, err := d.Sheet()
	if err != nil {
		d.t.Fatal(err)
	}
	return sheet
}

// numbersOf are the numbers of measurements, those discarded with a dash.
func numbersOf(list []fhirmap.Recorded) string {
	var all []string
	for _, m := range list {
		number := fmt.Sprint(m.Seq)
		if m.Discarded {
			number = "-" + number
		}
		all = append(all, number)
	}
	return strings.Join(all, " ")
}

func (d *desk) wantSheet(consultation, measured, unassigned, corrected string) {
	d.t.Helper()
	for _, when := range []string{"followed", "read anew"} {
		s := d.sheetNow()
		got := []string{s.Consultation, numbersOf(s.Measured), numbersOf(s.Unassigned), numbersOf(s.Corrected)}
		if want := []string{consultation, measured, unassigned, corrected}; strings.Join(got, "|") != strings.Join(want, "|") {
			d.t.Errorf("%s: %q, want %q", when, got, want)
		}
		if when == "followed" {
			d.sheet.forget()
		}
	}
}

// TestSheet: what stands on it follows each correction, and is the same when it
// is read anew.
func TestSheet(t *testing.T) {
	d := newDesk(t)
	d.wantSheet("", "", "", "")
	alone := d.record(report(pulse("70"))).Seq
	d.record(report(of(&fhirmap.Patient{System: "urn:monitor", ID: "9"}, pulse("71")))) // whose it is, its device says
	d.start("c1", denis())
	first, second := d.record(report(pulse("72"))).Seq, d.record(report(pulse("73"))).Seq
	n := func(seq ...uint64) string { return strings.Trim(fmt.Sprint(seq), "[]") }
	d.wantSheet("c1", n(second, first), n(alone), "")

	d.discard(first, "essai")
	d.wantSheet("c1", fmt.Sprintf("%d -%d", second, first), n(alone), "")
	d.undo(first)
	d.assign(second, Attribution{Patient: claire()})
	d.wantSheet("c1", n(first), n(alone), n(second))
	d.assign(alone, Attribution{Consultation: "c1"})
	d.wantSheet("c1", n(first, alone), "", n(second))
	d.assign(first, Attribution{})
	d.wantSheet("c1", n(alone), n(first), n(second))

	d.end()
	if s := d.sheetNow(); s.Consultation != "c1" || !s.Patient.Same(denis()) {
		t.Errorf("after the end: %q of %+v", s.Consultation, s.Patient)
	}
	d.start("c2", nil)
	nobody := d.record(report(pulse("74"))).Seq
	d.wantSheet("c2", n(nobody), n(first), n(second, alone))
	d.end()
	d.wantSheet("c1", n(alone), n(nobody, first), n(second))
	d.clock.advance(correctedLong)
	d.wantSheet("c1", n(alone), n(nobody, first), "")
}

func TestSheet_IsBounded(t *testing.T) {
	d := newDesk(t)
	for range sheetSize + 5 {
		d.record(report(pulse("72")))
	}
	for range 2 {
		if list := d.sheetNow().Unassigned; len(list) != sheetSize || list[0].Seq != d.Head() {
			t.Errorf("%d measurements, the newest %d of %d", len(list), list[0].Seq, d.Head())
		}
		d.sheet.forget()
	}
}

// TestSheet_Erased: nothing of who was erased stays on it.
func TestSheet_Erased(t *testing.T) {
	d := newDesk(t)
	d.start("c1", denis())
	d.record(report(pulse("72")))
	d.end()
	d.sheetNow()
	if _, err := d.ErasePatient(t.Context(), *denis(), nil); err != nil {
		t.Fatal(err)
	}
	if s := d.sheetNow(); len(s.Measured) != 0 || s.Patient != nil {
		t.Errorf("%+v", s)
	}
}

func TestRecentPatients(t *testing.T) {
	d := newDesk(t)
	names := func() string {
		var all []string
		for _, p := range d.RecentPatients(2) {
			all = append(all, p.Family)
		}
		return strings.Join(all, " ")
	}
	d.start("c1", denis())
	d.clock.advance(time.Minute)
	d.start("c2", claire())
	if got, want := names(), claire().Family+" Cœur"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	d.clock.advance(time.Minute)
	d.start("c3", denis()) // within the day, so that it is not written again
	if got, want := names(), "Cœur "+claire().Family; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestIdentify(t *testing.T) {
	d := newDesk(t)
	d.start("c1", denis())
	who, known, err := d.Identify(fhirmap.Patient{ID: " 3 ", Family: " Autre "})
	if err != nil || who.System != EHRSystem || who.ID != "3" || who.Family != "Autre" || known == nil || known.Family != "Cœur" {
		t.Errorf("%+v, %+v, %v", who, known, err)
	}
	first, known, err := d.Identify(fhirmap.Patient{Family: "Cœur"})
	if err != nil || known != nil || first.System != OwnSystem || first.ID == "" {
		t.Errorf("%+v, %+v, %v", first, known, err)
	}
	if second, _, _ := d.Identify(fhirmap.Patient{Family: "Cœur"}); second.Same(&first) {
		t.Error("two who were typed in without an id are one")
	}
	_, _, err = d.Identify(fhirmap.Patient{Family: "Cœur", BirthDate: "31/12/1980"})
	wantFault(t, err, "bad_request")
}
