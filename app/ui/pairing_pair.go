package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// passkeyDigits is how many digits a passkey has (Bluetooth Core Specification,
// volume 3, part H, 2.3.5.3).
const passkeyDigits = 6

// pairStage shows that a device is connected and paired, and asks what that
// takes of people.
type pairStage struct {
	*fyne.Container
	wizard  *wizard
	picture *drawing
	device  *label
	reach   *task
	bond    *task
	connect *task
	keep    *fyne.Container
	ask     *fyne.Container
	asked   station.PairingQuestion
	problem *prose
	answers fyne.Focusable // has the keyboard while something is asked
}

func newPairStage(w *wizard) *pairStage {
	s := &pairStage{
		wizard:  w,
		picture: newDrawing("", 120),
		device:  newLabel("", colourText, sizeSection).strong().cutting(),
		reach:   newTask(), bond: newTask(), connect: newTask(),
		keep:    outdented(muted(w.words.say("pair.keep"))),
		ask:     container.NewStack(),
		problem: paragraph(""),
	}
	s.problem.Importance = widget.DangerImportance
	s.problem.Hide()
	steps := column(6, s.device, s.reach.Container, s.bond.Container, s.connect.Container)
	s.ask.Hide()
	s.Container = column(gap,
		s.ask, s.problem,
		container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(14, 16,
			container.NewBorder(nil, nil, s.picture, nil, padded(4, 14, steps)))),
		s.keep,
	)
	return s
}

func (s *pairStage) show(w *wizard) (reshaped bool) {
	p := w.newest
	s.picture.set(drawingOf(w.deviceDriver(), w.kind))
	s.device.set(w.deviceName())
	bonding := p.Step == station.PairingBonding
	s.reach.set(w.words.say("pair.reaching"), w.bonded, !w.bonded)
	s.bond.set(w.words.say("pair.bonding"), w.bonded && !bonding, bonding)
	s.connect.set(w.words.say("pair.connecting"), false, w.bonded && !bonding)
	asked := station.PairingQuestion{}
	if p.Question != nil {
		asked = *p.Question
	}
	if asked != s.asked {
		s.asked, reshaped = asked, true
		s.pose()
	}
	reshaped = visible(s.ask, asked.Kind != "") || reshaped
	return visible(s.keep, asked.Kind == "") || reshaped
}

// refuse says what the core has against an answer.
func (s *pairStage) refuse(text string) {
	s.problem.SetText(text)
	s.problem.Show()
	s.wizard.Container.Refresh()
}

// pose asks the question of pairing.
func (s *pairStage) pose() {
	w := s.wizard
	s.problem.Hide()
	s.ask.Objects, s.answers = nil, nil
	defer func() { w.attend(s.answers) }()
	code := newNumeral(sizeFigure, sizeAside)
	code.set(spaced(s.asked.Passkey), "", colourText)
	var content []fyne.CanvasObject
	switch s.asked.Kind {
	case station.QuestionPasskey:
		content = s.passkey()
	case station.QuestionConfirm:
		yes := w.button(widget.HighImportance, func() { w.answer("", true) })
		yes.SetText(w.words.say("pair.confirm.yes"))
		no := w.button(widget.MediumImportance, func() { w.answer("", false) })
		no.SetText(w.words.say("pair.confirm.no"))
		content = []fyne.CanvasObject{paragraph(w.words.say("pair.confirm")), padded(0, 8, code), row(10, yes, no)}
		s.answers = yes
	case station.QuestionDisplay:
		content = []fyne.CanvasObject{paragraph(w.words.say("pair.display")), padded(0, 8, code)}
	case station.QuestionSystem:
		content = []fyne.CanvasObject{paragraph(w.words.say("pair.system"))}
	default:
		return
	}
	s.ask.Add(container.NewStack(newPanel(colourCard, colourAccent, sizeRadius), padded(12, 16, column(6, content...))))
}

// passkey asks for the number that the device shows. The last digit sends it.
func (s *pairStage) passkey() []fyne.CanvasObject {
	w := s.wizard
	f := newField("000000", w.words.say("pair.passkey.hint"), func(text string) string {
		if len(digits(text)) != passkeyDigits {
			return w.words.say("pair.passkey.hint")
		}
		return ""
	})
	send := w.button(widget.HighImportance, func() { w.answer(digits(f.Text), true) })
	send.SetText(w.words.say("pair.passkey.send"))
	attend([]*field{f}, send, w.back)
	changed := f.OnChanged
	f.OnChanged = func(text string) {
		changed(text)
		press(send)
	}
	s.answers = f
	return []fyne.CanvasObject{paragraph(w.words.say("pair.passkey")), row(10, container.New(fixedWidth(200), f), send), f.hint}
}

// digits are those of a text, which people group with spaces; nothing when
// there is anything else in it.
func digits(text string) string {
	text = strings.Join(strings.Fields(text), "")
	if strings.Trim(text, "0123456789") != "" {
		return ""
	}
	return text
}

// spaced is a passkey as it is read: 123 456.
func spaced(passkey string) string {
	if len(passkey) != passkeyDigits {
		return passkey
	}
	return passkey[:3] + "\u00a0" + passkey[3:]
}

// first is what is asked; nothing while there is nothing to do but wait.
func (s *pairStage) first() fyne.Focusable { return s.answers }

// deviceDriver is the ID of the model that the device is served as.
func (w *wizard) deviceDriver() string {
	if w.newest != nil && w.newest.Driver != "" {
		return w.newest.Driver
	}
	return w.model
}

// deviceName is what the device chosen is called as long as nobody has named
// it.
func (w *wizard) deviceName() string {
	if model := w.words.model(w.all.find(w.deviceDriver())); model != "" {
		return model
	}
	if w.newest != nil && w.newest.Name != "" {
		return w.newest.Name
	}
	return w.words.deviceType(w.kind)
}

// A task is a line that is done, under way, or still to come.
type task struct {
	*fyne.Container
	icon *symbol
	text *label
}

func newTask() *task {
	t := &task{icon: newSymbol("wait", colourMuted, 20), text: newLabel("", colourMuted, sizeText)}
	t.Container = row(8, t.icon, t.text)
	return t
}

func (t *task) set(text string, done, begun bool) {
	icon, colour, ink := "wait", colourMuted, colourMuted
	switch {
	case done:
		icon, colour, ink = "check", colourGood, colourText
	case begun:
		icon, colour, ink = "bluetooth", colourAccent, colourText
	}
	t.icon.set(icon, colour)
	t.text.show(text, ink)
}
