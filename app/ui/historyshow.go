package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A historyWho names whose history is shown.
type historyWho struct {
	*fyne.Container
	name, detail *label
}

func newHistoryWho() *historyWho {
	h := &historyWho{name: newLabel("", colourText, sizeSection).strong().cutting(), detail: newLabel("", colourMuted, sizeSmall).cutting()}
	h.Container = column(0, h.name, h.detail)
	return h
}

// show names nobody as the page itself.
func (h *historyWho) show(w words, of *subject) {
	h.name.size = sizeSection
	switch {
	case of == nil:
		h.name.size = sizeTitle
		h.name.set(w.say("history.title"))
		h.detail.set(w.say("history.search"))
	case of.patient == nil:
		h.name.set(w.say("history.nobody"))
		h.detail.set(w.say("history.nobody.why"))
	default:
		h.name.set(w.person(of.patient))
		h.detail.set(joined(" · ", w.birth(of.patient), w.say("history.number", "number", of.patient.ID)))
	}
}

// spanOf is a period of somebody of whom all that is known, and which it is.
func spanOf(known []station.Trend, wanted period, now time.Time) (station.Span, period) {
	if len(known) == 0 {
		return periodMonth.span(now, now, now), periodMonth
	}
	first, last := ends(known)
	if wanted == periodUsual {
		wanted = usual(last.Sub(first))
	}
	return wanted.span(first, last, now), wanted
}

// ends are when the first and the last of all that is known were measured.
func ends(known []station.Trend) (first, last time.Time) {
	first, last = known[0].First, known[0].Last
	for i := range known {
		if known[i].First.Before(first) {
			first = known[i].First
		}
		if known[i].Last.After(last) {
			last = known[i].Last
		}
	}
	return first, last
}

// inSight moves a view so that it shows some of the time between the first and
// the last measurement.
func inSight(view station.Span, known []station.Trend) station.Span {
	first, last := ends(known)
	margin := view.To.Sub(view.From) / 10
	by := time.Duration(0)
	switch {
	case view.From.Add(margin).After(last):
		by = last.Sub(view.From.Add(margin))
	case view.To.Add(-margin).Before(first):
		by = first.Sub(view.To.Add(-margin))
	}
	return station.Span{From: view.From.Add(by), To: view.To.Add(by)}
}

// typesOf are the vital signs of trends, each once.
func typesOf(trends []station.Trend) (types []fhirmap.Type) {
	for i := range trends {
		types = append(types, trends[i].Type)
	}
	return slices.Compact(types)
}

func firstTypes(known []station.Trend) []fhirmap.Type {
	types := typesOf(known)
	return types[:min(firstShown, len(types))]
}

// types are those that a person wants to see.
func (p *historyPage) types() []fhirmap.Type {
	return slices.DeleteFunc(typesOf(p.known), func(t fhirmap.Type) bool { return !p.shown[t] })
}

// arrange shows the search for a patient, or what was measured.
func (p *historyPage) arrange() {
	chosen := p.of != nil
	visible(p.chosenBox, chosen)
	visible(p.chooser.scroll, !chosen)
	visible(p.change, chosen)
	visible(p.export, chosen)
	p.who.show(p.words, p.of)
	visible(p.plotBox, !p.tabular)
	visible(p.table.Container, p.tabular)
	p.forms[0].mark(!p.tabular)
	p.forms[1].mark(p.tabular)
	p.mark()
	able(&p.export.Button, chosen && len(p.types()) > 0)
	p.hideWhatIsUnknown()
	p.CanvasObject.Refresh()
}

// hideWhatIsUnknown shows no plots before it is known of what.
func (p *historyPage) hideWhatIsUnknown() {
	if len(p.known) == 0 {
		p.plotBox.Hide()
		p.table.Container.Hide()
		p.kindBox.Hide()
	}
}

// mark tells which period is shown.
func (p *historyPage) mark() {
	for i, o := range p.periods {
		o.mark(period(i) == p.period)
	}
	text := ""
	if !p.view.From.IsZero() {
		text = p.words.between(p.view.From, p.view.To, p.now().Location())
	}
	p.dates.set(text)
}

// offer makes the choice of vital signs, anew when there are others.
func (p *historyPage) offer() {
	types := typesOf(p.known)
	if len(types) == len(p.kindOptions) && !slices.ContainsFunc(types, func(t fhirmap.Type) bool { return p.kindOptions[t] == nil }) {
		return
	}
	p.kinds.Objects, p.kindOptions = nil, map[fhirmap.Type]*option{}
	for _, t := range types {
		o := p.pill(p.words.vital(t), lookOf(t).colour, func() { p.toggle(t) })
		p.kindOptions[t] = o
		p.kinds.Add(o)
	}
}

// present shows the plots.
func (p *historyPage) present() {
	for t, o := range p.kindOptions {
		o.mark(p.shown[t])
	}
	var lanes []*lane
	for i := range p.known {
		known := &p.known[i]
		if !p.shown[known.Type] || known.Unit == (fhirmap.Unit{}) {
			continue
		}
		here := &station.Trend{Type: known.Type, Unit: known.Unit}
		if at := slices.IndexFunc(p.trends, func(t station.Trend) bool { return t.Type == known.Type && t.Unit == known.Unit }); at >= 0 {
			here = &p.trends[at]
		}
		lanes = append(lanes, p.words.laneOf(here, p.of.patient, p.view.From))
	}
	lanes = joinLanes(lanes)
	zone := p.now().Location()
	p.plot.show(lanes, p.view.From.In(zone), p.view.To.In(zone), p.words.plotLabel(lanes, p.view.From, p.view.To, zone))
	p.note.show(p.remark(lanes))
	nothing := ""
	switch {
	case len(p.known) == 0 && p.of.patient == nil:
		nothing = p.words.say("history.nobody.yet")
	case len(p.known) == 0:
		nothing = p.words.say("history.patient.yet")
	case len(lanes) == 0 && !p.tabular:
		nothing = p.words.say("history.choose")
	}
	p.empty.SetText(nothing)
	visible(p.emptyBox, nothing != "")
	visible(p.plotBox, !p.tabular && len(lanes) > 0)
	visible(p.table.Container, p.tabular && len(p.known) > 0)
	visible(p.kindBox, len(p.known) > 0)
	able(&p.export.Button, len(p.types()) > 0)
	p.mark()
	p.CanvasObject.Refresh()
}

// remark is what the plots do not show, or what their tinted ranges are.
func (p *historyPage) remark(lanes []*lane) (string, fyne.ThemeColorName) {
	if p.tabular {
		return "", colourMuted
	}
	if note := p.words.trendNote(p.trends, func(t fhirmap.Type) bool { return p.shown[t] }); note != "" {
		return note, colourAmber
	}
	if !slices.ContainsFunc(lanes, func(l *lane) bool { return l.band != nil && len(l.points) > 0 }) {
		return "", colourMuted
	}
	return p.words.say("history.band"), colourMuted
}

// under sets a head, whose height follows from its width, above what takes the
// rest.
type under struct{ distance float32 }

func (l under) MinSize(objects []fyne.CanvasObject) fyne.Size {
	head, rest := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(head.Width, rest.Width), head.Height+l.distance+rest.Height)
}

func (l under) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(size.Width, objects[0].MinSize().Height)) // text that wraps needs its width first
	head := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, head))
	objects[1].Move(fyne.NewPos(0, head+l.distance))
	objects[1].Resize(fyne.NewSize(size.Width, max(size.Height-head-l.distance, 0)))
}
