package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// How many entries the journal shows at a time, and how far back it goes.
const (
	journalStep  = 50
	journalPages = 40
)

// A journal is the newest entries of the audit log that were asked for.
type journal struct {
	entries    []station.AuditEntry // newest first
	older      int                  // are not among them
	unreadable int
}

// journalPage shows the audit log, newest first.
type journalPage struct {
	fyne.CanvasObject
	words   words
	now     func() time.Time
	do      actions
	close   func()
	kinds   []*option
	kind    auditKind
	at      int // how many steps back
	asked   int // how often; an answer to another question is late
	list    *fyne.Container
	note    *prose
	noteBox *fyne.Container
	older   *button
	newer   *button
	back    *button
}

func newJournalPage(w words, o Options, do actions, done func()) *journalPage {
	p := &journalPage{words: w, now: o.Now, do: do, close: done, list: column(1), note: muted("")}
	p.noteBox = outdented(p.note)
	p.back = newButton(w.say("journal.back"), widget.MediumImportance, done)
	p.back.escape = done
	p.older = newButton(w.say("journal.earlier"), widget.MediumImportance, func() { p.turn(1) })
	p.newer = newButton(w.say("journal.later"), widget.MediumImportance, func() { p.turn(-1) })
	p.older.escape, p.newer.escape = done, done
	choices := container.New(&flow{distance: 8})
	for kind := range auditKinds {
		name := w.auditKind(kind)
		choice := newOption(name, padded(6, 12, newLabel(name, colourText, sizeText)), func() { p.choose(kind) }, done)
		p.kinds = append(p.kinds, choice)
		choices.Add(choice)
	}
	title := newLabel(w.say("journal.title"), colourText, sizeTitle).strong().cutting()
	p.CanvasObject = page(headLine(title, p.back), choices, p.noteBox, p.list, row(10, p.newer, p.older))
	p.Hide()
	return p
}

// start shows all kinds, and reads them.
func (p *journalPage) start() {
	p.Show()
	p.choose(auditAll)
	p.do.focus(p.back)
}

func (p *journalPage) choose(kind auditKind) {
	p.kind, p.at = kind, 0
	for i, choice := range p.kinds {
		choice.mark(auditKind(i) == kind)
	}
	p.read()
}

func (p *journalPage) turn(by int) {
	p.at += by
	p.read()
}

func (p *journalPage) read() {
	p.asked++
	asked := p.asked
	p.do.access.journal(p.kind, (p.at+1)*journalStep, func(j journal, err error) {
		if asked == p.asked {
			p.show(j, err)
		}
	})
}

func (p *journalPage) show(j journal, err error) {
	w, now := p.words, p.now()
	p.list.Objects = nil
	entries := j.entries[min(p.at*journalStep, len(j.entries)):]
	for i := range entries {
		e := &entries[i]
		sentence, detail := w.audited(e)
		p.list.Add(newEntryRow(auditTime(e.At, now), sentence, detail))
	}
	note := ""
	switch {
	case err != nil:
		note = w.fault(fhirmap.FaultOf(err))
	case len(entries) == 0:
		note = w.say("journal.none")
		if p.kind == auditAll {
			note = w.say("journal.empty")
		}
	case j.older > 0 && p.at+1 >= journalPages:
		note = w.say("journal.older", "n", fmt.Sprint(j.older))
	}
	if j.unreadable > 0 {
		note = joined(" ", note, w.count(j.unreadable, "", "journal.unreadable.single", "journal.unreadable.several"))
	}
	p.note.Importance = widget.LowImportance
	if err != nil {
		p.note.Importance = widget.DangerImportance
	}
	p.note.SetText(note)
	visible(p.noteBox, note != "")
	visible(p.older, j.older > 0 && p.at+1 < journalPages)
	visible(p.newer, p.at > 0)
	p.CanvasObject.(*container.Scroll).ScrollToTop()
	p.CanvasObject.Refresh()
}

// newEntryRow is an entry of the journal: when, what, and small below what was
// noted with it.
func newEntryRow(when, sentence, detail string) fyne.CanvasObject {
	what := paragraph(sentence)
	text := column(-8, what)
	if detail != "" {
		noted := muted(detail)
		noted.SizeName = sizeSmall
		text.Add(noted)
	}
	at := padded(9, 8, newLabel(when, colourMuted, sizeSmall))
	return container.NewStack(newPanel(colourCard, colourLine, ""), container.NewBorder(nil, nil, column(0, at), nil, text))
}
