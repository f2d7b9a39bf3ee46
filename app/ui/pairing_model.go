package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// modelStage asks which model it is, and says how it is made ready: which
// button, for how long, what its screen shows then.
//
// What the rituals say was taken from: Omron, the pairing of HEM models in
// userx14/omblepy (README) and StanfordSpezi/SpeziDevices; A&D, obniz/obniz
// (src/parts/Ble/UA651BLE); Nonin, the instructions for use of the 3230; Roche,
// the manual of the Accu-Chek Guide filed with the FCC (document 3294131);
// Jumper, the guide of the JPD-500D. Of the FORA Diamond Mini no manual was
// found: its ritual is that of any meter.
type modelStage struct {
	*fyne.Container
	wizard  *wizard
	list    *fyne.Container
	options []*option
	models  models
	chosen  int
	picture *drawing
	steps   *fyne.Container
	remark  *fyne.Container
	tried   *prose
}

func newModelStage(w *wizard) *modelStage {
	s := &modelStage{
		wizard: w, list: column(8),
		picture: newDrawing("", 176),
		steps:   column(-6),
	}
	s.tried = muted("")
	s.remark = noted(newSymbol("warning", colourAmber, 20), s.tried)
	ritual := container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(12, 14, column(6,
		container.NewCenter(s.picture), s.steps, s.remark,
	)))
	s.Container = container.New(&sidebar{width: 232}, s.list, ritual)
	return s
}

// choose offers the models of a type, the first of which is chosen.
func (s *modelStage) choose(t fhirmap.DeviceType) {
	w := s.wizard
	s.models, s.options, s.list.Objects = w.all.of(t), nil, nil
	for i := range s.models {
		m := &s.models[i]
		name, maker := s.called(m)
		text := column(1, newLabel(name, colourText, sizeText).cutting())
		if maker != "" {
			text.Add(newLabel(maker, colourMuted, sizeSmall).cutting())
		}
		content := padded(6, 8, container.NewBorder(nil, nil, newDrawing(drawingOf(m.ID, t), 52), nil,
			padded(0, 6, container.New(middle{}, text))))
		o := newOption(joined(" ", maker, name), content, func() { s.mark(i) }, w.back)
		s.options = append(s.options, o)
		s.list.Add(o)
	}
	s.mark(0)
}

// called is what stands on a model; what has no name is any other of its type, or
// any of it.
func (s *modelStage) called(m *station.Model) (name, maker string) {
	switch {
	case m.Name != "":
		return m.Name, m.Maker
	case len(s.models) > 1:
		return s.wizard.words.say("pair.other"), ""
	default:
		return s.wizard.words.deviceType(m.Type), ""
	}
}

// mark chooses a model and shows its ritual.
func (s *modelStage) mark(chosen int) {
	s.chosen = chosen
	for i, o := range s.options {
		o.mark(i == chosen)
	}
	if chosen >= len(s.models) {
		return
	}
	m := &s.models[chosen]
	w := s.wizard.words
	s.picture.set(drawingOf(m.ID, m.Type))
	s.steps.Objects = lines(w.ritual(m))
	remark := "pair.untried"
	if m.Name == "" {
		remark = "pair.standard"
	}
	s.tried.SetText(w.say(remark))
	visible(s.remark, !m.Tried)
	if s.wizard.shown == stageModel {
		s.wizard.Container.Refresh()
	}
}

// driver is the ID of the model chosen, to be looked for.
func (s *modelStage) driver() string {
	if s.chosen >= len(s.models) {
		return ""
	}
	return s.models[s.chosen].ID
}

func (s *modelStage) show(*wizard) bool { return false }

func (s *modelStage) first() fyne.Focusable {
	if len(s.options) == 0 {
		return nil
	}
	return s.options[s.chosen]
}

// ritual is how a model is made ready for pairing, a step on each line; that of
// its type where it has none of its own.
func (w words) ritual(m *station.Model) string {
	if text, ok := w.texts["ritual."+m.ID]; ok {
		return text
	}
	return w.say(strings.Join([]string{"ritual", deviceKinds[m.Type].drawing}, "."))
}
