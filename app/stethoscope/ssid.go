package stethoscope

import (
	"regexp"

	"vitalien/fhirmap"
)

// pattern is what the stethoscope calls its network. A name has 32 bytes at
// most (IEEE 802.11, 9.4.2.2). Nothing else is ever joined, whoever asks.
var pattern = regexp.MustCompile(`^ekuorePro_[A-Za-z0-9_-]{1,22}$`)

// CheckSSID refuses, with the Fault unknown_ssid, what is not the name of a
// stethoscope's network.
func CheckSSID(ssid string) error {
	if pattern.MatchString(ssid) {
		return nil
	}
	return &fhirmap.Fault{
		Code: "unknown_ssid", English: "no stethoscope's network is called so: ekuorePro_ and letters or digits",
		French: "Ce nom de réseau n’est pas celui d’un stéthoscope eKuore. Il commence par «\u00a0ekuorePro_\u00a0»\u202f; vérifiez-le sur l’appareil.",
	}
}

// DeviceOf is the stethoscope whose network is called so.
func DeviceOf(ssid string) fhirmap.Device {
	return fhirmap.Device{
		ID: fhirmap.DeviceID("ekuore", ssid), Type: fhirmap.Stethoscope, Name: ssid, Manufacturer: "eKuore",
	}
}
