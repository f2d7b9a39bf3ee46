package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// mostRows is how many measurements a section of the page shows.
const mostRows = 50

// consultationPage starts and ends a consultation, and shows what was measured
// in it and what is nobody's, to be put right. The chooser of a patient takes its
// place.
type consultationPage struct {
	fyne.CanvasObject
	words    words
	now      func() time.Time
	do       actions
	overview fyne.CanvasObject
	chooser  *chooser
	change   *button
	main     *button
	fault    *prose
	faultBox *fyne.Container
	empty    fyne.CanvasObject
	sections [3]*sheetSection
	view     view // the last one that had a desk
}

func newConsultationPage(w words, now func() time.Time, do actions) *consultationPage {
	p := &consultationPage{words: w, now: now, do: do, fault: paragraph("")}
	p.fault.Importance = widget.DangerImportance
	p.faultBox = outdented(p.fault)
	p.faultBox.Hide()
	p.change = newButton(w.say("consult.change"), widget.MediumImportance, p.start)
	p.main = newButton("", widget.HighImportance, p.act)
	p.empty = topic("consultation", w.say("consult.empty"), lines(w.say("consult.empty.text"))...)
	for i := range p.sections {
		p.sections[i] = newSheetSection(p)
	}
	p.sections[1].tray()
	title := newLabel(w.say("consult.title"), colourText, sizeTitle).strong().cutting()
	p.overview = page(
		headLine(title, p.change, p.main),
		p.faultBox, p.empty, p.sections[0].Container, p.sections[1].Container, p.sections[2].Container,
	)
	p.chooser = newChooser(w, now, do, p.returned)
	p.CanvasObject = container.NewStack(p.overview, p.chooser.Container)
	p.update(view{})
	return p
}

// act is what the primary button says.
func (p *consultationPage) act() {
	if p.view.situation.Consultation != nil {
		p.do.end()
		return
	}
	p.start()
}

// start has a person choose whose the next consultation is.
func (p *consultationPage) start() { p.choose(nil) }

// assign has a person choose whose a measurement is.
func (p *consultationPage) assign(m fhirmap.Recorded) { p.choose(&m) }

func (p *consultationPage) choose(m *fhirmap.Recorded) {
	p.overview.Hide()
	p.chooser.open(m, p.view)
}

// returned takes the page back from the chooser.
func (p *consultationPage) returned() {
	p.overview.Show()
	p.chooser.attend(p.main)
}

func (p *consultationPage) update(v view) {
	if v.desk == nil { // not read yet: what was there stays
		v.desk = p.view.desk
	}
	if p.view = v; v.desk == nil {
		p.view.desk = &desk{}
	}
	p.chooser.look(p.view)
	open := v.situation.Consultation != nil
	action := "consult.start"
	if open {
		action = "consult.end"
	}
	reshaped := p.main.Text != p.words.say(action)
	if reshaped {
		p.main.SetText(p.words.say(action))
	}
	reshaped = visible(p.change, open) || reshaped
	if p.fill() || reshaped {
		p.overview.Refresh()
	}
}

// fill brings the sections up to date, and tells whether they have another size.
func (p *consultationPage) fill() (reshaped bool) {
	d := p.view.desk
	fault := ""
	if d.fault != nil {
		fault = p.words.fault(fhirmap.FaultOf(d.fault))
	}
	reshaped = write(p.fault, fault)
	reshaped = visible(p.faultBox, fault != "") || reshaped
	open := p.view.situation.Consultation
	for i, text := range [...]sectionText{
		p.words.measuredHere(d, open, p.now()), p.words.unassigned(&d.Sheet), p.words.correctedLately(&d.Sheet),
	} {
		reshaped = p.sections[i].show(text, [...][]fhirmap.Recorded{d.Measured, d.Unassigned, d.Corrected}[i]) || reshaped
	}
	nothing := len(d.Measured)+len(d.Unassigned)+len(d.Corrected) == 0 && open == nil && fault == ""
	return visible(p.empty, nothing) || reshaped
}

// A sectionText is what stands above a list of measurements; without a heading
// there is no section.
type sectionText struct{ heading, text string }

// A sheetSection is a list of measurements, newest first.
type sheetSection struct {
	*fyne.Container
	page    *consultationPage
	heading *phrase
	text    *prose
	about   fyne.CanvasObject // text, with its edge that of the heading
	list    *fyne.Container
	rows    map[key]*measureRow
	order   []key
}

func newSheetSection(p *consultationPage) *sheetSection {
	s := &sheetSection{
		page: p, heading: newPhrase(colourText, sizeSection).strong(), text: muted(""),
		list: column(8), rows: map[key]*measureRow{},
	}
	s.about = flat(s.text)
	s.Container = column(8, s.heading, s.about, s.list)
	s.Hide()
	return s
}

// tray sets the section on a ground of its own.
func (s *sheetSection) tray() {
	s.heading.colour = colourAmber
	head := container.New(&yielding{distance: 8, leads: true}, s.heading, newSymbol("warning", colourAmber, 22))
	inner := column(8, padded(0, 4, head), padded(0, 4, s.about), s.list)
	s.Container = container.NewStack(newPanel(colourAmberGround, "", sizeRadius), padded(10, 10, inner))
	s.Hide()
}

// show tells whether the section has another size.
func (s *sheetSection) show(text sectionText, list []fhirmap.Recorded) (reshaped bool) {
	reshaped = visible(s.Container, text.heading != "")
	reshaped = s.heading.show(s.heading.colour, text.heading) || reshaped
	reshaped = write(s.text, text.text) || reshaped
	reshaped = visible(s.about, text.text != "") || reshaped
	list = list[:min(len(list), mostRows)]
	order := make([]key, len(list))
	for i := range list {
		order[i] = keyOf(&list[i])
	}
	if !slices.Equal(order, s.order) {
		s.place(order)
		reshaped = true
	}
	for i := range list {
		reshaped = s.rows[order[i]].show(&list[i]) || reshaped
	}
	return reshaped
}

func (s *sheetSection) place(order []key) {
	rows := make(map[key]*measureRow, len(order))
	s.order, s.list.Objects = order, nil
	for _, k := range order {
		row := s.rows[k]
		if row == nil {
			row = newMeasureRow(s.page)
		}
		rows[k] = row
		s.list.Objects = append(s.list.Objects, row.Container)
	}
	s.rows = rows
}
