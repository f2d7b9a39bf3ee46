package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// mostMatches is how many patients the search shows at once.
const mostMatches = 6

// A subject is whose measurements are shown: a patient, or nobody.
type subject struct{ patient *fhirmap.Patient }

func (s *subject) key() string { return s.patient.Key() }

// A patientChooser finds a patient among those that the log names.
type patientChooser struct {
	words  words
	scroll *container.Scroll
	search *field
	list   *fyne.Container
	hint   *prose
	known  []station.Version[fhirmap.Patient]
	read   bool   // known are
	fault  string // why they could not be
	choose func(*subject)
	first  []*subject // that Return chooses the first of
}

func newPatientChooser(w words, choose func(*subject)) *patientChooser {
	c := &patientChooser{words: w, list: column(6), hint: muted(""), choose: choose}
	c.search = newField(w.say("history.search.example"), "", func(string) string { return "" })
	c.search.OnChanged = func(string) { c.show() }
	c.search.submit = func() {
		if c.search.Text != "" && len(c.first) > 0 {
			c.choose(c.first[0])
		}
	}
	c.search.escape = func() { c.search.SetText("") }
	text := container.New(reading{width: pageWidth}, column(10, c.search, c.list, padded(0, -inset, c.hint)))
	c.scroll = container.NewVScroll(padded(4, margin, text)) // room for the edges and the ring
	c.show()
	return c
}

// know takes the patients, the one seen last last.
func (c *patientChooser) know(known []station.Version[fhirmap.Patient]) {
	c.known, c.read, c.fault = known, true, ""
	c.show()
}

// fail says why the patients cannot be read.
func (c *patientChooser) fail(why string) {
	c.fault = why
	c.show()
}

func (c *patientChooser) show() {
	found, n := matching(c.known, c.search.Text, mostMatches)
	c.first, c.list.Objects = nil, nil
	if c.search.Text == "" {
		c.add(&subject{}, "wait", c.words.say("history.nobody"), c.words.say("history.nobody.why"))
	}
	for i := range found {
		p := &found[i]
		c.add(&subject{p}, "person", c.words.person(p), joined(" · ", c.words.birth(p), c.words.say("history.number", "number", p.ID)))
	}
	hint, importance := "", widget.LowImportance
	switch {
	case c.fault != "":
		hint, importance = c.fault, widget.DangerImportance
	case !c.read:
		hint = c.words.say("history.reading")
	case len(c.known) == 0:
		hint = c.words.say("history.none")
	case n == 0:
		hint = c.words.say("history.unknown")
	case n > len(found):
		hint = c.words.count(n-len(found), "", "history.more.single", "history.more.several")
	}
	c.hint.Importance = importance
	c.hint.SetText(hint)
	visible(c.hint, hint != "")
	c.scroll.Refresh()
}

func (c *patientChooser) add(s *subject, symbol, name, detail string) {
	c.first = append(c.first, s)
	text := column(1, newLabel(name, colourText, sizeText).strong().cutting(), newLabel(detail, colourMuted, sizeSmall).cutting())
	content := padded(8, 12, container.NewBorder(nil, nil, padded(0, 6, container.NewCenter(newSymbol(symbol, colourMuted, 22))), nil, text))
	c.list.Add(newOption(joined(" · ", name, detail), content, func() { c.choose(s) }, func() {}))
}

// A period is how much time a person asked for.
type period int

const (
	periodDay period = iota
	periodWeek
	periodMonth
	periodYear
	periodAll
	periodOther // from one day to another, or zoomed
	periodUsual // the one that shows most of what there is
)

var periodKeys = [...]string{
	"history.day", "history.week", "history.month", "history.year", "history.all", "history.other",
}

// usual is the period for measurements of so long a time.
func usual(all time.Duration) period {
	const day = 24 * time.Hour
	switch {
	case all <= day/2:
		return periodAll
	case all <= day:
		return periodDay
	case all <= 7*day:
		return periodWeek
	case all <= 31*day:
		return periodMonth
	case all <= 2*365*day:
		return periodAll
	}
	return periodYear
}

// span is the period that ends with the newest measurement, or now where that is
// not long ago.
func (p period) span(first, last, now time.Time) station.Span {
	if p == periodAll {
		room := max(last.Sub(first)/50, time.Minute)
		if first.Equal(last) {
			room = 12 * time.Hour
		}
		return station.Span{From: first.Add(-room), To: last.Add(room)}
	}
	back := func(t time.Time) time.Time {
		switch p {
		case periodDay:
			return t.AddDate(0, 0, -1)
		case periodWeek:
			return t.AddDate(0, 0, -7)
		case periodMonth:
			return t.AddDate(0, -1, 0)
		default:
			return t.AddDate(-1, 0, 0)
		}
	}
	end := now
	if last.Before(back(now)) || last.After(now) {
		end = last
	}
	end = end.Add(end.Sub(back(end)) / 50) // the newest does not stand at the edge
	return station.Span{From: back(end), To: end}
}
