package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
)

func (x *window) askRename(d station.Device) {
	x.dialogs.ask(x.words.renameQuestion(d, func(name, place string) {
		x.tell("rename device",
			func(ctx context.Context) error { return x.options.Core.RenameDevice(ctx, d.ID, name, place) }, func() {})
	}))
}

func (x *window) confirmUnpair(d station.Device) {
	name := x.words.device(&d, x.options.Core.Models(), x.options.Now()).name
	x.dialogs.ask(x.words.unpairQuestion(d, joined(" · ", name, d.Place), func() {
		x.tell("unpair device",
			func(ctx context.Context) error { return x.options.Core.UnpairDevice(ctx, d.ID) }, func() {})
	}))
}

// paired tells whether there is a paired device of an id.
func paired(devices []station.Device, id string) bool {
	return slices.ContainsFunc(devices, func(d station.Device) bool { return d.ID == id })
}

func (x *window) confirmAbandon(abandon func()) {
	x.dialogs.ask(x.words.abandonQuestion(abandon))
}

// focus gives the keyboard to a part of the page in front, unless a question is
// open.
func (x *window) focus(to fyne.Focusable) {
	if x.dialogs.open == nil {
		x.frame.Canvas().Focus(to)
	}
}

// attend gives the keyboard to a part of what is in front, or to nobody,
// unless a question is open or another page in front.
func (x *window) attend(to fyne.Focusable) {
	switch c := x.frame.Canvas(); {
	case x.dialogs.open != nil || !x.screen.keyboard():
	case to == nil:
		c.Unfocus()
	default:
		c.Focus(to)
	}
}
