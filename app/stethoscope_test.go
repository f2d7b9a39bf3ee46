package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/stethoscope"
	"vitalien/app/stethoscope/soundcard"
)

// TestStethoscope_Settings: each source of the settings is the one that is
// listened to, and joins a network where it has one.
func TestStethoscope_Settings(t *testing.T) {
	usual := stethoscope.Format{Rate: 8000, Channels: 1, Encoding: "s16le"}
	for text, want := range map[string]struct {
		source stethoscope.Source
		joins  bool
	}{
		"": {nil, false},
		"source = \"tcp\"\naddress = \"192.168.1.1:8080\"":                                        {stethoscope.TCP{Address: "192.168.1.1:8080", Sound: usual}, true},
		"source = \"tcp\"\naddress = \"192.168.1.1:8080\"\nwifi = false":                          {stethoscope.TCP{Address: "192.168.1.1:8080", Sound: usual}, false},
		"source = \"udp\"\naddress = \":5004\"":                                                   {stethoscope.UDP{Address: ":5004", Sound: usual}, true},
		"source = \"rtp\"\naddress = \":5004\"\nencoding = \"s16be\"\nrate = 44100\nchannels = 2": {stethoscope.RTP{Address: ":5004", Sound: stethoscope.Format{Rate: 44_100, Channels: 2, Encoding: "s16be"}}, true},
		"source = \"soundcard\"\naddress = \"USB Audio\"":                                         {soundcard.Source{Name: "USB Audio", Sound: usual}, false},
	} {
		a := settingsOf(t, "[stethoscope]\n"+text+"\nmax = \"90s\"\n")
		o, err := a.stethoscope()
		if err != nil || !reflect.DeepEqual(o.Source, want.source) || (o.Network != nil) != want.joins || o.Limit.Seconds() != 90 || o.Test {
			t.Errorf("%q: %+v, %v", text, o, err)
		}
	}
	for _, text := range []string{"rate = 10", "channels = 9", "encoding = \"mp3\""} {
		if _, err := settingsOf(t, "[stethoscope]\n"+text+"\n").stethoscope(); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func settingsOf(t *testing.T, text string) *App {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &App{flags: cli.Flags{DataDir: folder}, folder: folder, log: newLogger(testLog{t})}
	if err := a.configure(); err != nil {
		t.Fatal(err)
	}
	return a
}
