package ui

import (
	"context"

	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func (c *fakeCore) Sheet() (station.Sheet, error) { return station.Sheet{}, nil }

func (c *fakeCore) RecentPatients(int) []fhirmap.Patient { return known() }

func (c *fakeCore) Identify(p fhirmap.Patient) (fhirmap.Patient, *fhirmap.Patient, error) {
	if p.System = station.EHRSystem; p.ID == "" {
		p.System, p.ID = station.OwnSystem, "made"
	}
	for _, k := range known() {
		if k.Same(&p) {
			return p, &k, nil
		}
	}
	return p, nil, nil
}

func (c *fakeCore) ReceivedBy(uint64) []station.Receiver { return receivers() }

func (c *fakeCore) Assign(_ context.Context, seq uint64, to station.Attribution) (fhirmap.Recorded, error) {
	who := "nobody"
	if to.Patient != nil {
		who = to.Patient.ID
	}
	return fhirmap.Recorded{}, c.ask("assign", fmt.Sprintf("%d to %s in %q", seq, who, to.Consultation))
}

func (c *fakeCore) Discard(_ context.Context, seq uint64, reason string) (fhirmap.Recorded, error) {
	return fhirmap.Recorded{}, c.ask("discard", fmt.Sprintf("%d: %s", seq, reason))
}

func (c *fakeCore) UndoCorrection(_ context.Context, seq uint64) (fhirmap.Recorded, error) {
	return fhirmap.Recorded{}, c.ask("undo", fmt.Sprint(seq))
}

func receivers() []station.Receiver {
	return []station.Receiver{
		{Software: station.Software{Origin: "https://logiciel.example.fr"}, Last: testNow},
		{Software: station.Software{}, Last: testNow},
	}
}

var paul = &fhirmap.Patient{
	System: station.EHRSystem, ID: "4712", Family: "Martin", Given: "Paul", BirthDate: "1951-11-02", Sex: "male",
}

func known() []fhirmap.Patient {
	return []fhirmap.Patient{
		*paul, *eloise,
		{System: station.OwnSystem, ID: "x", Family: "N’Guyen", Given: "Anaïs", BirthDate: "2019-06", Sex: "female"},
		{System: station.EHRSystem, ID: "88", Family: "Lefebvre", Given: "Émile", BirthDate: "1980-03-12", Sex: "male"},
		{System: station.EHRSystem, ID: "90"},
	}
}

// atWork is a consultation with all that the page can show.
func atWork() view {
	all := everyType()
	for i := range all {
		all[i].Consultation, all[i].Subject, all[i].Version = "c", eloise, 1
	}
	all[1].Version, all[1].Discarded, all[1].Reason, all[1].Corrected = 2, true, "Capteur mal placé", testNow.Add(-time.Minute)
	all[1].First = eloise
	all[2].Version, all[2].Corrected, all[2].First = 2, testNow.Add(-2*time.Minute), nil
	all[5].Subject, all[5].Consultation = nil, ""
	all[6].Subject, all[6].Consultation = &fhirmap.Patient{Family: "Durand", Given: "Zoé"}, ""
	all[7].Subject, all[7].Consultation, all[7].First = paul, "", eloise
	all[7].Version, all[7].Corrected = 2, testNow.Add(-5*time.Minute)
	sheet := station.Sheet{Consultation: "c", Patient: eloise, Measured: all[:3], Unassigned: all[5:7], Corrected: all[7:8]}
	return view{situation: station.Situation{Consultation: consultation(eloise), Clients: 1, Links: soundLinks()}, desk: &desk{sheet, nil, known()}}
}

// afterwards is the time after a consultation.
func afterwards() view {
	v := atWork()
	v.situation.Consultation = nil
	return v
}

func anonymous() view {
	v := atWork()
	v.situation.Consultation, v.desk.Patient, v.desk.Corrected, v.desk.Unassigned = consultation(nil), nil, nil, nil
	v.desk.Measured = v.desk.Measured[:1]
	v.desk.Measured[0].Subject = nil
	return v
}

func overfullDesk() view {
	all := append(overfull(), overfull()...)
	for i := range all {
		all[i].Seq, all[i].Consultation = uint64(1000-i), "c"
		all[i].First, all[i].Version, all[i].Corrected = eloise, 2, testNow
	}
	all[1].Discarded, all[1].Reason = true, "Le patient a retiré le brassard pendant la mesure parce que le tuyau était coincé sous l’accoudoir du fauteuil"
	nobodys := overfull()
	for i := range nobodys {
		nobodys[i].Seq, nobodys[i].Subject = uint64(500-i), nil
	}
	long := all[0].Subject
	return view{
		situation: station.Situation{Consultation: consultation(long)},
		desk:      &desk{station.Sheet{Consultation: "c", Patient: long, Measured: all, Unassigned: nobodys}, nil, nil},
	}
}

func consultationScenes() map[string]scene {
	many, fewKnown := overfullDesk(), atWork()
	fewKnown.desk.known = known()[:3]
	choosing := func(m *fhirmap.Recorded, then func(*chooser)) func(*screen) {
		return func(s *screen) {
			s.update(fewKnown)
			s.consultation.choose(m)
			if then != nil {
				then(s.consultation.chooser)
			}
		}
	}
	desk := atWork().desk
	typed := func(c *chooser) {
		c.form.family.SetText("Lef")
		c.form.family.CursorColumn = len("Lef")
		c.form.given.SetText("")
		c.form.birth.SetText("12/03/80")
	}
	return map[string]scene{
		"consult":          {view: atWork(), page: pageConsultation},
		"consult-none":     {view: view{desk: &desk0, situation: station.Situation{Links: soundLinks()}}, page: pageConsultation},
		"consult-after":    {view: afterwards(), page: pageConsultation},
		"consult-nobody":   {view: anonymous(), page: pageConsultation},
		"consult-overfull": {view: many, page: pageConsultation},
		"consult-fault":    {view: view{desk: &faulty, situation: station.Situation{Consultation: consultation(eloise)}}, page: pageConsultation},
		"choose-start":     {view: view{desk: desk}, page: pageConsultation, prepare: choosing(nil, nil)},
		"choose-typed":     {view: atWork(), page: pageConsultation, prepare: choosing(nil, typed)},
		"choose-assign":    {view: atWork(), page: pageConsultation, prepare: choosing(&desk.Unassigned[0], nil)},
		"choose-correct": {view: fewKnown, page: pageConsultation, prepare: choosing(&desk.Measured[0], func(c *chooser) {
			c.choose(&c.shown[1])
		})},
		"choose-overfull": {view: many, page: pageConsultation, prepare: func(s *screen) {
			s.update(many)
			s.consultation.choose(&many.desk.Measured[0])
		}},
	}
}

var (
	desk0  = desk{}
	faulty = desk{fault: &fhirmap.Fault{Code: "corrupt", French: "Une mesure enregistrée est illisible. Contactez le support.", English: "corrupt"}}
)

// consultationQuestions are those about a measurement and a patient.
func consultationQuestions(w words) map[string]question {
	d := atWork().desk
	assigned, lone, discarded := &d.Measured[0], &d.Unassigned[0], &d.Measured[1]
	long := overfull()[0]
	return map[string]question{
		"assign":  w.assignQuestion(lone, station.Attribution{Patient: eloise}, nil, testNow, func() {}),
		"correct": w.assignQuestion(assigned, station.Attribution{Patient: paul}, receivers(), testNow, func() {}),
		"detach":  w.assignQuestion(&long, station.Attribution{}, receivers(), testNow, func() {}),
		"discard": w.discardQuestion(assigned, receivers(), testNow, func(string) {}),
		"restore": w.undoQuestion(discarded, receivers(), testNow, func() {}),
		"undo":    w.undoQuestion(&d.Corrected[0], nil, testNow, func() {}),
		"known":   w.knownQuestion(paul, &fhirmap.Patient{ID: "4712", Family: "Durand", Given: "Paule", BirthDate: "1951-11-02"}, func() {}, func() {}),
	}
}

// Each question fits the least window.
func TestQuestions_Consultation(t *testing.T) {
	for name, q := range consultationQuestions(newWords("fr")) {
		for form, variant := range forms {
			if form == "dark" && name != "correct" {
				continue // the form differs in colour only
			}
			file := "question-" + name + "-" + form
			t.Run(file, func(t *testing.T) {
				test.NewTempApp(t).Settings().SetTheme(forced{variant: variant})
				window := test.NewTempWindow(t, newPanel(theme.ColorNameBackground, "", ""))
				window.Resize(fyne.NewSize(560, leastHeight))
				d := newDialogs(window.Canvas(), func() {}, func() {})
				if !d.ask(q) {
					t.Fatal("not asked")
				}
				if needed := d.open.MinSize(); needed.Height > leastHeight {
					t.Errorf("needs %v", needed)
				}
				test.AssertRendersToImage(t, file+".png", window.Canvas())
			})
		}
	}
}
