package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2/widget"
)

// A muteButton switches the sound of alarms off for two minutes, or on again,
// and says how long it is off. It is there while there is an alarm to be heard.
type muteButton struct {
	*button
	words  words
	siren  *siren
	narrow bool // there is little room
}

func newMuteButton(w words, s *siren, changed func()) *muteButton {
	m := &muteButton{words: w, siren: s}
	m.button = newButton("", widget.MediumImportance, func() {
		_, rest := s.silence()
		s.mute(rest == 0)
		changed()
	})
	m.button.Hide()
	return m
}

// update tells whether the button needs other room.
func (m *muteButton) update() bool {
	alarm, rest := m.siren.silence()
	reshaped := m.write(rest)
	return visible(m.button, alarm) || reshaped
}

// fit gives the button the words for its room.
func (m *muteButton) fit(narrow bool) {
	if m.narrow != narrow {
		m.narrow = narrow
		_, rest := m.siren.silence()
		m.write(rest)
	}
}

func (m *muteButton) write(rest time.Duration) bool {
	text, before := m.words.mute(rest, m.narrow), m.Text
	if text != before {
		m.SetText(text)
	}
	return len(text) != len(before)
}

// mute is what the button says while the sound is off for rest.
func (w words) mute(rest time.Duration, narrow bool) string {
	seconds := int((rest + time.Second - 1) / time.Second)
	left := fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	switch {
	case rest == 0 && narrow:
		return w.say("alarm.mute.brief")
	case rest == 0:
		return w.say("alarm.mute")
	case narrow:
		return w.say("alarm.muted.brief", "rest", left)
	}
	return w.say("alarm.muted", "rest", left)
}
