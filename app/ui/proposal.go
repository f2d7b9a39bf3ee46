package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// maxProposals may wait to be answered. A page that asks for more has no person
// in front of it.
const maxProposals = 3

// proposalQuestion asks whether to start a consultation that another program
// wants. Who it is for stands out: a wrong yes puts measurements on somebody
// else.
func (w words) proposalQuestion(c station.Consultation, start func()) question {
	who := widget.NewLabelWithStyle(w.person(c.Patient), fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	who.Wrapping = fyne.TextWrapWord
	who.SizeName = theme.SizeNameSubHeadingText
	lines := []fyne.CanvasObject{who}
	if birth := w.birth(c.Patient); birth != "" {
		lines = append(lines, container.NewCenter(newLabel(birth, colourMuted, sizeSmall)))
	}
	return question{
		title: w.say("proposal.title"),
		content: []fyne.CanvasObject{
			padded(6, 8, container.NewStack(newPanel(colourChosen, "", sizeRadius), padded(4, 4, column(0, lines...)))),
			paragraph(w.say("proposal.text")),
		},
		choices: []choice{
			{w.say("proposal.no"), widget.MediumImportance, nil},
			{w.say("proposal.yes"), widget.HighImportance, start},
		},
	}
}

// propose asks a person whether to start c, unless it is what is open already.
func (x *window) propose(c station.Consultation) {
	x.front()
	open := x.now.Consultation
	if open != nil && c.Patient.Same(open.Patient) && (c.ID == "" || c.ID == open.ID) || len(x.notices) >= maxProposals {
		return
	}
	x.notices = append(x.notices, x.words.proposalQuestion(c, func() {
		x.tell("start consultation", func(ctx context.Context) error {
			_, err := x.options.Core.StartConsultation(ctx, c)
			return err
		}, func() {})
	}))
	x.next()
}
