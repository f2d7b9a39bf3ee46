package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

// Probe opens and closes a window of one pixel to find out whether there are
// a display and OpenGL, and returns an exit status: 0 when a window can be
// shown. It is for a child process of the same program, on the goroutine of
// main, because the toolkit may end the process with a status of its own
// instead of returning.
func Probe() (status int) {
	defer func() {
		if recover() != nil { // what the toolkit does without a display
			status = 1
		}
	}()
	status = 1
	a := app.NewWithID(appID + ".probe")
	a.Lifecycle().SetOnStarted(func() {
		driver, ok := a.Driver().(desktop.Driver)
		if !ok {
			a.Quit()
			return
		}
		w := driver.CreateSplashWindow()
		w.SetContent(canvas.NewRectangle(paint(colourText)))
		w.Resize(fyne.NewSquareSize(1))
		w.Show()
		if w.Canvas().Capture() != nil {
			status = 0
		}
		a.Quit()
	})
	a.Run()
	return status
}
