package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDefault_IsValid(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.Listen != "localhost:63336" || c.Lang != "fr" || c.RequireToken || c.HL7.Listen != "" {
		t.Errorf("defaults: %+v", c)
	}
	if c.Retention.Observations != Duration(3650*24*time.Hour) || c.HL7.RecordEvery != Duration(time.Minute) {
		t.Errorf("durations: %+v", c)
	}
}

func TestLoad_FirstStartWritesTheFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	first, _, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	second, warnings, err := Load(folder)
	if err != nil || len(warnings) > 0 || second.Listen != first.Listen {
		t.Errorf("%+v, %v, %v", second, warnings, err)
	}
}

func load(t *testing.T, text string) (Config, []string, error) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(folder)
}

func TestLoad_KeepsDefaultsOfWhatIsMissing(t *testing.T) {
	c, warnings, err := load(t, "[hl7]\nlisten = \"127.0.0.1:2575\"\nallow = [\"192.168.1.9/24\", \"::1\"]\nfrobnicate = 1\n")
	if err != nil || c.Listen != "localhost:63336" || c.HL7.Listen != "127.0.0.1:2575" {
		t.Errorf("%+v, %v", c, err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "hl7.frobnicate") {
		t.Errorf("warnings %v", warnings)
	}
	prefixes, err := c.HL7.Prefixes()
	want := []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("::1/128")}
	if err != nil || !slices.Equal(prefixes, want) {
		t.Errorf("%v, %v", prefixes, err)
	}
}

func TestLoad_RefusesAndNamesTheSetting(t *testing.T) {
	for text, name := range map[string]string{
		`listen = "0.0.0.0:63336"`:                                     "listen",
		`listen = "localhost"`:                                         "listen",
		`listen = "localhost:99999"`:                                   "listen",
		`lang = "de"`:                                                  "lang",
		"[hl7]\nallow = [\"everyone\"]":                                "hl7.allow",
		"[hl7]\ntls_cert = \"a.pem\"":                                  "hl7.tls_cert",
		"[hl7]\nlisten = \"2575\"":                                     "hl7.listen",
		"[hl7]\nrecord_every = \"soon\"":                               "record_every",
		"[retention]\nlive = \"99999999y\"":                            "live",
		"[retention]\nlive = \"-5s\"":                                  "live",
		"require_token = \"yes\"":                                      "require_token",
		"lang = ":                                                      FileName,
		"[hl7]\nrecord_every = \"0s\"":                                 "hl7.record_every",
		"[hl7]\nrecord_every = \"2d\"":                                 "hl7.record_every",
		"[[hl7.monitor]]\nname = \"Lit 3\"":                            "hl7.monitor",
		"[[hl7.monitor]]\naddress = \"192.168.0.100\"":                 "hl7.monitor",
		"[[hl7.monitor]]\naddress = \":4601\"":                         "hl7.monitor",
		"[[hl7.monitor]]\naddress = \"m:0\"":                           "hl7.monitor",
		"[[hl7.monitor]]\naddress = \"m\\tn:4601\"":                    "hl7.monitor",
		"[stethoscope]\nsource = \"bluetooth\"":                        "stethoscope.source",
		"[stethoscope]\nsource = \"tcp\"":                              "stethoscope.address",
		"[stethoscope]\nsource = \"tcp\"\naddress = \"192.168.1.1:0\"": "stethoscope.address",
		"[stethoscope]\nsource = \"rtp\"\naddress = \"5004\"":          "stethoscope.address",
		"[stethoscope]\nmax = \"0s\"":                                  "stethoscope.max",
		"[stethoscope]\nmax = \"31m\"":                                 "stethoscope.max",
		"[backup]\nkeep = 0":                                           "backup.keep",
		"[stethoscope]\nrate = \"8 kHz\"":                              "rate",
		"[[hl7.monitor]]\naddress = \"m:4601\"\n[[hl7.monitor]]\naddress = \"m:4601\"\nname = \"n\"": "hl7.monitor",
	} {
		if _, _, err := load(t, text); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLoad_Stethoscope(t *testing.T) {
	if d := Default().Stethoscope; d != (Stethoscope{Rate: 8000, Channels: 1, Encoding: "s16le", WiFi: true, Max: Duration(2 * time.Minute)}) {
		t.Errorf("defaults: %+v", d)
	}
	for text, want := range map[string]Stethoscope{
		"source = \"udp\"\naddress = \":5004\"\nwifi = false":               {Source: SourceUDP, Address: ":5004", Rate: 8000, Channels: 1, Encoding: "s16le", Max: Duration(2 * time.Minute)},
		"source = \"soundcard\"\nrate = 44100\nchannels = 2\nmax = \"30m\"": {Source: SourceSoundCard, Rate: 44_100, Channels: 2, Encoding: "s16le", WiFi: true, Max: Duration(30 * time.Minute)},
	} {
		if c, warnings, err := load(t, "[stethoscope]\n"+text+"\n"); err != nil || len(warnings) > 0 || c.Stethoscope != want {
			t.Errorf("%q: %+v, %v, %v", text, c.Stethoscope, warnings, err)
		}
	}
}

func TestShown_IsReadBack(t *testing.T) {
	c, _, err := load(t, "lang = \"en\"\n[hl7]\nallow = [\"::1\"]\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"\nrecord_every = \"5s\"\n[[hl7.monitor]]\naddress = \"m:4601\"\n")
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Shown()
	if err != nil {
		t.Fatal(err)
	}
	if again, warnings, err := load(t, text); err != nil || len(warnings) > 0 || !reflect.DeepEqual(again, c) {
		t.Errorf("%+v, %v, %v of\n%s", again, warnings, err, text)
	}
}
