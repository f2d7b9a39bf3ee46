package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// suspension is for how long the tray has the Bluetooth devices left alone.
const suspension = 30 * time.Minute

// Suspender is what the tray needs of the station to leave the Bluetooth devices
// alone for a while.
type Suspender interface {
	SuspendBluetooth(ctx context.Context, lasts time.Duration) error
	ResumeBluetooth(ctx context.Context) error
}

// trayStart opens the page where a consultation begins.
func (x *window) trayStart() {
	x.front()
	x.screen.begin()
}

// suspend first says what will not arrive meanwhile.
func (x *window) suspend() {
	x.front()
	x.inquire(x.words.suspendQuestion(func() {
		x.tell("suspend Bluetooth",
			func(ctx context.Context) error { return x.options.Core.SuspendBluetooth(ctx, suspension) }, func() {})
	}))
}

func (x *window) resume() { x.tell("resume Bluetooth", x.options.Core.ResumeBluetooth, func() {}) }

// quit asks first while something is under way that would end.
func (x *window) quit() {
	q, busy := x.words.quitQuestion(x.now, x.leave, func() { x.leaving = false })
	switch {
	case !busy:
		x.leave()
	case !x.leaving:
		x.leaving = true
		x.front()
		x.inquire(q)
	}
}

// quitQuestion tells whether anything is under way.
func (w words) quitQuestion(s station.Situation, leave, stay func()) (q question, busy bool) {
	var why []fyne.CanvasObject
	if s.Stethoscope.Now.Active() {
		why = append(why, paragraph(w.say("quit.recording")))
	}
	if s.Consultation != nil {
		why = append(why, paragraph(w.say("quit.consultation")))
	}
	return question{
		title:   w.say("quit.title"),
		content: append(why, paragraph(w.say("quit.text"))),
		choices: []choice{
			{w.say("quit.no"), widget.MediumImportance, stay},
			{w.say("quit.yes"), widget.HighImportance, leave},
		},
	}, len(why) > 0
}

func (w words) suspendQuestion(suspend func()) question {
	return question{
		title:   w.say("suspend.title"),
		content: lines(w.say("suspend.text")),
		choices: []choice{
			{w.say("suspend.no"), widget.MediumImportance, nil},
			{w.say("suspend.yes"), widget.HighImportance, suspend},
		},
	}
}
