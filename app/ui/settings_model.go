package ui

import (
	"maps"

	"vitalien/fhirmap"
)

// SettingsFile is what the page of settings needs of config.toml. Values are text
// by the name of their setting. Read and Save read and write a file.
type SettingsFile interface {
	// Read gives what the file says now, what the program has started with, and the
	// flags of the command line that win over some of it.
	Read() (file, running, flags map[string]string, err error)
	// Check tells at once what is wrong with values.
	Check(values map[string]string) map[string]*fhirmap.Fault
	// Save writes what differs between before and after.
	Save(before, after map[string]string) error
}

// settingsModel is the settings while a person changes them.
type settingsModel struct {
	file    map[string]string // nil: not read yet
	running map[string]string
	flags   map[string]string
	draft   map[string]string // what was typed and is not saved
	faults  map[string]*fhirmap.Fault
	before  map[string]string // the file, before it was saved last; nil: that cannot be taken back
}

// read takes over what the file says now. What is typed stays.
func (m *settingsModel) read(file, running, flags map[string]string) {
	m.file, m.running, m.flags = file, running, flags
	for name, value := range m.draft {
		if file[name] == value {
			delete(m.draft, name)
		}
	}
}

// put notes what was typed.
func (m *settingsModel) put(name, value string) {
	if m.draft == nil {
		m.draft = map[string]string{}
	}
	if m.draft[name] = value; value == m.file[name] {
		delete(m.draft, name)
	}
}

// value is what is typed, or else what the file says.
func (m *settingsModel) value(name string) string {
	if typed, changed := m.draft[name]; changed {
		return typed
	}
	return m.file[name]
}

// wanted are all values as they would be saved.
func (m *settingsModel) wanted() map[string]string {
	all := maps.Clone(m.file)
	maps.Copy(all, m.draft)
	return all
}

// check asks what is wrong with what is wanted.
func (m *settingsModel) check(file SettingsFile) { m.faults = file.Check(m.wanted()) }

// waiting are the settings that the program has not started with, and that a
// restart would bring.
func (m *settingsModel) waiting() map[string]bool {
	names := map[string]bool{}
	for name, value := range m.file {
		if s := (&setting{name: name}); value != m.running[name] && m.flags[name] == "" && !s.atOnce() {
			names[name] = true
		}
	}
	return names
}
