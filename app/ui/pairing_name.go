package ui

import (
	"slices"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// nameStage asks what the device is called and where it stands. Both may stay
// as they are.
type nameStage struct {
	*fyne.Container
	wizard *wizard
	name   *field
	place  *field
	offers *fyne.Container
	judge  func()
	run    int
}

func newNameStage(w *wizard) *nameStage {
	s := &nameStage{wizard: w, name: w.words.nameField(""), place: w.words.placeField(""), offers: container.New(&flow{distance: 8})}
	s.judge = attend([]*field{s.name, s.place}, w.next, w.back)
	s.Container = container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(12, 14, column(4,
		paragraph(w.words.say("name.name")), s.name, s.name.hint,
		paragraph(w.words.say("name.place")), s.place, padded(4, 0, s.offers), s.place.hint,
	)))
	return s
}

// forget empties the fields for another device.
func (s *nameStage) forget() {
	s.name.SetText("")
	s.place.SetText("")
}

func (s *nameStage) typed() (name, place string) {
	return strings.TrimSpace(s.name.Text), strings.TrimSpace(s.place.Text)
}

func (s *nameStage) show(w *wizard) (reshaped bool) {
	s.judge()
	if usual := w.deviceName(); s.name.PlaceHolder != usual {
		s.name.SetPlaceHolder(usual)
	}
	if s.run == w.run {
		return false
	}
	s.run, s.offers.Objects = w.run, nil
	if i := slices.IndexFunc(w.situation.Devices, func(d station.Device) bool { return w.paired() && d.ID == w.newest.Device }); i >= 0 {
		s.name.SetText(w.situation.Devices[i].Name) // it was paired before
		s.place.SetText(w.situation.Devices[i].Place)
	}
	for _, place := range w.places() {
		b := w.button(widget.MediumImportance, func() { s.place.SetText(place) })
		b.SetText(place)
		s.offers.Add(b)
	}
	return true
}

func (s *nameStage) first() fyne.Focusable { return s.name }

// mostPlaces is how many places are proposed.
const mostPlaces = 5

// places are where other devices stand, and then the usual ones.
func (w *wizard) places() (places []string) {
	add := func(place string) {
		if place != "" && utf8.RuneCountInString(place) <= 24 && len(places) < mostPlaces && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	for _, d := range w.situation.Devices {
		add(d.Place)
	}
	for place := range strings.SplitSeq(w.words.say("name.places"), "\n") {
		add(place)
	}
	return places
}

// doneStage says that all is well, and what happens from now on.
type doneStage struct {
	*fyne.Container
	wizard  *wizard
	picture *drawing
	name    *label
	place   *label
}

func newDoneStage(w *wizard) *doneStage {
	s := &doneStage{
		wizard: w, picture: newDrawing("", 140),
		name:  newLabel("", colourText, sizeSection).strong().cutting(),
		place: newLabel("", colourMuted, sizeText).cutting(),
	}
	state := row(8, newSymbol("check", colourGood, 22), newLabel(w.words.say("pair.ready"), colourGood, sizeText).strong())
	s.Container = column(gap,
		container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(14, 16,
			container.NewBorder(nil, nil, s.picture, nil, padded(10, 14, column(6, s.name, s.place, state))))),
		outdented(paragraph(w.words.say("pair.after"))),
	)
	return s
}

func (s *doneStage) show(w *wizard) bool {
	name, place := w.name.typed()
	if name == "" {
		name = w.name.name.PlaceHolder
	}
	s.picture.set(drawingOf(w.driver, w.kind))
	s.name.set(name)
	s.place.set(joined(" · ", place, w.words.deviceType(w.kind)))
	return false
}

func (s *doneStage) first() fyne.Focusable { return s.wizard.next }

// faultStage says what failed, why, and what to try next.
type faultStage struct {
	*fyne.Container
	wizard  *wizard
	text    *prose
	advice  fyne.CanvasObject // about the device
	code    *prose
	codeBox *fyne.Container
}

func newFaultStage(w *wizard) *faultStage {
	s := &faultStage{wizard: w, text: paragraph(""), code: muted("")}
	s.code.SizeName = sizeSmall
	s.codeBox = outdented(s.code)
	s.advice = topic("trial", w.words.say("pair.try"), lines(w.words.say("pair.try.text"))...)
	s.Container = column(gap,
		container.NewStack(newPanel(colourAmberGround, "", sizeRadius), padded(10, 12,
			noted(newSymbol("warning", colourAmber, 24), s.text))),
		s.advice, s.codeBox,
	)
	return s
}

func (s *faultStage) show(w *wizard) bool {
	text, code := w.words.say("pair.ended"), ""
	if f := w.failure(); f != nil {
		text, code = w.words.fault(f), w.words.say("fault.code", "code", f.Code)
	}
	reshaped := write(s.text, text)
	reshaped = visible(s.advice, !adapterFails(w.failure())) || reshaped
	s.code.SetText(code)
	return visible(s.codeBox, code != "") || reshaped
}

// adapterFails tells a fault of this computer's adapter from one of a device. See
// blelink.Radio.
func adapterFails(f *fhirmap.Fault) bool { return f != nil && strings.HasPrefix(f.Code, "bluetooth_") }

func (s *faultStage) first() fyne.Focusable { return s.wizard.next }
