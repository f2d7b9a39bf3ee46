package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"

	"vitalien/assets"
	"vitalien/fhirmap"
)

// Alert shows, in a small window of its own, why the program could not start,
// until a person closes it or ctx ends. It must be called on the goroutine of
// main, where a window can open (see Probe). It is in French, since the
// settings may be what is wrong.
func Alert(ctx context.Context, f *fhirmap.Fault) {
	w := newWords("fr")
	a := app.NewWithID(appID + ".alert")
	a.SetIcon(fyne.NewStaticResource("icon.png", assets.Icon))
	a.Settings().SetTheme(calm{})
	frame := a.NewWindow(w.say("app.name"))
	frame.SetPadded(false)
	frame.SetContent(w.alertContent(f, a.Quit))
	frame.Resize(fyne.NewSize(dialogWidth+80, 0))
	frame.SetFixedSize(true)
	frame.CenterOnScreen()
	frame.Canvas().SetOnTypedKey(func(event *fyne.KeyEvent) {
		if event.Name == fyne.KeyEscape || event.Name == fyne.KeyReturn || event.Name == fyne.KeyEnter {
			a.Quit()
		}
	})
	defer context.AfterFunc(ctx, func() { fyne.Do(a.Quit) })()
	frame.ShowAndRun()
}

func (w words) alertContent(f *fhirmap.Fault, quit func()) fyne.CanvasObject {
	q := w.faultNotice(f)
	content := append([]fyne.CanvasObject{padded(0, 8, newLabel(w.say("start.title"), colourText, sizeSection).strong())}, q.content...)
	closing := newButton(w.say("start.close"), q.choices[0].importance, quit)
	closing.escape = quit
	content = append(content, padded(10, 8, container.NewHBox(closing)))
	body := container.New(reading{width: dialogWidth, required: true}, column(6, content...))
	return padded(24, 20, body)
}
