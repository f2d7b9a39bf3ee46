package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// kindStage asks which type of device is to be paired.
type kindStage struct {
	*fyne.Container
	options []*option
}

func newKindStage(w *wizard) *kindStage {
	s := &kindStage{Container: container.New(abreast{columns: 3, distance: 8})}
	for _, t := range w.all.types() {
		name := w.words.deviceType(t)
		content := padded(10, 10, column(4,
			container.NewCenter(newDrawing(deviceKinds[t].drawing, 112)),
			newLabel(name, colourText, sizeText).strong().cutting().centred(),
		))
		s.options = append(s.options, newOption(name, content, func() { w.chooseKind(t) }, w.back))
		s.Add(s.options[len(s.options)-1])
	}
	return s
}

func (s *kindStage) show(*wizard) bool { return false }

func (s *kindStage) first() fyne.Focusable {
	if len(s.options) == 0 {
		return nil
	}
	return s.options[0]
}

// abreast sets objects of equal size in rows of as many.
type abreast struct {
	columns  int
	distance float32
}

func (l abreast) MinSize(objects []fyne.CanvasObject) fyne.Size {
	least := fyne.Size{}
	for _, object := range objects {
		least = least.Max(object.MinSize())
	}
	times := func(n int, length float32) float32 { return max(float32(n)*(length+l.distance)-l.distance, 0) }
	return fyne.NewSize(times(l.columns, least.Width), times((len(objects)+l.columns-1)/l.columns, least.Height))
}

func (l abreast) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rows := (len(objects) + l.columns - 1) / l.columns
	cell := fyne.NewSize((size.Width+l.distance)/float32(l.columns), (size.Height+l.distance)/float32(rows))
	for i, object := range objects {
		object.Resize(cell.SubtractWidthHeight(l.distance, l.distance))
		object.Move(fyne.NewPos(float32(i%l.columns)*cell.Width, float32(i/l.columns)*cell.Height))
	}
}
