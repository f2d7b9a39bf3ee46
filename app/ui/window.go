package ui

import (
	"context"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/systray"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

const (
	usualWidth, usualHeight = 1100, 720
	leastWidth, leastHeight = 800, 560
	coreDeadline            = 10 * time.Second

	preferWidth   = "window.width"
	preferHeight  = "window.height"
	preferTold    = "tray.told"     // that closing the window does not quit
	preferGreeted = "welcome.shown" // or skipped
)

// window ties the screen, the dialogs and the tray to the core. All its
// methods run on the toolkit's goroutine but where they say otherwise.
type window struct {
	ctx        context.Context
	app        fyne.App
	frame      fyne.Window
	options    Options
	words      words
	screen     *screen
	dialogs    *dialogs
	bridge     *bridge
	now        station.Situation
	notices    []question      // wait for their turn
	decided    map[string]bool // origins whose answer is on its way to the core
	raised     map[string]bool // origins that the window was brought up for
	player     player
	looking    map[string]context.CancelFunc // what the core reads, by kind
	tray       atomic.Pointer[trayText]
	supporting bool       // a support file is being made
	errands    queue      // to the core about devices
	menu       *fyne.Menu // always the same: the toolkit shows the first one again when the tray is ready
	desk       *desk      // nil: not read
	leaving    bool       // a person is asked whether to quit
	files      queue
	deciding   bool   // what a person has decided is on its way
	hidden     func() // is told
}

func newWindow(ctx context.Context, a fyne.App, o Options, w words, post func(func())) *window {
	x := &window{
		ctx: ctx, app: a, options: o, words: w,
		decided: map[string]bool{}, raised: map[string]bool{}, looking: map[string]context.CancelFunc{},
		menu: fyne.NewMenu(w.say("app.name")), hidden: func() {},
	}
	x.tray.Store(&trayText{})
	x.frame = a.NewWindow(w.say("app.name"))
	x.screen = newScreen(w, o, actions{
		end: x.confirmEnd, begin: x.begin, assign: x.askAssign, discard: x.askDiscard, undo: x.askUndo,
		openAddress: x.openAddress, copy: x.copy, demonstrate: x.demonstrate, acknowledge: x.acknowledge,
		addMonitor: x.addMonitor, acceptMonitor: x.acceptMonitor, forgetMonitor: x.confirmForget,
		renameDevice: x.askRename, unpairDevice: x.confirmUnpair,
		errand: x.errand, confirmAbandon: x.confirmAbandon, attend: x.attend,
		access: x.accessActions(), traffic: x.trafficActions(), host: x.readHost, focus: x.focus,
		record: x.record, stopRecording: x.stopRecording, chooseStethoscope: x.chooseStethoscope, listen: x.listen, plot: x.plot,
		support:  x.support,
		settings: x.settingsActions(),
		look:     x.look, exportHistory: x.exportHistory, askDays: x.askDays,
	})
	x.frame.SetPadded(false)
	x.frame.SetContent(x.screen.Container)
	x.frame.Resize(x.rememberedSize())
	x.frame.CenterOnScreen()
	x.frame.SetCloseIntercept(x.close)
	x.dialogs = newDialogs(x.frame.Canvas(), x.next, x.screen.escape)
	x.bridge = &bridge{
		core: o.Core, post: post, logger: o.Logger, wake: make(chan struct{}, 1),
		show: x.show, showCourses: x.screen.showCourses, showLive: x.screen.showLive, age: x.screen.age, wanted: x.wanted,
		flash: x.screen.alarm.flash, flashing: x.screen.alarm.flashing.Load,
		hear: x.screen.siren.hear,
	}
	x.screen.opened = x.bridge.turn
	x.greetOnce()
	x.shortcut(fyne.KeyQ, x.quit)
	x.shortcut(fyne.KeyW, x.close)
	x.shortcut(fyne.KeyPageDown, func() { x.turn(1) })
	x.shortcut(fyne.KeyPageUp, func() { x.turn(-1) })
	x.placeTray(w.trayOf(view{}, o.Now()))
	return x
}

func (x *window) shortcut(key fyne.KeyName, do func()) {
	combination := &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
	x.frame.Canvas().AddShortcut(combination, func(fyne.Shortcut) { do() })
}

// turn opens the page below or above in the rail.
func (x *window) turn(by int) {
	if x.dialogs.open == nil {
		x.frame.Canvas().Unfocus() // what had the keyboard may be hidden now
		x.screen.turn(by)
	}
}

func (x *window) rememberedSize() fyne.Size {
	p := x.app.Preferences()
	return fyne.NewSize(
		max(float32(p.FloatWithFallback(preferWidth, usualWidth)), leastWidth),
		max(float32(p.FloatWithFallback(preferHeight, usualHeight)), leastHeight),
	)
}

func (x *window) rememberSize() {
	size := x.frame.Canvas().Size()
	x.app.Preferences().SetFloat(preferWidth, float64(size.Width))
	x.app.Preferences().SetFloat(preferHeight, float64(size.Height))
}

// front shows the window before all others.
func (x *window) front() {
	x.frame.Show()
	x.frame.RequestFocus()
	x.bridge.appear()
}

func (x *window) hide() {
	x.rememberSize()
	x.bridge.disappear()
	x.frame.Hide()
	x.hidden()
}

// close leaves the program in the tray. The first time it says so, unless
// another question is open, which then waits in the hidden window.
func (x *window) close() {
	told := x.app.Preferences().Bool(preferTold)
	if told || !x.dialogs.ask(x.words.closeQuestion(x.closeTold, x.quit)) {
		x.hide()
	}
}

func (x *window) closeTold() {
	x.app.Preferences().SetBool(preferTold, true)
	x.hide()
}

func (x *window) leave() {
	x.rememberSize()
	if x.options.Quit != nil {
		x.options.Quit()
	}
	x.app.Quit()
}

// wanted runs on the bridge's goroutine.
func (x *window) wanted(v view) bool {
	return len(v.situation.Origins) > 0 || x.words.trayOf(v, x.options.Now()) != *x.tray.Load()
}

func (x *window) show(v view) {
	x.now, x.desk = v.situation, v.desk
	if x.bridge.visible.Load() {
		x.screen.update(v)
	}
	if text := x.words.trayOf(v, x.options.Now()); text != *x.tray.Load() {
		x.placeTray(text)
	}
	x.withdrawStale()
	x.next()
}

// withdrawStale closes a question that was settled elsewhere, and forgets
// answers that have arrived.
func (x *window) withdrawStale() {
	for origin := range x.decided {
		if !slices.Contains(x.now.Origins, origin) {
			delete(x.decided, origin)
		}
	}
	for origin := range x.raised {
		if !slices.Contains(x.now.Origins, origin) {
			delete(x.raised, origin)
		}
	}
	switch id := x.dialogs.current.id; {
	case id == "", id == exportID:
	case strings.HasPrefix(id, endPrefix):
		if x.now.Consultation == nil || id != endPrefix+x.now.Consultation.ID {
			x.dialogs.withdraw()
		}
	case strings.HasPrefix(id, forgetPrefix):
		if !accepted(x.now.Monitors, strings.TrimPrefix(id, forgetPrefix)) {
			x.dialogs.withdraw()
		}
	case strings.HasPrefix(id, devicePrefix):
		if !paired(x.now.Devices, strings.TrimPrefix(id, devicePrefix)) {
			x.dialogs.withdraw()
		}
	case strings.HasPrefix(id, correctionPrefix):
		if x.desk.overtaken(id) {
			x.dialogs.withdraw()
		}
	case id == abandonID:
		if x.now.Pairing == nil {
			x.dialogs.withdraw()
		}
	case !slices.Contains(x.now.Origins, id):
		x.dialogs.withdraw()
	}
}

// next asks what waits to be asked.
func (x *window) next() {
	x.notices = slices.DeleteFunc(x.notices, func(q question) bool { return x.desk.overtaken(q.id) })
	if len(x.notices) > 0 {
		if x.dialogs.ask(x.notices[0]) {
			x.notices = x.notices[1:]
		}
		return
	}
	for _, origin := range x.now.Origins {
		if x.decided[origin] {
			continue
		}
		if !x.bridge.visible.Load() && !x.raised[origin] {
			x.front()
		}
		x.raised[origin] = true
		x.dialogs.ask(x.words.originQuestion(origin, func(a station.Answer) { x.answerOrigin(origin, a) }))
		return
	}
}

func (x *window) answerOrigin(origin string, a station.Answer) {
	x.decided[origin] = true
	x.tell("answer origin",
		func(ctx context.Context) error { return x.options.Core.AnswerOrigin(ctx, origin, a) },
		func() { delete(x.decided, origin) })
}

func (x *window) confirmEnd() {
	if c := x.now.Consultation; c != nil {
		x.dialogs.ask(x.words.endQuestion(c.ID, x.end))
	}
}

func (x *window) end() {
	x.tell("end consultation", x.options.Core.EndConsultation, func() {})
}

// trayEnd ends the consultation from the tray, where the window may be hidden.
func (x *window) trayEnd() {
	x.front()
	x.confirmEnd()
}

func (x *window) acknowledge(alert string) {
	x.tell("acknowledge alarm",
		func(ctx context.Context) error { return x.options.Core.AcknowledgeAlert(ctx, alert) }, func() {})
}

func (x *window) addMonitor() { x.dialogs.ask(x.words.addQuestion(x.acceptMonitor)) }

func (x *window) acceptMonitor(address string) {
	x.tell("accept monitor",
		func(ctx context.Context) error { return x.options.Core.AcceptMonitor(ctx, address) }, func() {})
}

func (x *window) confirmForget(address, name string) {
	x.dialogs.ask(x.words.forgetQuestion(address, name, func() {
		x.tell("forget monitor",
			func(ctx context.Context) error { return x.options.Core.ForgetMonitor(ctx, address) }, func() {})
	}))
}

// accepted tells whether there is an accepted monitor at address.
func accepted(monitors []station.Monitor, address string) bool {
	return slices.ContainsFunc(monitors, func(m station.Monitor) bool { return m.Accepted && m.Address == address })
}

// pageAddress is that of the page for software vendors; where it takes a token,
// a link that opens it once.
func (x *window) pageAddress() string {
	if x.options.PageLink != nil {
		return x.options.PageLink()
	}
	return x.options.Address
}

func (x *window) openAddress() {
	address, err := url.Parse(x.pageAddress())
	if err == nil {
		err = x.app.OpenURL(address)
	}
	if err != nil {
		x.notify(err)
	}
}

func (x *window) notify(err error) {
	x.notices = append(x.notices, x.words.faultNotice(fhirmap.FaultOf(err)))
	x.next()
}

func (x *window) placeTray(text trayText) {
	x.tray.Store(&text)
	tray, ok := x.app.(desktop.App)
	if !ok {
		return
	}
	tray.SetSystemTrayIcon(fyne.NewStaticResource(text.sign.icon()))
	x.menu.Items = trayItems(x.words, text, trayActions{
		x.front, x.openAddress, x.trayStart, x.trayEnd, x.suspend, x.resume, x.quit,
	})
	if runtime.GOOS != "darwin" { // where a click opens the menu, as for every program
		systray.SetOnTapped(func() { x.bridge.post(x.front) })
	}
	tray.SetSystemTrayMenu(x.menu)
	systray.SetTooltip(x.words.say("app.name") + "\u00a0: " + text.state)
}
