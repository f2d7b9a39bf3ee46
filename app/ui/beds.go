package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"vitalien/fhirmap"
)

// maxBeds is how many beds the page shows; it says how many more there are.
const maxBeds = 24

// A bedKey tells beds apart. Two beds may share a device (a central station),
// and two devices a bed.
type bedKey struct{ device, bed string }

// beds shows what monitors show now, a panel for each bed, in the order of the
// beds' names so that none moves.
type beds struct {
	*fyne.Container
	words   words
	ward    *ward
	grid    *fyne.Container
	more    *label
	enlarge func(bedKey)
	panels  map[bedKey]*bedOption
	order   []bedKey
}

// A bedOption is the panel of a bed, which a click enlarges.
type bedOption struct {
	*option
	bed *bed
}

func newBeds(w words, enlarge func(bedKey)) *beds {
	b := &beds{words: w, ward: newWard(), enlarge: enlarge, panels: map[bedKey]*bedOption{}, more: newLabel("", colourMuted, sizeText)}
	b.grid = container.New(b.ward)
	b.Container = column(gap, b.grid, b.more)
	b.Container.Hide()
	return b
}

// update tells whether the whole has another size.
func (b *beds) update(live []fhirmap.Live, c courses, alerts []fhirmap.Alert, now time.Time) bool {
	live = inOrder(live)
	hidden := max(len(live)-maxBeds, 0)
	live = live[:len(live)-hidden]
	reshaped := b.ward.count(len(live))
	order := make([]bedKey, len(live))
	for i := range live {
		order[i] = keyOfBed(&live[i])
		panel := b.panels[order[i]]
		if panel == nil {
			panel = b.newOption(order[i])
			b.panels[order[i]] = panel
		}
		reshaped = panel.bed.arrange(b.ward.form()) || reshaped
		reshaped = panel.bed.show(&live[i], c, alerts, now) || reshaped
		panel.name = panel.bed.title.text()
	}
	if !slices.Equal(order, b.order) {
		b.order, reshaped = order, true
		b.place()
	}
	if hidden > 0 {
		b.more.set(b.words.count(hidden, "", "live.beds.single", "live.beds.several"))
	}
	reshaped = visible(b.more, hidden > 0) || reshaped
	return visible(b.Container, len(live) > 0) || reshaped
}

func (b *beds) newOption(key bedKey) *bedOption {
	panel := newBed(b.words, gauges{b.ward})
	content := padded(10, bedInset, container.New(topped{8}, panel.heading(), panel.grid))
	return &bedOption{newOption("", content, func() { b.enlarge(key) }, func() {}), panel}
}

func (b *beds) place() {
	objects := make([]fyne.CanvasObject, 0, len(b.order))
	for key := range b.panels {
		if !slices.Contains(b.order, key) {
			delete(b.panels, key)
		}
	}
	for _, key := range b.order {
		objects = append(objects, b.panels[key].option)
	}
	b.grid.Objects = objects
}

func keyOfBed(l *fhirmap.Live) bedKey { return bedKey{l.Device.ID, l.Bed} }

// inOrder sorts by bed, then device: Lit 2 stands before Lit 10, and what has
// no bed behind them.
func inOrder(live []fhirmap.Live) []fhirmap.Live {
	sorted := slices.Clone(live)
	slices.SortStableFunc(sorted, func(a, b fhirmap.Live) int {
		return cmp.Or(byBed(a.Bed, b.Bed), natural(a.Device.Name, b.Device.Name), strings.Compare(a.Device.ID, b.Device.ID))
	})
	return sorted
}

func byBed(a, b string) int { return cmp.Or(before(a != "", b != ""), natural(a, b)) }

// natural compares texts with the numbers in them as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		digitsA, restA := leadingDigits(a)
		digitsB, restB := leadingDigits(b)
		if digitsA != "" && digitsB != "" {
			digitsA, digitsB = strings.TrimLeft(digitsA, "0"), strings.TrimLeft(digitsB, "0")
			if order := cmp.Or(cmp.Compare(len(digitsA), len(digitsB)), strings.Compare(digitsA, digitsB)); order != 0 {
				return order
			}
			a, b = restA, restB
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func leadingDigits(text string) (digits, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// A bed is what is shown of one: who is in it, and its gauges.
type bed struct {
	words  words
	title  *phrase
	whose  *phrase
	fresh  *label
	others *label // gauges for which there is no room
	grid   *fyne.Container
	form   bedForm
	gauges []gauge
}

// A bedForm is how a bed is shown.
type bedForm struct {
	strips bool
	size   fyne.ThemeSizeName  // of the figures of tiles, at least
	ground fyne.ThemeColorName // of tiles
	most   int                 // gauges; 0: all
}

func newBed(w words, arrangement fyne.Layout) *bed {
	b := &bed{
		words:  w,
		title:  newPhrase(colourText, sizeText).strong(),
		whose:  newPhrase(colourText, sizeText),
		fresh:  newLabel("", colourMuted, sizeSmall).trailing(),
		others: newLabel("", colourMuted, sizeSmall).trailing(),
		grid:   container.New(arrangement),
	}
	b.others.Hide()
	return b
}

// heading is one line, or two for a narrow bed.
func (b *bed) heading() fyne.CanvasObject {
	return container.New(&bedHead{form: &b.form}, b.title, b.whose, b.others, b.fresh)
}

// arrange gives the bed another form, and tells whether it is another.
func (b *bed) arrange(form bedForm) bool {
	if b.form == form {
		return false
	}
	b.form, b.gauges, b.grid.Objects = form, nil, nil
	return true
}

func (b *bed) newGauge() gauge {
	if b.form.strips {
		return newStrip()
	}
	return newTile(b.form.size, b.form.ground)
}

// show tells whether the bed has another size.
func (b *bed) show(l *fhirmap.Live, c courses, alerts []fhirmap.Alert, now time.Time) bool {
	reshaped := b.head(l, now)
	texts, others := foremost(b.words.tiles(l, c, alerts, now), b.form.most)
	regrouped := len(texts) != len(b.grid.Objects)
	for len(b.gauges) < len(texts) {
		b.gauges = append(b.gauges, b.newGauge())
	}
	for i := range texts {
		b.gauges[i].show(texts[i])
	}
	if regrouped {
		b.grid.Objects = nil
		for _, g := range b.gauges[:len(texts)] {
			b.grid.Objects = append(b.grid.Objects, g.object())
		}
	}
	if others > 0 {
		b.others.set(fmt.Sprint("+ ", others))
	}
	return visible(b.others, others > 0) || regrouped || reshaped
}

// foremost are the first gauges, and how many are left. One of which there is
// an alarm is never left while there is one without.
func foremost(texts []tileText, most int) (first []tileText, others int) {
	if most == 0 || len(texts) <= most {
		return texts, 0
	}
	alarms := 0
	for _, text := range texts {
		if text.alarm != "" {
			alarms++
		}
	}
	calm := max(most-alarms, 0)
	for _, text := range texts {
		switch {
		case len(first) == most:
		case text.alarm != "":
			first = append(first, text)
		case calm > 0:
			first, calm = append(first, text), calm-1
		}
	}
	return first, len(texts) - len(first)
}

// head says whose the bed is and since when it is silent. It tells whether that
// needs other room.
func (b *bed) head(l *fhirmap.Live, now time.Time) bool {
	silence := b.fresh.colour
	place, brief := b.words.place(l.Bed, &l.Device), b.words.bed(l.Bed)
	if brief == "" {
		brief = place
	}
	reshaped := b.title.show(colourText, place, brief)
	person, assigned := "", true
	if l.Patient != nil {
		person, assigned = b.words.whose(l.Patient)
	}
	ink := colourText
	if !assigned {
		ink = colourAmber
	}
	reshaped = b.whose.show(ink, person) || reshaped
	last := newest(l)
	age, silent := now.Sub(last), "live.silent"
	if b.form.strips {
		silent = "live.silent.brief"
	}
	switch {
	case age > staleAfter:
		b.fresh.show(b.words.say(silent, "age", b.words.brief(age)), colourAmber)
	case b.form.strips:
		b.fresh.show(b.words.brief(age), colourMuted)
	default:
		b.fresh.show(b.words.age(last, now), colourMuted)
	}
	return reshaped || b.fresh.colour != silence
}

// bedHead sets title, person, number of other gauges and age in a line. A narrow
// bed, and one whose title and person do not stand in one line, has the person in
// lines below.
type bedHead struct {
	form  *bedForm
	whole float32
}

const headGap = 12

func (h *bedHead) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(120, h.arrange(objects))
}

func (h *bedHead) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	h.whole = size.Width
	h.arrange(objects)
}

// arrange tells the height of all.
func (h *bedHead) arrange(objects []fyne.CanvasObject) float32 {
	title, whose, others, fresh := objects[0].(*phrase), objects[1].(*phrase), objects[2].(*label), objects[3].(*label)
	line := max(title.MinSize().Height/float32(len(title.fold())), fresh.MinSize().Height)
	end := func(l *label, right, y float32) float32 {
		if !l.Visible() {
			return right
		}
		width := l.natural()
		l.Move(fyne.NewPos(right-width, y))
		l.Resize(fyne.NewSize(width, line))
		return right - width - headGap
	}
	if h.form.strips && !title.fits(h.whole-fresh.natural()-headGap) {
		above := tall(title, h.whole)
		end(others, end(fresh, h.whole, above), above)
		below := tall(whose, h.whole)
		whose.Move(fyne.NewPos(0, above+line))
		return above + line + below
	}
	right := end(fresh, h.whole, 0)
	if !h.form.strips {
		right = end(others, right, 0)
		if first := title.natural(); first+headGap+whose.natural() <= right {
			title.Resize(fyne.NewSize(first, line))
			whose.Resize(fyne.NewSize(right-first-headGap, line))
			whose.Move(fyne.NewPos(first+headGap, 0))
			return line
		}
	}
	above := tall(title, right)
	right = h.whole
	if h.form.strips {
		right = end(others, h.whole, above)
	}
	below := tall(whose, right)
	whose.Move(fyne.NewPos(0, above))
	if whose.text() == "" && !h.form.strips {
		return above
	}
	return above + max(below, line)
}
