package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// stethoscopePage records, shows the sound while it comes, and lists what was
// recorded.
type stethoscopePage struct {
	fyne.CanvasObject
	words words
	now   func() time.Time
	do    actions

	time, state, note *label
	hint              *label
	fault             *prose
	action, other     *button
	picture           *soundPicture
	caption           *prose

	heading *label
	empty   *fyne.Container
	list    *fyne.Container
	rows    map[string]*soundRow // by id
	order   []string

	view  station.Stethoscope
	drawn string // id of the recording whose plot is shown; empty: none
}

func newStethoscopePage(w words, now func() time.Time, do actions) *stethoscopePage {
	p := &stethoscopePage{
		words: w, now: now, do: do, rows: map[string]*soundRow{}, list: column(8), picture: newSoundPicture(),
		time: newLabel("", colourText, sizeFigure).strong(), state: newLabel("", colourMuted, sizeText).strong().cutting(),
		note: newLabel("", colourMuted, sizeSmall).cutting(), hint: newLabel("", colourMuted, sizeSmall).cutting(), fault: paragraph(""), caption: muted(w.say("steth.plot.caption", "top", w.number(station.SoundTop))),
		heading: newLabel("", colourText, sizeSection).strong(), empty: outdented(muted(w.say("steth.none"))),
	}
	p.fault.Importance = widget.DangerImportance
	p.fault.Hide()
	p.caption.SizeName = sizeSmall
	p.caption.Hide()
	p.action = newButton("", widget.HighImportance, p.act)
	p.other = newButton(w.say("steth.other"), widget.MediumImportance, func() { do.chooseStethoscope() })
	title := newLabel(w.say("steth.title"), colourText, sizeTitle).strong().cutting()
	text := column(2, p.state, p.note, p.hint)
	head := container.NewBorder(nil, nil, padded(0, 8, p.time), padded(6, 0, container.NewCenter(p.action)), padded(0, 8, container.New(middle{}, text)))
	p.CanvasObject = page(
		headLine(title, p.other),
		container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(10, 12, column(8, head, p.fault, p.picture, p.caption))),
		p.heading, p.empty, p.list,
	)
	return p
}

// act is what the button says.
func (p *stethoscopePage) act() {
	switch {
	case p.view.Now.Active():
		p.do.stopRecording()
	case p.view.Last == "":
		p.do.chooseStethoscope()
	default:
		p.do.record(p.view.Last)
	}
}

func (p *stethoscopePage) update(v view) {
	p.view = v.situation.Stethoscope
	now, text := p.view.Now, p.words.recording(p.view.Now)
	p.time.set(text.time)
	p.state.show(text.state, text.colour)
	p.note.set(text.note)
	p.hint.set(text.hint)
	reshaped := visible(p.note, text.note != "")
	reshaped = visible(p.hint, text.hint != "") || reshaped
	reshaped = write(p.fault, text.fault) || reshaped
	reshaped = visible(p.fault, text.fault != "") || reshaped
	if p.action.Text != text.action {
		p.action.SetText(text.action)
	}
	able(&p.action.Button, now.State != station.RecordingSaving)
	able(&p.other.Button, !now.Active())
	if now.Active() {
		p.drawn = ""
	}
	if p.drawn == "" {
		p.picture.showWave(v.wave, now.Level)
	}
	reshaped = visible(p.caption, p.drawn != "") || reshaped
	if p.updateList(v.situation.Consultation != nil) || reshaped {
		p.CanvasObject.Refresh()
	}
}

func able(b *widget.Button, wanted bool) {
	switch {
	case wanted && b.Disabled():
		b.Enable()
	case !wanted && !b.Disabled():
		b.Disable()
	}
}

// updateList tells whether the list has another size.
func (p *stethoscopePage) updateList(consultation bool) bool {
	heading := "steth.all"
	if consultation {
		heading = "steth.here"
	}
	p.heading.set(p.words.say(heading))
	reshaped := visible(p.empty, len(p.view.Recordings) == 0)
	order := make([]string, len(p.view.Recordings))
	for i := range order {
		order[i] = p.view.Recordings[i].ID
	}
	if !slices.Equal(order, p.order) {
		rows := make(map[string]*soundRow, len(order))
		p.order, p.list.Objects = order, nil
		for _, id := range order {
			row := p.rows[id]
			if row == nil {
				row = p.newRow(id)
			}
			rows[id] = row
			p.list.Objects = append(p.list.Objects, row.Container)
		}
		p.rows, reshaped = rows, true
	}
	p.age()
	return reshaped
}

// age brings the times of the list up to date.
func (p *stethoscopePage) age() {
	for i := range p.view.Recordings {
		r := &p.view.Recordings[i]
		p.rows[r.ID].show(p.words.sound(r, p.now()))
	}
}

// showPlot shows a recording, unless sound is recorded meanwhile.
func (p *stethoscopePage) showPlot(id string, plot *station.SoundPlot) {
	i := slices.IndexFunc(p.view.Recordings, func(r fhirmap.RecordedSound) bool { return r.ID == id })
	if i < 0 || p.view.Now.Active() {
		return
	}
	p.drawn = id
	p.picture.showPlot(plot, &p.view.Recordings[i])
	if visible(p.caption, true) {
		p.CanvasObject.Refresh()
	}
}

// A soundRow is one recording of the list.
type soundRow struct {
	*fyne.Container
	name, whose, notes *label
	listen, plot       *button
}

func (p *stethoscopePage) newRow(id string) *soundRow {
	r := &soundRow{
		name:   newLabel("", colourText, sizeText).strong().cutting(),
		whose:  newLabel("", colourMuted, sizeSmall).cutting(),
		notes:  newLabel("", colourAmber, sizeSmall).strong().cutting(),
		listen: newButton(p.words.say("steth.listen"), widget.MediumImportance, func() { p.do.listen(id) }),
		plot:   newButton(p.words.say("steth.plot"), widget.MediumImportance, func() { p.do.plot(id) }),
	}
	text := column(3, r.name, r.whose, r.notes)
	icon := padded(0, 6, container.NewCenter(newSymbol("stethoscope", colourMuted, 28)))
	buttons := padded(0, 6, container.NewCenter(row(8, r.listen, r.plot)))
	r.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(10, 12, container.NewBorder(nil, nil, icon, buttons, text)),
	)
	return r
}

func (r *soundRow) show(text soundText) {
	r.name.set(text.name)
	r.whose.set(text.whose)
	r.notes.set(text.notes)
	visible(r.notes, text.notes != "")
}
