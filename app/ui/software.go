package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// accessActions are what a person can do about who receives measurements. They
// run on the toolkit's goroutine and do not wait.
type accessActions struct {
	look        func(done func(station.Access))
	allow       func() // a site that is asked for
	allowSite   func(origin string)
	revokeSite  func(origin string) // once it is confirmed
	createToken func(existing []station.TokenInfo)
	revokeToken func(name string)
	copy        func(text string)
	copyLink    func() // to the page for software vendors, good once
	journal     func(kind auditKind, most int, done func(journal, error))
}

// softwarePage tells who may receive measurements, who does, and how to connect
// more. The journal of all that was granted takes its place.
type softwarePage struct {
	fyne.CanvasObject
	overview fyne.CanvasObject
	journal  *journalPage
	words    words
	now      func() time.Time
	do       actions
	create   *button
	open     *button // the journal
	empty    *fyne.Container
	lists    [4]*rowList
	copiers  []*copier
	access   station.Access
	looking  bool
}

func newSoftwarePage(w words, o Options, do actions) *softwarePage {
	p := &softwarePage{words: w, now: o.Now, do: do, empty: outdented(paragraph(w.say("software.empty")))}
	nothing := func(string) {}
	for i, list := range []struct {
		heading string
		do      func(string)
	}{
		{"software.connected", nothing}, {"software.sites", p.site}, {"software.tokens", func(name string) { do.access.revokeToken(name) }},
		{"software.others", nothing},
	} {
		p.lists[i] = newRowList(w.say(list.heading), list.do)
	}
	p.create = newButton(w.say("software.create"), widget.HighImportance, func() { do.access.createToken(p.access.Tokens) })
	allow := newButton(w.say("software.site"), widget.MediumImportance, func() { do.access.allow() })
	p.open = newButton(w.say("software.journal.open"), widget.MediumImportance, p.openJournal)
	title := newLabel(w.say("software.title"), colourText, sizeTitle).strong().cutting()
	content := []fyne.CanvasObject{headLine(title, allow, p.create), p.empty}
	rule := w.say("software.tokens.open")
	if o.Tokens {
		rule = w.say("software.tokens.closed")
	}
	p.lists[2].Add(flat(muted(rule)))
	for _, list := range p.lists {
		content = append(content, list.Container)
	}
	p.overview = page(append(content, p.howTo(o), topic("journal", w.say("software.journal"),
		paragraph(w.say("software.journal.text")), padded(6, 0, row(0, p.open))))...)
	p.journal = newJournalPage(w, o, do, p.closeJournal)
	p.CanvasObject = container.NewStack(p.overview, p.journal.CanvasObject)
	return p
}

// howTo says how software is connected, with what is to be copied.
func (p *softwarePage) howTo(o Options) fyne.CanvasObject {
	w := p.words
	toCopy := func(text string) fyne.CanvasObject {
		c := newCopier(w, func() { p.do.access.copy(text) })
		p.copiers = append(p.copiers, c)
		return copyable(text, c)
	}
	link := newCopier(w, func() { p.do.access.copyLink() })
	link.usual = w.say("software.link.copy")
	link.SetText(link.usual)
	p.copiers = append(p.copiers, link)
	return topic("software", w.say("software.how"),
		paragraph(w.say("software.how.text")), toCopy(o.Address),
		paragraph(w.say("software.how.code")), toCopy(connectCode(o.Address, o.Tokens)),
		paragraph(w.say("software.how.page")),
		padded(6, 0, row(10, newButton(w.say("empty.action"), widget.MediumImportance, p.do.openAddress), link.button)),
	)
}

// site revokes what a site may, or allows one that was refused.
func (p *softwarePage) site(origin string) {
	for _, page := range p.access.Pages {
		if page.Origin == origin && page.Answer == station.AnswerRefuse {
			p.do.access.allowSite(origin)
			return
		}
	}
	p.do.access.revokeSite(origin)
}

func (p *softwarePage) update(view) { p.look() }

// look asks the program anew, unless that is under way.
func (p *softwarePage) look() {
	if p.looking || p.journal.Visible() {
		return
	}
	p.looking = true
	p.do.access.look(func(a station.Access) {
		p.looking = false
		p.show(a)
	})
}

func (p *softwarePage) show(a station.Access) {
	p.access = a
	text := p.words.access(&a, p.now())
	reshaped := visible(p.empty, text.empty())
	for i, rows := range [][]rowText{text.connected, text.pages, text.tokens, text.others} {
		reshaped = p.lists[i].update(rows) || reshaped
	}
	if reshaped {
		p.overview.Refresh()
	}
}

func (p *softwarePage) age() {
	for _, c := range p.copiers {
		c.age()
	}
	p.look()
}

func (p *softwarePage) openJournal() {
	p.overview.Hide()
	p.journal.start()
}

func (p *softwarePage) closeJournal() {
	p.journal.Hide()
	p.overview.Show()
	p.look()
	p.do.focus(p.open)
}

// escape goes back from the journal.
func (p *softwarePage) escape() {
	if p.journal.Visible() {
		p.closeJournal()
	}
}
