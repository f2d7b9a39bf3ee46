package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// newBadge is a word on a ground of its own colour.
func newBadge(text string, colour, ground fyne.ThemeColorName) *fyne.Container {
	return container.NewStack(
		newPanel(ground, "", theme.SizeNameInputRadius),
		padded(1, 7, newLabel(text, colour, sizeSmall).strong()),
	)
}

// A numeral is the value of a card: the largest thing on it, made smaller
// only when it would not fit.
type numeral struct {
	widget.BaseWidget
	main, aside string
	colour      fyne.ThemeColorName
	size, small fyne.ThemeSizeName // of main and aside
	most        fyne.ThemeSizeName // of main, where there is more room; empty: size
}

// growing lets the value become as large as its height allows, up to most.
func (n *numeral) growing(most fyne.ThemeSizeName) *numeral { n.most = most; return n }

// lineHeight is how high a line of large figures is, in their size: as much of
// the font's line as they need.
const lineHeight = 1.25

// grown is by how much larger than usual the figures are in that height.
func (n *numeral) grown(height float32) float32 {
	usual := theme.Size(n.size)
	if n.most == "" {
		return 1
	}
	return max(1, min(height/lineHeight, theme.Size(n.most))/usual)
}

// asideGap is between the value and what stands beside it.
const (
	asideGap   = 8
	leastAside = 0.8 // of small text: what is smaller stands below
)

// fit makes texts that stand side by side smaller where they are wider than room.
func fit(room float32, texts ...*canvas.Text) {
	for range 3 { // hinting makes small text wider than in proportion
		needed := float32(0)
		for _, t := range texts {
			needed += t.MinSize().Width
		}
		if room <= 0 || needed <= room {
			return
		}
		for _, t := range texts {
			t.TextSize *= 0.98 * room / needed
		}
	}
}

// least is how wide value and aside are in the smallest size that is read beside
// a name.
func (n *numeral) least() float32 {
	width := fyne.MeasureText(n.main, theme.Size(sizeText), fyne.TextStyle{Bold: true}).Width
	if n.aside != "" {
		width += asideGap + fyne.MeasureText(n.aside, theme.Size(sizeSmall), fyne.TextStyle{}).Width
	}
	return width
}

func newNumeral(size, small fyne.ThemeSizeName) *numeral {
	n := &numeral{colour: colourText, size: size, small: small}
	n.ExtendBaseWidget(n)
	return n
}

func (n *numeral) set(main, aside string, colour fyne.ThemeColorName) {
	if n.main != main || n.aside != aside || n.colour != colour {
		n.main, n.aside, n.colour = main, aside, colour
		n.Refresh()
	}
}

func (n *numeral) CreateRenderer() fyne.WidgetRenderer {
	main, aside := canvas.NewText("", nil), canvas.NewText("", nil)
	main.TextStyle.Bold = true
	place := func(size fyne.Size) {
		grown := n.grown(size.Height)
		main.TextSize, aside.TextSize = grown*theme.Size(n.size), grown*theme.Size(n.small)
		fit(size.Width-asideGap, main, aside)
		below := n.aside != "" && size.Width > 0 && aside.TextSize < leastAside*theme.Size(sizeSmall) &&
			size.Height > 2*theme.Size(sizeSmall)
		if below { // too small to read beside it
			main.TextSize, aside.TextSize = theme.Size(n.size), theme.Size(sizeSmall)
			fit(size.Width, main)
			fit(size.Width, aside)
		}
		mainSize, asideSize := main.MinSize(), aside.MinSize()
		main.Resize(mainSize)
		aside.Resize(asideSize)
		if below { // figures reach from 1/4 to 3/4 of their line
			y := (size.Height - 0.7*(mainSize.Height+asideSize.Height)) / 2
			main.Move(fyne.NewPos(0, y-0.15*mainSize.Height))
			aside.Move(fyne.NewPos(0, y+0.7*mainSize.Height-0.15*asideSize.Height))
			return
		}
		main.Move(fyne.NewPos(0, (size.Height-mainSize.Height)/2))
		aside.Move(fyne.NewPos(mainSize.Width+asideGap, (size.Height-asideSize.Height)/2+main.TextSize/8))
	}
	r := &renderer{objects: []fyne.CanvasObject{main, aside}, layout: place}
	r.refresh = func() {
		main.Text, aside.Text = n.main, n.aside
		main.Color, aside.Color = paint(n.colour), paint(n.colour)
		place(n.BaseWidget.Size())
		main.Refresh()
		aside.Refresh()
	}
	r.minSize = func() fyne.Size {
		line := fyne.MeasureText("0", theme.Size(n.size), fyne.TextStyle{Bold: true})
		return fyne.NewSize(line.Width, line.Height*0.92)
	}
	r.refresh()
	return r
}

// A card shows one measurement that arrived.
type card struct {
	*fyne.Container
	words  words
	icon   *symbol
	name   *label
	unit   *label
	value  *numeral
	second *phrase
	line   *fyne.Container // second and, where there is room, the badges
	below  *fyne.Container // else they
	flags  *flags
	test   *fyne.Container
	check  *fyne.Container
	person *phrase // a name that does not fit beside the time
	whose  *label
	when   *label
	source *label
	old    *label
	texts  cardTexts
	time   time.Time
}

// cardTexts are what stands at the foot of a card.
type cardTexts struct {
	person, source string
	ink            fyne.ThemeColorName
}

// A cardForm is what a card needs room for beyond the usual. All cards of a page
// have the same: those side by side are of one height.
type cardForm struct {
	flagged bool // what its device says of how well it measured
	badges  bool // badges that do not fit beside what stands there
	second  int  // lines of what is said below the value
	person  int  // lines of a name that does not fit beside the time
}

func (f cardForm) with(g cardForm) cardForm {
	return cardForm{f.flagged || g.flagged, f.badges || g.badges, max(f.second, g.second), max(f.person, g.person)}
}

func newCard(w words) *card {
	c := &card{
		words:  w,
		icon:   newSymbol("live", colourAccent, 20),
		name:   newLabel("", colourText, sizeText).strong().cutting(),
		unit:   newLabel("", colourMuted, sizeText),
		value:  newNumeral(sizeFigure, sizeAside),
		second: newPhrase(colourMuted, sizeText),
		flags:  newFlags(),
		test:   newBadge(w.say("live.simulated"), colourDemo, colourDemoGround),
		check:  newBadge(w.say("live.check"), colourAmber, colourAmberGround),
		person: newPhrase(colourText, sizeSmall).strong(),
		whose:  newLabel("", colourText, sizeSmall).strong().cutting(),
		when:   newLabel("", colourMuted, sizeSmall).trailing(),
		source: newLabel("", colourMuted, sizeSmall).cutting(),
		old:    newLabel("", colourMuted, sizeSmall).trailing(),
	}
	c.line, c.below = between(c.second, row(6, c.test, c.check)), row(6)
	c.below.Hide()
	c.person.Hide()
	head := container.NewBorder(nil, nil, c.icon, c.unit, c.name)
	c.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(12, cardInset, column(4,
			head,
			c.value,
			c.line,
			c.below,
			c.flags.Container,
			padded(4, 0, widget.NewSeparator()),
			column(2, c.person, between(c.whose, c.when), between(c.source, c.old)),
		)),
	)
	return c
}

const (
	cardInset = 16
	cardRoom  = cardWidth - 2*cardInset // that a card has at least
)

// show fills the card, and tells what it needs.
func (c *card) show(r *fhirmap.Recorded, now time.Time) cardForm {
	appearance := lookOf(r.Type)
	f := c.words.figure(&r.Measurement)
	c.icon.set(appearance.symbol, appearance.colour)
	c.name.show(c.words.vital(r.Type), appearance.colour)
	c.unit.set(f.unit)
	c.value.set(f.main, f.aside, appearance.colour)
	c.second.show(colourMuted, joined(" · ", f.second, c.words.standing(r)))
	if shown, flagged := visible(c.test, r.Test), visible(c.check, r.Implausible); shown || flagged {
		c.line.Refresh()
		c.below.Refresh()
	}
	c.flags.show(c.words.quality(&r.Measurement))
	c.texts = cardTexts{"", c.words.source(&r.Measurement), colourAmber}
	person, assigned := c.words.whose(r.Subject)
	if c.texts.person = person; assigned {
		c.texts.ink = colourText
	}
	c.person.show(c.texts.ink, person)
	c.time = r.Effective()
	c.age(now)
	return c.needs(len(r.Quality) > 0)
}

func (c *card) needs(flagged bool) cardForm {
	form := cardForm{flagged: flagged, second: len(c.second.folded(cardRoom))}
	needed := c.second.natural()
	for _, badge := range []*fyne.Container{c.test, c.check} {
		if badge.Visible() {
			needed += badge.MinSize().Width + 8
		}
	}
	form.badges = needed > cardRoom
	if c.person.natural()+8+c.when.natural() > cardRoom {
		form.person = len(c.person.folded(cardRoom))
	}
	return form
}

// take gives the card the form of all.
func (c *card) take(form cardForm) {
	visible(c.flags.Container, form.flagged)
	if visible(c.below, form.badges) {
		badges := []fyne.CanvasObject{c.test, c.check}
		beside := c.line.Objects[1].(*fyne.Container)
		if c.below.Objects, beside.Objects = badges, nil; !form.badges {
			c.below.Objects, beside.Objects = nil, badges
		}
		visible(beside, !form.badges)
	}
	c.second.least, c.person.least = form.second, form.person
	visible(c.person, form.person > 0)
	if form.person > 0 {
		c.whose.show(c.texts.source, colourMuted)
		c.source.set("")
	} else {
		c.whose.show(c.texts.person, c.texts.ink)
		c.source.set(c.texts.source)
	}
}

// flags are what a device says of how well it measured, on one line.
type flags struct {
	*fyne.Container
	icon *symbol
	text *label
}

func newFlags() *flags {
	f := &flags{icon: newSymbol("warning", colourAmber, 16), text: newLabel("", colourAmber, sizeSmall).strong().cutting()}
	f.Container = container.NewBorder(nil, nil, container.NewCenter(f.icon), nil, f.text)
	f.Container.Hide()
	return f
}

func (f *flags) show(text string) {
	visible(f.icon, text != "")
	f.text.set(text)
}

// age brings the time and the age of the measurement up to date.
func (c *card) age(now time.Time) {
	c.when.set(moment(c.time, now))
	c.old.set(c.words.age(c.time, now))
}

// standing says in what way a measurement is not simply a final one.
func (w words) standing(r *fhirmap.Recorded) string {
	status, origin := "", ""
	switch r.Status {
	case fhirmap.StatusPreliminary:
		status = w.say("live.preliminary")
	case fhirmap.StatusCorrected:
		status = w.say("live.corrected")
	}
	if r.Origin == fhirmap.OriginAdmission {
		origin = w.say("live.admission")
	}
	return joined(" · ", status, origin)
}

// visible shows or hides an object, and tells whether that was a change, after
// which what it stands in needs a new layout.
func visible(object fyne.CanvasObject, wanted bool) bool {
	if wanted == object.Visible() {
		return false
	}
	if wanted {
		object.Show()
	} else {
		object.Hide()
	}
	return true
}
