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
	title    *phrase
	detail   *phrase
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
		title:  newPhrase(colourText, sizeSection).strong().upTo(2),
		detail: newPhrase(colourText, sizeText),
		others: newButton("", widget.LowImportance, list),
	}
	b.mute = newMuteButton(w, s, hushed)
	b.confirm = newButton(w.say("alarm.acknowledge"), widget.MediumImportance, func() { acknowledge(b.shown.ID) })
	lamp := container.New(fixedWidth(markWidth), container.NewStack(b.lamp, container.NewCenter(b.mark)))
	content := padded(alarmPadding, margin-4, container.New(&alarmLine{band: b}, b.title, b.detail, row(8, b.others, b.mute.button, b.confirm)))
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
	b.more = len(alerts) - 1
	reshaped := b.age()
	reshaped = b.countOthers() || reshaped
	visible(b.others, b.more > 0)
	reshaped = b.mute.update() || reshaped
	reshaped = visible(b.confirm, b.shown.Acknowledged.IsZero()) || reshaped
	if reshaped {
		b.Container.Refresh()
	}
	b.light()
	return visible(b.Container, true) || reshaped
}

// age brings the text up to date, where only time has passed, and tells whether
// it needs other room.
func (b *alarmBand) age() bool {
	if b.shown.ID == "" {
		return false
	}
	text := b.words.alarm(&b.shown, b.now())
	reshaped := b.title.show(colourText, text.title)
	return b.detail.show(colourText, text.details...) || reshaped
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

// count brings the button that mutes up to date, and tells whether it needs
// other room.
func (b *alarmBand) count() bool { return b.Visible() && b.mute.update() }

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

// alarmLine sets title and detail above one another, and the buttons beside
// both. Where there is little room the buttons have fewer words, and a title or
// a person that does not fit beside them has them below the title.
type alarmLine struct {
	band  *alarmBand
	whole float32
}

const (
	broadLine = 640 // how wide a line is that has room for all words
	alarmGap  = 10
)

func (l *alarmLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[2].MinSize().Width, max(alarmHeight, l.arrange(objects)))
}

func (l *alarmLine) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.whole = size.Width
	l.band.fit(size.Width < broadLine)
	free := max(0, size.Height-l.arrange(objects)) / 2
	for _, object := range objects {
		object.Move(object.Position().AddXY(0, free))
	}
}

// arrange tells the height of all.
func (l *alarmLine) arrange(objects []fyne.CanvasObject) float32 {
	title, detail, buttons := objects[0], objects[1], objects[2]
	needed := buttons.MinSize()
	room := l.whole - needed.Width - alarmGap
	set := func(object fyne.CanvasObject, y, width, height float32) {
		object.Move(fyne.NewPos(0, y))
		object.Resize(fyne.NewSize(max(width, 1), height))
	}
	buttons.Resize(needed)
	if l.whole < broadLine && !(l.band.title.fits(room) && l.band.detail.fits(room)) {
		above, below := tall(title, l.whole), tall(detail, room)
		line := max(below, needed.Height)
		set(title, 0, l.whole, above)
		set(detail, above+2+(line-below)/2, room, below)
		buttons.Move(fyne.NewPos(l.whole-needed.Width, above+2+(line-needed.Height)/2))
		return above + 2 + line
	}
	above, below := tall(title, room), tall(detail, room)
	height := max(above+1+below, needed.Height)
	start := (height - above - 1 - below) / 2
	set(title, start, room, above)
	set(detail, start+above+1, room, below)
	buttons.Move(fyne.NewPos(l.whole-needed.Width, (height-needed.Height)/2))
	return height
}

// fixedWidth keeps something as wide as it is, and as high as what it stands
// beside.
type fixedWidth float32

func (w fixedWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(w), objects[0].MinSize().Height)
}

func (w fixedWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }
