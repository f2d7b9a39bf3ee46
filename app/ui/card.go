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
		const distance = 8
		for range 3 { // hinting makes small text wider than in proportion
			needed, room := main.MinSize().Width+aside.MinSize().Width, size.Width-distance
			if room <= 0 || needed <= room {
				break
			}
			main.TextSize *= 0.98 * room / needed
			aside.TextSize *= 0.98 * room / needed
		}
		mainSize, asideSize := main.MinSize(), aside.MinSize()
		main.Resize(mainSize)
		main.Move(fyne.NewPos(0, (size.Height-mainSize.Height)/2))
		aside.Resize(asideSize)
		aside.Move(fyne.NewPos(mainSize.Width+distance, (size.Height-asideSize.Height)/2+main.TextSize/8))
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
	second *label
	line   *fyne.Container // second and the badges
	flags  *flags
	test   *fyne.Container
	check  *fyne.Container
	source *label
	when   *label
	whose  *label
	old    *label
	time   time.Time
}

func newCard(w words) *card {
	c := &card{
		words:  w,
		icon:   newSymbol("live", colourAccent, 20),
		name:   newLabel("", colourText, sizeText).strong().cutting(),
		unit:   newLabel("", colourMuted, sizeText),
		value:  newNumeral(sizeFigure, sizeAside),
		second: newLabel("", colourMuted, sizeText).cutting(),
		flags:  newFlags(),
		test:   newBadge(w.say("live.simulated"), colourDemo, colourDemoGround),
		check:  newBadge(w.say("live.check"), colourAmber, colourAmberGround),
		source: newLabel("", colourMuted, sizeSmall).cutting(),
		when:   newLabel("", colourMuted, sizeSmall).trailing(),
		whose:  newLabel("", colourText, sizeSmall).strong().cutting(),
		old:    newLabel("", colourMuted, sizeSmall).trailing(),
	}
	c.line = between(c.second, row(6, c.test, c.check))
	head := container.NewBorder(nil, nil, c.icon, c.unit, c.name)
	c.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(12, 16, column(4,
			head,
			c.value,
			c.line,
			c.flags.Container,
			padded(4, 0, widget.NewSeparator()),
			column(2, between(c.whose, c.when), between(c.source, c.old)),
		)),
	)
	return c
}

// show fills the card. flagged leaves room for what devices say of how well they
// measured: cards side by side are of one height.
func (c *card) show(r *fhirmap.Recorded, now time.Time, flagged bool) {
	appearance := lookOf(r.Type)
	f := c.words.figure(&r.Measurement)
	c.icon.set(appearance.symbol, appearance.colour)
	c.name.show(c.words.vital(r.Type), appearance.colour)
	c.unit.set(f.unit)
	c.value.set(f.main, f.aside, appearance.colour)
	c.second.set(joined(" · ", f.second, c.words.standing(r)))
	if shown, flagged := visible(c.test, r.Test), visible(c.check, r.Implausible); shown || flagged {
		c.line.Refresh()
	}
	c.flags.show(c.words.quality(&r.Measurement))
	visible(c.flags.Container, flagged)
	c.source.set(c.words.source(&r.Measurement))
	if person, assigned := c.words.whose(r.Subject); assigned {
		c.whose.show(person, colourText)
	} else {
		c.whose.show(person, colourAmber)
	}
	c.time = r.Effective()
	c.age(now)
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
