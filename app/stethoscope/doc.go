// Package stethoscope records the sound of an electronic stethoscope (eKuore
// Pro): it joins the Wi-Fi that the stethoscope opens, takes the sound that
// comes, hands it on piece by piece to be kept, and returns to the network that
// was there before.
//
// The stethoscope's own audio protocol is not public. What this package speaks
// are open forms, behind the interface Source: PCM over TCP or UDP, RTP
// (RFC 3550, 3551), a sound card, for models that are sound devices to the
// computer, and the simulated stethoscope, which sends PCM over TCP. None of
// them has been tried on the real stethoscope; the names of its networks
// (ekuorePro_…) are those of the documentation for integrators of 2019. A
// driver for its own protocol is one more Source, and nothing else changes.
//
// Sound is kept as it came, sample for sample. Where samples are missing stands
// silence of the same length, which is counted and marked; sound whose rate is
// not the one of the settings ends the recording, since everything that is heard
// in it would be at a wrong speed.
package stethoscope
