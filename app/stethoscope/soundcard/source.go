// Package soundcard takes sound from an input of the computer's sound system,
// for stethoscopes that are a sound device to it, by cable or Bluetooth; and
// plays the sound of alarms. It needs native code, which the build without a
// window does without.
package soundcard

import (
	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// A Source is a sound input.
type Source struct {
	Name  string // as the system calls it; empty: the one that the system prefers
	Sound stethoscope.Format

	null bool // miniaudio's own device, which hears silence; for tests
}

var _ stethoscope.Source = Source{}

// Format is that of the settings, which the sound system converts to.
func (s Source) Format() stethoscope.Format { return s.Sound }

// A Speaker is the output that the sound system prefers.
type Speaker struct {
	null bool // miniaudio's own device, which nobody hears; for tests
}

var faultNoSpeaker = fhirmap.Fault{
	Code: "no_speaker", Temporary: true,
	French: "Ce poste ne peut pas émettre le son des alarmes : elles s’affichent sans son. Vérifiez les haut-parleurs et les réglages de son du poste.",
}
