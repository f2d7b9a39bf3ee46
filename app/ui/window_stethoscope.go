package ui

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Sounds is what the window needs of the station to record and to play.
type Sounds interface {
	StartRecording(ssid, site string) (id string, begun func(context.Context) error, err error)
	StopRecording() (stored func(context.Context) (station.RecordingStatus, error), err error)
	// Wave is the newest seconds of the sound that is recorded now.
	Wave() []station.SoundBar
	Sound(id string) (*fhirmap.RecordedSound, *io.SectionReader, error)
	Plot(id string, columns int) (*station.SoundPlot, error)
}

// plotColumns is more than the picture is wide on most screens.
const plotColumns = 1200

func (x *window) chooseStethoscope() { x.dialogs.ask(x.words.stethoscopeQuestion(x.record)) }

// record says what is wrong where a person has asked for it; what happens later
// stands on the page.
func (x *window) record(ssid string) {
	x.tell("start recording", func(context.Context) error {
		_, _, err := x.options.Core.StartRecording(ssid, "")
		return err
	}, func() {})
}

func (x *window) stopRecording() {
	x.tell("stop recording", func(context.Context) error {
		_, err := x.options.Core.StopRecording()
		return err
	}, func() {})
}

// listen hands a recording to the system's player, as a file of its own folder.
// The one before is removed, and the last when the program ends: nothing of a
// recording stays outside of the store.
func (x *window) listen(id string) {
	x.tell("play a recording", func(context.Context) error {
		path, err := x.player.place(func(f io.Writer) error {
			_, sound, err := x.options.Core.Sound(id)
			if err != nil {
				return err
			}
			_, err = io.Copy(f, sound)
			return err
		})
		if err != nil {
			return err
		}
		if !strings.HasPrefix(path, "/") {
			path = "/" + path // C:/…
		}
		return x.app.OpenURL(&url.URL{Scheme: "file", Path: path})
	}, func() {})
}

func (x *window) plot(id string) {
	x.tell("plot a recording", func(context.Context) error {
		plot, err := x.options.Core.Plot(id, plotColumns)
		if err == nil {
			x.bridge.post(func() { x.screen.stethoscope.showPlot(id, plot) })
		}
		return err
	}, func() {})
}

// stethoscopeQuestion asks for the network of a stethoscope.
func (w words) stethoscopeQuestion(record func(ssid string)) question {
	name := newField("ekuorePro_12345", w.say("steth.ask.hint"), func(ssid string) string {
		if err := station.CheckStethoscope(strings.TrimSpace(ssid)); err != nil {
			return w.fault(fhirmap.FaultOf(err))
		}
		return ""
	})
	return question{
		title:   w.say("steth.ask.title"),
		content: []fyne.CanvasObject{paragraph(w.say("steth.ask.text")), name, name.hint},
		fields:  []*field{name},
		choices: []choice{
			{w.say("steth.ask.no"), widget.MediumImportance, nil},
			{w.say("steth.ask.yes"), widget.HighImportance, func() { record(strings.TrimSpace(name.Text)) }},
		},
	}
}

// playerFile is the one file that is played. Its name tells nothing.
const playerFile = "auscultation.wav"

// A player holds the recording that the system's player was given.
type player struct {
	mu     sync.Mutex
	folder string // readable by the user alone; empty: none yet
}

// place writes the file anew and gives its path.
func (p *player) place(write func(io.Writer) error) (path string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.removeLocked()
	if p.folder, err = os.MkdirTemp("", "vitalien"); err != nil {
		return "", err
	}
	path = filepath.Join(p.folder, playerFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	err = write(f)
	return filepath.ToSlash(path), errors.Join(err, f.Close())
}

// clear removes the file.
func (p *player) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.removeLocked()
}

func (p *player) removeLocked() {
	if p.folder != "" {
		os.RemoveAll(p.folder)
		p.folder = ""
	}
}
