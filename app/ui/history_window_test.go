package ui

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// newHistoryPageOf is a page that shows Éloïse's plots, laid out.
func newHistoryPageOf(t *testing.T) *historyPage {
	t.Helper()
	_, s := historyWindow(t, historyScenes()["plots"], forms["light"], fyne.NewSize(usualWidth, usualHeight))
	return s.history
}

// Everything is reached with the keyboard, and does what the mouse does.
func TestHistory_Keyboard(t *testing.T) {
	w, s := historyWindow(t, historyScenes()["choose"], forms["light"], fyne.NewSize(usualWidth, usualHeight))
	p := s.history
	w.Canvas().Focus(p.chooser.search)
	for _, r := range "lefevre elo" {
		p.chooser.search.TypedRune(r)
	}
	p.chooser.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if p.of == nil || !p.of.patient.Same(eloise) {
		t.Fatalf("chose %+v", p.of)
	}
	reached := map[fyne.Focusable]bool{}
	for range 60 {
		w.Canvas().FocusNext()
		reached[w.Canvas().Focused()] = true
	}
	for name, object := range map[string]fyne.Focusable{
		"change": p.change, "export": p.export, "day": p.periods[periodDay], "table": p.forms[1],
		"weight": p.kindOptions[fhirmap.BodyWeight], "plots": p.plot,
	} {
		if !reached[object] {
			t.Errorf("%s is not reached", name)
		}
	}
	key := func(to fyne.Focusable, name fyne.KeyName) { to.TypedKey(&fyne.KeyEvent{Name: name}) }
	before := p.view
	key(p.plot, fyne.KeyLeft)
	if !p.view.To.Before(before.To) {
		t.Error("left does not go back")
	}
	key(p.plot, fyne.KeyRight)
	p.plot.TypedRune('+')
	if p.view.To.Sub(p.view.From) >= before.To.Sub(before.From) {
		t.Error("+ does not zoom")
	}
	p.plot.TypedRune('-')
	key(p.plot, fyne.KeyHome)
	if p.period != periodAll {
		t.Error("Home does not show all")
	}
	key(p.kindOptions[fhirmap.BodyWeight], fyne.KeySpace)
	if !p.shown[fhirmap.BodyWeight] || len(p.plot.lanes) != 5 {
		t.Errorf("%d lanes", len(p.plot.lanes))
	}
	key(p.forms[1], fyne.KeyReturn)
	if !p.table.Container.Visible() || len(p.table.rows) != pageOfTable {
		t.Errorf("%d rows", len(p.table.rows))
	}
	key(p.change, fyne.KeyReturn)
	if p.of != nil || !p.chooser.scroll.Visible() {
		t.Error("still shows somebody")
	}
}

// While somebody's measurements are being read, those of the one before are gone.
func TestHistory_NothingOfTheOneBefore(t *testing.T) {
	p := newHistoryPageOf(t)
	p.showAs(true)
	p.showAs(false)
	p.do.look = func(string, func(context.Context, HistoryCore) (func(), error), func(error)) {} // which does not come
	p.choose(&subject{longNamed()})
	p.showAs(true)
	if p.who.name.text == "LEFÈVRE Éloïse" || len(p.plot.lanes) > 0 && p.plotBox.Visible() {
		t.Error("still shows the plots or the name")
	}
	for _, r := range p.table.rows {
		if r.Visible() {
			t.Fatal("still shows the rows")
		}
	}
	if !p.export.Disabled() {
		t.Error("can be exported")
	}
}

// Pages of the table go on where the last one ended, and back.
func TestHistory_TableIsPaged(t *testing.T) {
	p := newHistoryPageOf(t)
	p.showAs(true)
	seen := []string{p.table.where.text}
	first := p.table.rows[0].cells[0].text
	for !p.table.older.Disabled() {
		press(p.table.older)
		seen = append(seen, p.table.where.text)
	}
	if len(seen) < 4 || seen[1] != "Mesures 51 à 100 sur 203" || !strings.HasSuffix(seen[len(seen)-1], " à 203 sur 203") {
		t.Errorf("%q", seen)
	}
	for !p.table.newer.Disabled() {
		press(p.table.newer)
	}
	if p.table.where.text != seen[0] || p.table.rows[0].cells[0].text != first {
		t.Errorf("back at %q", p.table.where.text)
	}
}

// Who is in consultation is shown at once, and the next one after, until a person
// chooses somebody.
func TestHistory_FollowsTheConsultation(t *testing.T) {
	_, s := historyWindow(t, historyScenes()["choose"], forms["light"], fyne.NewSize(usualWidth, usualHeight))
	martin := &fhirmap.Patient{System: "urn:ehr", ID: "100", Family: "Martin"}
	shows := func(want string) {
		t.Helper()
		if got := s.history.who.name.text; got != want {
			t.Errorf("shows %q, want %q", got, want)
		}
	}
	shows("Historique")
	s.update(view{situation: station.Situation{Consultation: consultation(nil)}})
	shows("Historique")
	s.update(view{situation: station.Situation{Consultation: consultation(eloise)}})
	shows("LEFÈVRE Éloïse")
	s.update(view{situation: station.Situation{Consultation: consultation(martin)}})
	shows("MARTIN")
	s.history.choose(&subject{eloise})
	s.update(view{situation: station.Situation{Consultation: consultation(martin)}})
	shows("LEFÈVRE Éloïse")
}

// What comes while the page is in front is shown.
func TestHistory_ShowsWhatComes(t *testing.T) {
	core := practice(t)
	_, s := historyWindow(t, historyScene{func(testing.TB) HistoryCore { return core }, historyScenes()["plots"].prepare}, forms["light"], fyne.NewSize(usualWidth, usualHeight))
	before := s.history.known[0].Count
	m := taken(eloise, omron, time.Minute, of(fhirmap.BloodPressure, value(fhirmap.Systolic, "131", fhirmap.MillimetreOfMercury)))
	if _, err := core.Record(t.Context(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{m}}); err != nil {
		t.Fatal(err)
	}
	s.update(view{recent: core.Recent(1)})
	if got := s.history.known[0].Count; got != before+1 {
		t.Errorf("%d instead of %d", got, before+1)
	}
}

func TestMatching_FindsByAnyPart(t *testing.T) {
	core := practice(t)
	all, err := core.Patients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"lefevre": "1", "LEFÈVRE él": "1", "12/03/1980": "1", "1980-03-12 elo": "1", "nguyen": "101", "muller": "106",
		"o'brien": "102", "rochefoucauld montmorency": "103", "aubigne": "103", "105": "105", "lefevre martin": "",
	} {
		found, n := matching(all, text, 5)
		if want == "" && n == 0 || want != "" && n == 1 && found[0].ID == want {
			continue
		}
		if text == "nguyen" && n == 0 {
			t.Errorf("%q: nobody", text)
			continue
		}
		t.Errorf("%q: %d found, %+v", text, n, found)
	}
}

// NEWS2 is for adults whose age is known.
func TestBandOf_AdultsAlone(t *testing.T) {
	for born, want := range map[string]bool{"1980-03-12": true, "2010-11-20": true, "2010-11-21": false, "1980": false, "": false} {
		band := bandOf(fhirmap.HeartRate, &fhirmap.Patient{ID: "1", BirthDate: born}, testNow)
		if (band != nil) != want {
			t.Errorf("born %q: %v", born, band)
		}
	}
	if bandOf(fhirmap.HeartRate, nil, testNow) != nil || bandOf(fhirmap.BloodPressure, eloise, testNow) != nil {
		t.Error("a range for nobody, or one that has no source")
	}
}

// openHistory has a window show Éloïse's history, with everything read.
func openHistory(t *testing.T, core HistoryCore) *driven {
	t.Helper()
	d := newDriven(t)
	d.core.history = core
	d.front()
	d.screen.open(pageHistory)
	d.take() // the patients
	d.screen.history.choose(&subject{eloise})
	d.take()
	return d
}

func TestWindow_HistoryIsExported(t *testing.T) {
	d := openHistory(t, practice(t))
	path := filepath.Join(t.TempDir(), "releve.pdf")
	export := func(format int) {
		press(d.screen.history.export)
		q := d.dialogs.current
		q.options[format].choose()
		q.fields[0].SetText(withEnd(path, exportChoices[format].name))
		d.dialogs.answer(q.choices[1])
	}
	finish := func() {
		for d.dialogs.current.id == exportID {
			d.take()
		}
	}
	for format, c := range exportChoices {
		export(format)
		finish()
		if d.dialogs.current.title != "Export terminé" {
			t.Fatalf("%s: %+v", c.format, d.dialogs.current)
		}
		d.dialogs.answer(d.dialogs.current.choices[0])
		if text, err := os.ReadFile(withEnd(path, c.name)); err != nil || len(text) < 1000 {
			t.Errorf("%s: %d bytes, %v", c.format, len(text), err)
		}
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	export(0)
	if d.dialogs.current.title != "Remplacer ce fichier\u202f?" {
		t.Fatalf("%+v", d.dialogs.current)
	}
	d.press(fyne.KeyEscape)
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("replaced unasked: %v", err)
	}
}

// A stalled archive writes nothing until it is cancelled.
type stalled struct {
	HistoryCore
	began chan struct{}
}

func (s stalled) WriteBundle(ctx context.Context, out io.Writer, _ station.Search, _ func(int)) (int, error) {
	close(s.began)
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestWindow_ExportIsCancelled(t *testing.T) {
	s := stalled{practice(t), make(chan struct{})}
	d := openHistory(t, s)
	folder := t.TempDir()
	press(d.screen.history.export)
	q := d.dialogs.current
	q.options[2].choose()
	q.fields[0].SetText(filepath.Join(folder, "x.json"))
	d.dialogs.answer(q.choices[1])
	await(t, s.began)
	if d.dialogs.current.id != exportID {
		t.Fatalf("%+v", d.dialogs.current)
	}
	d.show(view{}) // which withdraws other questions that are settled
	d.press(fyne.KeyEscape)
	d.take()
	if d.dialogs.open != nil {
		t.Errorf("%+v", d.dialogs.current)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind %v, %v", left, err)
	}
}

func TestWindow_ExportThatFailsSaysWhy(t *testing.T) {
	d := openHistory(t, practice(t))
	e := d.screen.history.exported()
	d.write(e, station.ExportCSV, filepath.Join(t.TempDir(), "missing", "x.csv"))
	for d.dialogs.current.id == exportID {
		d.take()
	}
	if d.dialogs.current.title != "L’action n’a pas abouti" {
		t.Errorf("%+v", d.dialogs.current)
	}
}

func TestWords_PathProblem(t *testing.T) {
	w, folder := newWords("fr"), t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(folder, "x.pdf"): "", "x.pdf": "Écrivez le chemin complet du fichier.",
		filepath.Join(folder, "y", "x.pdf"): "Ce dossier n’existe pas.", folder: "C’est un dossier\u00a0: ajoutez le nom du fichier.",
	} {
		if got := w.pathProblem(path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// What was asked before and has not come yet is not shown any more.
func TestWindow_TheNewestQuestionIsAnswered(t *testing.T) {
	d := openHistory(t, practice(t))
	var shown []string
	first := make(chan struct{})
	d.look("history", func(ctx context.Context, _ HistoryCore) (func(), error) {
		<-first
		return func() { shown = append(shown, "first") }, nil
	}, func(error) {})
	d.look("history", func(context.Context, HistoryCore) (func(), error) {
		return func() { shown = append(shown, "second") }, nil
	}, func(error) {})
	d.take()
	close(first)
	d.take()
	if !slices.Equal(shown, []string{"second"}) {
		t.Errorf("%v", shown)
	}
}
