package station

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/fhirmap"
)

func TestStartConsultation_EndsTheOneBefore(t *testing.T) {
	d := newDesk(t)
	first := d.start("", claire())
	d.clock.advance(time.Minute)
	second := d.start("", denis())
	if first.ID != "id-1" || second.ID != "id-2" || !second.Start.Equal(morning.Add(time.Minute)) {
		t.Errorf("%+v, %+v", first, second)
	}
	events := d.all()
	if len(events) != 3 || events[0].Started.ID != "id-1" || events[1].Ended.ID != "id-1" || events[2].Started.ID != "id-2" {
		t.Fatalf("%+v", events)
	}
	if !events[1].Ended.End.Equal(second.Start) || !events[1].Ended.Patient.Same(claire()) || !events[2].Started.End.IsZero() {
		t.Errorf("%+v, %+v", events[1].Ended, events[2].Started)
	}
	if shown := d.Situation().Consultation; shown == nil || shown.ID != "id-2" {
		t.Errorf("shown: %+v", shown)
	}
}

func TestStartConsultation_AgainChangesNothing(t *testing.T) {
	for name, patient := range map[string]*fhirmap.Patient{"patient": claire(), "nobody": nil} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			first := d.start("c", patient)
			d.clock.advance(time.Hour)
			if again := d.start("c", patient); !again.Start.Equal(first.Start) {
				t.Errorf("started again at %v", again.Start)
			}
			if d.Head() != 1 {
				t.Errorf("%d entries", d.Head())
			}
		})
	}
}

func TestStartConsultation_SameIDForAnotherPatient(t *testing.T) {
	for name, c := range map[string]struct{ open, asked *fhirmap.Patient }{
		"another patient": {claire(), denis()}, "no patient": {claire(), nil}, "no patient before": {nil, claire()},
		"same number of another source": {claire(), &fhirmap.Patient{System: "urn:other", ID: "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.start("c", c.open)
			_, err := d.StartConsultation(context.Background(), Consultation{ID: "c", Patient: c.asked})
			wantFault(t, err, "bad_request")
			d.nobodyThere()
		})
	}
}

// nobodyThere holds that the one consultation has ended: whoever starts
// another, however wrongly, has another patient.
func (d *desk) nobodyThere() {
	d.t.Helper()
	if shown := d.Situation().Consultation; shown != nil || d.Head() != 2 {
		d.t.Errorf("shown %+v, %d entries", shown, d.Head())
	}
	if m := d.stored(d.record(report(pulse("72"))).Seq); m.Subject != nil || m.Consultation != "" {
		d.t.Errorf("the next measurement is %v's", m.Subject)
	}
}

func TestStartConsultation_RefusesInvalidInput(t *testing.T) {
	with := func(change func(*fhirmap.Patient)) Consultation {
		p := claire()
		change(p)
		return Consultation{ID: "c", Patient: p}
	}
	long := strings.Repeat("é", 257)
	for name, c := range map[string]Consultation{
		"long id":            {ID: long},
		"control in id":      {ID: "a\nb"},
		"C1 control in id":   {ID: "a\u0085b"},
		"id not UTF-8":       {ID: "a\xff"},
		"no patient id":      with(func(p *fhirmap.Patient) { p.ID = "" }),
		"blank patient id":   with(func(p *fhirmap.Patient) { p.ID = " \u00a0" }),
		"long patient id":    with(func(p *fhirmap.Patient) { p.ID = long }),
		"long system":        with(func(p *fhirmap.Patient) { p.System = long }),
		"NUL in family":      with(func(p *fhirmap.Patient) { p.Family = "a\x00" }),
		"DEL in given":       with(func(p *fhirmap.Patient) { p.Given = "\x7f" }),
		"birth date":         with(func(p *fhirmap.Patient) { p.BirthDate = "12/03/1980" }),
		"birth date of time": with(func(p *fhirmap.Patient) { p.BirthDate = "1980-03-12T00:00:00Z" }),
		"31 February":        with(func(p *fhirmap.Patient) { p.BirthDate = "1980-02-31" }),
		"year 0":             with(func(p *fhirmap.Patient) { p.BirthDate = "0000" }),
		"sex":                with(func(p *fhirmap.Patient) { p.Sex = "F" }),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.start("before", denis())
			_, err := d.StartConsultation(context.Background(), c)
			wantFault(t, err, "bad_request")
			d.nobodyThere()
		})
	}
}

func TestStartConsultation_AcceptsWhatIsAtTheBounds(t *testing.T) {
	for _, birth := range []string{"", "1980", "1980-03", "1980-02-29"} {
		for _, sex := range []string{"", "male", "female", "other", "unknown"} {
			c := Consultation{ID: strings.Repeat("é", 256), Patient: &fhirmap.Patient{ID: "1", BirthDate: birth, Sex: sex}}
			if err := c.Check(); err != nil {
				t.Errorf("%q %q: %v", birth, sex, err)
			}
		}
	}
}

func TestStartConsultation_KeepsItsOwnCopyOfThePatient(t *testing.T) {
	d := newDesk(t)
	p := claire()
	d.start("c", p)
	p.ID = "3"
	if got := d.stored(d.record(report(pulse("72"))).Seq); !got.Subject.Same(claire()) {
		t.Errorf("%+v", got.Subject)
	}
}

func TestEndConsultation_WithoutOne(t *testing.T) {
	d := newDesk(t)
	d.end()
	if d.Head() != 0 {
		t.Errorf("%d entries", d.Head())
	}
}

func TestOpen_FindsTheConsultationAgain(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	d.reopen()
	d.reopen()
	if shown := d.Situation().Consultation; shown == nil || shown.ID != "c" || !shown.Start.Equal(morning) {
		t.Fatalf("shown: %+v", shown)
	}
	again := d.start("c", claire())
	if got := d.stored(d.record(report(pulse("72"))).Seq); got.Consultation != "c" || !got.Subject.Same(claire()) || !again.Start.Equal(morning) {
		t.Errorf("%+v", got)
	}
	d.end()
	d.reopen()
	if d.Situation().Consultation != nil {
		t.Error("an ended consultation is open again")
	}
	if got := d.stored(d.record(report(pulse("72"))).Seq); got.Subject != nil {
		t.Errorf("%+v", got)
	}
}

func TestOpen_FindsTheConsultationBehindThousandsOfReports(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	const devices, each = 40, 75
	var work sync.WaitGroup
	for i := range devices {
		work.Go(func() {
			for j := range each {
				if _, err := d.Record(context.Background(), keyed(fmt.Sprint(i, j), pulse("72"))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	d.reopen()
	if d.Head() != 1+devices*each {
		t.Fatalf("head %d", d.Head())
	}
	if shown := d.Situation().Consultation; shown == nil || shown.ID != "c" {
		t.Fatalf("shown: %+v", shown)
	}
	if got := d.stored(d.record(report(pulse("72"))).Seq); !got.Subject.Same(claire()) {
		t.Errorf("%+v", got)
	}
}

// Every report in the log stands where its consultation says: behind its
// start, before its end.
func TestRecord_KeepsTheOrderOfConsultations(t *testing.T) {
	d := newDesk(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 50 {
				if _, err := d.Record(context.Background(), report(pulse("72"))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 20 {
		d.start("", &fhirmap.Patient{System: ehr, ID: fmt.Sprint(i)})
	}
	work.Wait()
	var open *Consultation
	for _, e := range d.all() {
		if e.Ended != nil {
			open = nil
		}
		if e.Started != nil {
			open = e.Started
		}
		for _, m := range e.Measurements {
			switch {
			case open == nil && (m.Subject != nil || m.Consultation != ""):
				t.Fatalf("%d belongs to %q outside of any consultation", m.Seq, m.Consultation)
			case open != nil && (m.Consultation != open.ID || !m.Subject.Same(open.Patient)):
				t.Fatalf("%d belongs to %q within %q", m.Seq, m.Consultation, open.ID)
			}
		}
	}
}
