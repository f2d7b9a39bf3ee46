package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// A doneShare is how much of some work is done, drawn and in words. Those of the
// toolkit stand on the bar, where they cannot be read on both its halves.
type doneShare struct {
	*fyne.Container
	words words
	bar   *widget.ProgressBar
	share *label
}

func newDoneShare(w words) *doneShare {
	p := &doneShare{words: w, bar: widget.NewProgressBar(), share: newLabel("", colourText, sizeText).trailing()}
	p.bar.TextFormatter = func() string { return "" }
	whole := newLabel(p.percent(1), colourText, sizeText)
	p.Container = container.New(meter{whole}, p.bar, p.share)
	p.set(0)
	return p
}

// set tells the share that is done, from 0 to 1.
func (p *doneShare) set(share float64) {
	p.bar.SetValue(share)
	p.share.set(p.percent(share))
}

func (p *doneShare) percent(share float64) string {
	return p.words.say("brief.percent", "n", fmt.Sprintf("%.0f", 100*share))
}

// meter sets a flat bar beside its words, with room for the widest of them.
type meter struct{ widest *label }

const meterHeight = 12

func (l meter) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(2*l.widest.natural(), objects[1].MinSize().Height)
}

func (l meter) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := l.widest.natural()
	objects[0].Move(fyne.NewPos(0, (size.Height-meterHeight)/2))
	objects[0].Resize(fyne.NewSize(size.Width-width-gap, meterHeight))
	objects[1].Move(fyne.NewPos(size.Width-width, 0))
	objects[1].Resize(fyne.NewSize(width, size.Height))
}
