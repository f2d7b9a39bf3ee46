package stethoscope

import (
	"strings"
	"testing"

	"vitalien/fhirmap"
)

func TestCheckSSID(t *testing.T) {
	for _, ssid := range []string{"ekuorePro_xxxxx", "ekuorePro_12345", "ekuorePro_A-b_9", "ekuorePro_" + strings.Repeat("9", 22)} {
		if err := CheckSSID(ssid); err != nil {
			t.Errorf("%q: %v", ssid, err)
		}
	}
	for _, ssid := range []string{
		"", "ekuorePro_", "ekuorePro", "EKUOREPRO_1", "xekuorePro_1", "ekuorePro_1 ", " ekuorePro_1", "ekuorePro_1\n", "\nekuorePro_1",
		"ekuorePro_é", "ekuorePro_1;id", "ekuorePro_$(id)", "ekuorePro_`id`", "ekuorePro_1\" key=x", "ekuorePro_1&calc", "ekuorePro_%PATH%",
		"ekuorePro_<x>", "ekuorePro_../x", "ekuorePro_1\x00", "ekuorePro_" + strings.Repeat("9", 23),
	} {
		if err := CheckSSID(ssid); err == nil || fhirmap.FaultOf(err).Code != "unknown_ssid" {
			t.Errorf("%q: %v", ssid, err)
		}
	}
}
