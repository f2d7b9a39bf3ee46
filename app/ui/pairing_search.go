package ui

import (
	"cmp"
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// maxOthers is how many devices are listed that no driver of the type has
// recognised.
const maxOthers = 12

// searchStage lists the devices that are heard. A row keeps its place below
// those that came before: what moves is clicked in error.
type searchStage struct {
	*fyne.Container
	wizard  *wizard
	heading *label
	list    *fyne.Container
	others  *label // heading
	rest    *fyne.Container
	more    *label
	hint    *fyne.Container
	rows    map[string]*heardRow // by address
	order   []string             // in which they came
	run     int
}

func newSearchStage(w *wizard) *searchStage {
	s := &searchStage{
		wizard: w, rows: map[string]*heardRow{},
		heading: newLabel("", colourText, sizeText).strong(),
		list:    column(8), rest: column(8),
		others: newLabel(w.words.say("pair.others"), colourMuted, sizeText).strong().cutting(),
		more:   newLabel("", colourMuted, sizeSmall),
		hint:   outdented(column(0, paragraph(w.words.say("pair.nothing")), muted(w.words.say("pair.hint")))),
	}
	s.Container = column(8,
		row(8, newSymbol("bluetooth", colourAccent, 22), s.heading),
		s.list, s.hint, padded(4, 0, s.others), s.rest, s.more,
	)
	return s
}

func (s *searchStage) show(w *wizard) (reshaped bool) {
	if s.run != w.run {
		s.run, s.order, s.rows = w.run, nil, map[string]*heardRow{}
	}
	var heard []station.Heard
	if w.newest != nil {
		heard = w.newest.Heard
	}
	ours, others := s.split(heard)
	hidden := max(len(others)-maxOthers, 0)
	others = others[:len(others)-hidden]
	reshaped = s.place(s.list, ours)
	reshaped = s.place(s.rest, others) || reshaped
	s.heading.set(w.words.count(len(heard), "pair.heard.none", "pair.heard.single", "pair.heard.several"))
	s.more.set(w.words.count(hidden, "pair.more.none", "pair.more.single", "pair.more.several"))
	reshaped = visible(s.hint, len(ours) == 0) || reshaped
	reshaped = visible(s.others, len(others) > 0) || reshaped
	return visible(s.more, hidden > 0) || reshaped
}

// split tells the devices of the type, those of the model chosen first, from
// all others. Within each they keep the order in which they came.
func (s *searchStage) split(heard []station.Heard) (ours, others []station.Heard) {
	for i := range heard {
		if !slices.Contains(s.order, heard[i].Address) {
			s.order = append(s.order, heard[i].Address)
		}
	}
	w := s.wizard
	for _, h := range heard {
		if m := w.all.find(h.Driver); m != nil && m.Type == w.kind {
			ours = append(ours, h)
		} else {
			others = append(others, h)
		}
	}
	arrived := func(a, b station.Heard) int {
		return cmp.Compare(slices.Index(s.order, a.Address), slices.Index(s.order, b.Address))
	}
	slices.SortStableFunc(ours, func(a, b station.Heard) int {
		return cmp.Or(before(a.Driver == w.model, b.Driver == w.model), arrived(a, b))
	})
	slices.SortStableFunc(others, arrived)
	return ours, others
}

// place tells whether the list has another size.
func (s *searchStage) place(list *fyne.Container, heard []station.Heard) (reshaped bool) {
	objects := make([]fyne.CanvasObject, len(heard))
	for i := range heard {
		h := &heard[i]
		row := s.rows[h.Address]
		if row == nil {
			row = newHeardRow(s.wizard, h.Address)
			s.rows[h.Address] = row
		}
		row.show(s.wizard, h)
		objects[i] = row.option
	}
	reshaped = !slices.Equal(objects, list.Objects)
	list.Objects = objects
	return reshaped
}

// first is nothing yet: the list is still to be filled.
func (s *searchStage) first() fyne.Focusable { return nil }

// A heardRow is one device that is heard.
type heardRow struct {
	*option
	picture *drawing
	unknown *symbol // in place of a picture
	title   *label
	detail  *label
	strong  *label
	bars    *bars
}

func newHeardRow(w *wizard, address string) *heardRow {
	r := &heardRow{
		picture: newDrawing("", 60),
		unknown: newSymbol("bluetooth", colourMuted, 26),
		title:   newLabel("", colourText, sizeText).strong().cutting(),
		detail:  newLabel("", colourMuted, sizeSmall).cutting(),
		strong:  newLabel("", colourMuted, sizeSmall).trailing(),
		bars:    newBars(),
	}
	signal := container.NewCenter(row(8, r.strong, r.bars))
	text := padded(4, 8, column(3, r.title, r.detail))
	content := padded(8, 12, container.NewBorder(nil, nil, container.NewStack(r.picture, container.NewCenter(r.unknown)), signal, text))
	r.option = newOption("", content, func() { w.chooseDevice(address) }, w.back)
	return r
}

func (r *heardRow) show(w *wizard, h *station.Heard) {
	m := w.all.find(h.Driver)
	title := h.Name
	if title == "" {
		title = w.words.say("pair.nameless")
	}
	detail := h.Address
	visible(r.unknown, m == nil)
	if m != nil {
		r.picture.set(drawingOf(m.ID, m.Type))
		known := w.words.model(m)
		if known == "" {
			known = w.words.deviceType(m.Type)
		}
		detail = joined(" · ", w.words.say("pair.known", "model", known), h.Address)
	}
	colour := colourMuted
	if i := slices.IndexFunc(w.situation.Devices, func(d station.Device) bool { return d.ID == h.Paired }); h.Paired != "" && i >= 0 {
		d := &w.situation.Devices[i]
		detail, colour = w.words.say("pair.already", "name", joined(" · ", d.Name, d.Place)), colourAmber
	}
	level, words := strength(h.RSSI)
	r.title.set(title)
	r.detail.show(detail, colour)
	r.bars.set(level)
	signal := ""
	if words != "" {
		signal = w.words.say(words)
	}
	if r.strong.text != signal {
		r.strong.set(signal)
		r.option.Refresh()
	}
	r.option.name = joined(", ", title, detail, signal)
}

// strength is how well a device is heard at a received power in dBm, in bars
// of four and in words; 0 bars: it was not told.
func strength(rssi int) (bars int, key string) {
	switch {
	case rssi == 0:
		return 0, ""
	case rssi >= -60:
		return 4, "signal.best"
	case rssi >= -72:
		return 3, "signal.good"
	case rssi >= -84:
		return 2, "signal.fair"
	default:
		return 1, "signal.weak"
	}
}

// bars show the strength of a signal.
type bars struct {
	widget.BaseWidget
	level int
}

func newBars() *bars {
	b := &bars{}
	b.ExtendBaseWidget(b)
	return b
}

func (b *bars) set(level int) {
	if b.level != level {
		b.level = level
		b.Refresh()
	}
}

func (b *bars) CreateRenderer() fyne.WidgetRenderer {
	const all, width, distance, height = 4, 5, 3, 20
	r := &renderer{
		minSize: func() fyne.Size { return fyne.NewSize(all*(width+distance)-distance, height) },
		layout:  func(fyne.Size) {},
	}
	var posts []*canvas.Rectangle
	for i := range all {
		post := canvas.NewRectangle(color.Transparent)
		tall := float32(height * (i + 1) / all)
		post.Resize(fyne.NewSize(width, tall))
		post.Move(fyne.NewPos(float32(i*(width+distance)), height-tall))
		post.CornerRadius = 1
		posts, r.objects = append(posts, post), append(r.objects, post)
	}
	r.refresh = func() {
		for i, post := range posts {
			post.FillColor = paint(colourShade)
			if i < b.level {
				post.FillColor = paint(colourAccent)
			}
			post.Hidden = b.level == 0
			post.Refresh()
		}
	}
	r.refresh()
	return r
}
