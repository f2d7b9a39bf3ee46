package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// largeBed is one bed over the whole page, with figures as large as there is
// room.
type largeBed struct {
	*fyne.Container
	bed   bedKey
	panel *bed
	back  *button
	leave func()
}

func newLargeBed(w words, leave func()) *largeBed {
	l := &largeBed{panel: newBed(w, &filling{}), leave: leave}
	l.panel.arrange(bedForm{size: sizeTile, ground: colourCard})
	l.panel.title.size, l.panel.whose.size = sizeSection, sizeSection
	l.back = newButton(w.say("live.beds.all"), widget.HighImportance, leave)
	l.back.escape = leave
	head := container.New(&yielding{distance: 12}, l.panel.heading(), l.back)
	l.Container = padded(10, 0, container.New(topped{10}, padded(0, margin, head), container.NewVScroll(padded(0, margin, l.panel.grid))))
	l.Container.Hide()
	return l
}

// show opens that bed.
func (l *largeBed) show(bed bedKey) {
	l.bed = bed
	l.Container.Show()
}

func (l *largeBed) close() { l.Container.Hide() }

// update tells whether a bed is shown. One that is there no more gives way to
// the others.
func (l *largeBed) update(v view, now time.Time) bool {
	if !l.Container.Visible() {
		return false
	}
	i := slices.IndexFunc(v.live, func(live fhirmap.Live) bool { return keyOfBed(&live) == l.bed })
	if i < 0 {
		l.close()
		return false
	}
	if l.panel.show(&v.live[i], v.courses, v.situation.Alerts, now) {
		l.Container.Refresh()
	}
	return true
}
