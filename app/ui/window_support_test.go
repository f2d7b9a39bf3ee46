package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// said is the text of the question that is open.
func (d *driven) said() string {
	var all []string
	for _, o := range d.dialogs.current.content {
		walk(o, func(o fyne.CanvasObject) {
			switch text := o.(type) {
			case *prose:
				all = append(all, text.Text)
			case *widget.Label:
				all = append(all, text.Text)
			}
		})
	}
	return strings.Join(all, "\n")
}

// walk has see look at all that is shown of o.
func walk(o fyne.CanvasObject, see func(fyne.CanvasObject)) {
	if !o.Visible() {
		return
	}
	see(o)
	if c, ok := o.(*fyne.Container); ok {
		for _, child := range c.Objects {
			walk(child, see)
		}
	}
}

func TestWindow_SupportFileIsMadeAndNamed(t *testing.T) {
	d := newDriven(t)
	d.front()
	asked, answers := make(chan struct{}, 2), make(chan error)
	d.options.Support = func(context.Context) (string, error) {
		asked <- struct{}{}
		return "/home/doctor/vitalien-assistance.zip", <-answers
	}
	for range 2 { // a double-click
		d.support()
	}
	await(t, asked)
	answers <- nil
	d.take()
	if len(asked) > 0 || !strings.Contains(d.said(), "/home/doctor/vitalien-assistance.zip") {
		t.Errorf("%d asked more, says %q", len(asked), d.said())
	}
	d.press(fyne.KeyEscape)
	d.support()
	answers <- &fhirmap.Fault{Code: "support_failed", French: "Pas de place.", English: "no room", Cause: errors.New("full")}
	d.take()
	if said := d.said(); !strings.Contains(said, "Pas de place.") || !strings.Contains(said, "support_failed") {
		t.Errorf("says %q", said)
	}
}

func TestHelpPage_HasTheSupportFileWhereThereIsOne(t *testing.T) {
	for _, there := range []bool{true, false} {
		newDriven(t) // an application
		o := testOptions()
		if there {
			o.Support = func(context.Context) (string, error) { return "", nil }
		}
		pressed := 0
		w := newWords("fr")
		var found *button
		scroll := newHelpPage(w, o, actions{host: func(func(host)) {}, support: func() { pressed++ }}).CanvasObject.(interface{ CreateRenderer() fyne.WidgetRenderer })
		for _, object := range scroll.CreateRenderer().Objects() {
			walk(object, func(o fyne.CanvasObject) {
				if b, ok := o.(*button); ok && b.Text == w.say("help.support.action") {
					found = b
				}
			})
		}
		if (found != nil) != there {
			t.Fatalf("a button: %v, want %v", found != nil, there)
		}
		if there {
			press(found)
			if pressed != 1 {
				t.Error("it does nothing")
			}
		}
	}
}
