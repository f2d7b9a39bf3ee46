package ui

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// look has the core read something, off this goroutine, and then shows it here.
// What it read of the same kind before is given up.
func (x *window) look(what string, do func(context.Context, HistoryCore) (show func(), err error), failed func(error)) {
	if before := x.looking[what]; before != nil {
		before()
	}
	ctx, cancel := context.WithCancel(x.ctx)
	x.looking[what] = cancel
	go func() {
		defer x.bridge.survive(what)
		show, err := do(ctx, x.options.Core)
		x.bridge.post(func() {
			defer cancel()
			switch {
			case ctx.Err() != nil: // another one is on its way
			case err != nil:
				x.options.Logger.Error(what, "error", err)
				failed(err)
			default:
				show()
			}
		})
	}()
}

// exportID is the id of the questions about an export.
const exportID = "export"

// exportHistory asks for the format and the place of a file, and writes it.
func (x *window) exportHistory(e historyExport) {
	e.version = x.options.Version
	x.dialogs.ask(x.words.exportQuestion(filepath.Join(documents(), exportName(e.now, exportChoices[0].name)), func(format station.ExportFormat, path string) {
		if _, err := os.Stat(path); err == nil {
			x.dialogs.ask(x.words.replaceQuestion(path, func() { x.write(e, format, path) }))
			return
		}
		x.write(e, format, path)
	}))
}

// write writes the file while a question shows how far it is.
func (x *window) write(e historyExport, format station.ExportFormat, path string) {
	ctx, cancel := context.WithCancel(x.ctx)
	bar := newDoneShare(x.words)
	x.dialogs.ask(x.words.progressQuestion(bar, cancel))
	var told time.Time
	progress := func(share float64) {
		if now := time.Now(); now.Sub(told) > pace {
			told = now
			x.bridge.post(func() { bar.set(share) })
		}
	}
	go func() {
		defer cancel()
		defer x.bridge.survive("export")
		err := e.write(ctx, x.options.Core, format, path, progress)
		x.bridge.post(func() { x.written(path, err) })
	}()
}

// written says how an export ended.
func (x *window) written(path string, err error) {
	if x.dialogs.current.id == exportID {
		x.dialogs.withdraw()
	}
	switch {
	case errors.Is(err, context.Canceled):
		x.next()
	case err != nil:
		x.options.Logger.Error("export", "error", err)
		x.notify(err)
	default:
		x.dialogs.ask(x.words.writtenQuestion(path, func() { x.openFile(path) }))
	}
}

// openFile has the system show a file, which can print it.
func (x *window) openFile(path string) {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	if err := x.app.OpenURL(&url.URL{Scheme: "file", Path: path}); err != nil {
		x.notify(err)
	}
}

// documents is the folder where people keep what they write.
func documents() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	folder := filepath.Join(home, "Documents")
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return home
	}
	return folder
}

// askDays asks from which day to which the history is shown.
func (x *window) askDays(span station.Span, zone *time.Location, see func(station.Span)) {
	x.dialogs.ask(x.words.daysQuestion(span, zone, see))
}

func (w words) exportQuestion(path string, write func(station.ExportFormat, string)) question {
	names := make([]string, len(exportChoices))
	for i, c := range exportChoices {
		names[i] = w.say(c.key)
	}
	place := newField("", w.say("history.export.hint"), w.pathProblem).holding(path)
	formats := newSegments(names, names, func(string) {})
	formats.set(names[0])
	chosen := func() int { return slices.Index(names, formats.chosen) }
	formats.changed = func(string) { place.SetText(withEnd(place.Text, exportChoices[chosen()].name)) }
	return question{
		title:   w.say("history.export.title"),
		content: []fyne.CanvasObject{paragraph(w.say("history.export.text")), padded(0, inset, formats.Container), paragraph(w.say("history.export.place")), place, place.hint},
		fields:  []*field{place},
		options: formats.options,
		choices: []choice{
			{w.say("history.export.no"), widget.MediumImportance, nil},
			{w.say("history.export.yes"), widget.HighImportance, func() {
				write(exportChoices[chosen()].format, filepath.Clean(strings.TrimSpace(place.Text)))
			}},
		},
	}
}

// pathProblem says what is wrong with the place of a file.
func (w words) pathProblem(text string) string {
	path := strings.TrimSpace(text)
	if !filepath.IsAbs(path) {
		return w.say("history.export.whole")
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return w.say("history.export.folder")
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return w.say("history.export.file")
	}
	return ""
}

func (w words) replaceQuestion(path string, replace func()) question {
	return question{
		title:   w.say("history.replace.title"),
		content: []fyne.CanvasObject{paragraph(w.say("history.replace.text", "file", filepath.Base(path)))},
		choices: []choice{
			{w.say("history.replace.no"), widget.MediumImportance, nil},
			{w.say("history.replace.yes"), widget.HighImportance, replace},
		},
	}
}

func (w words) progressQuestion(bar *doneShare, cancel func()) question {
	return question{
		id:      exportID,
		title:   w.say("history.writing.title"),
		content: []fyne.CanvasObject{paragraph(w.say("history.writing.text")), padded(0, inset, bar.Container)},
		choices: []choice{{w.say("history.writing.no"), widget.MediumImportance, cancel}},
	}
}

func (w words) writtenQuestion(path string, open func()) question {
	return question{
		title:   w.say("history.written.title"),
		content: []fyne.CanvasObject{paragraph(w.say("history.written.text")), command(path)},
		choices: []choice{
			{w.say("history.written.no"), widget.MediumImportance, nil},
			{w.say("history.written.yes"), widget.HighImportance, open},
		},
	}
}

func (w words) daysQuestion(span station.Span, zone *time.Location, see func(station.Span)) question {
	problem := func(text string) string {
		if _, err := historyDay(text, zone); err != nil {
			return w.say("history.days.wrong")
		}
		return ""
	}
	from := newField("", w.say("history.days.hint"), problem).holding(span.From.In(zone).Format(dateLayout))
	to := newField("", w.say("history.days.hint"), problem).holding(span.To.In(zone).Format(dateLayout))
	to.check = func(text string) string {
		last, err := historyDay(text, zone)
		if first, e := historyDay(from.Text, zone); err == nil && e == nil && last.Before(first) {
			return w.say("history.days.order")
		}
		return problem(text)
	}
	return question{
		title:   w.say("history.days.title"),
		content: []fyne.CanvasObject{paragraph(w.say("history.days.from")), from, from.hint, paragraph(w.say("history.days.to")), to, to.hint},
		fields:  []*field{from, to},
		choices: []choice{
			{w.say("history.days.no"), widget.MediumImportance, nil},
			{w.say("history.days.yes"), widget.HighImportance, func() {
				first, _ := historyDay(from.Text, zone) // the fields were judged
				last, _ := historyDay(to.Text, zone)
				see(station.Span{From: first, To: last.AddDate(0, 0, 1)})
			}},
		},
	}
}

var _ HistoryCore = (*station.Station)(nil)
