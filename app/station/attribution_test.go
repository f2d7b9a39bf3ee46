package station

import (
	"context"
	"testing"
	"time"

	"vitalien/fhirmap"
)

func TestRecord_WhoseMeasurement(t *testing.T) {
	nobodys := func(own time.Duration) fhirmap.Measurement {
		m := pulse("72")
		m.Time = morning.Add(own)
		return m
	}
	names := func(p *fhirmap.Patient) fhirmap.Measurement {
		m := nobodys(5 * time.Minute)
		m.Patient = p
		return m
	}
	inTraining := func(m fhirmap.Measurement) fhirmap.Measurement { m.Test = true; return m }
	withoutTime := pulse("72")

	// The consultation of Claire begins at 9:00:00.7, the message comes at 9:05.
	for name, c := range map[string]struct {
		measurement fhirmap.Measurement
		closed      bool             // there is no consultation
		nameless    bool             // the consultation was opened for nobody
		demo        bool             //
		subject     *fhirmap.Patient // nil: unassigned
		within      bool             // belongs to the consultation
	}{
		"names nobody":                       {measurement: nobodys(4 * time.Minute), subject: claire(), within: true},
		"names nobody, no consultation":      {measurement: nobodys(4 * time.Minute), closed: true},
		"names nobody, no device time":       {measurement: withoutTime, subject: claire(), within: true},
		"no device time, no consultation":    {measurement: withoutTime, closed: true},
		"consultation of nobody":             {measurement: nobodys(4 * time.Minute), nameless: true, within: true},
		"yesterday's stored reading":         {measurement: nobodys(-24 * time.Hour)},
		"one second before the start":        {measurement: nobodys(-time.Second)},
		"the very second of the start":       {measurement: nobodys(0), subject: claire(), within: true},
		"device clock a minute ahead":        {measurement: nobodys(6 * time.Minute), subject: claire(), within: true},
		"device clock two minutes ahead":     {measurement: nobodys(7 * time.Minute), subject: claire(), within: true},
		"device clock further ahead":         {measurement: nobodys(7*time.Minute + time.Second)},
		"device clock a minute behind":       {measurement: nobodys(4 * time.Minute), subject: claire(), within: true},
		"device clock behind the start":      {measurement: nobodys(-time.Minute)},
		"device clock a year ahead":          {measurement: nobodys(365 * 24 * time.Hour)},
		"names the patient":                  {measurement: names(&fhirmap.Patient{System: ehr, ID: "2"}), subject: claire(), within: true},
		"names the patient, no consultation": {measurement: names(claire()), closed: true, subject: claire()},
		"names another patient":              {measurement: names(denis()), subject: denis()},
		"same number of another source": {
			measurement: names(&fhirmap.Patient{System: "urn:hl7:peer:192.0.2.7", ID: "2", Family: "Lefèvre"}),
			subject:     &fhirmap.Patient{System: "urn:hl7:peer:192.0.2.7", ID: "2", Family: "Lefèvre"},
		},
		"named without a number":         {measurement: names(&fhirmap.Patient{Family: "Lefèvre"}), subject: &fhirmap.Patient{Family: "Lefèvre"}},
		"named, consultation of nobody":  {measurement: names(denis()), nameless: true, subject: denis()},
		"in training mode":               {measurement: inTraining(nobodys(4 * time.Minute))},
		"in training mode, demonstrated": {measurement: inTraining(nobodys(4 * time.Minute)), demo: true, subject: claire(), within: true},
		"in training mode, names Claire": {measurement: inTraining(names(claire())), subject: claire()},
		"in training mode, names Denis":  {measurement: inTraining(names(denis())), demo: true, subject: denis()},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.demo = c.demo
			d.reopen()
			d.clock.advance(700 * time.Millisecond)
			wantConsultation := ""
			switch {
			case c.nameless:
				d.start("consultation", nil)
			case !c.closed:
				d.start("consultation", claire())
			}
			if c.within {
				wantConsultation = "consultation"
			}
			d.clock.advance(5*time.Minute - 700*time.Millisecond)
			got := d.stored(d.record(report(c.measurement)).Seq)
			if (got.Subject == nil) != (c.subject == nil) || (c.subject != nil && *got.Subject != *c.subject) {
				t.Errorf("subject %+v, want %+v", got.Subject, c.subject)
			}
			if got.Consultation != wantConsultation {
				t.Errorf("consultation %q, want %q", got.Consultation, wantConsultation)
			}
		})
	}
}

func TestRecord_MeasurementsOfOneMessageAreJudgedOneByOne(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	d.clock.advance(time.Minute)
	old, fresh := pulse("60"), pulse("61")
	old.Time = morning.Add(-time.Hour)
	first := d.record(report(old, fresh)).Seq
	if d.stored(first).Subject != nil || !d.stored(first+1).Subject.Same(claire()) {
		t.Errorf("%+v, %+v", d.stored(first).Subject, d.stored(first+1).Subject)
	}
}

func TestRecord_AfterTheEndOfAConsultationNobodys(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	m := pulse("72")
	m.Time = morning.Add(time.Second)
	d.clock.advance(time.Minute)
	d.end()
	if got := d.stored(d.record(report(m)).Seq); got.Subject != nil || got.Consultation != "" {
		t.Errorf("%+v", got)
	}
}

// When the log cannot take that the next patient came in, the values that
// follow are nobody's: least of all those of the patient who left.
func TestStartConsultation_ThatFailsLeavesNothingToTheOneBefore(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.StartConsultation(cancelled, Consultation{ID: "e", Patient: denis()}); err == nil {
		t.Fatal("started with a context that had ended")
	}
	if d.Situation().Consultation != nil {
		t.Errorf("shown: %+v", d.Situation().Consultation)
	}
	if got := d.stored(d.record(report(pulse("72"))).Seq); got.Subject != nil || got.Consultation != "" {
		t.Errorf("%+v", got)
	}
	again := d.start("c", claire()) // not the one that was left, which ends here
	if got := d.stored(d.record(report(pulse("72"))).Seq); !got.Subject.Same(claire()) || again.ID != "c" {
		t.Errorf("%+v", got)
	}
	d.start("e", denis())
	if got := d.stored(d.record(report(pulse("72"))).Seq); !got.Subject.Same(denis()) || got.Consultation != "e" {
		t.Errorf("%+v", got)
	}
	var ended int
	for _, e := range d.all() {
		if e.Ended != nil && e.Ended.ID == "c" {
			ended++
		}
	}
	if ended != 2 {
		t.Errorf("the consultation of Claire ended %d times", ended)
	}
}

func TestRecord_AfterAFailedSwitchAndARestartNobodys(t *testing.T) {
	d := newDesk(t)
	d.start("c", claire())
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.EndConsultation(cancelled); err == nil {
		t.Fatal("ended with a context that had ended")
	}
	d.record(report(pulse("72")))
	d.reopen()
	if got := d.stored(d.record(report(pulse("73"))).Seq); got.Subject != nil || got.Consultation != "" {
		t.Errorf("%+v", got)
	}
}
