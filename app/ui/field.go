package ui

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// A field is a line to type into that says at once what is wrong with it.
type field struct {
	widget.Entry
	hint   *prose
	check  func(text string) (problem string) // in words; empty: nothing
	usual  string                             // the hint while nothing is typed
	submit func()
	escape func()
}

func newField(example, hint string, check func(string) string) *field {
	f := &field{check: check, usual: hint, hint: muted(hint)}
	f.SetPlaceHolder(example)
	f.ExtendBaseWidget(f)
	return f
}

// holding puts text into the field, and the cursor behind it.
func (f *field) holding(text string) *field {
	f.Text, f.CursorColumn = text, utf8.RuneCountInString(text)
	return f
}

// attend enables confirm while nothing is wrong in any of the fields, where
// Return then presses it and Escape is escape. judge does so once more.
func attend(fields []*field, confirm *button, escape func()) (judge func()) {
	judge = func() {
		sound := true
		for _, f := range fields {
			sound = f.judge() && sound
		}
		if sound {
			confirm.Enable()
		} else {
			confirm.Disable()
		}
	}
	for _, f := range fields {
		f.OnChanged = func(string) { judge() }
		f.submit, f.escape = func() { press(confirm) }, escape
	}
	judge()
	return judge
}

// judge says what is wrong, and tells whether nothing is.
func (f *field) judge() bool {
	problem := f.check(f.Text)
	text, importance := f.usual, widget.LowImportance
	if problem != "" && f.Text != "" {
		text, importance = problem, widget.DangerImportance
	}
	if f.hint.Text != text || f.hint.Importance != importance {
		f.hint.Importance = importance
		f.hint.SetText(text)
	}
	return problem == ""
}

// AcceptsTab is never so: Tab leads to the next element.
func (f *field) AcceptsTab() bool { return false }

// TypedKey adds to the toolkit's keys those of a dialog.
func (f *field) TypedKey(event *fyne.KeyEvent) {
	switch event.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if f.submit != nil {
			f.submit()
		} else if f.MultiLine {
			f.Entry.TypedKey(event)
		}
	case fyne.KeyEscape:
		if f.escape != nil {
			f.escape()
		}
	default:
		f.Entry.TypedKey(event)
	}
}

// TypedShortcut leaves to the window what is none of text.
func (f *field) TypedShortcut(s fyne.Shortcut) {
	if _, custom := s.(*desktop.CustomShortcut); custom {
		if window, ok := fyne.CurrentApp().Driver().CanvasForObject(f).(fyne.Shortcutable); ok {
			window.TypedShortcut(s)
		}
		return
	}
	f.Entry.TypedShortcut(s)
}
