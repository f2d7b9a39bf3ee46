package ui

import (
	"cmp"
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
	words       words
	arrangement *tiles
	more        *label
	panels      map[bedKey]*bed
	order       []bedKey
}

func newBeds(w words) *beds {
	b := &beds{
		words: w, arrangement: &tiles{least: tileWidth}, panels: map[bedKey]*bed{},
		more: newLabel("", colourMuted, sizeText),
	}
	b.Container = column(gap)
	b.Container.Hide()
	return b
}

// update tells whether the whole has another size.
func (b *beds) update(live []fhirmap.Live, alerts []fhirmap.Alert, now time.Time) bool {
	live = inOrder(live)
	hidden := max(len(live)-maxBeds, 0)
	live = live[:len(live)-hidden]
	order := make([]bedKey, len(live))
	reshaped := false
	for i := range live {
		order[i] = bedKey{live[i].Device.ID, live[i].Bed}
		panel := b.panels[order[i]]
		if panel == nil {
			panel = newBed(b.words, b.arrangement)
			b.panels[order[i]] = panel
		}
		reshaped = panel.show(&live[i], alerts, now) || reshaped
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

func (b *beds) place() {
	objects := make([]fyne.CanvasObject, 0, len(b.order)+1)
	for key := range b.panels {
		if !slices.Contains(b.order, key) {
			delete(b.panels, key)
		}
	}
	for _, key := range b.order {
		objects = append(objects, b.panels[key].Container)
	}
	b.Container.Objects = append(objects, b.more)
}

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

// A bed is the panel of one.
type bed struct {
	*fyne.Container
	words words
	title *label
	whose *label
	fresh *label
	grid  *fyne.Container
	tiles []*tile
}

func newBed(w words, arrangement *tiles) *bed {
	b := &bed{
		words: w,
		title: newLabel("", colourText, sizeText).strong().cutting(),
		whose: newLabel("", colourText, sizeText).cutting(),
		fresh: newLabel("", colourMuted, sizeSmall).trailing(),
		grid:  container.New(arrangement),
	}
	head := container.New(halves{}, b.title, b.whose)
	b.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(10, bedInset, column(8, between(head, b.fresh), b.grid)),
	)
	return b
}

// show tells whether the panel has another size.
func (b *bed) show(l *fhirmap.Live, alerts []fhirmap.Alert, now time.Time) bool {
	b.title.set(b.words.place(l.Bed, &l.Device))
	b.head(l, now)
	texts := b.words.tiles(l, alerts, now)
	reshaped := len(texts) != len(b.grid.Objects)
	for len(b.tiles) < len(texts) {
		b.tiles = append(b.tiles, newTile())
	}
	for i := range texts {
		b.tiles[i].show(texts[i])
	}
	if reshaped {
		b.grid.Objects = nil
		for _, t := range b.tiles[:len(texts)] {
			b.grid.Objects = append(b.grid.Objects, t.Container)
		}
	}
	return reshaped
}

// head says whose the bed is and since when it is silent.
func (b *bed) head(l *fhirmap.Live, now time.Time) {
	person, assigned := "", true
	if l.Patient != nil {
		person, assigned = b.words.whose(l.Patient)
	}
	if assigned {
		b.whose.show(person, colourText)
	} else {
		b.whose.show(person, colourAmber)
	}
	last := newest(l)
	if silent := now.Sub(last); silent > staleAfter {
		b.fresh.show(b.words.say("live.silent", "age", b.words.brief(silent)), colourAmber)
	} else {
		b.fresh.show(b.words.age(last, now), colourMuted)
	}
}

// halves sets two texts side by side: the first as wide as it needs, but not
// more than half when the second needs the other half.
type halves struct{}

func (halves) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Max(objects[1].MinSize())
}

func (halves) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	first, second := objects[0].(*label).natural(), objects[1].(*label).natural()
	const distance = 16
	width := min(first, max(size.Width/2, size.Width-second-distance))
	if second == 0 {
		width = size.Width
	}
	objects[0].Resize(fyne.NewSize(width, size.Height))
	objects[1].Move(fyne.NewPos(width+distance, 0))
	objects[1].Resize(fyne.NewSize(max(size.Width-width-distance, 0), size.Height))
}
