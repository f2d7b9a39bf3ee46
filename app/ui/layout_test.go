package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// The toolkit lays out what has another size while it paints, and paints all of
// the window once more when that resizes or moves a text.
func TestSpread_AnAgeThatGrowsMovesNoText(t *testing.T) {
	test.NewTempApp(t)
	source := newLabel("Moniteur du lit 3", colourMuted, sizeSmall).cutting()
	age := newLabel("il y a 9 s", colourMuted, sizeSmall).trailing()
	line := container.New(spread{8}, source, age)
	type place struct {
		at, text fyne.Position
		size     fyne.Size
	}
	places := func() (all [2]place) {
		for i, l := range []*label{source, age} {
			text := test.WidgetRenderer(l).Objects()[0]
			all[i] = place{l.Position(), text.Position(), text.Size()}
		}
		return all
	}
	line.Resize(fyne.NewSize(300, 20))
	before, needed := places(), age.MinSize().Width
	age.set("il y a 10 s")
	line.Layout.Layout(line.Objects, line.Size())
	if age.MinSize().Width <= needed {
		t.Fatal("the age has not grown")
	}
	if after := places(); after != before {
		t.Errorf("%v, then %v", before, after)
	}
	line.Resize(fyne.NewSize(age.natural()+8+60, 20))
	if text := test.WidgetRenderer(source).Objects()[0]; text.Size().Width > 60 {
		t.Errorf("%v wide in a room of 60", text.Size().Width)
	}
}
