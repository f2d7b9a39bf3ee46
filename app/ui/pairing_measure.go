package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"vitalien/fhirmap"
)

// oldMeasure is from which age on a test measurement is said to be one that the
// device had stored.
const oldMeasure = 5 * time.Minute

// measureStage waits for a test measurement and shows it large.
type measureStage struct {
	*fyne.Container
	wizard *wizard
	how    *prose
	ground *panel
	icon   *symbol
	name   *label
	unit   *label
	value  *numeral
	second *phrase
	flags  *flags
	state  *label
}

func newMeasureStage(w *wizard) *measureStage {
	s := &measureStage{
		wizard: w,
		how:    paragraph(""),
		ground: newPanel(colourCard, colourLine, sizeRadius),
		icon:   newSymbol("live", colourAccent, 24),
		name:   newLabel("", colourText, sizeSection).strong().cutting(),
		unit:   newLabel("", colourMuted, sizeSection),
		value:  newNumeral(sizeHuge, sizeAside),
		second: newPhrase(colourMuted, sizeSection),
		flags:  newFlags(),
		state:  newLabel("", colourMuted, sizeText).strong().cutting(),
	}
	s.Container = column(8,
		outdented(s.how),
		container.NewStack(s.ground, padded(14, 18, column(4,
			container.NewBorder(nil, nil, s.icon, s.unit, padded(0, 6, s.name)),
			s.value, s.second, s.flags.Container, s.state,
		))),
	)
	return s
}

func (s *measureStage) show(w *wizard) (reshaped bool) {
	p := w.newest
	how := deviceKinds[w.kind].measure
	if p.Measured != nil {
		how = "measure.check"
	}
	reshaped = write(s.how, w.words.say(how)+" "+w.words.say("measure.nobody"))
	text := w.words.trial(p.Measured, p.Live, w.now())
	look := lookOf(text.vital)
	if text.vital == "" {
		look.symbol, look.colour = "live", colourMuted
	}
	s.icon.set(look.symbol, look.colour)
	s.name.show(text.name, look.colour)
	reshaped = s.unit.text != text.unit || reshaped
	s.unit.set(text.unit)
	s.value.set(text.main, text.aside, look.colour)
	reshaped = s.second.show(colourMuted, text.second) || reshaped
	reshaped = visible(s.second, text.second != "") || reshaped
	s.flags.show(text.quality)
	reshaped = visible(s.flags.Container, text.quality != "") || reshaped
	s.state.show(text.state, text.colour)
	edge := colourLine
	if p.Measured != nil {
		edge = colourGood
	}
	s.ground.outline(edge)
	return reshaped
}

func (s *measureStage) first() fyne.Focusable { return s.wizard.next }

// A trialText is a test measurement as the wizard writes it.
type trialText struct {
	figure
	vital   fhirmap.Type // empty: nothing was measured yet
	name    string
	quality string // what the device says of how well it measured
	state   string
	colour  fyne.ThemeColorName // of state
}

// trial is the measurement once there is one, and before that what the device
// shows while it measures.
func (w words) trial(m *fhirmap.Measurement, live *fhirmap.Live, now time.Time) trialText {
	switch {
	case m != nil:
		text := trialText{
			figure: w.figure(m), vital: m.Type, name: w.vital(m.Type), quality: w.quality(m),
			state: w.say("measure.done"), colour: colourGood,
		}
		if !m.Time.IsZero() && now.Sub(m.Time) > oldMeasure {
			text.state, text.colour = w.say("measure.stored", "time", moment(m.Time, now)), colourAmber
		}
		return text
	case live != nil && len(live.Values) > 0:
		first := w.shownLive(&live.Values[0])
		text := trialText{
			figure: figure{main: w.liveFigure(first), unit: unitName(first.Unit)},
			vital:  first.Type, name: w.vital(first.Type), state: w.say("measure.going"), colour: colourAccent,
		}
		for i := range live.Values[1:] {
			v := w.shownLive(&live.Values[i+1])
			text.second = joined(" · ", text.second, w.say("measure.also", "name", w.vital(v.Type), "value", w.liveFigure(v), "unit", unitName(v.Unit)))
		}
		return text
	default:
		return trialText{figure: figure{main: noValue}, name: w.say("measure.waiting"), state: w.say("measure.wait"), colour: colourMuted}
	}
}

func (w words) liveFigure(v *fhirmap.LiveValue) string {
	if v.Value == nil || v.State == fhirmap.LiveMissing {
		return noValue
	}
	return w.decimal(*v.Value)
}
