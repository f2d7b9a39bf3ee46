package ui

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// originQuestion asks whether a web page may receive measurements. The whole
// origin is shown, wrapped where it is long: its end says whose it is.
func (w words) originQuestion(origin string, answer func(station.Answer)) question {
	shown, null := origin, origin == "null"
	if null {
		shown = w.say("origin.null")
	}
	name := widget.NewLabelWithStyle(folded(shown, dialogWidth-40), fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	name.Wrapping = fyne.TextWrapBreak
	name.SizeName = theme.SizeNameSubHeadingText
	q := question{
		id:    origin,
		title: w.say("origin.heading"),
		content: []fyne.CanvasObject{
			paragraph(w.say("origin.allow")),
			padded(0, 8, container.NewStack(newPanel(colourChosen, "", sizeRadius), padded(4, 4, name))),
			paragraph(w.say("origin.question")),
			muted(w.say("origin.text")),
		},
		choices: []choice{
			{w.say("origin.refuse"), widget.MediumImportance, func() { answer(station.AnswerRefuse) }},
			{w.say("origin.once"), widget.HighImportance, func() { answer(station.AnswerOnce) }},
		},
	}
	if !null { // it names nobody, so it is never remembered
		q.choices = append(q.choices,
			choice{w.say("origin.always"), widget.MediumImportance, func() { answer(station.AnswerAlways) }})
	}
	return q
}

// folded breaks an address behind its punctuation where it would be wider than
// width. The label breaks what has none.
func folded(address string, width float32) string {
	size, style := theme.Size(sizeSection), fyne.TextStyle{Bold: true}
	var lines []string
	line := ""
	for address != "" {
		end := strings.IndexAny(address, ".:-") + 1
		for end > 0 && strings.HasPrefix(address[end:], "/") {
			end++
		}
		if end == 0 {
			end = len(address)
		}
		piece := address[:end]
		if line != "" && fyne.MeasureText(line+piece, size, style).Width > width {
			lines = append(lines, line)
			line = ""
		}
		line, address = line+piece, address[end:]
	}
	return strings.Join(append(lines, line), "\n")
}

// endPrefix tells questions about a consultation from those about an origin.
const endPrefix = "consultation "

func (w words) endQuestion(consultation string, end func()) question {
	return question{
		id:      endPrefix + consultation,
		title:   w.say("end.title"),
		content: []fyne.CanvasObject{paragraph(w.say("end.text"))},
		choices: []choice{
			{w.say("end.no"), widget.MediumImportance, nil},
			{w.say("end.yes"), widget.HighImportance, end},
		},
	}
}

// forgetPrefix tells questions about a monitor from those about an origin.
const forgetPrefix = "monitor "

func (w words) forgetQuestion(address, name string, forget func()) question {
	return question{
		id:      forgetPrefix + address,
		title:   w.say("forget.title"),
		content: []fyne.CanvasObject{paragraph(w.say("forget.text", "name", name))},
		choices: []choice{
			{w.say("forget.no"), widget.MediumImportance, nil},
			{w.say("forget.yes"), widget.HighImportance, forget},
		},
	}
}

// addQuestion asks for the address of a monitor.
func (w words) addQuestion(add func(address string)) question {
	address := newField("192.168.1.40:4601", w.say("add.hint"), w.addressProblem)
	return question{
		title:   w.say("add.title"),
		content: []fyne.CanvasObject{paragraph(w.say("add.text")), address, address.hint},
		fields:  []*field{address},
		choices: []choice{
			{w.say("add.no"), widget.MediumImportance, nil},
			{w.say("add.yes"), widget.HighImportance, func() { add(strings.TrimSpace(address.Text)) }},
		},
	}
}

// devicePrefix tells questions about a paired device from those about an origin.
const devicePrefix = "device "

// maxName is how many characters a name or a place may have.
const maxName = 60

// renameQuestion asks for another name and place of a device.
func (w words) renameQuestion(d station.Device, rename func(name, place string)) question {
	name, place := w.nameField(d.Name), w.placeField(d.Place)
	name.check = func(text string) string {
		if strings.TrimSpace(text) == "" {
			return w.say("name.needed")
		}
		return w.nameProblem(text)
	}
	return question{
		id:    devicePrefix + d.ID,
		title: w.say("rename.title"),
		content: []fyne.CanvasObject{
			paragraph(w.say("name.name")), name, name.hint,
			paragraph(w.say("name.place")), place, place.hint,
		},
		fields: []*field{name, place},
		choices: []choice{
			{w.say("rename.no"), widget.MediumImportance, nil},
			{w.say("rename.yes"), widget.HighImportance, func() {
				rename(strings.TrimSpace(name.Text), strings.TrimSpace(place.Text))
			}},
		},
	}
}

func (w words) nameField(name string) *field {
	return newField("", w.say("name.name.hint"), w.nameProblem).holding(name)
}

func (w words) placeField(place string) *field {
	return newField("", w.say("name.place.hint"), w.nameProblem).holding(place)
}

// nameProblem says what is wrong with the name or the place of a device, in
// words; nothing when it can be taken.
func (w words) nameProblem(text string) string {
	if utf8.RuneCountInString(strings.TrimSpace(text)) > maxName {
		return w.say("name.long", "n", fmt.Sprint(maxName))
	}
	return ""
}

func (w words) unpairQuestion(d station.Device, name string, unpair func()) question {
	return question{
		id:      devicePrefix + d.ID,
		title:   w.say("unpair.title"),
		content: []fyne.CanvasObject{paragraph(w.say("unpair.text", "name", name))},
		choices: []choice{
			{w.say("unpair.no"), widget.MediumImportance, nil},
			{w.say("unpair.yes"), widget.HighImportance, unpair},
		},
	}
}

// abandonID is the id of the question about a pairing under way.
const abandonID = "pairing"

func (w words) abandonQuestion(abandon func()) question {
	return question{
		id:      abandonID,
		title:   w.say("abandon.title"),
		content: []fyne.CanvasObject{paragraph(w.say("abandon.text"))},
		choices: []choice{
			{w.say("abandon.no"), widget.MediumImportance, nil},
			{w.say("abandon.yes"), widget.HighImportance, abandon},
		},
	}
}

func (w words) closeQuestion(keep, quit func()) question {
	return question{
		title:   w.say("close.title"),
		content: []fyne.CanvasObject{paragraph(w.say("close.text"))},
		choices: []choice{
			{w.say("close.keep"), widget.HighImportance, keep},
			{w.say("close.quit"), widget.MediumImportance, quit},
		},
	}
}

func (w words) faultNotice(f *fhirmap.Fault) question {
	return question{
		title: w.say("fault.title"),
		content: []fyne.CanvasObject{
			paragraph(w.fault(f)),
			muted(w.say("fault.code", "code", f.Code)),
		},
		choices: []choice{{w.say("fault.close"), widget.HighImportance, nil}},
	}
}
