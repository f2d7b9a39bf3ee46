package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// pageOfTable is how many measurements a page of the table has.
const pageOfTable = 50

// A historyTable lists measurements, newest first, page by page.
type historyTable struct {
	*fyne.Container
	words        words
	rows         []*historyRow
	list         *fyne.Container
	scroll       *container.Scroll
	empty        *prose
	where        *label
	newer, older *button
}

func newHistoryTable(w words, newer, older func()) *historyTable {
	t := &historyTable{
		words: w, list: column(0), empty: muted(w.say("history.nothing.why")), where: newLabel("", colourMuted, sizeSmall).cutting(),
		newer: newButton(w.say("history.newer"), widget.MediumImportance, newer),
		older: newButton(w.say("history.older"), widget.MediumImportance, older),
	}
	t.scroll = container.NewVScroll(column(0, t.empty, t.list))
	head := newHistoryRow()
	for i, key := range []string{"history.when", "history.what", "history.value", "history.source"} {
		head.cells[i].show(w.say(key), colourMuted)
		head.cells[i].size, head.cells[i].bold = sizeSmall, false
	}
	visible(head.remark, false)
	foot := container.New(spread{8}, t.where, row(8, t.newer, t.older))
	t.Container = container.NewStack(newPanel(colourCard, colourLine, sizeRadius),
		padded(8, 8, container.NewBorder(column(0, head.Container, widget.NewSeparator()), padded(6, 0, foot), nil, nil, t.scroll)))
	return t
}

// show shows a page, of which the first is the nth of all.
func (t *historyTable) show(found []station.Found, nth, all int, more bool, zone *time.Location) {
	for len(t.rows) < len(found) {
		r := newHistoryRow()
		t.rows = append(t.rows, r)
		t.list.Add(r.Container)
	}
	for i, r := range t.rows {
		if i < len(found) {
			r.show(t.words, &found[i], zone)
		}
		visible(r.Container, i < len(found))
	}
	visible(t.empty, len(found) == 0)
	t.where.set(t.words.pageText(nth, nth+len(found)-1, all))
	able(&t.newer.Button, nth > 1)
	able(&t.older.Button, more)
	t.scroll.ScrollToTop()
	t.Container.Refresh()
}

// A historyRow is one Observation: when, what, its value, by which device, and
// below, in whatever room it needs, what is to be known of it.
type historyRow struct {
	*fyne.Container
	cells  [5]*label
	remark *fyne.Container // of the last cell
}

func newHistoryRow() *historyRow {
	r := &historyRow{}
	for i := range r.cells {
		r.cells[i] = newLabel("", colourText, sizeText).cutting()
	}
	r.cells[0].size, r.cells[1].size = sizeSmall, sizeSmall
	r.cells[2].bold = true
	r.cells[3].size, r.cells[3].colour = sizeSmall, colourMuted
	r.cells[4].size = sizeSmall
	r.remark = container.New(shares{0.205, 0.795}, newLabel("", colourText, sizeSmall), r.cells[4])
	r.Container = padded(5, 0, column(1,
		container.New(shares{0.205, 0.264, 0.256, 0.275}, r.cells[0], r.cells[1], r.cells[2], r.cells[3]), r.remark))
	return r
}

func (r *historyRow) show(w words, f *station.Found, zone *time.Location) {
	colour, value, standing := colourText, lookOf(f.ObservationTypes()[f.Nth]).colour, w.noted(f)
	state := colourAmber
	if !f.HasValue() || f.Reading(f.ObservationTypes()[f.Nth]) != nil && f.Reading(f.ObservationTypes()[f.Nth]).Value == nil {
		value = colourMuted
	}
	if f.Discarded {
		colour, value, state = colourMuted, colourMuted, colourTrouble
	}
	r.cells[0].show(fullMoment(f.Effective(), zone), colour)
	r.cells[1].show(w.vital(f.ObservationTypes()[f.Nth]), colour)
	r.cells[2].show(w.observed(f), value)
	r.cells[3].show(w.source(&f.Measurement), colourMuted)
	r.cells[4].show(standing, state)
	visible(r.remark, standing != "")
}

// shares sets objects side by side, each with its share of the width.
type shares []float32

func (l shares) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, object := range objects {
		needed := object.MinSize()
		size.Width += needed.Width
		size.Height = max(size.Height, needed.Height)
	}
	return size
}

func (l shares) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x := float32(0)
	for i, object := range objects {
		width := l[i] * size.Width
		height := object.MinSize().Height
		object.Resize(fyne.NewSize(max(width-6, 0), height))
		object.Move(fyne.NewPos(x, (size.Height-height)/2))
		x += width
	}
}
