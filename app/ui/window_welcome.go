package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// greetOnce shows the welcome to who starts the program for the first time, but
// for the demonstration, which somebody has chosen already.
func (x *window) greetOnce() {
	x.screen.greeted = func() { x.app.Preferences().SetBool(preferGreeted, true) }
	if !x.app.Preferences().Bool(preferGreeted) && !x.options.Core.Situation().Demo {
		x.screen.greet()
	}
}

// demonstrate starts the demonstration and says where to find it.
func (x *window) demonstrate() {
	x.fetch("start the demonstration", func(context.Context) (func(), error) {
		return func() {
			x.notices = append(x.notices, x.words.demonstrationNotice())
			x.next()
		}, x.options.Demonstrate()
	}, func() {})
}

func (w words) demonstrationNotice() question {
	return question{
		title:   w.say("welcome.trial.begins"),
		content: []fyne.CanvasObject{paragraph(w.say("welcome.trial.begun"))},
		choices: []choice{{w.say("fault.close"), widget.HighImportance, nil}},
	}
}
