package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// hostEvery is how long the addresses of this computer are taken for those that
// it has.
const hostEvery = 5 * time.Second

// helpPage holds the first steps, the addresses of this computer and the version.
type helpPage struct {
	fyne.CanvasObject
	words    words
	now      func() time.Time
	options  Options
	do       actions
	name     *prose
	list     *fyne.Container // what monitors are set to
	note     *prose
	copiers  []*copier
	shown    string
	asked    time.Time
	awaiting bool
}

func newHelpPage(w words, o Options, do actions) *helpPage {
	p := &helpPage{words: w, now: o.Now, options: o, do: do, name: paragraph(""), list: column(6), note: muted("")}
	addresses := topic("monitor", w.say("help.addresses"),
		p.name, muted(w.say("help.addresses.devices")), p.list, p.note,
		muted(w.say("help.addresses.software")), command(o.Address),
	)
	support := topic("help", w.say("help.support"), paragraph(w.say("help.support.text")),
		padded(6, 0, row(0, newButton(w.say("help.support.action"), widget.MediumImportance, do.support))))
	visible(support, o.Support != nil)
	p.CanvasObject = page(
		headLine(newLabel(w.say("help.title"), colourText, sizeTitle).strong()),
		topic("live", w.say("help.start"), lines(w.say("help.start.text"))...),
		trial(w, o, newButton(w.say("welcome.trial.start"), widget.MediumImportance, do.demonstrate)),
		topic("person", w.say("help.unassigned"), paragraph(w.say("help.unassigned.text"))),
		addresses,
		topic("device", w.say("help.devices"), w.compatible(o.Core.Models())...),
		topic("help", w.say("help.keys"), lines(w.say("help.keys.text"))...),
		support,
		flat(muted(w.say("help.notice"))),
		flat(muted(joined(" · ", w.say("app.name"), w.say("help.version", "version", o.Version)))),
	)
	p.show(host{})
	return p
}

func (p *helpPage) update(view) { p.look() }

func (p *helpPage) age() {
	for _, c := range p.copiers {
		c.age()
	}
	p.look()
}

// look asks this computer for its addresses, which change as it joins networks.
func (p *helpPage) look() {
	if now := p.now(); p.awaiting || !p.asked.IsZero() && now.Sub(p.asked).Abs() < hostEvery {
		return
	}
	p.asked, p.awaiting = p.now(), true
	p.do.host(func(h host) {
		p.awaiting = false
		p.show(h)
	})
}

func (p *helpPage) show(h host) {
	places, note := p.words.reachable(h, p.options.Listener)
	shown := strings.Join(append(places, h.name, note), "\n")
	if shown == p.shown {
		return
	}
	p.shown = shown
	p.name.SetText(p.words.say("help.host", "name", h.name))
	visible(p.name, h.name != "")
	p.note.SetText(note)
	visible(p.note, note != "")
	p.list.Objects, p.copiers = nil, nil
	for _, place := range places {
		c := newCopier(p.words, func() { p.do.access.copy(place) })
		p.copiers = append(p.copiers, c)
		p.list.Add(copyable(place, c))
	}
	p.CanvasObject.Refresh()
}
