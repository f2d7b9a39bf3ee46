package ui

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

// atOnce are the actions of the page with everything read at once.
func atOnce(core HistoryCore) actions {
	do := idle()
	do.look = func(_ string, do func(context.Context, HistoryCore) (func(), error), failed func(error)) {
		show, err := do(context.Background(), core)
		if err != nil {
			failed(err)
			return
		}
		show()
	}
	do.focus = func(fyne.Focusable) {}
	do.exportHistory = func(historyExport) {}
	do.askDays = func(station.Span, *time.Location, func(station.Span)) {}
	return do
}

// A broken archive reads nothing.
type broken struct{ *archive }

func (broken) Patients(context.Context) ([]station.Version[fhirmap.Patient], error) {
	return nil, &fhirmap.Fault{Code: "store", French: "Les mesures ne peuvent pas être lues\u00a0: le disque ne répond pas. Vérifiez-le, puis rouvrez cette page.", English: "disk"}
}

func (b broken) Trends(ctx context.Context, _ station.TrendSearch) ([]station.Trend, error) {
	_, err := b.Patients(ctx)
	return nil, err
}

// A historyScene is a state of the page.
type historyScene struct {
	core    func(t testing.TB) HistoryCore
	prepare func(p *historyPage)
}

func historyScenes() map[string]historyScene {
	real := func(t testing.TB) HistoryCore { return practice(t) }
	mine := func(p *historyPage) { p.choose(&subject{eloise}) }
	return map[string]historyScene{
		"choose": {real, func(*historyPage) {}},
		"search": {real, func(p *historyPage) { p.chooser.search.SetText("lef") }},
		"plots":  {real, mine},
		"hover": {real, func(p *historyPage) {
			mine(p)
			p.plot.pointer = 420
			p.plot.Refresh()
		}},
		"table": {real, func(p *historyPage) { mine(p); p.showAs(true) }},
		"all":   {real, func(p *historyPage) { mine(p); p.ask(periodAll) }},
		"none":  {func(t testing.TB) HistoryCore { return openArchive(t) }, func(*historyPage) {}},
		"empty": {real, func(p *historyPage) {
			p.choose(&subject{&fhirmap.Patient{System: "urn:ehr", ID: "9", Family: "Durand"}})
		}},
		"void": {real, func(p *historyPage) {
			mine(p)
			p.see(station.Span{From: testNow.AddDate(-3, 0, 0), To: testNow.AddDate(-2, 0, 0)}, periodOther)
		}},
		"unreadable": {func(testing.TB) HistoryCore { return broken{} }, func(*historyPage) {}},
		"error":      {func(testing.TB) HistoryCore { return broken{} }, mine},
		"overfull": {func(t testing.TB) HistoryCore { return openArchive(t, everythingOfOne()...) }, func(p *historyPage) {
			p.choose(&subject{longNamed()})
			for _, t := range typesOf(p.known)[firstShown:] {
				p.toggle(t)
			}
		}},
		"overfull-table": {func(t testing.TB) HistoryCore { return openArchive(t, everythingOfOne()...) }, func(p *historyPage) {
			p.choose(&subject{longNamed()})
			p.showAs(true)
		}},
	}
}

func longNamed() *fhirmap.Patient {
	return &fhirmap.Patient{System: "urn:ehr", ID: "1234567890123", Family: "de La Rochefoucauld-Montmorency d’Aubigné", Given: "Marie-Antoinette Éléonore", BirthDate: "1938-04-01", Sex: "female"}
}

// everythingOfOne is every vital sign at once, a minute apart, by a device with a
// long name.
func everythingOfOne() (all []fhirmap.Measurement) {
	for i := range 120 {
		for _, r := range everyType() {
			m := r.Measurement
			m.Device = fhirmap.Device{ID: "m", Type: fhirmap.PatientMonitor, Name: "Moniteur multiparamétrique du service de chirurgie ambulatoire"}
			m.Quality = []fhirmap.Quality{fhirmap.SignalLowPerfusion, fhirmap.BatteryLow}
			all = append(all, taken(longNamed(), m.Device, time.Duration(i)*time.Minute, m))
		}
	}
	return all
}

func historyWindow(t testing.TB, scene historyScene, variant fyne.ThemeVariant, size fyne.Size) (fyne.Window, *screen) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(forced{variant: variant})
	core := scene.core(t)
	s := newScreen(newWords("fr"), testOptions(), atOnce(core))
	w := test.NewTempWindow(t, s.Container)
	w.SetPadded(false)
	w.Resize(size)
	s.open(pageHistory)
	s.update(view{situation: station.Situation{Links: soundLinks()}})
	scene.prepare(s.history)
	return w, s
}

func TestScreen_History(t *testing.T) {
	for name, scene := range historyScenes() {
		for form, variant := range forms {
			for _, size := range []fyne.Size{{Width: usualWidth, Height: usualHeight}, {Width: leastWidth, Height: leastHeight}} {
				if (form == "light") != (size.Width == usualWidth) && name != "plots" && name != "table" {
					continue
				}
				file := fmt.Sprintf("history-%s-%s-%.0fx%.0f", name, form, size.Width, size.Height)
				t.Run(file, func(t *testing.T) {
					w, s := historyWindow(t, scene, variant, size)
					if needed := s.MinSize(); needed.Width > leastWidth || needed.Height > leastHeight {
						t.Errorf("needs %v, more than the least window", needed)
					}
					test.AssertRendersToImage(t, file+".png", w.Canvas())
				})
			}
		}
	}
}

// What the page asks.
func TestScreen_HistoryQuestions(t *testing.T) {
	w := newWords("fr")
	span := station.Span{From: testNow.AddDate(0, -1, 0), To: testNow}
	for name, prepared := range map[string]func() question{
		"export": func() question {
			q := w.exportQuestion("/home/dr.martin/Documents/vitalien-2026-11-20-1405.pdf", func(station.ExportFormat, string) {})
			q.fields[0].check = func(string) string { return "" } // there is no such folder here
			return q
		},
		"days": func() question { return w.daysQuestion(span, time.UTC, func(station.Span) {}) },
		"replace": func() question {
			return w.replaceQuestion("/home/dr.martin/Documents/vitalien-2026-11-20-1405.pdf", func() {})
		},
		"writing": func() question {
			bar := newDoneShare(w)
			bar.set(0.4)
			return w.progressQuestion(bar, func() {})
		},
		"written": func() question {
			return w.writtenQuestion("/home/dr.martin/Documents/vitalien-2026-11-20-1405.pdf", func() {})
		},
	} {
		file := "question-history-" + name + "-light"
		t.Run(file, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(forced{variant: forms["light"]})
			window := test.NewTempWindow(t, newPanel(colourGround, "", ""))
			window.Resize(fyne.NewSize(560, 440))
			if !newDialogs(window.Canvas(), func() {}, func() {}).ask(prepared()) {
				t.Fatal("not asked")
			}
			test.AssertRendersToImage(t, file+".png", window.Canvas())
		})
	}
}

func TestScreen_HistoryShowsNoKeyOrPlaceholder(t *testing.T) {
	raw := regexp.MustCompile(`>[^<]*(\{[a-z]+\}|\b(history|column)\.[a-z.]+)[^<]*<`)
	for _, language := range assets.Languages {
		for name, scene := range historyScenes() {
			test.NewTempApp(t).Settings().SetTheme(calm{})
			s := newScreen(newWords(language), testOptions(), atOnce(scene.core(t)))
			w := test.NewTempWindow(t, s.Container)
			w.Resize(fyne.NewSize(usualWidth, usualHeight))
			s.open(pageHistory)
			scene.prepare(s.history)
			if found := raw.FindString(test.RenderToMarkup(w.Canvas())); found != "" {
				t.Errorf("%s, %s: %s", language, name, found)
			}
		}
	}
}
