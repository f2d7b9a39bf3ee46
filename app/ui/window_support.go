package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// support makes the support file, off this goroutine, and says where it is. It
// takes as long as the store takes to be read, and one is made at a time.
func (x *window) support() {
	if x.supporting {
		return
	}
	x.supporting = true
	go func() {
		defer x.bridge.survive("support file")
		path, err := x.options.Support(x.ctx)
		if err != nil {
			x.options.Logger.Error("support file", "error", err)
		}
		x.bridge.post(func() {
			x.supporting = false
			if err != nil {
				x.notify(err)
				return
			}
			x.notices = append(x.notices, x.words.supportNotice(path))
			x.next()
		})
	}()
}

func (w words) supportNotice(path string) question {
	return question{
		title:   w.say("help.support.ready"),
		content: []fyne.CanvasObject{paragraph(w.say("help.support.send")), command(path)},
		choices: []choice{{w.say("fault.close"), widget.HighImportance, nil}},
	}
}
