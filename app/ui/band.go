package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// A bandText is what the patient band says. Unassigned: what arrives now is
// nobody's, and the band is amber.
type bandText struct {
	title, detail string
	unassigned    bool
	open          bool // a consultation can be ended
}

func (w words) band(c *station.Consultation, now time.Time) bandText {
	if c == nil {
		return bandText{title: w.say("band.unassigned"), detail: w.say("band.unassigned.why"), unassigned: true}
	}
	since := w.say("band.since", "time", w.dated(hour(c.Start, now)))
	name := w.person(c.Patient)
	if name == "" {
		return bandText{
			title: w.say("band.nobody"), detail: joined(" · ", since, w.say("band.nobody.why")),
			unassigned: true, open: true,
		}
	}
	return bandText{title: name, detail: joined(" · ", w.birth(c.Patient), since), open: true}
}

// hour is 14:05 today and 12/03/2026 14:05 on any other day.
func hour(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(dateLayout) == now.Format(dateLayout) {
		return t.Format("15:04")
	}
	return t.Format(dateLayout + " 15:04")
}

// bandHeight is how high its two lines are, at least.
const bandHeight = 48

// band is the strip on top of every page: whose the measurements are.
type band struct {
	*fyne.Container
	words  words
	ground *panel
	icon   *symbol
	title  *phrase
	detail *phrase
	end    *button
	demo   *fyne.Container
}

func newBand(w words, end func()) *band {
	b := &band{
		words:  w,
		ground: newPanel(colourCard, "", ""),
		icon:   newSymbol("person", colourAccent, 28),
		title:  newPhrase(colourText, sizeSection).strong(),
		detail: newPhrase(colourMuted, sizeText),
		end:    newButton(w.say("band.end"), widget.MediumImportance, end),
	}
	who := container.NewBorder(nil, nil, padded(0, 4, container.NewCenter(b.icon)), nil, column(1, b.title, b.detail))
	line := container.New(&yielding{distance: 8}, who, b.end)
	b.demo = container.NewStack(
		newPanel(colourDemoGround, "", ""),
		padded(5, margin, newLabel(w.say("demo.band"), colourDemo, sizeSmall).strong().cutting()),
	)
	b.Container = column(0,
		container.NewStack(b.ground, padded(10, margin-4, container.New(atLeast(bandHeight), line))),
		widget.NewSeparator(),
		b.demo,
	)
	return b
}

// update tells whether the band needs a new layout.
func (b *band) update(s station.Situation, now time.Time) bool {
	text := b.words.band(s.Consultation, now)
	ground, title, detail, icon := colourCard, colourText, colourMuted, colourAccent
	if text.unassigned {
		ground, title, detail, icon = colourAmberGround, colourAmber, colourText, colourAmber
	}
	b.ground.set(ground)
	b.icon.set("person", icon)
	reshaped := b.title.show(title, text.title)
	reshaped = b.detail.show(detail, text.detail) || reshaped
	reshaped = visible(b.end, text.open) || reshaped
	return visible(b.demo, s.Demo) || reshaped
}
