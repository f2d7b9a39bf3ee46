package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// figureWidth is how wide the value of a measureRow is.
const figureWidth = 214

// A measureRow is a measurement with what a person can put right about it.
type measureRow struct {
	*fyne.Container
	page                  *consultationPage
	shown                 fhirmap.Recorded
	icon                  *symbol
	name                  *label
	value                 *numeral
	whose                 *prose // over as many lines as it needs
	when, source          *label
	second                *phrase
	test, check           *fyne.Container
	badges                *fyne.Container
	note                  *prose
	assign, discard, undo *button
}

func newMeasureRow(p *consultationPage) *measureRow {
	w := p.words
	r := &measureRow{
		page:   p,
		icon:   newSymbol("live", colourAccent, 20),
		name:   newLabel("", colourText, sizeText).strong().cutting(),
		value:  newNumeral(sizeTile, sizeBeside),
		whose:  paragraph(""),
		when:   newLabel("", colourMuted, sizeSmall).cutting(),
		source: newLabel("", colourMuted, sizeSmall).cutting(),
		second: newPhrase(colourMuted, sizeSmall),
		test:   newBadge(w.say("live.simulated"), colourDemo, colourDemoGround),
		check:  newBadge(w.say("live.check"), colourAmber, colourAmberGround),
		note:   paragraph(""),
	}
	r.note.SizeName, r.whose.TextStyle.Bold = sizeSmall, true
	r.assign = newButton("", widget.MediumImportance, func() { p.assign(r.shown) })
	r.discard = newButton(w.say("consult.discard"), widget.MediumImportance, func() { p.do.discard(r.shown) })
	r.undo = newButton("", widget.MediumImportance, func() { p.do.undo(r.shown) })
	r.badges = container.New(&flow{distance: 5})
	head := container.NewBorder(nil, nil, r.icon, nil, padded(0, 6, r.name))
	figure := container.New(fixedWidth(figureWidth), column(2, head, r.value, r.second))
	text := column(3, padded(-8, -8, r.whose), r.when, r.source, r.badges)
	line := container.New(&measureLine{row: r}, figure, padded(2, 6, text), r.assign, r.undo, r.discard)
	r.Container = container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(10, 14, column(2, line, padded(0, -8, r.note))))
	return r
}

// measureLine sets figure, text and buttons side by side, and the buttons below
// where a name would not stand in one line beside them.
type measureLine struct {
	row   *measureRow
	whole float32
}

const buttonGap = 6

func (l *measureLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(figureWidth+200, l.arrange(objects))
}

func (l *measureLine) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.whole = size.Width
	l.arrange(objects)
}

// arrange tells the height of all.
func (l *measureLine) arrange(objects []fyne.CanvasObject) float32 {
	figure, text := objects[0], objects[1]
	var buttons []fyne.CanvasObject
	widest := fyne.Size{}
	for _, b := range objects[2:] {
		if b.Visible() {
			buttons, widest = append(buttons, b), widest.Max(b.MinSize())
		}
	}
	room := l.whole - figureWidth - widest.Width
	name := fyne.MeasureText(l.row.whose.Text, theme.Size(sizeText), l.row.whose.TextStyle).Width
	beside := name <= room-12-buttonGap
	if !beside {
		room = l.whole - figureWidth
	}
	height := max(figure.MinSize().Height, tall(text, room))
	stacked := float32(len(buttons))*(widest.Height+buttonGap) - buttonGap
	at := fyne.NewPos(l.whole, height+buttonGap)
	if beside {
		height = max(height, stacked)
		at = fyne.NewPos(l.whole-widest.Width, (height-stacked)/2)
	} else {
		height += buttonGap + widest.Height
	}
	figure.Resize(fyne.NewSize(figureWidth, height))
	text.Move(fyne.NewPos(figureWidth, 0))
	if !beside {
		slices.Reverse(buttons) // from the right
	}
	for _, b := range buttons {
		if beside {
			b.Resize(widest)
			b.Move(at)
			at.Y += widest.Height + buttonGap
			continue
		}
		b.Resize(b.MinSize())
		at.X -= b.MinSize().Width
		b.Move(at)
		at.X -= buttonGap
	}
	return height
}

// show tells whether the row has another size.
func (r *measureRow) show(m *fhirmap.Recorded) (reshaped bool) {
	w, now := r.page.words, r.page.now()
	r.shown = *m
	appearance, ink := lookOf(m.Type), colourMuted
	if !m.Discarded {
		ink = appearance.colour
	}
	f := w.figure(&m.Measurement)
	r.icon.set(appearance.symbol, ink)
	r.name.show(w.vital(m.Type), ink)
	r.value.set(f.main, joined(" ", f.aside, f.unit), ink)
	reshaped = r.second.show(colourMuted, joined(" · ", f.second, w.standing(m), w.quality(&m.Measurement))) || reshaped
	reshaped = visible(r.second, r.second.text() != "") || reshaped
	person, assigned := w.whose(m.Subject)
	importance := widget.MediumImportance
	switch {
	case m.Discarded:
		importance = widget.LowImportance
	case !assigned:
		importance = widget.WarningImportance
	}
	if r.whose.Importance != importance {
		r.whose.Importance = importance
		r.whose.Refresh()
	}
	reshaped = write(r.whose, person) || reshaped
	r.when.set(moment(m.Effective(), now))
	r.source.set(w.source(&m.Measurement))
	reshaped = r.mark(m.Test, m.Implausible) || reshaped
	note := w.correctionNote(m, now)
	reshaped = write(r.note, note) || reshaped
	reshaped = visible(r.note, note != "") || reshaped
	return r.offer(m, assigned) || reshaped
}

// mark shows the badges that there is a reason for.
func (r *measureRow) mark(test, check bool) (reshaped bool) {
	var badges []fyne.CanvasObject
	if test {
		badges = append(badges, r.test)
	}
	if check {
		badges = append(badges, r.check)
	}
	reshaped = !slices.Equal(r.badges.Objects, badges)
	r.badges.Objects = badges
	return visible(r.badges, len(badges) > 0) || reshaped
}

// offer shows the buttons of what can be done.
func (r *measureRow) offer(m *fhirmap.Recorded, assigned bool) (reshaped bool) {
	assign, undo := "consult.assign", ""
	if assigned {
		assign = "consult.correct"
	}
	switch {
	case m.Discarded:
		undo = "consult.restore"
	case undoable(m):
		undo = "consult.undo"
	}
	for b, key := range map[*button]string{r.assign: assign, r.undo: undo} {
		if key != "" && b.Text != r.page.words.say(key) {
			b.SetText(r.page.words.say(key))
			reshaped = true
		}
	}
	reshaped = visible(r.assign, !m.Discarded) || reshaped
	reshaped = visible(r.discard, !m.Discarded) || reshaped
	return visible(r.undo, undo != "") || reshaped
}

// undoable tells that the newest version says of whose m is what the first one
// does not, and that undoing it gives the first one again: with more versions a
// person says whose it is.
func undoable(m *fhirmap.Recorded) bool {
	return m.Version == 2 && !m.Discarded && m.Subject.Key() != m.First.Key()
}
