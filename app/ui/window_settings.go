package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// An Autostart is whether the program starts with the session of the user.
type Autostart interface {
	Enabled() (bool, error)
	Enable(on bool) error
}

func (x *window) settingsActions() settingsActions {
	a := settingsActions{
		load: x.loadSettings, save: x.saveSettings, display: x.chooseDisplay, autostart: x.chooseAutostart,
		erase: x.askErase, backUp: x.backUp, backUpTo: x.askBackUpTo,
	}
	if x.options.Restart != nil {
		a.restart = x.confirmRestart
	}
	return a
}

// loadSettings reads the file and what is kept.
func (x *window) loadSettings() {
	o := &x.options
	x.inTurn("read settings", func(context.Context) (func(), error) {
		file, running, flags, err := o.Settings.Read()
		on, broken := false, error(nil)
		if o.Autostart != nil {
			on, broken = o.Autostart.Enabled()
		}
		return func() {
			failed := ""
			if err != nil {
				failed = x.words.fault(fhirmap.FaultOf(err))
			}
			x.screen.settings.show(file, running, flags, failed)
			if broken == nil {
				x.screen.settings.showAutostart(on)
			}
		}, errors.Join(err, broken)
	})
	x.lookAtKept()
}

// lookAtKept finds out what retention will remove, and how it stands with the
// backups.
func (x *window) lookAtKept() {
	core := x.options.Core
	x.inTurn("look at what is kept", func(ctx context.Context) (func(), error) {
		expired, err := core.Expired(ctx)
		detail, failed := core.ExpiredDetail(ctx)
		err = errors.Join(err, failed)
		state := core.BackupState()
		return func() {
			if err == nil {
				x.screen.settings.keeping.show(expired, detail)
			}
			x.screen.settings.backups.show(state)
		}, err
	})
}

func (x *window) saveSettings(before, after map[string]string) {
	x.inTurn("save settings", func(context.Context) (func(), error) {
		if err := x.options.Settings.Save(before, after); err != nil {
			return func() {
				x.notify(err)
				x.loadSettings()
			}, err
		}
		return func() { x.screen.settings.saved(before, after) }, nil
	})
}

// chooseDisplay has the window look as chosen, and remembers it.
func (x *window) chooseDisplay(name, value string) {
	was := x.options.Display
	x.display(was.with(name, value))
	before := map[string]string{name: was.value(name)}
	x.inTurn("save how the window looks", func(context.Context) (func(), error) {
		file, _, _, err := x.options.Settings.Read()
		if err == nil {
			after := maps.Clone(file)
			after[name] = value
			err = x.options.Settings.Save(file, after)
		}
		if err != nil {
			return func() {
				x.display(x.options.Display.with(name, before[name]))
				x.notify(err)
				x.loadSettings()
			}, err
		}
		return func() { x.screen.settings.remember(name, value) }, nil
	})
}

// display shows everything as d says.
func (x *window) display(d Display) {
	before := x.options.Display
	x.options.Display = d
	x.words.glucose.set(d.Glucose)
	if d.Theme != before.Theme || d.Text != before.Text {
		x.app.Settings().SetTheme(d.theme())
	}
	if d.Glucose != before.Glucose {
		x.screen.history.reload(false)
	}
	x.screen.update(x.screen.view)
}

func (x *window) chooseAutostart(on bool) {
	x.inTurn("start with the session", func(context.Context) (func(), error) {
		err := x.options.Autostart.Enable(on)
		if err == nil {
			return func() {}, nil
		}
		return func() {
			x.screen.settings.showAutostart(!on)
			x.notify(err)
		}, err
	})
}

func (x *window) confirmRestart() {
	x.notices = append(x.notices, x.words.restartQuestion(x.now.Stethoscope.Now.Active(), func() {
		x.rememberSize()
		x.options.Restart()
		x.app.Quit()
	}))
	x.next()
}

// job does long work off this goroutine, shows how far it is, and what came of
// it. A person can end it early. Only one is under way.
func (x *window) job(text string, do func(ctx context.Context, progress func(done, of uint64)) (result string, err error)) {
	line := x.screen.settings.job
	if line.end != nil {
		return
	}
	ctx, cancel := context.WithCancel(x.ctx)
	line.begin(text, cancel)
	x.screen.settings.CanvasObject.Refresh()
	var shown atomic.Uint64 // in hundredths, so that a long log makes no queue of posts
	progress := func(done, of uint64) {
		if of == 0 {
			return
		}
		if hundredth := done * 100 / of; shown.Swap(hundredth) != hundredth {
			x.bridge.post(func() { line.progress(done, of) })
		}
	}
	go func() {
		defer x.bridge.survive(text)
		defer cancel()
		result, err := do(ctx, progress)
		stopped := err != nil && ctx.Err() != nil
		if err != nil && !stopped {
			x.options.Logger.Error("work of the settings page", "error", err)
		}
		x.bridge.post(func() {
			switch {
			case stopped:
				result = x.words.say("keep.stopped")
			case err != nil:
				result = ""
				x.notify(err)
			}
			line.finish(result)
			x.screen.settings.CanvasObject.Refresh()
			x.lookAtKept()
		})
	}()
}

func (x *window) backUp() {
	x.job(x.words.say("keep.backing"), func(ctx context.Context, _ func(done, of uint64)) (string, error) {
		path, err := x.options.Core.BackUp(ctx)
		return x.words.say("keep.backed", "file", filepath.Base(path)), err
	})
}

func (x *window) askBackUpTo() {
	x.notices = append(x.notices, x.words.backUpQuestion(x.options.Now(), func(path, passphrase string) {
		x.job(x.words.say("keep.backing"), func(ctx context.Context, _ func(done, of uint64)) (string, error) {
			err := x.options.Core.BackUpTo(ctx, path, passphrase)
			return x.words.say("keep.backed.to", "file", path), err
		})
	}))
	x.next()
}

// askErase asks whose data is to be erased, and shows who that is before
// anything is.
func (x *window) askErase() {
	if x.screen.settings.job.end != nil {
		return
	}
	x.notices = append(x.notices, x.words.eraseQuestion(func(id string) {
		x.inTurn("find a patient", func(ctx context.Context) (func(), error) {
			who, err := x.options.Core.FindErasable(ctx, id)
			if err != nil {
				return func() { x.notify(err) }, err
			}
			return func() { x.confirmErase(who) }, nil
		})
	}))
	x.next()
}

func (x *window) confirmErase(who fhirmap.Patient) {
	x.notices = append(x.notices, x.words.eraseConfirmation(&who, func() {
		x.job(x.words.say("keep.erasing"), func(ctx context.Context, progress func(done, of uint64)) (string, error) {
			done, err := x.options.Core.ErasePatient(ctx, who, progress)
			return x.words.erased(done), err
		})
	}))
	x.next()
}

// showAutostart says whether the program starts with the session.
func (p *settingsPage) showAutostart(on bool) {
	if p.autostart != nil {
		value := "false"
		if on {
			value = "true"
		}
		p.autostart.set(value)
	}
}

// remember notes what the file says of one setting now.
func (p *settingsPage) remember(name, value string) {
	if p.model.file == nil {
		return
	}
	file := maps.Clone(p.model.file)
	file[name] = value
	p.show(file, p.model.running, p.model.flags, "")
}

func (w words) restartQuestion(recording bool, restart func()) question {
	text := w.say("set.restart.text")
	if recording {
		text += " " + w.say("set.restart.recording")
	}
	return question{
		title:   w.say("set.restart.title"),
		content: []fyne.CanvasObject{paragraph(text)},
		choices: []choice{
			{w.say("set.restart.no"), widget.MediumImportance, nil},
			{w.say("set.restart.yes"), widget.HighImportance, restart},
		},
	}
}

// eraseQuestion asks for the number of a patient.
func (w words) eraseQuestion(find func(id string)) question {
	number := newField("", w.say("keep.number.about"), func(text string) string {
		if strings.TrimSpace(text) == "" {
			return w.say("keep.number.about")
		}
		return ""
	})
	return question{
		title:   w.say("keep.erase.title"),
		content: []fyne.CanvasObject{paragraph(w.say("keep.erase.text")), number, number.hint},
		fields:  []*field{number},
		choices: []choice{
			{w.say("keep.erase.no"), widget.MediumImportance, nil},
			{w.say("keep.find"), widget.HighImportance, func() { find(strings.TrimSpace(number.Text)) }},
		},
	}
}

// eraseConfirmation shows who was found. Their name has to be typed.
func (w words) eraseConfirmation(who *fhirmap.Patient, erase func()) question {
	word := who.Family
	if word == "" {
		word = who.ID
	}
	hint := w.say("keep.type", "word", word)
	typed := newField(word, hint, func(text string) string {
		if !strings.EqualFold(strings.TrimSpace(text), strings.TrimSpace(word)) {
			return hint
		}
		return ""
	})
	return question{
		title: w.say("keep.erase.sure"),
		content: []fyne.CanvasObject{
			paragraph(joined(" · ", w.person(who), w.birth(who), w.say("band.patient", "number", who.ID))),
			paragraph(w.say("keep.erase.what")), typed, typed.hint,
		},
		fields: []*field{typed},
		choices: []choice{
			{w.say("keep.erase.no"), widget.MediumImportance, nil},
			{w.say("keep.erase.yes"), widget.DangerImportance, erase},
		},
	}
}

var _ Keeping = (*station.Station)(nil)

// leastPassphrase is how many characters a passphrase has at least, as for the
// command of the same name.
const leastPassphrase = 10

// backUpQuestion asks for a file and a passphrase, twice: what is typed wrong
// once could never be opened.
func (w words) backUpQuestion(now time.Time, write func(path, passphrase string)) question {
	file := newField("", w.say("keep.file.about"), func(text string) string {
		if !filepath.IsAbs(strings.TrimSpace(text)) {
			return w.say("keep.file.about")
		}
		return ""
	})
	if home, err := os.UserHomeDir(); err == nil {
		file.holding(filepath.Join(home, "vitalien-"+now.Format("2006-01-02")+".sauvegarde"))
	}
	phrase := newField("", w.say("keep.phrase.about"), func(text string) string {
		if utf8.RuneCountInString(text) < leastPassphrase {
			return w.say("keep.phrase.short", "n", fmt.Sprint(leastPassphrase))
		}
		return ""
	})
	again := newField("", w.say("keep.again.about"), func(text string) string {
		if text != phrase.Text {
			return w.say("keep.again.differs")
		}
		return ""
	})
	phrase.Password, again.Password = true, true
	return question{
		title: w.say("keep.backup.title"),
		content: []fyne.CanvasObject{
			paragraph(w.say("keep.file")), file, file.hint, paragraph(w.say("keep.phrase")), phrase, phrase.hint, again, again.hint,
		},
		fields: []*field{file, phrase, again},
		choices: []choice{
			{w.say("keep.erase.no"), widget.MediumImportance, nil},
			{w.say("keep.backup.yes"), widget.HighImportance, func() { write(strings.TrimSpace(file.Text), phrase.Text) }},
		},
	}
}
