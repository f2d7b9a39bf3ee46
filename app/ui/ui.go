package ui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

// appID names the program to the desktop and to the toolkit's preferences.
const appID = "fr.vitalien.desktop"

// quitPatience is how long the toolkit may take to end.
const quitPatience = time.Second

// Core is what the window needs of the station. Its methods may be called on
// any goroutine.
type Core interface {
	// Recent is the last n measurements, newest first.
	Recent(n int) []fhirmap.Recorded
	Situation() station.Situation
	// Watch signals that something in Recent or Situation has changed. Several
	// changes may be one signal.
	Watch() (changed <-chan struct{}, stop func())
	StartConsultation(ctx context.Context, c station.Consultation) (station.Consultation, error)
	EndConsultation(ctx context.Context) error
	AnswerOrigin(ctx context.Context, origin string, a station.Answer) error

	// Live is what monitors show now, the newest of each device and bed.
	Live() []fhirmap.Live
	// WatchLive is Watch for Live, which changes much more often.
	WatchLive() (changed <-chan struct{}, stop func())
	// Courses are the last minutes of what Live shows.
	Courses() []station.Course
	AcknowledgeAlert(ctx context.Context, id string) error
	AcceptMonitor(ctx context.Context, address string) error
	ForgetMonitor(ctx context.Context, address string) error

	DeviceCore
	Consultations
	Sounds
	AccessCore
	TrafficCore
	Suspender
	Keeping
	HistoryCore
	SoundNotices
}

// DeviceCore is what the page of devices and the pairing wizard need of the
// station. What is under way stands in Situation.
type DeviceCore interface {
	// Models are all that can be paired.
	Models() []station.Model
	StartPairing(ctx context.Context, t fhirmap.DeviceType, model string) error
	PairDevice(ctx context.Context, address string) error
	AnswerPairing(ctx context.Context, passkey string, yes bool) error
	RetryPairing(ctx context.Context) error
	FinishPairing(ctx context.Context, name, place string) error
	CancelPairing(ctx context.Context) error
	RenameDevice(ctx context.Context, id, name, place string) error
	UnpairDevice(ctx context.Context, id string) error
}

var _ Core = (*station.Station)(nil)

// Options are what the window is made from.
type Options struct {
	Core      Core
	Language  string           // "fr" or "en"
	Minimized bool             // start in the tray, without the window
	Address   string           // of the local server: http://127.0.0.1:63336
	Listener  string           // of the HL7 listener: 127.0.0.1:2575; empty when there is none
	PageLink  func() string    // the address of its page, which opens it once; nil: Address
	Version   string           // of the program
	Tokens    bool             // the local server requires one of everybody
	Speaker   Speaker          // nil: alarms are not heard
	Logger    *slog.Logger     // nil: the default one
	Now       func() time.Time // nil: the clock of this computer
	Quit      func()           // when a person has chosen to quit; may be nil

	// Support makes the support file and gives its path; nil: there is none.
	Support func(context.Context) (path string, err error)
	// Demonstrate starts the demonstration beside this program; nil: it cannot, or
	// is one itself.
	Demonstrate func() error
	Display     Display
	Settings    SettingsFile
	Autostart   Autostart // nil: there is none
	Restart     func()    // starts the program again; nil: nobody does
	// Leave ends the process when Run cannot return, as quit says; nil: nobody does.
	Leave func()
	// Abrupt is the cause of the end of Run's ctx at which the toolkit must be left
	// as it stands; nil: none.
	Abrupt error
}

// UI is the tray and the window of the running program.
type UI struct {
	options Options
	words   words

	mu    sync.Mutex
	shown *window         // nil unless Run runs
	first []func(*window) // came before Run
}

// New prepares the window. Nothing of it exists before Run.
func New(o Options) *UI {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	u := &UI{options: o, words: newWords(o.Language)}
	u.words.glucose.set(o.Display.Glucose)
	return u
}

// Run shows tray and window until a person quits, ctx ends or the process is
// told to terminate (SIGINT, SIGTERM). It must be called once, on the
// goroutine of main. It returns a Fault "no_display" when there is nothing to
// show a window on; where only OpenGL is missing the toolkit ends the process,
// which Probe finds out beforehand.
func (u *UI) Run(ctx context.Context) (err error) {
	started := false
	defer func() {
		if started { // a panic later on is a mistake of ours, for the supervisor
			return
		}
		if cause := recover(); cause != nil { // what the toolkit does without a display
			err = noDisplay(cause)
		}
	}()
	if err := u.words.teachToolkit(); err != nil {
		u.options.Logger.Warn("toolkit's own texts", "error", err)
	}
	app.SetMetadata(fyne.AppMetadata{ID: appID, Name: u.words.say("app.name"), Version: u.options.Version})
	a := app.NewWithID(appID)
	a.SetIcon(fyne.NewStaticResource("icon.png", assets.Icon))
	a.Settings().SetTheme(u.options.Display.theme())

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	doze := newDoze(fyne.Do)
	w := newWindow(ctx, a, u.options, u.words, doze.post)
	doze.hidden = func() bool { return !w.bridge.visible.Load() }
	w.hidden = doze.begin
	a.Lifecycle().SetOnStarted(func() {
		if u.options.Minimized {
			w.hidden()
		} else {
			w.front()
		}
		u.standBy(w)
		started = true
	})
	var background sync.WaitGroup
	background.Go(func() { w.bridge.run(ctx) })
	if u.options.Speaker != nil {
		background.Go(func() { w.screen.siren.run(ctx) })
	}
	ended := make(chan struct{})
	release := context.AfterFunc(ctx, func() { u.quit(context.Cause(ctx), func() { doze.post(a.Quit) }, ended) })
	a.Run()
	close(ended)
	release()
	w.player.clear()
	u.standBy(nil)
	cancel()
	background.Wait()
	return nil
}

// quit ends the toolkit by end; its Run has returned when ended is closed. Now and
// then it never does: what it runs last is queued for a loop that may have ended
// already (Fyne 2.8.1, internal/driver/glfw/loop.go, runGL and WaitForEvents).
func (u *UI) quit(cause error, end func(), ended <-chan struct{}) {
	if u.options.Abrupt == nil || !errors.Is(cause, u.options.Abrupt) {
		end()
		select {
		case <-ended:
			return
		case <-time.After(quitPatience):
			u.options.Logger.Warn("the window does not end; leaving it")
		}
	}
	if u.options.Leave != nil {
		u.options.Leave()
	}
}

// Show brings the window to the front. Like Propose and Notify it may be called
// on any goroutine, and before Run.
func (u *UI) Show() { u.do((*window).front) }

// Propose asks a person whether to start a consultation, which another program
// has asked for.
func (u *UI) Propose(c station.Consultation) { u.do(func(x *window) { x.propose(c) }) }

// Notify shows a person what went wrong.
func (u *UI) Notify(err error) { u.do(func(x *window) { x.notify(err) }) }

func (u *UI) do(what func(*window)) {
	u.mu.Lock()
	shown := u.shown
	if shown == nil {
		u.first = append(u.first, what)
	}
	u.mu.Unlock()
	if shown != nil {
		shown.bridge.post(func() { what(shown) })
	}
}

// standBy makes do work, or stop working when shown is nil.
func (u *UI) standBy(shown *window) {
	u.mu.Lock()
	first := u.first
	u.shown, u.first = shown, nil
	u.mu.Unlock()
	for _, what := range first {
		if shown != nil {
			what(shown)
		}
	}
}

func noDisplay(cause any) error {
	return &fhirmap.Fault{
		Code:    "no_display",
		French:  "Aucun écran n’est disponible. Vitalien continue sans fenêtre.",
		English: "no display to show a window on", Cause: fmt.Errorf("%v", cause),
	}
}
