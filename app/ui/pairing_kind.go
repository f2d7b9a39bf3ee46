package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// kindStage asks which type of device is to be paired.
type kindStage struct {
	*fyne.Container
	options []*option
}

func newKindStage(w *wizard) *kindStage {
	s := &kindStage{Container: container.New(layout.NewGridLayoutWithColumns(3))}
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
