package ui

import "context"

// greetOnce shows the welcome to who starts the program for the first time, but
// for the demonstration, which somebody has chosen already.
func (x *window) greetOnce() {
	x.screen.greeted = func() { x.app.Preferences().SetBool(preferGreeted, true) }
	if !x.app.Preferences().Bool(preferGreeted) && !x.options.Core.Situation().Demo {
		x.screen.greet()
	}
}

func (x *window) demonstrate(begun func()) {
	x.fetch("start the demonstration", func(context.Context) (func(), error) {
		return begun, x.options.Demonstrate()
	}, func() {})
}
