package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// mostOffers is how many patients are shown at a time to be chosen.
const mostOffers = 8

// chooser has a person say whose something is: a consultation that begins, or a
// measurement. Nobody is chosen by resemblance: either one of those that are
// known, or who is typed in.
type chooser struct {
	*fyne.Container
	words       words
	now         func() time.Time
	do          actions
	closed      func()
	measurement *fhirmap.Recorded // nil: a consultation begins
	view        view
	chosen      *offer // nil: who is typed in

	title   *label
	body    *fyne.Container
	heading *label          // above what stands second: the form, or those that are known
	known   *fyne.Container // those to choose from
	notice  *prose
	warning *fyne.Container
	form    *patientForm
	offers  *fyne.Container
	shown   []offer
	options []*option
	none    *prose
	noneBox *fyne.Container
	scroll  *container.Scroll
	who     *label
	cancel  *button
	nobody  *button
	confirm *button
}

// An offer is somebody to choose.
type offer struct {
	station.Attribution
	name, detail string
	special      bool // stands above the patients that are known
}

func (o *offer) same(other *offer) bool {
	return o.Consultation == other.Consultation && o.name == other.name && o.detail == other.detail && o.Patient.Key() == other.Patient.Key()
}

func newChooser(w words, now func() time.Time, do actions, closed func()) *chooser {
	c := &chooser{words: w, now: now, do: do, closed: closed, notice: paragraph(""), offers: container.New(&tiles{least: cardWidth - 8}), none: muted("")}
	c.title = newLabel("", colourText, sizeTitle).strong().cutting()
	c.notice.Importance = widget.WarningImportance
	c.warning = container.NewStack(newPanel(colourAmberGround, "", sizeRadius), padded(4, 8, c.notice))
	c.form = newPatientForm(w, now, c.typed, c.press, c.close)
	c.who = newLabel("", colourText, sizeText).strong().cutting()
	c.cancel = c.button(w.say("patient.cancel"), widget.MediumImportance, c.close)
	c.nobody = c.button(w.say("patient.without"), widget.MediumImportance, c.without)
	c.confirm = c.button("", widget.HighImportance, c.proceed)
	c.heading = newLabel("", colourText, sizeSection).strong().cutting()
	c.noneBox = outdented(c.none)
	c.known = column(6, c.noneBox, c.offers)
	c.body = column(gap)
	c.scroll = container.NewVScroll(padded(6, margin, leaf(c.body)))
	head := padded(headTop, margin, leaf(headLine(c.title)))
	buttons := container.NewBorder(nil, nil, c.cancel, row(10, c.nobody, c.confirm), padded(0, 10, container.New(middle{}, c.who)))
	foot := column(0, widget.NewSeparator(), padded(10, margin, leaf(buttons)))
	ground := newPanel(theme.ColorNameBackground, "", "") // nothing that has scrolled shows through
	c.Container = container.New(flush{}, head, c.scroll, container.NewStack(ground, foot))
	c.Hide()
	return c
}

func (c *chooser) button(text string, importance widget.Importance, tapped func()) *button {
	b := newButton(text, importance, tapped)
	b.escape = c.close
	return b
}

// open asks whose m is, or whose the consultation that begins.
func (c *chooser) open(m *fhirmap.Recorded, v view) {
	c.measurement, c.chosen = m, nil
	c.form.forget()
	title, confirm := "patient.start", "consult.begin"
	c.heading.set(c.words.say("patient.recent"))
	c.body.Objects = []fyne.CanvasObject{c.warning, c.form.Container, padded(4, 0, c.heading), c.known}
	switch {
	case m != nil && m.Subject.Key() != "":
		title, confirm = "patient.correct", "patient.next"
	case m != nil:
		title, confirm = "patient.assign", "patient.next"
	}
	if m != nil {
		c.heading.set(c.words.say("patient.other"))
		whose := column(0, c.words.subject(m, c.now()), outdented(paragraph(c.words.say("correct.from", "who", c.words.identityOf(m.Subject)))))
		c.body.Objects = []fyne.CanvasObject{whose, c.known, padded(4, 0, c.heading), c.warning, c.form.Container}
	}
	c.title.set(c.words.say(title))
	c.confirm.SetText(c.words.say(confirm))
	visible(c.nobody, m == nil)
	c.shown = nil
	c.Show()
	c.look(v)
	c.scroll.ScrollToTop()
	c.Container.Refresh()
	if m != nil && len(c.options) > 0 {
		c.attend(c.options[0])
	} else {
		c.attend(c.form.family)
	}
}

func (c *chooser) attend(to fyne.Focusable) {
	if c.do.attend != nil {
		c.do.attend(to)
	}
}

func (c *chooser) close() {
	if c.Visible() {
		c.Hide()
		c.closed()
	}
}

// look is told of everything new while the page is in front.
func (c *chooser) look(v view) {
	if c.view = v; !c.Visible() {
		return
	}
	if c.list() {
		c.Container.Refresh()
	}
	c.judge()
}

// heed is what a person should know before going on.
func (c *chooser) heed() string {
	w, ends := c.words, ""
	if open := c.view.situation.Consultation; c.measurement == nil && open != nil {
		if ends = w.say("patient.ends.nobody"); w.person(open.Patient) != "" {
			ends = w.say("patient.ends", "who", w.person(open.Patient))
		}
	}
	typed, twin := c.form.patient(), ""
	if c.chosen == nil && typed.ID == "" && typed.BirthDate != "" && slices.ContainsFunc(c.shown, func(o offer) bool {
		return o.Patient != nil && o.Patient.BirthDate == typed.BirthDate && sameTraits(o.Patient, &typed)
	}) {
		twin = w.say("patient.twin")
	}
	return joined("\n", ends, twin)
}

// list brings those to choose from up to date, and tells whether they have
// changed.
func (c *chooser) list() bool {
	offers := c.possible()
	if slices.EqualFunc(offers, c.shown, func(a, b offer) bool { return a.same(&b) }) && c.shown != nil {
		return false
	}
	c.shown, c.options, c.offers.Objects = offers, nil, nil
	for i := range offers {
		o := &offers[i]
		name, detail := newLabel(o.name, colourText, sizeText).strong().cutting(), newLabel(o.detail, colourMuted, sizeSmall).cutting()
		drawn := newOption(joined(", ", o.name, o.detail), padded(8, 12, column(1, name, detail)), func() { c.choose(o) }, c.close)
		drawn.mark(c.chosen != nil && c.chosen.same(o))
		c.options = append(c.options, drawn)
		c.offers.Add(drawn)
	}
	none := ""
	if len(offers) == 0 {
		none = c.words.say("patient.recent.none")
		if c.form.started() {
			none = c.words.say("patient.recent.other")
		}
	}
	write(c.none, none)
	visible(c.noneBox, none != "")
	return true
}

// possible are who can be chosen: the patient of the consultation, nobody, and
// those that are known whose names begin as what is typed.
func (c *chooser) possible() []offer {
	var list []offer
	w, open := c.words, c.view.situation.Consultation
	taken := map[string]bool{}
	if m := c.measurement; m != nil {
		taken[m.Subject.Key()] = true
		if open != nil && w.person(open.Patient) != "" && (m.Consultation != open.ID || !m.Subject.Same(open.Patient)) {
			list = append(list, offer{
				station.Attribution{Patient: open.Patient, Consultation: open.ID}, w.person(open.Patient),
				joined(" · ", w.say("patient.open"), w.traits(open.Patient)), true,
			})
			taken[open.Patient.Key()] = true
		}
		if m.Subject.Key() != "" {
			list = append(list, offer{name: w.say("patient.nobody"), detail: w.say("patient.nobody.text"), special: true})
		}
	} else if open != nil {
		taken[open.Patient.Key()] = true
	}
	if c.view.desk == nil {
		return list
	}
	most := len(list) + mostOffers
	for i := range c.view.desk.known {
		p := &c.view.desk.known[i]
		if len(list) < most && !taken[p.Key()] && c.form.fits(p) {
			list = append(list, offer{Attribution: station.Attribution{Patient: p}, name: w.person(p), detail: w.traits(p)})
		}
	}
	return list
}

func (c *chooser) choose(o *offer) {
	c.chosen = new(*o)
	c.judge()
}

// typed is told that somebody types: that person counts, and nobody else.
func (c *chooser) typed() {
	c.chosen = nil
	if c.list() {
		c.Container.Refresh()
	}
	c.judge()
}

// judge says who would be taken now.
func (c *chooser) judge() {
	sound := c.form.judge()
	who, ready := "", true
	switch {
	case c.chosen != nil:
		who = c.chosen.name
	case sound:
		who = c.words.person(&fhirmap.Patient{ID: "-", Family: c.form.patient().Family, Given: c.form.patient().Given})
	default:
		ready = false
	}
	if who != "" {
		who = c.words.say("patient.for", "who", who)
	}
	c.who.set(who)
	heed := c.heed()
	reshaped := write(c.notice, heed)
	if visible(c.warning, heed != "") || reshaped {
		c.Container.Refresh()
	}
	able(&c.confirm.Button, ready)
	for i, o := range c.options {
		o.mark(c.chosen != nil && c.chosen.same(&c.shown[i]))
	}
}

func (c *chooser) press() { press(c.confirm) }

func (c *chooser) proceed() {
	who := whom{typed: true}
	if c.chosen != nil {
		who = whom{Attribution: c.chosen.Attribution}
	} else {
		who.Patient = new(c.form.patient())
	}
	if c.measurement == nil {
		c.do.begin(who, c.close)
	} else {
		c.do.assign(*c.measurement, who, c.close)
	}
}

// without starts a consultation that is nobody's yet.
func (c *chooser) without() { c.do.begin(whom{}, c.close) }
