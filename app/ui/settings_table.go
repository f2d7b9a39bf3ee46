package ui

import "strings"

// A settingKind is how a setting is shown and typed.
type settingKind int

const (
	asText settingKind = iota
	asDuration
	asChoice
	asSwitch
	asLines // several, each on its own
)

// A setting is one of config.toml as the page shows it.
type setting struct {
	name    string // in config.toml
	kind    settingKind
	title   string // key of the texts
	about   string // key of what it does
	example string
	values  []string // of a choice
	names   []string // keys of their names; empty: the values themselves
}

// atOnce tells whether a setting is of the window, where it takes effect and is
// saved as soon as it is chosen.
func (s *setting) atOnce() bool { return strings.HasPrefix(s.name, "window.") }

// A settingGroup is the settings that a person looks for together.
type settingGroup struct {
	title    string // key of the texts
	symbol   string
	settings []setting
}

// The groups that have more than settings.
const (
	groupGeneral   = 0
	groupRetention = 4
	groupBackup    = 5
)

var settingGroups = []settingGroup{
	{"set.general", "settings", []setting{
		{name: "window.theme", kind: asChoice, title: "set.theme", about: "set.theme.about",
			values: []string{"system", "light", "dark"}, names: []string{"set.theme.system", "set.theme.light", "set.theme.dark"}},
		{name: "window.text", kind: asChoice, title: "set.text", about: "set.text.about",
			values: []string{"small", "normal", "large"}, names: []string{"set.text.small", "set.text.normal", "set.text.large"}},
		{name: "window.glucose", kind: asChoice, title: "set.glucose", about: "set.glucose.about", values: []string{"g/L", "mg/dL", "mmol/L"}},
		{name: "lang", kind: asChoice, title: "set.lang", about: "set.lang.about", values: []string{"fr", "en"}, names: []string{"set.lang.fr", "set.lang.en"}},
		{name: "update.url", title: "set.update", about: "set.update.about"},
		{name: "update.key", title: "set.update.key", about: "set.update.key.about"},
	}},
	{"set.monitors", "monitor", []setting{
		{name: "hl7.listen", title: "set.monitors.listen", about: "set.monitors.listen.about", example: "0.0.0.0:2575"},
		{name: "hl7.allow", title: "set.monitors.allow", about: "set.monitors.allow.about", example: "192.168.1.0/24"},
		{name: "hl7.record_every", kind: asDuration, title: "set.monitors.every", about: "set.monitors.every.about", example: "60 s"},
		{name: "hl7.discover", kind: asSwitch, title: "set.monitors.discover", about: "set.monitors.discover.about"},
		{name: "hl7.monitor", kind: asLines, title: "set.monitors.list", about: "set.monitors.list.about", example: "192.168.0.100:4601 Lit 3"},
		{name: "hl7.tls_cert", title: "set.monitors.cert", about: "set.monitors.cert.about"},
		{name: "hl7.tls_key", title: "set.monitors.key", about: "set.monitors.key.about"},
		{name: "hl7.tls_ca", title: "set.monitors.ca", about: "set.monitors.ca.about"},
	}},
	{"set.bluetooth", "bluetooth", []setting{
		{name: "bluetooth.enabled", kind: asSwitch, title: "set.bluetooth.enabled", about: "set.bluetooth.enabled.about"},
	}},
	{"set.sound", "stethoscope", []setting{
		{name: "stethoscope.source", kind: asChoice, title: "set.sound.source", about: "set.sound.source.about",
			values: []string{"", "tcp", "udp", "rtp", "soundcard"},
			names:  []string{"set.sound.none", "set.sound.tcp", "set.sound.udp", "set.sound.rtp", "set.sound.card"}},
		{name: "stethoscope.address", title: "set.sound.address", about: "set.sound.address.about", example: "192.168.1.1:5004"},
		{name: "stethoscope.rate", title: "set.sound.rate", about: "set.sound.rate.about", example: "8000"},
		{name: "stethoscope.channels", kind: asChoice, title: "set.sound.channels", about: "set.sound.channels.about", values: []string{"1", "2"}},
		{name: "stethoscope.encoding", kind: asChoice, title: "set.sound.encoding", about: "set.sound.encoding.about",
			values: []string{"s16le", "s16be", "s24le", "s32le", "u8", "f32le"}},
		{name: "stethoscope.wifi", kind: asSwitch, title: "set.sound.wifi", about: "set.sound.wifi.about"},
		{name: "stethoscope.max", kind: asDuration, title: "set.sound.max", about: "set.sound.max.about", example: "2 min"},
	}},
	{"set.keep", "wait", []setting{
		{name: "retention.observations", kind: asDuration, title: "set.keep.log", about: "set.keep.log.about", example: "10 ans"},
		{name: "retention.live", kind: asDuration, title: "set.keep.live", about: "set.keep.live.about", example: "30 jours"},
		{name: "retention.quarantine", kind: asDuration, title: "set.keep.refused", about: "set.keep.refused.about", example: "30 jours"},
	}},
	{"set.backup", "backup", []setting{
		{name: "backup.dir", title: "set.backup.dir", about: "set.backup.dir.about"},
		{name: "backup.keep", title: "set.backup.keep", about: "set.backup.keep.about", example: "7"},
	}},
	{"set.server", "software", []setting{
		{name: "listen", title: "set.server.listen", about: "set.server.listen.about", example: "localhost:63336"},
		{name: "require_token", kind: asSwitch, title: "set.server.token", about: "set.server.token.about"},
	}},
}
