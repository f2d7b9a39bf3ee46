package ui

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2/theme"

	"vitalien/app/report"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A historyExport is what a page shows, to be written to a file.
type historyExport struct {
	words   words
	patient *fhirmap.Patient
	types   []fhirmap.Type
	taken   station.Span
	now     time.Time
	version string // of the program
}

func (p *historyPage) exported() historyExport {
	return historyExport{words: p.words, patient: p.of.patient, types: p.types(), taken: p.view, now: p.now()}
}

// The formats of an export, in the order in which they are offered, and the ends
// of their files' names.
const (
	exportPDF  = station.ExportFormat("pdf")
	printedMax = 60 // rows that a page could have
	pageOfCSV  = 500

	printedColumns = 500 // of a plot on paper
)

var exportChoices = []struct {
	format    station.ExportFormat
	key, name string
}{
	{exportPDF, "history.pdf", ".pdf"},
	{station.ExportCSV, "history.csv", ".csv"},
	{station.ExportBundle, "history.fhir", ".json"},
}

// write writes the file, and tells progress from 0 to 1.
func (e *historyExport) write(ctx context.Context, core HistoryCore, format station.ExportFormat, path string, progress func(share float64)) error {
	all, err := core.Count(ctx, e.search())
	if err != nil {
		return err
	}
	told := func(done int) { progress(float64(done) / float64(max(1, all))) }
	return core.ExportFile(path, format, e.patient.Key(), func(w io.Writer) (int, error) {
		switch format {
		case station.ExportBundle:
			return core.WriteBundle(ctx, w, e.search(), told)
		case station.ExportCSV:
			return e.writeCSV(ctx, core, w, told)
		default:
			return e.writePDF(ctx, core, w, all)
		}
	})
}

func (e *historyExport) search() station.Search {
	return station.Search{Patients: []string{e.patient.Key()}, Types: e.types, Taken: e.taken}
}

// writeCSV writes a line for each reading, oldest first.
func (e *historyExport) writeCSV(ctx context.Context, core HistoryCore, out io.Writer, told func(done int)) (int, error) {
	w := e.words
	var names []string
	for _, key := range []string{
		"column.patient", "column.birth", "column.number", "column.date", "column.time", "column.what",
		"column.reading", "column.figure", "column.unit", "column.source", "column.bed", "column.state",
	} {
		names = append(names, w.say(key))
	}
	table, err := report.NewCSV(out, names...)
	if err != nil {
		return 0, err
	}
	q := e.search()
	q.OldestFirst, q.Limit = true, pageOfCSV
	measurements, done := map[uint64]bool{}, 0
	for {
		found, next, err := core.Search(ctx, q)
		if err != nil {
			return 0, err
		}
		for i := range found {
			measurements[found[i].Seq] = true
			for _, row := range e.csvRows(&found[i]) {
				if err := table.Write(row...); err != nil {
					return 0, err
				}
			}
		}
		done += len(found)
		told(done)
		if q.Page = next; next == nil {
			return len(measurements), table.Close()
		}
	}
}

// csvRows are the readings of one Observation.
func (e *historyExport) csvRows(f *station.Found) (rows [][]string) {
	w, who := e.words, e.patient
	if who == nil {
		who = &fhirmap.Patient{}
	}
	what, at := f.ObservationTypes()[f.Nth], f.Effective().In(e.now.Location())
	for i := range f.Readings {
		r := &f.Readings[i]
		if r.Type != what && !partOf(what, r.Type) {
			continue
		}
		value := ""
		if r.Value != nil {
			value = w.plain(*r.Value)
		}
		rows = append(rows, []string{
			who.Name(), w.day(who.BirthDate), who.ID, at.Format(dateLayout), at.Format("15:04:05"),
			w.vital(what), w.vital(r.Type), value, r.Unit.Label, w.place("", &f.Device), f.Bed,
			joined(" · ", w.absence(r.Absent), w.remarks(f)),
		})
	}
	return rows
}

// partOf tells whether a reading is one of those that a pressure is made of.
func partOf(panel, t fhirmap.Type) bool {
	if panel != fhirmap.BloodPressure && panel != fhirmap.ArterialPressure {
		return false
	}
	vital, _ := fhirmap.Lookup(panel)
	return slices.Contains(vital.Parts, t) && t != fhirmap.HeartRate
}

// day is a date as people write it, or as much as is known of it.
func (w words) day(date string) string {
	if t, err := time.Parse(time.DateOnly, date); err == nil {
		return t.Format(dateLayout)
	}
	return date
}

// writePDF writes one page.
func (e *historyExport) writePDF(ctx context.Context, core HistoryCore, out io.Writer, all int) (int, error) {
	q := e.search()
	q.Limit = printedMax
	found, _, err := core.Search(ctx, q)
	if err != nil {
		return 0, err
	}
	trends, err := core.Trends(ctx, station.TrendSearch{Patient: e.patient.Key(), Types: e.types, Taken: e.taken, Columns: printedColumns})
	if err != nil {
		return 0, err
	}
	measurements := map[uint64]bool{}
	for i := range found {
		measurements[found[i].Seq] = true
	}
	return len(measurements), e.page(found, trends, all).WritePDF(out)
}

// page is what is printed.
func (e *historyExport) page(found []station.Found, trends []station.Trend, all int) *report.Page {
	w, zone := e.words, e.now.Location()
	p := &report.Page{
		Title: w.say("history.paper"), Name: w.subjectName(e.patient), Printed: e.now,
		Fonts: report.Fonts{Regular: theme.DefaultTextFont().Content(), Bold: theme.DefaultTextBoldFont().Content()},
		Facts: []report.Fact{
			{Name: w.say("history.paper.period"), Text: w.between(e.taken.From, e.taken.To, zone)},
			{Name: w.say("history.paper.sources"), Text: e.sources(found)},
			{Name: w.say("history.paper.printed"), Text: fullMoment(e.now, zone)},
		},
		Footer: w.say("history.paper.foot", "version", e.version),
		Table: report.Table{
			Title:   w.say("history.paper.last"),
			Columns: []string{w.say("history.when"), w.say("history.what"), w.say("history.value"), w.say("history.paper.source")},
			Widths:  []float64{0.155, 0.215, 0.22, 0.41},
			Left:    func(printed int) string { return w.printed(printed, all) },
		},
	}
	if e.patient != nil {
		p.Details = []string{joined(" · ", w.birth(e.patient), w.say("history.number", "number", e.patient.ID))}
	}
	banded := false
	var lanes []*lane
	for i := range trends {
		if len(trends[i].Points) > 0 {
			lanes = append(lanes, w.laneOf(&trends[i], e.patient, e.taken.From))
		}
	}
	for _, l := range joinLanes(lanes) {
		banded = banded || l.band != nil
		p.Plots = append(p.Plots, report.Plot{
			Name: l.name, Colour: shades[l.colour].light, From: e.taken.From.In(zone), To: e.taken.To.In(zone), Points: l.points, Axis: l.axis,
			Band: l.band, Write: w.axis,
		})
	}
	if p.Note = w.trendNote(trends, func(fhirmap.Type) bool { return true }); banded {
		p.Note = joined(" · ", p.Note, w.say("history.band"))
	}
	for i := range found {
		f := &found[i]
		p.Table.Rows = append(p.Table.Rows, report.Row{Muted: f.Discarded, Cells: []string{
			fullMoment(f.Effective(), zone), w.vital(f.ObservationTypes()[f.Nth]), w.observed(f), joined(" · ", w.noted(f), w.source(&f.Measurement)),
		}})
	}
	return p
}

// sources are the devices of what is printed, each once.
func (e *historyExport) sources(found []station.Found) string {
	var names []string
	for i := range found {
		d := &found[i].Device
		model := strings.TrimSpace(d.Manufacturer + " " + d.Model)
		name := d.Name
		if model != "" && name != "" && !says(name, model) {
			name += " (" + model + ")"
		} else if name == "" {
			name = model
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// printed is how many of all are in the table.
func (w words) printed(printed, all int) string {
	if printed >= all {
		return w.count(all, "history.nothing", "history.paper.single", "history.paper.all")
	}
	return w.say("history.paper.some", "n", w.number(uint64(printed)), "all", w.number(uint64(all)))
}

// exportName is the name of a file that tells nothing of the patient.
func exportName(now time.Time, end string) string {
	return "vitalien-" + now.Format("2006-01-02-1504") + end
}

// withEnd is path with the end of a format in place of that of another one.
func withEnd(path, end string) string {
	for _, c := range exportChoices {
		if strings.EqualFold(filepath.Ext(path), c.name) {
			path = path[:len(path)-len(c.name)]
		}
	}
	return path + end
}
