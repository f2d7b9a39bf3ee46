package ui

import (
	"fmt"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// An alarm of high priority flashes at 1.5 Hz and one of medium priority at
// 0.5 Hz, on for half of the time; a low one is steady (IEC 60601-1-8, table
// 2: 1.4–2.8 Hz, 0.4–0.8 Hz, 20–60 %).
const (
	flashBeat    = time.Second / 3
	highBeats    = 2 // of a whole flash
	mediumBeats  = 6
	markWidth    = 76
	alarmHeight  = 46
	alarmPadding = 9
)

// alarmBand is the strip between the patient band and the page: the most
// urgent alarm of all beds. It is there on every page as long as one is.
type alarmBand struct {
	*fyne.Container
	words    words
	now      func() time.Time
	shown    fhirmap.Alert
	ground   *panel
	lamp     *panel
	mark     *label
	title    *label
	detail   *label
	others   *button
	more     int // alarms than the one that is shown
	mute     *muteButton
	confirm  *button
	beat     int
	flashing atomic.Bool // read by the bridge
}

// newAlarmBand calls acknowledge with the id of the alarm that is shown, and
// list to open the page of all, and hushed when the sound was switched off or on.
func newAlarmBand(w words, now func() time.Time, s *siren, acknowledge func(id string), list, hushed func()) *alarmBand {
	b := &alarmBand{
		words: w, now: now,
		ground: newPanel(colourHighGround, "", ""),
		lamp:   newPanel(colourHigh, "", ""),
		mark:   newLabel("", colourOnHigh, sizeMark).strong(),
		title:  newLabel("", colourText, sizeSection).strong().cutting(),
		detail: newLabel("", colourText, sizeText).cutting(),
		others: newButton("", widget.LowImportance, list),
	}
	b.mute = newMuteButton(w, s, hushed)
	b.confirm = newButton(w.say("alarm.acknowledge"), widget.MediumImportance, func() { acknowledge(b.shown.ID) })
	lamp := container.New(fixedWidth(markWidth), container.NewStack(b.lamp, container.NewCenter(b.mark)))
	text := container.New(fixedHeight(alarmHeight), column(1, b.title, b.detail))
	content := padded(alarmPadding, margin-4, container.New(alarmLine{spread{8}, b}, text, row(8, b.others, b.mute.button, b.confirm)))
	b.Container = column(0, container.NewStack(b.ground, container.New(beside{}, lamp, content)), widget.NewSeparator())
	b.Container.Hide()
	return b
}

// update shows the most urgent of alerts, and tells whether the band needs
// other room.
func (b *alarmBand) update(alerts []fhirmap.Alert) bool {
	if len(alerts) == 0 {
		b.shown, b.beat = fhirmap.Alert{}, 0
		b.flashing.Store(false)
		return visible(b.Container, false)
	}
	b.shown = byUrgency(alerts)[0]
	b.age()
	b.more = len(alerts) - 1
	reshaped := b.countOthers()
	visible(b.others, b.more > 0)
	reshaped = b.mute.update() || reshaped
	reshaped = visible(b.confirm, b.shown.Acknowledged.IsZero()) || reshaped
	if reshaped {
		b.Container.Refresh()
	}
	b.light()
	return visible(b.Container, true)
}

// age brings the text up to date: only time has passed.
func (b *alarmBand) age() {
	if b.shown.ID == "" {
		return
	}
	text := b.words.alarm(&b.shown, b.now())
	b.title.set(text.title)
	b.detail.set(text.detail)
}

// countOthers tells whether the button to all alarms has other words.
func (b *alarmBand) countOthers() bool {
	text := ""
	switch {
	case b.more <= 0:
	case b.mute.narrow:
		text = "+\u00a0" + fmt.Sprint(b.more)
	default:
		text = b.words.count(b.more, "", "alarm.others.single", "alarm.others.several")
	}
	changed := b.others.Text != text
	if changed {
		b.others.SetText(text)
	}
	return changed
}

// fit gives the buttons the words for their room.
func (b *alarmBand) fit(narrow bool) {
	b.mute.fit(narrow)
	b.countOthers()
}

// count brings the button that mutes up to date.
func (b *alarmBand) count() {
	if b.Visible() && b.mute.update() {
		b.Container.Refresh()
	}
}

// flash goes on by one beat, and tells whether that has changed the mark.
func (b *alarmBand) flash() bool {
	b.beat = (b.beat + 1) % (highBeats * mediumBeats)
	return b.light()
}

// light lights the mark or puts it out, as it is for what is over or
// acknowledged. It tells whether it was otherwise before.
func (b *alarmBand) light() bool {
	before := b.lamp.fill
	look, period, lit := lookOfAlarm(b.shown.Priority), 0, lit(&b.shown)
	if lit {
		switch b.shown.Priority {
		case fhirmap.PriorityHigh:
			period = highBeats
		case fhirmap.PriorityLow:
		default:
			period = mediumBeats
		}
	}
	b.flashing.Store(period > 0)
	b.ground.set(look.ground)
	if lit && (period == 0 || b.beat%period < period/2) {
		b.lamp.set(look.strong)
		b.mark.show(look.mark, look.on)
	} else {
		b.lamp.set(look.ground)
		b.mark.show(look.mark, look.ink)
	}
	return b.lamp.fill != before
}

// alarmLine is the line of a band, whose buttons have fewer words where there is
// little room.
type alarmLine struct {
	spread
	band *alarmBand
}

// broadLine is how wide a line is that has room for all words.
const broadLine = 640

func (l alarmLine) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.band.fit(size.Width < broadLine)
	l.spread.Layout(objects, size)
}

// fixedWidth keeps something as wide as it is, and as high as what it stands
// beside.
type fixedWidth float32

func (w fixedWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(w), objects[0].MinSize().Height)
}

func (w fixedWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }
