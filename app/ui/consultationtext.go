package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// measuredHere is the section of the open consultation, or else of the last one.
func (w words) measuredHere(d *desk, open *station.Consultation, now time.Time) sectionText {
	s, none := &d.Sheet, w.say("consult.here.none")
	if d.fault != nil || len(s.Measured) > 0 {
		none = ""
	}
	switch {
	case (open == nil || d.fault != nil) && len(s.Measured) == 0:
		return sectionText{}
	case open == nil:
		return sectionText{w.say("consult.last", "who", w.person(s.Patient)), w.more(len(s.Measured))}
	}
	text := sectionText{heading: w.say("consult.here.nobody"), text: none}
	if who := w.person(open.Patient); who != "" {
		text.heading = w.say("consult.here", "who", who)
		text.text = joined("\n", joined(" · ", w.traits(open.Patient), w.say("band.since", "time", w.dated(hour(open.Start, now)))), none)
	} else if len(s.Measured) > 0 {
		text.text = w.say("band.nobody.why")
	}
	text.text = joined("\n", text.text, w.more(len(s.Measured)))
	return text
}

func (w words) unassigned(s *station.Sheet) sectionText {
	if len(s.Unassigned) == 0 {
		return sectionText{}
	}
	return sectionText{
		w.say("consult.tray", "n", fmt.Sprint(len(s.Unassigned))),
		joined("\n", w.say("consult.tray.text"), w.more(len(s.Unassigned))),
	}
}

func (w words) correctedLately(s *station.Sheet) sectionText {
	if len(s.Corrected) == 0 {
		return sectionText{}
	}
	return sectionText{w.say("consult.corrected"), joined("\n", w.say("consult.corrected.text"), w.more(len(s.Corrected)))}
}

// more says that a section does not show all.
func (w words) more(n int) string {
	if n <= mostRows {
		return ""
	}
	return w.say("consult.more", "n", fmt.Sprint(mostRows))
}

// idOf is the id of a patient as their EHR has it; nothing for one that the
// station has made.
func (w words) idOf(p *fhirmap.Patient) string {
	if p.Key() == "" || p.System == station.OwnSystem || p.Name() == "" {
		return ""
	}
	return w.say("patient.number", "number", p.ID)
}

// traits are who somebody is beside the name: née le 12/03/1980 · n° 42.
func (w words) traits(p *fhirmap.Patient) string {
	if p == nil {
		return ""
	}
	return joined(" · ", w.birth(p), w.idOf(p))
}

// identityOf is a patient as a sentence names them.
func (w words) identityOf(p *fhirmap.Patient) string {
	if name := w.person(p); name != "" {
		return joined(", ", name, w.traits(p))
	}
	if p.Name() == "" {
		return w.say("correct.nobody")
	}
	text, _ := w.whose(p)
	return text
}

// correctionNote says what a person has corrected.
func (w words) correctionNote(m *fhirmap.Recorded, now time.Time) string {
	switch {
	case m.Discarded:
		return w.say("consult.note.discarded", "time", w.at(hour(m.Corrected, now)), "reason", w.reason(m.Reason))
	case m.Version > 1 && m.Subject.Key() != m.First.Key():
		return w.say("consult.note.assigned", "time", w.at(hour(m.Corrected, now)), "first", w.identityOf(m.First))
	case m.Version > 1:
		return w.say("consult.note.restored", "time", w.at(hour(m.Corrected, now)))
	}
	return ""
}

// reason is why a measurement was discarded, as it stands behind a colon: what a
// person typed as it is.
func (w words) reason(text string) string {
	if slices.Contains(strings.Split(w.say("correct.reasons"), "\n"), text) {
		return inSentence(text)
	}
	return text
}

// receivers names them one after the other; a name can hold commas.
func (w words) receivers(had []station.Receiver) string {
	names := make([]string, len(had))
	for i, r := range had {
		names[i] = w.software(r.Software)
	}
	return strings.Join(names, w.say("correct.received.and"))
}

// received says which software has a measurement, and what to do about that.
func (w words) received(had []station.Receiver) fyne.CanvasObject {
	if len(had) == 0 {
		return muted(w.say("correct.received.none"))
	}
	names := paragraph(w.say("correct.received", "software", w.receivers(had)))
	names.TextStyle.Bold = true
	return column(-8, names, muted(w.say("correct.received.text")))
}

// subject is what a question about a measurement is about: its value, large, when
// and with what it was measured.
func (w words) subject(m *fhirmap.Recorded, now time.Time) fyne.CanvasObject {
	f := w.figure(&m.Measurement)
	value := widget.NewLabelWithStyle(joined(" ", f.main, f.aside, f.unit), fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	value.SizeName = theme.SizeNameHeadingText
	value.Wrapping = fyne.TextWrapWord
	what := widget.NewLabelWithStyle(joined(" · ", w.vital(m.Type), moment(m.Effective(), now), w.source(&m.Measurement)),
		fyne.TextAlignCenter, fyne.TextStyle{})
	what.Wrapping = fyne.TextWrapWord
	return container.NewStack(newPanel(colourChosen, "", sizeRadius), padded(2, 4, column(-6, value, what)))
}

// assignQuestion asks whether m, which is one person's or nobody's, is another's.
func (w words) assignQuestion(m *fhirmap.Recorded, to station.Attribution, had []station.Receiver, now time.Time, assign func()) question {
	title, yes := "correct.assign.title", "correct.assign.yes"
	if m.Subject.Key() != "" {
		title, yes = "correct.change.title", "correct.change.yes"
	}
	return question{
		title:   w.say(title),
		content: []fyne.CanvasObject{padded(6, 8, w.subject(m, now)), w.fromTo(m.Subject, to.Patient), w.received(had)},
		choices: []choice{
			{w.say("correct.no"), widget.MediumImportance, nil},
			{w.say(yes), widget.HighImportance, assign},
		},
	}
}

// fromTo says whose it is now, and whose it will be.
func (w words) fromTo(from, to *fhirmap.Patient) fyne.CanvasObject {
	before := paragraph(w.say("correct.from", "who", w.identityOf(from)))
	after := paragraph(w.say("correct.to", "who", w.identityOf(to)))
	after.TextStyle.Bold = true
	after.SizeName = theme.SizeNameSubHeadingText
	return column(-4, before, after)
}

// maxReason is how many characters a reason can have. See Station.Discard.
const maxReason = 256

// discardQuestion asks why m was recorded in error.
func (w words) discardQuestion(m *fhirmap.Recorded, had []station.Receiver, now time.Time, discard func(reason string)) question {
	reason := newField(w.say("correct.reason"), w.say("correct.reason.hint"), func(text string) string {
		switch n := utf8.RuneCountInString(strings.TrimSpace(text)); {
		case n == 0:
			return w.say("correct.reason.needed")
		case n > maxReason:
			return w.say("name.long", "n", fmt.Sprint(maxReason))
		}
		return ""
	})
	reason.hint.SizeName = theme.SizeNameCaptionText
	usual := container.New(&flow{distance: 6, whole: dialogWidth - 16})
	for text := range strings.SplitSeq(w.say("correct.reasons"), "\n") {
		b := newButton(text, widget.MediumImportance, func() { reason.SetText(text) })
		b.escape = func() { reason.escape() }
		usual.Add(b)
	}
	return question{
		title: w.say("correct.discard.title"),
		content: []fyne.CanvasObject{
			padded(6, 8, w.subject(m, now)), paragraph(w.say("correct.of", "who", w.identityOf(m.Subject))),
			padded(0, 8, usual), column(-6, reason, reason.hint), w.received(had),
		},
		fields: []*field{reason},
		choices: []choice{
			{w.say("correct.no"), widget.MediumImportance, nil},
			{w.say("correct.discard.yes"), widget.HighImportance, func() { discard(strings.TrimSpace(reason.Text)) }},
		},
	}
}

// undoQuestion asks whether what was said of m before is to count again.
func (w words) undoQuestion(m *fhirmap.Recorded, had []station.Receiver, now time.Time, undo func()) question {
	q := question{
		title:   w.say("correct.undo.title"),
		content: []fyne.CanvasObject{padded(6, 8, w.subject(m, now)), w.fromTo(m.Subject, m.First), w.received(had)},
		choices: []choice{
			{w.say("correct.no"), widget.MediumImportance, nil},
			{w.say("correct.undo.yes"), widget.HighImportance, undo},
		},
	}
	if m.Discarded {
		q.title, q.choices[1].text = w.say("correct.restore.title"), w.say("correct.restore.yes")
		q.content[1] = column(-4,
			paragraph(w.say("correct.of", "who", w.identityOf(m.Subject))), paragraph(w.say("correct.why", "reason", w.reason(m.Reason))))
	}
	return q
}

// knownQuestion asks whether who was typed in is the one that is known under the
// same number.
func (w words) knownQuestion(known, typed *fhirmap.Patient, other, same func()) question {
	return question{
		title: w.say("patient.known.title"),
		content: []fyne.CanvasObject{
			paragraph(w.say("patient.known.text", "number", typed.ID)),
			w.knownLine("patient.known.there", known), w.knownLine("patient.known.typed", typed),
			muted(w.say("patient.known.why")),
		},
		choices: []choice{
			{w.say("patient.known.no"), widget.MediumImportance, other},
			{w.say("patient.known.yes"), widget.HighImportance, same},
		},
	}
}

func (w words) knownLine(key string, p *fhirmap.Patient) fyne.CanvasObject {
	l := paragraph(w.say(key, "who", joined(", ", w.person(p), w.birth(p))))
	l.TextStyle.Bold = true
	return l
}
