package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// A field is a line to type into that says at once what is wrong with it.
type field struct {
	widget.Entry
	hint   *widget.Label
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

// attend enables confirm while nothing is wrong. Return is submit.
func (f *field) attend(confirm *button, submit, escape func()) {
	f.submit, f.escape = submit, escape
	f.OnChanged = func(string) { f.judge(confirm) }
	f.judge(confirm)
}

func (f *field) judge(confirm *button) {
	problem := f.check(f.Text)
	text, importance := f.usual, widget.LowImportance
	if problem == "" {
		confirm.Enable()
	} else {
		confirm.Disable()
		if f.Text != "" {
			text, importance = problem, widget.DangerImportance
		}
	}
	if f.hint.Text != text || f.hint.Importance != importance {
		f.hint.Importance = importance
		f.hint.SetText(text)
	}
}

// TypedKey adds to the toolkit's keys those of a dialog.
func (f *field) TypedKey(event *fyne.KeyEvent) {
	switch event.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if f.submit != nil && f.check(f.Text) == "" {
			f.submit()
		}
	case fyne.KeyEscape:
		if f.escape != nil {
			f.escape()
		}
	default:
		f.Entry.TypedKey(event)
	}
}
