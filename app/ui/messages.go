package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// trafficActions are what a technician can look at. They run on the toolkit's
// goroutine and do not wait.
type trafficActions struct {
	messages func(peer string, done func([]headed, error))
	rejected func(done func([]headed, error))
	copy     func(text string)
}

// A headed message is one whose head was read.
type headed struct {
	station.Message
	kind, control string
}

// messagesView shows the last messages of a peer, or those that were refused,
// each raw beside decoded. They hold patient data: nothing of them is read or
// shown before a person asks for it here, and nothing stays once they leave.
type messagesView struct {
	*fyne.Container
	words words
	now   func() time.Time
	do    actions
	close func()

	title  *label
	gate   fyne.CanvasObject
	why    *prose
	open   *button
	again  *button
	back   *button
	body   *fyne.Container
	empty  *prose
	list   *messageList
	size   *label
	raw    *sheet
	answer *label
	said   *sheet
	copy   *copier

	read  func(done func([]headed, error))
	none  string // said when there are none
	all   []headed
	asked int // how often; an answer to another question is late
	at    int // the one that is shown
}

func newMessagesView(w words, o Options, do actions, done func()) *messagesView {
	v := &messagesView{
		words: w, now: o.Now, do: do, close: done, title: newLabel("", colourText, sizeTitle).strong().cutting(),
		why: paragraph(""), empty: paragraph(""), size: newLabel("", colourMuted, sizeSmall).strong().cutting(),
		answer: newLabel("", colourMuted, sizeSmall).strong().cutting(),
		raw:    newSheet(fyne.TextStyle{Monospace: true}, done), said: newSheet(fyne.TextStyle{}, done),
	}
	v.back = newButton(w.say("traffic.back"), widget.MediumImportance, done)
	v.again = newButton(w.say("traffic.again"), widget.MediumImportance, v.load)
	v.open = newButton(w.say("traffic.show"), widget.HighImportance, v.unveil)
	for _, b := range []*button{v.back, v.again, v.open} {
		b.escape = done
	}
	v.copy = newCopier(w, func() { do.traffic.copy(v.words.forSupport(&v.all[v.at])) })
	v.copy.escape = done
	v.list = newMessageList(w, o.Now, v.choose, done)
	gate := container.New(reading{width: pageWidth}, topic("warning", w.say("traffic.private"), v.why, padded(6, 0, row(0, v.open))))
	v.gate = padded(-2, -2, container.NewVScroll(padded(2, 2, gate))) // a scroll cuts the edge of what ends with it
	head := container.NewBorder(nil, nil, nil, container.NewCenter(v.copy.button), column(2, v.size, v.answer))
	v.body = container.New(shelf{},
		container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(2, 2, v.list)), head, container.New(twoHalves{}, v.raw.frame, v.said.frame))
	v.Container = padded(margin, margin, container.NewBorder(
		padded(0, 0, column(8, between(v.title, row(10, v.again, v.back)), padded(0, -inset, v.empty))), nil, nil, nil, container.NewStack(v.gate, v.body)))
	v.Hide()
	return v
}

// ofPeer and ofRejected prepare the view; nothing is read before unveil.
func (v *messagesView) ofPeer(address, name string) {
	v.list.several = false
	v.none = v.words.say("traffic.none")
	v.prepare(v.words.say("traffic.title", "name", name), v.words.say("traffic.why"), func(done func([]headed, error)) {
		v.do.traffic.messages(address, done)
	})
}

func (v *messagesView) ofRejected() {
	v.list.several = true
	v.none = v.words.say("traffic.rejected.none")
	v.prepare(v.words.say("traffic.rejected"), v.words.say("traffic.rejected.why"), v.do.traffic.rejected)
}

func (v *messagesView) prepare(title, why string, read func(done func([]headed, error))) {
	v.forget()
	v.read = read
	v.title.set(title)
	v.why.SetText(why)
	v.again.Hide()
	v.empty.Hide()
	v.body.Hide()
	v.gate.Show()
	v.Show()
	v.do.focus(v.open)
}

// forget takes all messages away.
func (v *messagesView) forget() {
	v.asked++
	v.all, v.at = nil, -1
	v.list.show(nil)
	v.raw.show("")
	v.said.show("")
}

// leave closes the view, and forgets what it showed.
func (v *messagesView) leave() {
	v.forget()
	v.Hide()
}

func (v *messagesView) unveil() {
	v.gate.Hide()
	v.again.Show()
	v.load()
}

func (v *messagesView) load() {
	v.asked++
	asked := v.asked
	v.read(func(all []headed, err error) {
		if asked == v.asked {
			v.show(all, err)
		}
	})
}

func (v *messagesView) show(all []headed, err error) {
	v.all, v.at = all, -1
	text := ""
	switch {
	case err != nil:
		text = v.words.fault(fhirmap.FaultOf(err))
	case len(all) == 0:
		text = v.none
	}
	v.empty.Importance = widget.MediumImportance
	if err != nil {
		v.empty.Importance = widget.DangerImportance
	}
	v.empty.SetText(text)
	visible(v.empty, text != "")
	visible(v.body, len(all) > 0)
	v.list.show(all)
	if len(all) > 0 {
		v.list.Select(0)
		v.do.focus(v.list)
	} else {
		v.do.focus(v.again)
	}
	v.Refresh()
}

// choose shows one message, raw beside decoded.
func (v *messagesView) choose(i int) {
	if i == v.at || i >= len(v.all) {
		return
	}
	v.at = i
	m := &v.all[i]
	e := station.Explained{}
	if !m.Cut() {
		e = station.Explain(m.Text, m.Peer)
	}
	text := v.words.answer(&m.Message)
	v.answer.show(text.long, text.colour) // why stands beside the message, however long
	v.size.set(v.words.lengthOf(&m.Message))
	v.raw.show(v.words.rawWithReply(&m.Message))
	v.said.show(v.words.explained(&m.Message, &e, v.now()))
	v.copy.SetText(v.copy.usual)
}

func (v *messagesView) age() { v.copy.age() }

// messageList is the messages, newest first, one a line.
type messageList struct {
	widget.List
	words  words
	now    func() time.Time
	all    []headed
	escape func()

	several bool // peers
}

func newMessageList(w words, now func() time.Time, choose func(int), escape func()) *messageList {
	l := &messageList{words: w, now: now, escape: escape}
	l.Length = func() int { return len(l.all) }
	l.CreateItem = func() fyne.CanvasObject { return newMessageRow() }
	l.UpdateItem = func(i int, item fyne.CanvasObject) {
		if i < len(l.all) {
			l.fill(item.(*fyne.Container), &l.all[i])
		}
	}
	l.OnSelected = choose
	l.ExtendBaseWidget(l)
	return l
}

func newMessageRow() *fyne.Container {
	line := container.New(ranks{140, 84, 40, 70})
	for range 5 {
		line.Add(newLabel("", colourText, sizeSmall).cutting())
	}
	return line
}

func (l *messageList) fill(line *fyne.Container, m *headed) {
	answer := l.words.answer(&m.Message)
	who := m.Peer
	if !l.several {
		who = l.words.numbered(m.control)
	}
	for i, text := range []string{
		moment(m.At, l.now()), m.kind, answer.short, l.words.size(m.Size), joined(" · ", who, answer.reason),
	} {
		colour := colourText
		if i == 2 || i == 4 && m.Reason != "" {
			colour = answer.colour
		}
		line.Objects[i].(*label).show(text, colour)
	}
}

func (l *messageList) show(all []headed) {
	l.all = all
	l.UnselectAll()
	l.ScrollToTop()
	l.Refresh()
}

// TypedKey adds Escape, and has the arrows choose at once.
func (l *messageList) TypedKey(event *fyne.KeyEvent) {
	if event.Name == fyne.KeyEscape {
		l.escape()
		return
	}
	l.List.TypedKey(event)
	if event.Name == fyne.KeyUp || event.Name == fyne.KeyDown {
		l.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	}
}

// lengthOf says how long a message is, and how much of it is kept.
func (w words) lengthOf(m *station.Message) string {
	n := w.number(uint64(m.Size))
	if m.Cut() {
		return w.say("traffic.cut", "n", n, "kept", w.number(uint64(len(m.Text))))
	}
	return w.say("traffic.whole", "n", n)
}

// rawWithReply is the message as it came, and the answer below it.
func (w words) rawWithReply(m *station.Message) string {
	text := rawText(m.Text)
	if m.Cut() {
		text += "\n" + w.say("traffic.cut.raw")
	}
	if len(m.Reply) > 0 {
		text += "\n\n" + w.say("traffic.reply") + "\n" + rawText(m.Reply)
	}
	return text
}

// forSupport is a message with all that is known of it, to be pasted.
func (w words) forSupport(m *headed) string {
	answer := w.answer(&m.Message)
	return joined("\n", m.At.Format(time.RFC3339Nano)+" "+m.Peer, joined(" · ", answer.long, m.Reason), w.lengthOf(&m.Message), w.rawWithReply(&m.Message))
}
