package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// padded keeps room around an object.
func padded(vertical, horizontal float32, object fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(vertical, vertical, horizontal, horizontal), object)
}

// column stacks objects with a set distance.
func column(distance float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(distance), objects...)
}

// row sets objects side by side, each at its own height in the middle.
func row(distance float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(inline{distance}, objects...)
}

// inline is a row whose objects are centred on one line.
type inline struct{ distance float32 }

func (l inline) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		if size.Width > 0 {
			size.Width += l.distance
		}
		needed := object.MinSize()
		size.Width += needed.Width
		size.Height = max(size.Height, needed.Height)
	}
	return size
}

func (l inline) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x := float32(0)
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		needed := object.MinSize()
		object.Resize(needed)
		object.Move(fyne.NewPos(x, (size.Height-needed.Height)/2))
		x += needed.Width + l.distance
	}
}

// spread gives the first object what the second, if visible, leaves of a line.
type spread struct{ distance float32 }

func (l spread) MinSize(objects []fyne.CanvasObject) fyne.Size {
	first, second := objects[0].MinSize(), objects[1].MinSize()
	if !objects[1].Visible() {
		return first
	}
	return fyne.NewSize(first.Width+l.distance+second.Width, max(first.Height, second.Height))
}

func (l spread) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	second := objects[1].MinSize()
	width := max(size.Width-second.Width-l.distance, 0)
	if !objects[1].Visible() {
		width = size.Width
	}
	first := objects[0].MinSize()
	objects[0].Resize(fyne.NewSize(width, first.Height))
	objects[0].Move(fyne.NewPos(0, (size.Height-first.Height)/2))
	if l, ok := objects[1].(*label); ok && l.align == fyne.TextAlignTrailing { // ends there however long it is
		second.Width = size.Width
	}
	objects[1].Resize(second)
	objects[1].Move(fyne.NewPos(size.Width-second.Width, (size.Height-second.Height)/2))
}

func between(first, second fyne.CanvasObject) *fyne.Container {
	return container.New(spread{8}, first, second)
}

// flat takes from running text the inset that it comes with, for what stands on
// the page itself: its edge is then that of the title.
func flat(text *prose) fyne.CanvasObject { return padded(-inset, -inset, text) }

// outdented takes that inset from the sides alone, and keeps it above and below.
func outdented(text fyne.CanvasObject) *fyne.Container { return padded(0, -inset, text) }

// hanging takes it from the left alone, for text with buttons to its right.
func hanging(text fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(0, 0, -inset, 0), text)
}

// leaf is the part of a page that text and cards stand in: it begins at the left
// edge that all pages share, and is no wider than reads well.
func leaf(object fyne.CanvasObject) *fyne.Container {
	return container.New(reading{width: pageWidth}, object)
}

// headLine is the first line of a page, at the same place on all of them: its
// title, and at the end what can be done there.
func headLine(title fyne.CanvasObject, actions ...fyne.CanvasObject) fyne.CanvasObject {
	return container.New(atLeast(headHeight), between(title, row(10, actions...)))
}

// atLeast keeps an object no lower than that height, over the whole of it.
type atLeast float32

func (h atLeast) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Max(fyne.NewSize(0, float32(h)))
}

func (h atLeast) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// reading limits running text to a width that reads well. Its height follows
// from the width it last had.
type reading struct {
	width    float32
	required bool // asks for the width, as a dialog does; else takes less
}

func (l reading) MinSize(objects []fyne.CanvasObject) fyne.Size {
	object := objects[0]
	width := l.width
	if !l.required && object.Size().Width > 0 {
		width = object.Size().Width
	}
	object.Resize(fyne.NewSize(width, object.MinSize().Height))
	size := fyne.NewSize(0, object.MinSize().Height)
	if l.required {
		size.Width = width
	}
	return size
}

func (l reading) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(l.width, size.Width)
	object := objects[0]
	object.Resize(fyne.NewSize(width, max(size.Height, object.MinSize().Height)))
}

// tiles is a grid of cards of equal size, as many side by side as fit. The
// height of the whole follows from the width, so the width comes first: see
// tilesScroll.
type tiles struct {
	least   float32 // width of a card, at least
	columns int
}

func (l *tiles) fit(width float32) bool {
	columns := max(1, int((width+gap)/(l.least+gap)))
	changed := columns != l.columns
	l.columns = columns
	return changed
}

func (l *tiles) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) == 0 {
		return fyne.Size{}
	}
	columns := max(1, l.columns)
	rows := (len(objects) + columns - 1) / columns
	return fyne.NewSize(l.least, float32(rows)*(objects[0].MinSize().Height+gap)-gap)
}

func (l *tiles) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if len(objects) == 0 {
		return
	}
	l.fit(size.Width)
	width := (size.Width - float32(l.columns-1)*gap) / float32(l.columns)
	height := objects[0].MinSize().Height
	for i, object := range objects {
		column, row := i%l.columns, i/l.columns
		object.Resize(fyne.NewSize(width, height))
		object.Move(fyne.NewPos(float32(column)*(width+gap), float32(row)*(height+gap)))
	}
}

// tilesScroll lays out a scroll that holds tiles: it tells them their width
// before the scroll asks for their height.
type tilesScroll struct {
	cards *tiles
	beds  *ward
}

func (tilesScroll) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (l tilesScroll) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	cards := l.cards.fit(size.Width - 2*margin)
	beds := l.beds.fit(fyne.NewSize(size.Width-2*margin, size.Height-gap))
	objects[0].Resize(size)
	if cards || beds {
		objects[0].Refresh()
	}
}

// sidebar sets a list of a set width beside what takes the rest, whose height
// follows from the width it last had.
type sidebar struct{ width, whole float32 }

func (l *sidebar) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if l.whole > 0 {
		objects[1].Resize(fyne.NewSize(l.whole-l.width-gap, objects[1].MinSize().Height))
	}
	return fyne.NewSize(l.width+gap, max(objects[0].MinSize().Height, objects[1].MinSize().Height))
}

func (l *sidebar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.whole = size.Width
	objects[0].Resize(fyne.NewSize(l.width, objects[0].MinSize().Height))
	objects[1].Move(fyne.NewPos(l.width+gap, 0))
	objects[1].Resize(fyne.NewSize(size.Width-l.width-gap, objects[1].MinSize().Height))
}

// flow sets objects side by side, in as many lines as they need for the width
// it last had.
type flow struct{ distance, whole float32 }

func (l *flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, object := range objects {
		size.Width = max(size.Width, object.MinSize().Width)
	}
	size.Height = l.arrange(objects, func(fyne.CanvasObject, fyne.Position) {})
	return size
}

func (l *flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.whole = size.Width
	l.arrange(objects, func(object fyne.CanvasObject, at fyne.Position) {
		object.Resize(object.MinSize())
		object.Move(at)
	})
}

// arrange tells the height of all lines.
func (l *flow) arrange(objects []fyne.CanvasObject, place func(fyne.CanvasObject, fyne.Position)) float32 {
	at, line := fyne.Position{}, float32(0)
	for _, object := range objects {
		size := object.MinSize()
		if at.X > 0 && l.whole > 0 && at.X+size.Width > l.whole {
			at = fyne.NewPos(0, at.Y+line+l.distance)
			line = 0
		}
		place(object, at)
		at.X += size.Width + l.distance
		line = max(line, size.Height)
	}
	return at.Y + line
}

// middle sets an object in the middle of its height, over the whole width.
type middle struct{}

func (middle) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	height := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, height))
	objects[0].Move(fyne.NewPos(0, (size.Height-height)/2))
}

// twoHalves sets two objects side by side, each half as wide.
type twoHalves struct{}

func (twoHalves) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 80) }

func (twoHalves) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := (size.Width - gap) / 2
	for i, object := range objects {
		object.Move(fyne.NewPos(float32(i)*(width+gap), 0))
		object.Resize(fyne.NewSize(width, size.Height))
	}
}

// shelf gives the first object a third of the height, the second what it needs,
// and the third the rest.
type shelf struct{}

func (shelf) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, 90+objects[1].MinSize().Height+90+2*gap)
}

func (shelf) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for i, height := range []float32{max(size.Height/3, 90), objects[1].MinSize().Height, 0} {
		if i == 2 {
			height = max(size.Height-y, 0)
		}
		objects[i].Move(fyne.NewPos(0, y))
		objects[i].Resize(fyne.NewSize(size.Width, height))
		y += height + gap/2
	}
}

// ranks sets objects side by side at set widths, the last in what is left.
type ranks []float32

func (ranks) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, objects[0].MinSize().Height+10)
}

func (l ranks) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x := float32(6)
	for i, object := range objects {
		width := max(size.Width-x, 0)
		if i < len(l) {
			width = l[i]
		}
		object.Move(fyne.NewPos(x, 5))
		object.Resize(fyne.NewSize(width-8, size.Height-10))
		x += width
	}
}

// topped sets a heading above what takes the rest of the height.
type topped struct{ distance float32 }

func (l topped) MinSize(objects []fyne.CanvasObject) fyne.Size {
	head, rest := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(head.Width, rest.Width), head.Height+l.distance+rest.Height)
}

func (l topped) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	head := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, head))
	objects[1].Move(fyne.NewPos(0, head+l.distance))
	objects[1].Resize(fyne.NewSize(size.Width, max(size.Height-head-l.distance, 0)))
}
