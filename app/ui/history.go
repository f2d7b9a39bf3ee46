package ui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// HistoryCore is what the page of what was measured needs of the station.
type HistoryCore interface {
	Patients(ctx context.Context) ([]station.Version[fhirmap.Patient], error)
	Trends(ctx context.Context, q station.TrendSearch) ([]station.Trend, error)
	Search(ctx context.Context, q station.Search) ([]station.Found, *station.Page, error)
	Count(ctx context.Context, q station.Search) (int, error)
	WriteBundle(ctx context.Context, out io.Writer, q station.Search, progress func(done int)) (measurements int, err error)
	ExportFile(path string, format station.ExportFormat, patient string, write func(io.Writer) (measurements int, err error)) error
}

// historyColumns is how many columns of pixels plots are read for: more than
// they are wide on most screens.
const historyColumns = 1200

// firstShown is how many vital signs are plotted until a person chooses.
const firstShown = 4

// historyPage shows what was measured of one patient: plots, or a table.
type historyPage struct {
	fyne.CanvasObject
	words words
	now   func() time.Time
	do    actions

	note, dates           *label
	export, change, retry *button
	fault                 *prose
	faultBox, emptyBox    *fyne.Container
	who                   *historyWho
	chooser               *patientChooser
	chosenBox             *fyne.Container
	periods               []*option
	kinds                 *fyne.Container
	kindOptions           map[fhirmap.Type]*option
	forms                 [2]*option // plots, table
	plot                  *trendPlot
	plotBox, kindBox      fyne.CanvasObject
	table                 *historyTable
	empty                 *prose

	of      *subject // nil: nobody is chosen yet
	period  period
	view    station.Span
	known   []station.Trend // of all time, without points
	trends  []station.Trend // of view
	shown   map[fhirmap.Type]bool
	tabular bool // instead of plots

	pages   []*station.Page // where each page of the table begins, the first nil
	next    *station.Page
	seen    string // the newest measurements when it was read last
	follows bool   // shows who is in consultation, until a person chooses
}

func newHistoryPage(w words, o Options, do actions) *historyPage {
	p := &historyPage{
		words: w, now: o.Now, do: do, period: periodUsual, follows: true, kindOptions: map[fhirmap.Type]*option{},
		note: newLabel("", colourAmber, sizeSmall).cutting().trailing(), dates: newLabel("", colourMuted, sizeSmall).strong(),
		fault: paragraph(""), who: newHistoryWho(), kinds: container.New(&flow{distance: 8}), empty: muted(""),
	}
	p.fault.Importance = widget.DangerImportance
	p.retry = newButton(w.say("history.retry"), widget.MediumImportance, p.again)
	p.faultBox = container.NewBorder(nil, nil, nil, container.NewCenter(p.retry), padded(0, -inset, p.fault))
	p.faultBox.Hide()
	p.emptyBox = padded(0, -inset, p.empty)
	p.export = newButton(w.say("history.export"), widget.HighImportance, func() { p.do.exportHistory(p.exported()) })
	p.change = newButton(w.say("history.change"), widget.MediumImportance, p.chooseAgain)
	p.chooser = newPatientChooser(w, p.choose)
	p.plot = newTrendPlot(w, p.zoomed, func() { p.ask(periodAll) })
	p.table = newHistoryTable(w, p.newer, p.older)
	p.build()
	p.arrange()
	return p
}

func (p *historyPage) build() {
	for i, key := range periodKeys {
		p.periods = append(p.periods, p.pill(p.words.say(key), "", func() { p.ask(period(i)) }))
	}
	p.forms = [2]*option{
		p.pill(p.words.say("history.curves"), "", func() { p.showAs(false) }),
		p.pill(p.words.say("history.table"), "", func() { p.showAs(true) }),
	}
	periods := container.New(&flow{distance: 6})
	for _, o := range p.periods {
		periods.Add(o)
	}
	choices := container.New(spread{8}, periods, row(6, p.forms[0], p.forms[1]))
	p.kindBox = column(8, p.kinds, container.NewBorder(nil, nil, p.dates, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 10, 0), p.note)))
	p.plotBox = container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(6, 4, container.NewVScroll(p.plot)))
	p.chosenBox = container.New(under{8}, column(8, choices, p.kindBox, p.faultBox, p.emptyBox), container.NewStack(p.plotBox, p.table.Container))
	head := container.New(spread{12}, p.who.Container, row(8, p.change, p.export))
	p.CanvasObject = padded(14, margin, container.NewBorder(padded(4, 0, head), nil, nil, nil, container.NewStack(padded(0, -margin, p.chooser.scroll), p.chosenBox)))
}

// pill is a small option, with a colour of its own before its name.
func (p *historyPage) pill(name string, colour fyne.ThemeColorName, tapped func()) *option {
	text := fyne.CanvasObject(newLabel(name, colourText, sizeSmall).strong())
	if colour != "" {
		dot := newPanel(colour, "", sizeRadius)
		text = row(7, container.NewGridWrap(fyne.NewSquareSize(11), dot), text)
	}
	return newOption(name, padded(5, 10, text), tapped, func() {})
}

// choose shows the measurements of somebody whom a person wants to see.
func (p *historyPage) choose(of *subject) {
	p.follows = false
	p.begin(of)
}

func (p *historyPage) begin(of *subject) {
	p.of, p.known, p.trends, p.shown, p.pages, p.next = of, nil, nil, nil, nil, nil
	p.period = periodUsual
	p.view = station.Span{}
	p.faultBox.Hide()
	p.table.show(nil, 1, 0, false, p.now().Location()) // nothing of anybody else
	p.arrange()
	p.reload(true)
}

func (p *historyPage) chooseAgain() {
	p.of, p.follows = nil, false
	p.arrange()
	p.readPatients()
	p.do.focus(p.chooser.search)
}

// readPatients reads whom there is to choose from.
func (p *historyPage) readPatients() {
	p.do.look("patients", func(ctx context.Context, core HistoryCore) (func(), error) {
		known, err := core.Patients(ctx)
		return func() { p.chooser.know(known) }, err
	}, p.failed)
}

// ask shows a period.
func (p *historyPage) ask(wanted period) {
	if wanted == periodOther {
		p.do.askDays(p.view, p.now().Location(), func(span station.Span) { p.see(span, periodOther) })
		return
	}
	p.period = wanted
	p.reload(true)
}

// zoomed follows the plot, as far as there is something to see.
func (p *historyPage) zoomed(from, to time.Time) station.Span {
	span := station.Span{From: from, To: to}
	if len(p.known) > 0 {
		span = inSight(span, p.known)
	}
	p.see(span, periodOther)
	return span
}

func (p *historyPage) see(span station.Span, as period) {
	p.view, p.period = span, as
	p.pages = nil
	p.mark()
	p.reload(false)
}

func (p *historyPage) showAs(table bool) {
	p.tabular = table
	p.arrange()
	p.reload(false)
}

func (p *historyPage) newer() {
	p.pages = p.pages[:max(len(p.pages)-1, 0)]
	p.reload(false)
}

func (p *historyPage) older() {
	if p.next != nil {
		p.pages = append(p.pages, p.next)
		p.reload(false)
	}
}

// toggle shows or hides a vital sign.
func (p *historyPage) toggle(t fhirmap.Type) {
	p.shown[t] = !p.shown[t]
	p.pages = nil
	p.present()
	if p.tabular {
		p.reload(false)
	}
}

// A lookedUp is what was read for the page.
type lookedUp struct {
	known, trends []station.Trend // known nil: as before
	view          station.Span
	period        period
	found         []station.Found
	next          *station.Page
	all           int
}

// reload reads what is shown; anew includes which vital signs there are.
func (p *historyPage) reload(anew bool) {
	if p.of == nil {
		return
	}
	key, period, view, now, pages, table := p.of.key(), p.period, p.view, p.now(), slices.Clone(p.pages), p.tabular
	types, known, shown := p.types(), p.known, p.shown
	p.do.look("history", func(ctx context.Context, core HistoryCore) (func(), error) {
		l := &lookedUp{known: known, view: view, period: period}
		var err error
		if anew || known == nil {
			if l.known, err = core.Trends(ctx, station.TrendSearch{Patient: key}); err != nil {
				return nil, err
			}
			if period != periodOther {
				l.view, l.period = spanOf(l.known, period, now)
			}
			if shown == nil {
				types = firstTypes(l.known)
			}
		}
		if l.trends, err = core.Trends(ctx, station.TrendSearch{Patient: key, Taken: l.view, Columns: historyColumns}); err != nil {
			return nil, err
		}
		if table && len(types) > 0 {
			q := station.Search{Patients: []string{key}, Types: types, Taken: l.view, Limit: pageOfTable}
			if l.all, err = core.Count(ctx, q); err != nil {
				return nil, err
			}
			if len(pages) > 0 {
				q.Page = pages[len(pages)-1]
			}
			if l.found, l.next, err = core.Search(ctx, q); err != nil {
				return nil, err
			}
		}
		return func() { p.take(l) }, nil
	}, p.failed)
}

// again tries once more what could not be read.
func (p *historyPage) again() {
	if p.of == nil {
		p.readPatients()
		return
	}
	p.reload(true)
}

func (p *historyPage) take(l *lookedUp) {
	p.period = l.period
	p.known, p.trends, p.view, p.next = l.known, l.trends, l.view, l.next
	if p.shown == nil {
		p.shown = map[fhirmap.Type]bool{}
		for _, t := range firstTypes(p.known) {
			p.shown[t] = true
		}
	}
	p.faultBox.Hide()
	p.offer()
	p.present()
	if p.tabular {
		p.table.show(l.found, len(p.pages)*pageOfTable+1, l.all, l.next != nil, p.now().Location())
	}
}

func (p *historyPage) failed(err error) {
	why := p.words.fault(fhirmap.FaultOf(err))
	if p.of == nil {
		p.chooser.fail(why)
		return
	}
	write(p.fault, why)
	p.faultBox.Show()
	p.hideWhatIsUnknown()
	p.CanvasObject.Refresh()
}

// update follows what is recorded: the page is read anew when something came.
func (p *historyPage) update(v view) {
	before, seen := p.seen, newestOf(v.recent)
	p.seen = seen
	if c := v.situation.Consultation; c != nil && c.Patient.Key() != "" && p.follows && (p.of == nil || !p.of.patient.Same(c.Patient)) {
		p.begin(&subject{c.Patient})
		return
	}
	switch {
	case seen == before:
	case p.of == nil:
		p.readPatients()
	default:
		p.reload(true)
	}
}

// newestOf tells whether anything came or was corrected.
func newestOf(recent []fhirmap.Recorded) string {
	if len(recent) == 0 {
		return "none"
	}
	versions := 0
	for i := range recent {
		versions += recent[i].Version
	}
	return fmt.Sprint(recent[0].Seq, " ", len(recent), " ", versions)
}
