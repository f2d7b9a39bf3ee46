package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// inset is that of the toolkit's running text, which all of a row follows.
const inset = 8

// A settingRow is one setting: its name, its value, and what it does or what is
// wrong with it.
type settingRow struct {
	*fyne.Container
	setting  *setting
	usual    string
	about    *prose
	field    *field    // nil: the value is chosen
	segments *segments // nil: it is typed
	filling  bool
}

func newSettingRow(w words, s *setting, typed func(*setting, string)) *settingRow {
	r := &settingRow{setting: s, usual: w.say(s.about), about: muted(w.say(s.about))}
	var control fyne.CanvasObject
	switch s.kind {
	case asChoice, asSwitch:
		values, names := s.choices(w)
		r.segments = newSegments(values, names, func(value string) { typed(s, value) })
		control = padded(4, inset, r.segments.Container)
	default:
		r.field = newField(s.example, "", func(string) string { return "" })
		if s.kind == asLines {
			r.field.MultiLine = true
			r.field.SetMinRowsVisible(3)
		}
		r.field.OnChanged = func(text string) {
			if !r.filling {
				typed(s, s.typed(text))
			}
		}
		control = padded(4, inset, r.field)
	}
	r.Container = column(2, padded(0, inset, newLabel(w.say(s.title), colourText, sizeText).strong().cutting()), control, r.about)
	return r
}

// choices are the values that can be chosen, and their names.
func (s *setting) choices(w words) (values, names []string) {
	if s.kind == asSwitch {
		return []string{"true", "false"}, []string{w.say("set.on"), w.say("set.off")}
	}
	for i, value := range s.values {
		name := value
		if i < len(s.names) {
			name = w.say(s.names[i])
		}
		names = append(names, name)
	}
	return s.values, names
}

// show writes the value, unless a person is typing it.
func (r *settingRow) show(w words, m *settingsModel) {
	value := m.value(r.setting.name)
	locked := m.flags[r.setting.name] != ""
	if r.segments != nil {
		r.segments.locked = locked
		r.segments.set(value)
		return
	}
	if r.setting.typed(r.field.Text) != value {
		r.filling = true
		r.field.SetText(w.written(r.setting, value))
		r.filling = false
	}
	switch {
	case locked && !r.field.Disabled():
		r.field.Disable()
	case !locked && r.field.Disabled():
		r.field.Enable()
	}
}

// judge says what is wrong with the value, and tells whether it needs other room.
func (r *settingRow) judge(w words, m *settingsModel) (reshaped bool) {
	text, importance := r.usual, widget.LowImportance
	if flag := m.flags[r.setting.name]; flag != "" {
		text = w.say("set.flag", "flag", flag)
	} else if fault := m.faults[r.setting.name]; fault != nil {
		text, importance = w.fault(fault), widget.DangerImportance
	}
	if r.about.Text == text && r.about.Importance == importance {
		return false
	}
	r.about.Importance = importance
	r.about.SetText(text)
	return true
}
