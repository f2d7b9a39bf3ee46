package ui

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func noSoundFault() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "no_sound", English: "no sound is heard",
		French: "Aucun son\u00a0: vérifiez le contact, et que le stéthoscope est allumé et à portée.",
	}
}

// beating is the plot of a heart, and beats a wave of it.
func beating(columns int) *station.SoundPlot {
	p := &station.SoundPlot{Length: 12 * time.Second, Bars: beats(columns), Power: make([][station.SoundBands]byte, columns)}
	for i := range p.Power {
		loud := float64(p.Bars[i].High)
		for band := range p.Power[i] {
			p.Power[i][band] = byte(255 * min(1, loud*2.4*math.Exp(-float64(band)/12)))
		}
	}
	return p
}

func beats(n int) []station.SoundBar {
	bars := make([]station.SoundBar, n)
	for i := range bars {
		t := float64(i%83) / 83
		v := float32(0.4*math.Exp(-t*18) + 0.25*math.Exp(-math.Abs(t-0.36)*24) + 0.01)
		bars[i] = station.SoundBar{Low: -v, High: v}
	}
	return bars
}

// auscultated is a station with a stethoscope and some recordings, and one that is
// as now says.
func auscultated(now station.RecordingStatus) view {
	recording := func(ago, length time.Duration) fhirmap.RecordedSound {
		start := testNow.Add(-ago)
		return fhirmap.RecordedSound{
			Recording: fhirmap.Recording{
				ID: fmt.Sprint("r", int(ago.Minutes())), SSID: "ekuorePro_12345", Start: start, Rate: 8000, Channels: 1,
				Samples: int64(length.Seconds() * 8000),
			},
			Subject: eloise, Consultation: "c",
		}
	}
	list := []fhirmap.RecordedSound{recording(2*time.Minute, 12*time.Second), recording(9*time.Minute, 65*time.Second), recording(26*time.Hour, 120*time.Second)}
	list[0].Site = "foyer mitral"
	list[0].Gaps = []fhirmap.SoundGap{{At: 40_000, Samples: 6000}}
	list[1].Clipped, list[1].CutShort = true, "no_sound"
	list[2].Subject, list[2].Test = nil, true
	return view{situation: station.Situation{
		Links: soundLinks(), Stethoscope: station.Stethoscope{Ready: true, Last: "ekuorePro_12345", Now: now, Recordings: list},
	}}
}

func recordingNow() view {
	v := auscultated(station.RecordingStatus{
		ID: "r0", SSID: "ekuorePro_12345", State: station.RecordingSound, Length: 65*time.Second + 200*time.Millisecond,
		Gaps: 1, HeartHint: 72, Level: 0.4,
	})
	v.wave, v.situation.Consultation = beats(500), consultation(eloise)
	v.situation.Stethoscope.Recordings = v.situation.Stethoscope.Recordings[:2] // those of the consultation
	return v
}

func failedRecording() view {
	v := auscultated(station.RecordingStatus{ID: "r0", State: station.RecordingFailed, Fault: noSoundFault()})
	v.situation.Stethoscope.Recordings = nil
	return v
}

func TestStethoscope_Texts(t *testing.T) {
	w := newWords("fr")
	status := func(state station.RecordingState, change func(*station.RecordingStatus)) station.RecordingStatus {
		s := station.RecordingStatus{SSID: "ekuorePro_1", State: state}
		if change != nil {
			change(&s)
		}
		return s
	}
	for name, q := range map[string]struct {
		now  station.RecordingStatus
		want recordingText
	}{
		"none":       {status("", nil), recordingText{"0:00", "Prêt à enregistrer", colourMuted, "", "", "", "Enregistrer"}},
		"connecting": {status(station.RecordingConnecting, nil), recordingText{"0:00", "Connexion à ekuorePro_1…", colourMuted, "", "", "", "Annuler"}},
		"recording": {
			status(station.RecordingSound, func(s *station.RecordingStatus) { s.Length, s.Gaps, s.HeartHint = 61*time.Second, 2, 72 }),
			recordingText{"1:01", "Enregistrement en cours", colourGood, "2 interruptions du son", "indication d’après le son\u00a0: environ 72/min", "", "Arrêter"},
		},
		"silent": {
			status(station.RecordingSound, func(s *station.RecordingStatus) { s.Fault = noSoundFault() }),
			recordingText{"0:00", "Enregistrement en cours", colourTrouble, "", "", noSoundFault().French, "Arrêter"},
		},
		"too loud": {
			status(station.RecordingSound, func(s *station.RecordingStatus) { s.Clipping = true }),
			recordingText{"0:00", "Enregistrement en cours", colourTrouble, "", "", "Saturation\u00a0: appuyez moins fort.", "Arrêter"},
		},
		"saving":   {status(station.RecordingSaving, nil), recordingText{"0:00", "Écriture sur le disque…", colourMuted, "", "", "", "Enregistrer"}},
		"stopped":  {status(station.RecordingStopped, func(s *station.RecordingStatus) { s.Kept = true }), recordingText{"0:00", "Enregistrement terminé", colourGood, "", "", "", "Enregistrer"}},
		"given up": {status(station.RecordingStopped, nil), recordingText{"0:00", "Enregistrement annulé", colourMuted, "", "", "", "Enregistrer"}},
		"failed": {
			status(station.RecordingFailed, func(s *station.RecordingStatus) { s.Fault = noSoundFault() }),
			recordingText{"0:00", "Rien n’a été enregistré", colourTrouble, "", "", noSoundFault().French, "Enregistrer"},
		},
	} {
		if have := w.recording(q.now); have != q.want {
			t.Errorf("%s:\n%+v\n%+v", name, have, q.want)
		}
	}
	list := auscultated(station.RecordingStatus{}).situation.Stethoscope.Recordings
	for i, want := range []soundText{
		{"14:03:12 · 0:12 · foyer mitral", "LEFÈVRE Éloïse · ekuorePro_12345", "une interruption du son"},
		{"13:56:12 · 1:05", "LEFÈVRE Éloïse · ekuorePro_12345", "interrompu avant la fin · saturé par moments"},
		{"19/11/2026 12:05 · 2:00", "Non attribué · ekuorePro_12345 · son simulé", ""},
	} {
		if have := w.sound(&list[i], testNow); have != want {
			t.Errorf("%+v\n%+v", have, want)
		}
	}
}

// TestStethoscope_Buttons: what a person presses reaches the core, and what can
// not be done cannot be pressed.
func TestStethoscope_Buttons(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageStethoscope)
	d.show(view{})
	if d.screen.rail.entries[pageStethoscope].Visible() {
		t.Error("a page for a stethoscope that is not set up")
	}
	v := auscultated(station.RecordingStatus{})
	d.show(v)
	p := d.screen.stethoscope
	asked := func(want string) {
		t.Helper()
		if have := await(t, d.core.asked); have != want {
			t.Errorf("asked to %q, want %q", have, want)
		}
	}
	if !d.screen.rail.entries[pageStethoscope].Visible() {
		t.Error("no way to the page")
	}
	test.Tap(p.action)
	asked("record ekuorePro_12345")
	v.situation.Stethoscope.Now = station.RecordingStatus{ID: "r0", State: station.RecordingConnecting}
	d.show(v)
	if !p.other.Disabled() {
		t.Error("another can be chosen meanwhile")
	}
	test.Tap(p.action)
	asked("stop recording")
	v.situation.Stethoscope.Now.State = station.RecordingSaving
	d.show(v)
	if !p.action.Disabled() {
		t.Error("can be stopped twice")
	}
	v.situation.Stethoscope.Now.State = station.RecordingStopped
	d.show(v)
	test.Tap(p.rows["r2"].plot)
	asked("plot r2")
	d.take()
	if p.drawn != "r2" || !p.caption.Visible() {
		t.Error("no plot")
	}
	d.show(v)
	if p.drawn != "r2" {
		t.Error("the plot is gone by itself")
	}
	v.situation.Stethoscope.Now = station.RecordingStatus{ID: "r1", State: station.RecordingSound}
	d.show(v)
	if p.drawn != "" || p.caption.Visible() {
		t.Error("a plot hides what is recorded")
	}
}

// TestStethoscope_NameIsAsked where none has been used yet, and is checked while
// it is typed.
func TestStethoscope_NameIsAsked(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageStethoscope)
	v := auscultated(station.RecordingStatus{})
	v.situation.Stethoscope.Last = ""
	d.show(v)
	test.Tap(d.screen.stethoscope.action)
	name, typing := d.frame.Canvas().Focused().(*field)
	if !typing {
		t.Fatalf("the keyboard is on %T", d.frame.Canvas().Focused())
	}
	test.Type(name, "cabinet")
	d.press(fyne.KeyReturn)
	if d.dialogs.open == nil || len(d.core.asked) != 0 {
		t.Fatal("a wrong name was taken")
	}
	name.SetText("")
	test.Type(name, "ekuorePro_77")
	d.press(fyne.KeyReturn)
	if have := await(t, d.core.asked); have != "record ekuorePro_77" {
		t.Errorf("asked to %q", have)
	}
}

// TestPlayer: the file is there to be played, for its user alone, and is gone
// with the next and at the end.
func TestPlayer(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	d := newDriven(t)
	d.listen("r2")
	if have := await(t, d.core.asked); have != "sound r2" {
		t.Fatal(have)
	}
	var p player
	first, err := p.place(func(w io.Writer) error {
		_, err := w.Write([]byte("RIFF"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first)
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Base(first) != playerFile {
		t.Error(info, err)
	}
	if _, err := p.place(func(io.Writer) error { return os.ErrInvalid }); err == nil {
		t.Error("a file that was not written is played")
	}
	p.clear()
	for _, folder := range []string{filepath.Dir(first), p.folder} {
		if _, err := os.Stat(folder); folder != "" && !os.IsNotExist(err) {
			t.Errorf("%s is left", folder)
		}
	}
}

func TestSoundPicture_Plot(t *testing.T) {
	for form, variant := range forms {
		test.NewTempApp(t).Settings().SetTheme(forced{variant: variant})
		p := newSoundPicture()
		v := auscultated(station.RecordingStatus{})
		p.showPlot(beating(600), &v.situation.Stethoscope.Recordings[0])
		test.AssertImageMatches(t, "plot-"+form+".png", p.draw(600, pictureHeight))
	}
}
