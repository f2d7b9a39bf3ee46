package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The sources of sound.
const (
	SourceNone      = "" // no stethoscope
	SourceTCP       = "tcp"
	SourceUDP       = "udp"
	SourceRTP       = "rtp"
	SourceSoundCard = "soundcard"
)

var sources = []string{SourceNone, SourceTCP, SourceUDP, SourceRTP, SourceSoundCard}

// Stethoscope is where the sound of a recording comes from.
type Stethoscope struct {
	Source   string   `toml:"source"`
	Address  string   `toml:"address"` // HOST:PORT; of a sound card, its name, empty for the system's choice
	Rate     int      `toml:"rate"`    // samples per second
	Channels int      `toml:"channels"`
	Encoding string   `toml:"encoding"` // of a sample: "s16le" and the like
	WiFi     bool     `toml:"wifi"`     // whether to join the Wi-Fi that the stethoscope opens
	Max      Duration `toml:"max"`
}

// The bounds of the length of a recording.
const (
	minRecording = Duration(time.Second)
	maxRecording = Duration(30 * time.Minute)
)

// check leaves rate, channels and encoding to the package that reads sound.
func (s *Stethoscope) check() error {
	switch {
	case !slices.Contains(sources, s.Source):
		return fmt.Errorf("stethoscope.source = %q: must be empty, %s", s.Source, strings.Join(sources[1:], ", "))
	case s.Max < minRecording || s.Max > maxRecording:
		return fmt.Errorf("stethoscope.max = %q: must be between 1s and 30m", time.Duration(s.Max))
	}
	check := CheckAddress
	switch s.Source {
	case SourceNone, SourceSoundCard:
		return nil
	case SourceTCP:
		check = CheckPeer
	}
	if err := check(s.Address); err != nil {
		return fmt.Errorf("stethoscope.address = %q: %w", s.Address, err)
	}
	return nil
}
