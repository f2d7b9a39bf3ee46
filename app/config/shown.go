package config

import (
	"bytes"
	"time"

	"github.com/BurntSushi/toml"
)

// Shown is all settings as TOML, for whoever helps. They hold no secret: files
// with keys are named, and not read.
func (c Config) Shown() (string, error) {
	var text bytes.Buffer
	err := toml.NewEncoder(&text).Encode(c)
	return text.String(), err
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
