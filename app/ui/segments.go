package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// segments are the values of a setting of which one is chosen.
type segments struct {
	*fyne.Container
	values  []string
	options []*option
	chosen  string
	locked  bool
	changed func(value string)
}

// newSegments has a name for each value.
func newSegments(values, names []string, changed func(string)) *segments {
	s := &segments{Container: container.New(&flow{distance: 8}), values: values, changed: changed}
	for i, value := range values {
		content := padded(7, 14, newLabel(names[i], colourText, sizeText))
		o := newOption(names[i], content, func() { s.choose(value) }, func() {})
		s.options = append(s.options, o)
		s.Add(o)
	}
	return s
}

// choose is what a person does.
func (s *segments) choose(value string) {
	if !s.locked && value != s.chosen {
		s.set(value)
		s.changed(value)
	}
}

func (s *segments) set(value string) {
	s.chosen = value
	for i, o := range s.options {
		o.mark(s.values[i] == value)
	}
}
