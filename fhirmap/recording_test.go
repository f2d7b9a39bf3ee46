package fhirmap

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func recordedSound() *RecordedSound {
	start := time.Date(2026, 7, 23, 22, 48, 31, 120_000_000, time.FixedZone("", 2*3600))
	return &RecordedSound{
		Recording: Recording{
			ID: "9b2e7f40-51c3-4d8a-8e0f-6a7b8c9d0e1f", SSID: "ekuorePro_12345",
			Device: Device{ID: DeviceID("ekuore", "ekuorePro_12345"), Type: Stethoscope, Name: "ekuorePro_12345"},
			Start:  start, Rate: 8000, Channels: 1, Encoding: "s16le", Samples: 100_100,
		},
		Seq: 43, Log: testLog, Received: start.Add(13 * time.Second),
		Subject:      &Patient{System: "urn:oid:1.2.250.1.213.1.4.8", ID: "12345", Family: "Lefèvre", Given: "Éloïse"},
		Consultation: "ac8f39cc-f5eb-450e-a354-0a1b2c3d4e5f",
	}
}

func TestR4Recording_Golden(t *testing.T) {
	troubled := recordedSound()
	troubled.Subject, troubled.Consultation, troubled.Site = nil, "", "foyer mitral"
	troubled.Gaps = []SoundGap{{At: 8000, Samples: 4000}, {At: 40_000, Samples: 12_400}}
	troubled.Clipped, troubled.HeartHint, troubled.CutShort, troubled.Test = true, 72, "no_sound", true
	for name, r := range map[string]*RecordedSound{"recording": recordedSound(), "recording_troubled": troubled} {
		t.Run(name, func(t *testing.T) {
			if err := r.Validate(); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "r4", name+".json"), R4Recording(r))
		})
	}
}

// TestR4Recording_EveryEndHasWords: whoever reads the note knows why it ends.
func TestR4Recording_EveryEndHasWords(t *testing.T) {
	for _, code := range []string{"no_sound", "disk_full", "wrong_rate", "interrupted", "something_else"} {
		r := recordedSound()
		r.CutShort = code
		notes := R4Recording(r).Note
		if len(notes) != 1 || !strings.HasPrefix(notes[0].Text, "Enregistrement interrompu") {
			t.Errorf("%s: %v", code, notes)
		}
	}
}

func TestRecording_Validate(t *testing.T) {
	for name, spoil := range map[string]func(*Recording){
		"no id":             func(r *Recording) { r.ID = "" },
		"an id with a path": func(r *Recording) { r.ID = "../1" },
		"no device":         func(r *Recording) { r.Device.ID = "" },
		"no rate":           func(r *Recording) { r.Rate = 0 },
		"no channel":        func(r *Recording) { r.Channels = 0 },
		"no encoding":       func(r *Recording) { r.Encoding = "" },
		"no sound":          func(r *Recording) { r.Samples = 0 },
		"a long site":       func(r *Recording) { r.Site = strings.Repeat("x", maxText+1) },
		"a gap of nothing":  func(r *Recording) { r.Gaps = []SoundGap{{At: 1}} },
		"gaps that overlap": func(r *Recording) { r.Gaps = []SoundGap{{At: 0, Samples: 10}, {At: 9, Samples: 10}} },
		"a gap beyond":      func(r *Recording) { r.Gaps = []SoundGap{{At: r.Samples, Samples: 1}} },
	} {
		r := recordedSound().Recording
		if spoil(&r); r.Validate() == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestRecording_Duration(t *testing.T) {
	r := Recording{Rate: 44_100, Samples: 44_100*3600*24*365 + 22_050}
	if d := r.Duration(); d != 365*24*time.Hour+500*time.Millisecond {
		t.Error(d)
	}
	if d := (&Recording{Samples: 5}).Duration(); d != 0 {
		t.Error(d)
	}
}

func TestRecording_Shorten(t *testing.T) {
	all := []SoundGap{{At: 10, Samples: 5}, {At: 20, Samples: 5}}
	for samples, want := range map[int64][]SoundGap{
		100: all, 25: all, 22: {{At: 10, Samples: 5}, {At: 20, Samples: 2}}, 20: all[:1], 10: nil, 0: nil,
	} {
		r := Recording{Samples: 100, Gaps: all}
		if r.Shorten(samples); r.Samples != samples || !slices.Equal(r.Gaps, want) {
			t.Errorf("%d: %v", samples, r.Gaps)
		}
	}
	if all[1].Samples != 5 {
		t.Error("the gaps of another were changed")
	}
}
