// Package soundcard takes sound from an input of the computer's sound system:
// stethoscopes that are a sound device to it, by cable or Bluetooth. It needs
// native code, which the build without a window does without.
package soundcard

import "vitalien/app/stethoscope"

// A Source is a sound input.
type Source struct {
	Name  string // as the system calls it; empty: the one that the system prefers
	Sound stethoscope.Format

	null bool // miniaudio's own device, which hears silence; for tests
}

var _ stethoscope.Source = Source{}

// Format is that of the settings, which the sound system converts to.
func (s Source) Format() stethoscope.Format { return s.Sound }
