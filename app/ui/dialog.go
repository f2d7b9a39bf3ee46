package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// A choice is a button of a dialog.
type choice struct {
	text       string
	importance widget.Importance
	do         func()
}

// A question is a dialog: what it says, and what can be answered. Escape is
// the first choice, which is the safe one and has the keyboard.
type question struct {
	id      string // of what it is about; empty for what asks only once
	title   string
	content []fyne.CanvasObject
	fields  []*field  // to be filled in for the last choice; the first has the keyboard
	options []*option // Escape on one of them is that of the question
	choices []choice
}

// dialogs shows questions in front of a canvas, one at a time.
type dialogs struct {
	canvas  fyne.Canvas
	open    *widget.PopUp
	current question
	closed  func() // runs whenever a question has been closed
	idle    func() // is Escape while no question is open and nothing has the keyboard
}

func newDialogs(c fyne.Canvas, closed, idle func()) *dialogs {
	d := &dialogs{canvas: c, closed: closed, idle: idle}
	c.SetOnTypedKey(func(event *fyne.KeyEvent) {
		switch {
		case event.Name != fyne.KeyEscape:
		case d.open == nil:
			d.idle()
		default:
			d.escape()
		}
	})
	return d
}

func (d *dialogs) escape() {
	if d.open != nil {
		d.answer(d.current.choices[0])
	}
}

// ask shows q, and tells whether it could: not while another one is open.
func (d *dialogs) ask(q question) bool {
	if d.open != nil {
		return false
	}
	d.current = q
	buttons := []fyne.CanvasObject{layout.NewSpacer()}
	for _, c := range q.choices {
		b := newButton(c.text, c.importance, func() { d.answer(c) })
		b.escape = d.escape
		buttons = append(buttons, b)
	}
	for _, o := range q.options {
		o.escape = d.escape
	}
	content := append([]fyne.CanvasObject{padded(0, 8, newLabel(q.title, colourText, sizeSection).strong())}, q.content...)
	content = append(content, padded(10, 8, container.New(layout.NewCustomPaddedHBoxLayout(10), buttons...)))
	body := container.New(reading{width: dialogWidth, required: true}, column(6, content...))
	d.open = widget.NewModalPopUp(padded(18, 16, body), d.canvas)
	d.open.Show()
	d.open.Resize(d.open.MinSize())
	if len(q.fields) == 0 {
		d.canvas.Focus(buttons[1].(*button))
		return true
	}
	attend(q.fields, buttons[len(q.choices)].(*button), d.escape)
	d.canvas.Focus(q.fields[0])
	return true
}

func (d *dialogs) answer(c choice) {
	d.withdraw()
	if c.do != nil {
		c.do()
	}
	d.closed()
}

// withdraw closes the question without an answer.
func (d *dialogs) withdraw() {
	if d.open != nil {
		d.open.Hide()
		d.open, d.current = nil, question{}
	}
}
