package ui

import "fyne.io/fyne/v2"

// A ward has as much detail as the number of beds allows: so many have tiles,
// more have strips.
const (
	tiledBeds  = 4
	stripsEach = 5 // of a bed
	stripsGrow = 1.5
)

// ward sets beds side by side, as many as fit, in rows of equal height. The
// height of the whole follows from the width, so the room comes first: see
// tilesScroll.
type ward struct {
	tiles   *tiles // of each bed
	beds    int
	columns int
	room    fyne.Size // there is for all beds
}

func newWard() *ward { return &ward{tiles: &tiles{least: tileWidth}} }

// form is how each bed is shown.
func (w *ward) form() bedForm {
	switch {
	case w.beds > tiledBeds:
		return bedForm{strips: true, most: stripsEach}
	case w.beds > 1:
		return bedForm{size: sizeTile, ground: colourGround}
	}
	return bedForm{size: sizeFigure, ground: colourGround}
}

// count and fit tell whether that arranges the beds anew.
func (w *ward) count(beds int) bool {
	before := *w
	w.beds = beds
	return w.fit(w.room) || before.form() != w.form()
}

func (w *ward) fit(room fyne.Size) bool {
	w.room = room
	least, tile := float32(bedWidth), float32(tileWidth)
	switch {
	case w.beds > tiledBeds:
		least = stripsWidth
	case w.beds == 1:
		tile = largeTile
	}
	columns := max(1, min(w.beds, int((room.Width+gap)/(least+gap))))
	if rows := (w.beds + columns - 1) / columns; rows > 0 {
		columns = (w.beds + rows - 1) / rows // as many in each row as can be
	}
	changed := columns != w.columns || tile != w.tiles.least
	w.columns, w.tiles.least = columns, tile
	return w.tiles.fit(w.width()-2*bedInset) || changed
}

// width is that of a bed.
func (w *ward) width() float32 {
	return (w.room.Width - float32(w.columns-1)*gap) / float32(w.columns)
}

// rows are the heights of the rows of beds: what their highest needs, and with
// strips more where that lets all beds fill the room.
func (w *ward) rows(beds []fyne.CanvasObject) []float32 {
	columns := max(1, w.columns)
	heights := make([]float32, (len(beds)+columns-1)/columns)
	for i, bed := range beds {
		heights[i/columns] = max(heights[i/columns], bed.MinSize().Height)
	}
	if w.beds > tiledBeds {
		share := (w.room.Height - float32(len(heights)-1)*gap) / float32(len(heights))
		for i := range heights {
			heights[i] = max(heights[i], min(share, stripsGrow*heights[i]))
		}
	}
	return heights
}

func (w *ward) MinSize(beds []fyne.CanvasObject) fyne.Size {
	if len(beds) == 0 {
		return fyne.Size{}
	}
	size := fyne.NewSize(tileWidth, -gap)
	for _, height := range w.rows(beds) {
		size.Height += height + gap
	}
	return size
}

func (w *ward) Layout(beds []fyne.CanvasObject, size fyne.Size) {
	if len(beds) == 0 {
		return
	}
	w.fit(fyne.NewSize(size.Width, w.room.Height))
	y, width := float32(0), w.width()
	for row, height := range w.rows(beds) {
		first := row * w.columns
		for i, bed := range beds[first:min(first+w.columns, len(beds))] {
			bed.Move(fyne.NewPos(float32(i)*(width+gap), y))
			bed.Resize(fyne.NewSize(width, height))
		}
		y += height + gap
	}
}

// gauges arranges those of a bed: tiles as many side by side as fit, strips
// above one another, which are level in beds side by side.
type gauges struct{ ward *ward }

const stripGap = 2

func (g gauges) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) == 0 || !g.ward.form().strips {
		return g.ward.tiles.MinSize(objects)
	}
	line := objects[0].MinSize()
	return fyne.NewSize(line.Width, stripsEach*(line.Height+stripGap)-stripGap)
}

func (g gauges) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if !g.ward.form().strips {
		g.ward.tiles.Layout(objects, size)
		return
	}
	line := (size.Height + stripGap) / stripsEach
	for i, strip := range objects {
		strip.Move(fyne.NewPos(0, float32(i)*line))
		strip.Resize(fyne.NewSize(size.Width, line-stripGap))
	}
}

// filling shares the whole room among tiles, as many side by side as makes
// their figures largest.
type filling struct{ width float32 }

// largest is how large figures can be on a tile: three digits wide, and as high
// as the other lines leave.
func largest(width, height float32) float32 { return min(height*0.5, width*0.4) }

func (l *filling) columns(n int, size fyne.Size) int {
	best := 1
	for columns := 2; columns <= n; columns++ {
		share := func(columns int) float32 {
			rows := (n + columns - 1) / columns
			return largest(size.Width/float32(columns), size.Height/float32(rows))
		}
		if size.Width/float32(columns) >= tileWidth && share(columns) > share(best) {
			best = columns
		}
	}
	return best
}

func (l *filling) MinSize(tiles []fyne.CanvasObject) fyne.Size {
	if len(tiles) == 0 {
		return fyne.Size{}
	}
	columns := max(1, int((l.width+gap)/(tileWidth+gap)))
	rows := (len(tiles) + columns - 1) / columns
	return fyne.NewSize(tileWidth, float32(rows)*(tiles[0].MinSize().Height+gap)-gap)
}

func (l *filling) Layout(tiles []fyne.CanvasObject, size fyne.Size) {
	if len(tiles) == 0 {
		return
	}
	l.width = size.Width
	columns := l.columns(len(tiles), size)
	rows := (len(tiles) + columns - 1) / columns
	width := (size.Width - float32(columns-1)*gap) / float32(columns)
	height := (size.Height - float32(rows-1)*gap) / float32(rows)
	for i, tile := range tiles {
		tile.Move(fyne.NewPos(float32(i%columns)*(width+gap), float32(i/columns)*(height+gap)))
		tile.Resize(fyne.NewSize(width, height))
	}
}
