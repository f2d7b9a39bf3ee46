package station

import (
	"fmt"
	"testing"
	"time"

	"vitalien/fhirmap"
)

const day = 24 * time.Hour

// aged is a desk that keeps the log for ten days, with a message a day for
// twenty days.
func aged(t *testing.T) *desk {
	d := newDesk(t)
	d.retention = 10 * day
	d.catalogue.size = 4
	for i := range 20 {
		d.record(report(of(eloise(), pulse(fmt.Sprint(70+i)))))
		if i < 19 {
			d.clock.advance(day)
		}
	}
	if _, _, err := d.Search(t.Context(), Search{Limit: 1}); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRetain_RemovesWhatTheyPreviewed(t *testing.T) {
	d := aged(t)
	preview, err := d.Expired(t.Context())
	if err != nil || preview.First != 1 || preview.Last != 9 || preview.Entries != 9 || !preview.Since.Equal(morning) {
		t.Fatalf("%+v, %v", preview, err)
	}
	d.opened, d.newestAtOpen = d.clock.now(), d.clock.now()
	if done, err := d.Retain(t.Context()); err != nil || done != preview {
		t.Errorf("%+v, %v", done, err)
	}
	d.retention = 10 * day
	for range 2 {
		if d.First() != 10 || d.Head() != 20 {
			t.Errorf("from %d to %d", d.First(), d.Head())
		}
		_, err := d.Follow(3)
		wantFault(t, err, "gone")
		if events, err := d.Follow(9); err != nil || len(events) != 11 {
			t.Errorf("%d are left, %v", len(events), err)
		}
		if n, err := d.Count(t.Context(), Search{}); err != nil || n != 11 {
			t.Errorf("%d are counted, %v", n, err)
		}
		found, _, err := d.Search(t.Context(), Search{Limit: 100, Patients: []string{eloise().Key()}})
		if err != nil || len(found) != 11 {
			t.Errorf("%d are found, %v", len(found), err)
		}
		if people, err := d.Patients(t.Context()); err != nil || len(people) != 1 {
			t.Errorf("%d patients, %v", len(people), err)
		}
		if done, err := d.Export(t.Context(), ExportOptions{Dir: t.TempDir(), Format: ExportFHIR}); err != nil || done.Measurements != 11 {
			t.Errorf("%d are exported, %v", done.Measurements, err)
		}
		d.reopen()
	}
	d.retention = time.Nanosecond
	d.clock.advance(time.Hour)
	if done, err := d.Retain(t.Context()); err != nil || done.Last != 19 || d.First() != 20 {
		t.Errorf("the newest stays: %+v, %v", done, err)
	}
}

// A clock that is years ahead must not cost the log.
func TestRetain_DoesNotTrustAClockThatJumps(t *testing.T) {
	d := aged(t)
	d.clock.advance(10 * 365 * day)
	d.reopen()
	if done, err := d.Retain(t.Context()); err != nil || done.Entries != 0 || d.First() != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	d.clock.advance(day)
	if done, err := d.Retain(t.Context()); err != nil || done.Entries != 19 {
		t.Errorf("after a day: %+v, %v", done, err)
	}
}

// The consultation that was open may have left.
func TestRetain_OfAnOpenConsultation(t *testing.T) {
	d := newDesk(t)
	d.start("old", eloise())
	d.record(report(pulse("72")))
	d.retention = time.Nanosecond
	d.clock.advance(time.Minute)
	if done, err := d.Retain(t.Context()); err != nil || done.Last != 1 {
		t.Fatal(done, err)
	}
	d.reopen()
	if d.Situation().Consultation != nil {
		t.Error("a consultation that nothing is known of")
	}
	if m := d.stored(d.record(report(of(&fhirmap.Patient{System: ehr, ID: "5"}, pulse("73")))).Seq); m.Consultation != "" {
		t.Error(m.Consultation)
	}
}
