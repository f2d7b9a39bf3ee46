package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

const (
	maxCards = 100
	atTheTop = 8 // how far from the top still counts as there
)

// A key tells measurements apart. A correction keeps the key.
type key struct {
	log string
	seq uint64
}

// livePage shows what monitors show now, and below it the measurements as they
// arrive, newest first. Who has scrolled down reads on undisturbed: what is new
// then waits behind a button.
type livePage struct {
	*fyne.Container
	words   words
	now     func() time.Time
	beds    *beds
	large   *largeBed
	heading *fyne.Container // of the measurements, below the beds
	grid    *fyne.Container
	scroll  *container.Scroll
	list    fyne.CanvasObject
	empty   fyne.CanvasObject
	fresh   *button
	cards   map[key]*card
	order   []key
	form    cardForm           // that all cards have room for
	waiting []fhirmap.Recorded // all of them, while some are held back
	shown   view               // what ages between two updates
}

// newLivePage gives the keyboard by focus.
func newLivePage(w words, now func() time.Time, focus func(fyne.Focusable), empty fyne.CanvasObject) *livePage {
	p := &livePage{words: w, now: now, empty: empty, cards: map[key]*card{}}
	p.beds = newBeds(w, func(bed bedKey) { p.enlarge(bed, focus) })
	p.large = newLargeBed(w, func() { p.reduce(focus) })
	arrangement := &tiles{least: cardWidth}
	p.grid = container.New(arrangement)
	p.heading = padded(12, 0, newLabel(w.say("live.recorded"), colourText, sizeSection).strong())
	p.heading.Hide()
	p.scroll = container.NewVScroll(padded(0, margin, column(0,
		p.beds.Container, p.heading, p.grid, padded(margin/2, 0, widget.NewLabel("")),
	)))
	p.scroll.OnScrolled = func(at fyne.Position) {
		if at.Y <= p.top()+atTheTop {
			p.release()
		}
	}
	p.fresh = newButton("", widget.HighImportance, p.toTop)
	p.fresh.Hide()
	title := newLabel(w.say("live.title"), colourText, sizeTitle).strong()
	head := container.New(layout.NewCustomPaddedLayout(headTop, 6, margin, margin), headLine(title, p.fresh))
	p.list = container.NewBorder(head, nil, nil, nil, container.New(tilesScroll{cards: arrangement, beds: p.beds.ward}, p.scroll))
	p.Container = container.NewStack(p.list, empty, p.large.Container)
	p.list.Hide()
	return p
}

// update shows v.recent, newest first, below v.live.
func (p *livePage) update(v view) {
	p.shown = v
	if p.large.update(v, p.now()) {
		p.list.Hide() // of the rest nothing is seen
		p.empty.Hide()
		return
	}
	recent := v.recent[:min(len(v.recent), maxCards)]
	something := len(recent) > 0 || len(v.live) > 0
	visible(p.empty, !something)
	visible(p.list, something)
	p.showBeds(v, len(recent) > 0)
	p.showRecent(recent)
}

// top is where the measurements begin.
func (p *livePage) top() float32 {
	if p.beds.Visible() {
		return p.heading.Position().Y
	}
	return 0
}

// showBeds keeps what a person reads further down where it is.
func (p *livePage) showBeds(v view, headed bool) {
	before := p.top()
	reshaped := p.beds.update(v.live, v.courses, v.situation.Alerts, p.now())
	reshaped = visible(p.heading, headed && len(v.live) > 0) || reshaped
	if !reshaped {
		return
	}
	further := p.scroll.Offset.Y > before+atTheTop
	p.beds.Refresh()
	p.scroll.Refresh()
	if further {
		p.scroll.ScrollToOffset(p.scroll.Offset.AddXY(0, p.top()-before))
	}
}

func (p *livePage) showRecent(recent []fhirmap.Recorded) {
	unseen := p.unseen(recent)
	if unseen == 0 || len(p.order) == 0 || p.scroll.Offset.Y <= p.top()+atTheTop {
		p.waiting = nil
		p.fresh.Hide()
		p.place(recent)
		return
	}
	p.waiting = recent
	if p.fill(recent) {
		p.scroll.Refresh()
	}
	p.fresh.SetText(p.words.count(unseen, "", "live.new.single", "live.new.several"))
	p.fresh.Show()
	p.list.Refresh()
}

// unseen is how many of recent came after the newest card.
func (p *livePage) unseen(recent []fhirmap.Recorded) int {
	for i := range recent {
		if _, shown := p.cards[keyOf(&recent[i])]; shown {
			return i
		}
	}
	return len(recent)
}

// place puts a card for each of recent in order. Cards whose measurement has
// left the list serve for the new ones.
func (p *livePage) place(recent []fhirmap.Recorded) {
	order := make([]key, len(recent))
	kept := make(map[key]*card, len(recent))
	for i := range recent {
		order[i] = keyOf(&recent[i])
		if c, ok := p.cards[order[i]]; ok {
			kept[order[i]] = c
			delete(p.cards, order[i])
		}
	}
	free := make([]*card, 0, len(p.cards))
	for _, c := range p.cards {
		free = append(free, c)
	}
	objects := make([]fyne.CanvasObject, len(order))
	for i, k := range order {
		if kept[k] == nil {
			if len(free) > 0 {
				kept[k], free = free[0], free[1:]
			} else {
				kept[k] = newCard(p.words)
			}
		}
		objects[i] = kept[k].Container
	}
	moved := !slices.Equal(p.order, order)
	p.cards, p.order = kept, order
	reshaped := p.fill(recent)
	if moved {
		p.arrange(objects)
	}
	if reshaped {
		p.scroll.Refresh()
	}
}

// arrange puts the cards where they belong. It spares those that only move a
// refresh, which would measure every text on them again.
func (p *livePage) arrange(objects []fyne.CanvasObject) {
	grown := len(objects) != len(p.grid.Objects)
	p.grid.Objects = objects
	if grown {
		p.scroll.Refresh()
	}
	p.grid.Layout.Layout(objects, p.grid.Size())
	canvas.Refresh(p.grid)
}

// fill brings the cards that there are up to date, where they stand. It tells
// whether they have another height.
func (p *livePage) fill(recent []fhirmap.Recorded) (reshaped bool) {
	now, form := p.now(), cardForm{}
	for i := range recent {
		if c := p.cards[keyOf(&recent[i])]; c != nil {
			form = form.with(c.show(&recent[i], now))
		}
	}
	for _, c := range p.cards {
		c.take(form)
	}
	reshaped = p.form != form
	p.form = form
	return reshaped
}

// release shows what was held back.
func (p *livePage) release() {
	if recent := p.waiting; recent != nil {
		p.showRecent(recent)
	}
}

func (p *livePage) toTop() {
	p.scroll.ScrollToOffset(fyne.NewPos(0, p.top()))
	p.release()
}

// age brings all ages up to date.
func (p *livePage) age() {
	now := p.now()
	if p.large.update(p.shown, now) {
		return
	}
	for _, c := range p.cards {
		c.age(now)
	}
	p.showBeds(p.shown, p.heading.Visible())
}

// enlarge shows one bed over the whole page.
func (p *livePage) enlarge(bed bedKey, focus func(fyne.Focusable)) {
	p.large.show(bed)
	p.update(p.shown)
	focus(p.large.back)
}

// reduce goes back to all beds, with the keyboard on the one that was large.
func (p *livePage) reduce(focus func(fyne.Focusable)) {
	bed := p.large.bed
	p.large.close()
	p.update(p.shown)
	if panel := p.beds.panels[bed]; panel != nil {
		focus(panel.option)
	}
}

// escape goes back to all beds.
func (p *livePage) escape() {
	if p.large.Visible() {
		p.large.leave()
	}
}

func keyOf(r *fhirmap.Recorded) key { return key{r.Log, r.Seq} }

// fixedHeight keeps a line as high as it is, whatever appears in it.
type fixedHeight float32

func (h fixedHeight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, float32(h))
}

func (h fixedHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }
