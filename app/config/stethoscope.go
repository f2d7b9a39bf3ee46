package config

import "time"

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

// problems leaves rate, channels and encoding to the package that reads sound.
func (s *Stethoscope) problems(add func(string, *Problem)) {
	add("stethoscope.source", among(s.Source, sources...))
	add("stethoscope.max", between(s.Max, minRecording, maxRecording))
	switch s.Source {
	case SourceTCP:
		add("stethoscope.address", checkPeer(s.Address))
	case SourceUDP, SourceRTP:
		add("stethoscope.address", checkAddress(s.Address))
	}
}
