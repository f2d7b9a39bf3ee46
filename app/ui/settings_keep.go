package ui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Keeping is what the page of settings needs of the station to look after what
// is kept. All of it reads or writes files.
type Keeping interface {
	Expired(ctx context.Context) (station.Expired, error)
	ExpiredDetail(ctx context.Context) (messages int, err error)
	FindErasable(ctx context.Context, id string) (fhirmap.Patient, error)
	ErasePatient(ctx context.Context, who fhirmap.Patient, progress func(done, of uint64)) (station.Erased, error)
	BackUp(ctx context.Context) (path string, err error)
	BackUpTo(ctx context.Context, path, passphrase string) error
	BackupState() station.BackupState
}

// keepingPanel shows what retention will remove, and erases a patient.
type keepingPanel struct {
	fyne.CanvasObject
	words   words
	now     func() time.Time
	preview *prose
	erase   *button
}

func newKeepingPanel(w words, now func() time.Time, do settingsActions) *keepingPanel {
	p := &keepingPanel{
		words: w, now: now, preview: paragraph(w.say("keep.looking")),
		erase: newButton(w.say("keep.erase"), widget.MediumImportance, func() { do.erase() }),
	}
	p.CanvasObject = column(gap,
		topic("wait", w.say("keep.next"), p.preview),
		topic("person", w.say("keep.patient"), muted(w.say("keep.patient.about")), padded(6, 0, row(0, p.erase))),
	)
	return p
}

// show tells what retention will remove.
func (p *keepingPanel) show(e station.Expired, detail int) {
	write(p.preview, p.words.expired(e, detail))
}

func (w words) expired(e station.Expired, detail int) string {
	more := ""
	if detail > 0 {
		more = w.count(detail, "", "keep.detail.single", "keep.detail.several")
	}
	switch {
	case e.Entries == 0 && more == "":
		return w.say("keep.nothing")
	case e.Entries == 0:
		return more
	}
	since, until := e.Since.Format(dateLayout), e.Until.Format(dateLayout)
	if e.Entries == 1 {
		return joined(" ", w.say("keep.goes.single", "since", since), more)
	}
	return joined(" ", w.say("keep.goes.several", "n", w.number(uint64(e.Entries)), "since", since, "until", until), more)
}

// backupPanel shows how it stands with the backups, and makes one.
type backupPanel struct {
	fyne.CanvasObject
	words   words
	now     func() time.Time
	state   *prose
	folder  *prose
	make    *button
	phrased *button
}

func newBackupPanel(w words, now func() time.Time, do settingsActions) *backupPanel {
	p := &backupPanel{
		words: w, now: now, state: paragraph(w.say("keep.looking")), folder: muted(""),
		make:    newButton(w.say("keep.backup"), widget.MediumImportance, func() { do.backUp() }),
		phrased: newButton(w.say("keep.backup.to"), widget.MediumImportance, func() { do.backUpTo() }),
	}
	p.folder.Wrapping = fyne.TextWrapBreak
	p.CanvasObject = topic("backup", w.say("keep.last"), p.state, p.folder,
		padded(6, 0, container.New(&flow{distance: 8}, p.make, p.phrased)))
	return p
}

func (p *backupPanel) show(s station.BackupState) {
	text, importance := p.words.backups(s, p.now())
	p.state.Importance = importance
	p.state.SetText(text)
	p.folder.SetText(p.words.say("keep.folder", "folder", s.Dir))
}

// backups says when the last one was made; a missing or an old one stands out.
func (w words) backups(s station.BackupState, now time.Time) (string, widget.Importance) {
	if s.Last.IsZero() {
		return w.say("keep.none"), widget.WarningImportance
	}
	text := w.say("keep.made", "time", moment(s.Last, now), "age", w.age(s.Last, now)) + " " +
		w.count(s.Count, "", "keep.count.single", "keep.count.several")
	if s.Due {
		return text + " " + w.say("keep.due"), widget.WarningImportance
	}
	return text, widget.MediumImportance
}

// jobLine shows long work under way, or what came of it.
type jobLine struct {
	*fyne.Container
	words  words
	text   *prose
	bar    *doneShare
	cancel *button
	end    func() // the work; nil: none is under way
}

func newJobLine(w words) *jobLine {
	j := &jobLine{words: w, text: paragraph(""), bar: newDoneShare(w)}
	j.cancel = newButton(w.say("keep.cancel"), widget.MediumImportance, func() {
		if j.end != nil {
			j.end()
		}
	})
	line := container.NewBorder(nil, nil, nil, container.NewCenter(j.cancel), hanging(column(4, j.text, padded(0, inset, j.bar.Container))))
	j.Container = column(0, widget.NewSeparator(), padded(8, margin, leaf(line)))
	j.Container.Hide()
	return j
}

// begin shows work that end ends early.
func (j *jobLine) begin(text string, end func()) {
	j.end = end
	j.text.SetText(text)
	j.bar.set(0)
	j.bar.Hide() // until it is known how much there is
	j.cancel.Show()
	j.Container.Show()
}

func (j *jobLine) progress(done, of uint64) {
	if of == 0 || j.end == nil {
		return
	}
	j.bar.Show()
	j.bar.set(float64(done) / float64(of))
}

// finish shows what came of it; nothing hides the line.
func (j *jobLine) finish(text string) {
	j.end = nil
	j.bar.Hide()
	j.cancel.Hide()
	j.text.SetText(text)
	visible(j.Container, text != "")
}

// erased says what was deleted, and until when backups still hold it.
func (w words) erased(e station.Erased) string {
	text := w.say("keep.erased", "measurements", fmt.Sprint(e.Measurements), "sounds", fmt.Sprint(e.Recordings),
		"consultations", fmt.Sprint(e.Consultations), "alarms", fmt.Sprint(e.Alerts))
	if e.BackupsUntil.IsZero() {
		return text
	}
	return text + " " + w.say("keep.held", "date", e.BackupsUntil.Format(dateLayout))
}
