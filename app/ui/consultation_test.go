package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// consulting is a driven window with the page «Consultation» in front.
func consulting(t *testing.T, v view) *driven {
	t.Helper()
	d := newDriven(t)
	d.front()
	d.screen.open(pageConsultation)
	d.show(v)
	return d
}

func (d *driven) page() *consultationPage { return d.screen.consultation }

func (d *driven) wantAsked(want string) {
	d.t.Helper()
	if got := await(d.t, d.core.asked); got != want {
		d.t.Errorf("the core was asked to %q, want %q", got, want)
	}
}

// wantNothing tells that the core has been asked nothing.
func (d *driven) wantNothing() {
	d.t.Helper()
	if len(d.core.asked) != 0 {
		d.t.Errorf("the core was asked to %q", <-d.core.asked)
	}
}

func (d *driven) typePatient(family, given, birth, id string) {
	f := d.page().chooser.form
	for field, text := range map[*field]string{f.family: family, f.given: given, f.birth: birth, f.id: id} {
		field.SetText(text)
	}
}

func TestConsultation_StartsForWhoIsTypedIn(t *testing.T) {
	d := consulting(t, view{desk: &desk{known: known()}})
	test.Tap(d.page().main)
	c := d.page().chooser
	if d.frame.Canvas().Focused() != c.form.family {
		t.Error("the keyboard is not on the name")
	}
	for _, bad := range [][4]string{
		{"", "Anne", "01/02/1990", ""},
		{"Durand", "", "01/02/1990", ""},
		{"Durand", "Anne", "1/2/90", ""},
		{"Durand", "Anne", "31/02/1990", ""},
		{"Durand", "Anne", "01/02/2030", ""},
		{"Durand", "Anne", "01/02/1890", ""},
		{"Durand", "Anne", "01/02/1990", strings.Repeat("1", maxTrait+1)},
	} {
		if d.typePatient(bad[0], bad[1], bad[2], bad[3]); !c.confirm.Disabled() {
			t.Errorf("%q is taken", bad)
		}
	}
	d.typePatient("Durand", "Anne", "01/02/1990", "77")
	if c.form.birth.hint.Text != "36"+nb+"ans" || c.who.text != "Pour"+nb+": DURAND Anne" {
		t.Errorf("%q, %q", c.form.birth.hint.Text, c.who.text)
	}
	c.form.id.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	d.take() // who it is
	d.wantAsked("start 77")
	d.take()
	if c.Visible() || !d.page().overview.Visible() {
		t.Error("the page does not come back")
	}
}

func TestConsultation_ARecentPatientOrNobody(t *testing.T) {
	d := consulting(t, view{desk: &desk{known: known()}})
	test.Tap(d.page().main)
	c := d.page().chooser
	c.form.family.SetText("lefe")
	if len(c.shown) != 2 {
		t.Fatalf("%d patients begin as what is typed: %+v", len(c.shown), c.shown)
	}
	test.Tap(c.options[0])
	if c.confirm.Disabled() || c.who.text != "Pour"+nb+": LEFÈVRE Éloïse" {
		t.Errorf("chosen: %q", c.who.text)
	}
	c.form.given.SetText("Z")
	if c.chosen != nil || !c.confirm.Disabled() {
		t.Error("who was chosen before somebody else is typed in counts")
	}
	test.Tap(c.nobody)
	d.wantAsked("start ")
}

// Who presses twice starts one consultation, and is asked once.
func TestConsultation_PressedTwice(t *testing.T) {
	d := consulting(t, atWork())
	test.Tap(d.page().change)
	d.typePatient("Durand", "Anne", "01/02/1990", "")
	for range 2 {
		d.page().chooser.proceed()
	}
	d.take()
	d.page().chooser.proceed()
	d.wantAsked("start made")
	d.take()
	row := d.page().sections[0].rows[key{"log", atWork().desk.Measured[0].Seq}]
	for range 2 {
		test.Tap(row.discard)
	}
	d.take()
	d.press(fyne.KeyEscape)
	if d.dialogs.open != nil || len(d.posts) != 0 {
		t.Error("asked twice")
	}
	d.wantNothing()
}

// Who types the number of somebody else is asked.
func TestConsultation_ANumberThatIsSomebodyElses(t *testing.T) {
	d := consulting(t, view{desk: &desk{known: known()}})
	for _, answer := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyTab} {
		test.Tap(d.page().main)
		d.typePatient("Durand", "Anne", "01/02/1990", "4712")
		test.Tap(d.page().chooser.confirm)
		d.take()
		if d.dialogs.current.title != "Est-ce la même personne\u202f?" || focusedText(d.frame.Canvas()) != "Non, corriger la saisie" {
			t.Fatalf("shown: %q, the keyboard is on %q", d.dialogs.current.title, focusedText(d.frame.Canvas()))
		}
		if answer == fyne.KeyTab {
			d.frame.Canvas().FocusNext()
		}
		d.press(fyne.KeyReturn)
		if answer == fyne.KeyReturn {
			d.wantNothing()
			d.page().chooser.close()
		}
	}
	d.wantAsked("start 4712")
}

func TestConsultation_ATwinIsPointedOut(t *testing.T) {
	d := consulting(t, view{desk: &desk{known: known()}})
	test.Tap(d.page().main)
	d.typePatient("LEFEVRE", "eloise", "12/03/1980", "")
	if c := d.page().chooser; !c.warning.Visible() || !strings.Contains(c.notice.Text, "déjà connu") {
		t.Errorf("said: %q", c.notice.Text)
	}
}

// A wrong click attributes nothing: the safe answer has the keyboard, and the
// question says from whom to whom, and which software has the measurement.
func TestConsultation_AttributionIsConfirmed(t *testing.T) {
	d := consulting(t, atWork())
	row := d.page().sections[0].rows[key{"log", atWork().desk.Measured[0].Seq}]
	for _, sure := range []bool{false, true} {
		test.Tap(row.assign)
		c := d.page().chooser
		paulsOffer := -1
		for i := range c.shown {
			if c.shown[i].Patient.Same(paul) {
				paulsOffer = i
			}
		}
		test.Tap(c.options[paulsOffer])
		test.Tap(c.confirm)
		d.take()
		q := d.dialogs.current
		if got := textOf(q.content); q.title != "Corriger l’attribution\u202f?" || !strings.Contains(got, "De"+nb+": LEFÈVRE Éloïse") ||
			!strings.Contains(got, "À"+nb+": MARTIN Paul") || !strings.Contains(got, "Déjà transmise à"+nb+": https://logiciel.example.fr\u202f; programme de ce poste") ||
			!strings.Contains(got, "128/82") || !strings.Contains(got, "14:05:08") {
			t.Fatalf("%s: %s", q.title, got)
		}
		if got := focusedText(d.frame.Canvas()); got != "Ne rien changer" {
			t.Fatalf("the keyboard is on %q", got)
		}
		if sure {
			d.frame.Canvas().FocusNext()
		}
		d.press(fyne.KeyReturn)
		if !sure {
			d.wantNothing()
			c.close()
		}
	}
	d.wantAsked("assign 13 to 4712 in \"\"")
	d.take()
	if d.page().chooser.Visible() {
		t.Error("the page does not come back")
	}
}

// textOf is what is written in a question.
func textOf(content []fyne.CanvasObject) string {
	var all []string
	for _, o := range content {
		switch o := o.(type) {
		case *fyne.Container:
			all = append(all, textOf(o.Objects))
		case interface{ AccessibilityLabel() string }:
			all = append(all, o.AccessibilityLabel())
		}
	}
	return strings.Join(all, "\n")
}

func TestConsultation_UnassignedGoesToTheOpenConsultation(t *testing.T) {
	d := consulting(t, atWork())
	m := atWork().desk.Unassigned[0]
	test.Tap(d.page().sections[1].rows[key{"log", m.Seq}].assign)
	test.Tap(d.page().chooser.options[0])
	test.Tap(d.page().chooser.confirm)
	d.take()
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	d.wantAsked("assign 8 to 1 in \"c\"")
}

func TestConsultation_DiscardNeedsAReason(t *testing.T) {
	d := consulting(t, atWork())
	m := atWork().desk.Measured[0]
	test.Tap(d.page().sections[0].rows[key{"log", m.Seq}].discard)
	d.take()
	reason := d.dialogs.current.fields[0]
	d.press(fyne.KeyReturn)
	if d.dialogs.open == nil {
		t.Fatal("answered without a reason")
	}
	d.wantNothing()
	reason.SetText("  Mesure d’essai ")
	d.press(fyne.KeyReturn)
	d.wantAsked("discard 13: Mesure d’essai")
}

func TestConsultation_DiscardedIsRestored(t *testing.T) {
	d := consulting(t, atWork())
	row := d.page().sections[0].rows[key{"log", atWork().desk.Measured[1].Seq}]
	if row.assign.Visible() || row.discard.Visible() || row.undo.Text != "Rétablir…" {
		t.Error("other buttons than that to restore it")
	}
	test.Tap(row.undo)
	d.take()
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	d.wantAsked("undo 12")
}

// What is undone says something else after more than one correction.
func TestUndoable(t *testing.T) {
	for name, test := range map[string]struct {
		m    fhirmap.Recorded
		want bool
	}{
		"the first version":     {fhirmap.Recorded{Version: 1, Subject: eloise}, false},
		"attributed":            {fhirmap.Recorded{Version: 2, Subject: eloise}, true},
		"attributed to another": {fhirmap.Recorded{Version: 2, Subject: eloise, First: paul}, true},
		"attributed twice":      {fhirmap.Recorded{Version: 3, Subject: eloise, First: paul}, false},
		"restored":              {fhirmap.Recorded{Version: 3, Subject: paul, First: paul}, false},
		"discarded":             {fhirmap.Recorded{Version: 2, Subject: eloise, First: paul, Discarded: true}, false},
	} {
		if got := undoable(&test.m); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestConsultation_AQuestionThatIsOvertakenIsWithdrawn(t *testing.T) {
	d := consulting(t, atWork())
	test.Tap(d.page().sections[0].rows[key{"log", atWork().desk.Measured[0].Seq}].discard)
	d.take()
	d.show(atWork())
	if d.dialogs.open == nil {
		t.Fatal("withdrawn although nothing has changed")
	}
	later := atWork()
	later.desk.Measured[0].Version = 2
	d.show(later)
	if d.dialogs.open != nil {
		t.Error("asks about a version that is not the newest")
	}
}

func TestConsultation_FailureIsShownAndNothingIsLost(t *testing.T) {
	d := consulting(t, view{desk: &desk{known: known()}})
	d.core.fault = &fhirmap.Fault{Code: "disk_full", French: "Le disque est plein.", English: "disk full"}
	test.Tap(d.page().main)
	d.typePatient("Durand", "Anne", "01/02/1990", "77")
	test.Tap(d.page().chooser.confirm)
	d.take()
	d.wantAsked("start 77")
	d.take()
	if d.dialogs.current.title != "L’action n’a pas abouti" || !d.page().chooser.Visible() || d.page().chooser.form.family.Text != "Durand" {
		t.Errorf("shown: %q", d.dialogs.current.title)
	}
}

func TestConsultation_EscapeGoesBack(t *testing.T) {
	d := consulting(t, atWork())
	test.Tap(d.page().change)
	d.press(fyne.KeyEscape)
	if d.page().chooser.Visible() {
		t.Error("not closed")
	}
}

// Only the page in front has the core read for it.
func TestBridge_ReadsTheDeskForItsPage(t *testing.T) {
	d := newDriven(t)
	d.front()
	for page, want := range map[int]bool{pageLive: false, pageConsultation: true, pageAlarms: false} {
		d.screen.open(page)
		go d.bridge.refresh(t.Context())
		d.take()
		if got := d.screen.view.desk != nil; got != want {
			t.Errorf("page %d: read %v", page, got)
		}
	}
}

func TestTypedDate(t *testing.T) {
	for text, want := range map[string]string{
		"12/03/1980": "1980-03-12", " 1.2.1990 ": "1990-02-01", "12-03-1980": "1980-03-12", "12031980": "1980-03-12", "29/02/2024": "2024-02-29",
		"12/03/80": "", "29/02/2023": "", "1980-03-12": "", "12/03": "", "00/01/1980": "", "12/13/1980": "", "01/01/0000": "", "١٢/٠٣/١٩٨٠": "", "": "",
	} {
		got := ""
		if day, ok := typedDate(text); ok {
			got = day.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestFullYears(t *testing.T) {
	born := time.Date(1980, 3, 12, 0, 0, 0, 0, time.UTC)
	for day, want := range map[string]int{"1980-03-12": 0, "1981-03-11": 0, "1981-03-12": 1, "2026-03-11": 45, "2026-11-20": 46} {
		today, _ := time.Parse(time.DateOnly, day)
		if got := fullYears(born, today); got != want {
			t.Errorf("on %s: %d", day, got)
		}
	}
}

func TestSameTraits(t *testing.T) {
	for name, test := range map[string]struct {
		a, b fhirmap.Patient
		want bool
	}{
		"the same":             {*eloise, *eloise, true},
		"without accents":      {*eloise, fhirmap.Patient{Family: "LEFEVRE", Given: "eloise", BirthDate: "1980-03-12", Sex: "unknown"}, true},
		"hyphens":              {fhirmap.Patient{Given: "Marie-Anne"}, fhirmap.Patient{Given: "marie anne"}, true},
		"nothing known":        {fhirmap.Patient{}, *eloise, true},
		"another name":         {*eloise, *paul, false},
		"another day of birth": {*eloise, fhirmap.Patient{Family: "Lefèvre", BirthDate: "1980-03-13"}, false},
		"another sex":          {*eloise, fhirmap.Patient{Family: "Lefèvre", Sex: "male"}, false},
	} {
		if got := sameTraits(&test.a, &test.b); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSoftware_IsNamed(t *testing.T) {
	got := newWords("fr").receivers([]station.Receiver{
		{Software: station.Software{Origin: "https://a.example", Token: "Cabinet"}},
		{Software: station.Software{Token: "Cabinet"}}, {},
	})
	if want := "https://a.example · jeton « Cabinet »\u202f; jeton « Cabinet »\u202f; programme de ce poste, sans jeton"; got != want {
		t.Errorf("%q", got)
	}
}
