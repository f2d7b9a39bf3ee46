package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// How long a live value speaks for the present. What a cuff measures from time
// to time is shown with its age for as long as the core keeps it.
const (
	staleAfter = 15 * time.Second // a continuous value pales
	goneAfter  = time.Minute      // and is no longer shown
	cuffStale  = 15 * time.Minute // a cuff's pales
	mostTiles  = 24               // of a bed
)

// A standing is how far the value of a tile can be relied on.
type standing int

const (
	sound standing = iota
	doubted
	stale
	absent
)

// A tileText is one parameter of a bed as its tile writes it.
type tileText struct {
	name, unit  string
	main, aside string
	note        string // the limits, or what is to be known instead
	age         string
	colour      fyne.ThemeColorName
	standing    standing
	alarm       fhirmap.Priority // of the most urgent alarm about it; empty: none
	direction   station.Direction
	course      curve
	occasional  bool // measured from time to time
}

// A group is what one tile shows: a single parameter, or a pressure with its
// parts in the order systolic, diastolic, mean.
type group struct {
	name  string // key of the short name; empty: as the vocabulary has it
	parts []fhirmap.Type
	cuff  bool // measured from time to time, not continuously
}

// groups are the tiles in the order of a bedside monitor. What is in none of
// them has a tile of its own behind them.
var groups = []group{
	{name: "tile.heart", parts: []fhirmap.Type{fhirmap.HeartRate}},
	{name: "tile.saturation", parts: []fhirmap.Type{fhirmap.OxygenSaturation}},
	{name: "tile.pressure", parts: []fhirmap.Type{fhirmap.Systolic, fhirmap.Diastolic, fhirmap.Mean}, cuff: true},
	{name: "tile.respiration", parts: []fhirmap.Type{fhirmap.RespiratoryRate}},
	{name: "tile.temperature", parts: []fhirmap.Type{fhirmap.BodyTemperature}},
	{name: "tile.arterial", parts: []fhirmap.Type{fhirmap.ArterialSystolic, fhirmap.ArterialDiastolic, fhirmap.ArterialMean}},
	{name: "tile.pulse", parts: []fhirmap.Type{fhirmap.PulseRate}},
	{name: "tile.pulmonary", parts: []fhirmap.Type{fhirmap.PulmonarySys, fhirmap.PulmonaryDia, fhirmap.PulmonaryMean}},
	{name: "tile.aortic", parts: []fhirmap.Type{fhirmap.AorticSys, fhirmap.AorticDia, fhirmap.AorticMean}},
	{name: "tile.femoral", parts: []fhirmap.Type{fhirmap.FemoralSys, fhirmap.FemoralDia, fhirmap.FemoralMean}},
	{name: "tile.central", parts: []fhirmap.Type{fhirmap.CentralVenous}},
	{name: "tile.carbon", parts: []fhirmap.Type{fhirmap.EndTidalCO2}},
	{name: "tile.perfusion", parts: []fhirmap.Type{fhirmap.PerfusionIndex}},
}

// occasional are the vital signs that nobody measures continuously.
var occasional = []fhirmap.Type{
	fhirmap.BloodGlucose, fhirmap.BodyWeight, fhirmap.BodyHeight, fhirmap.BodyMassIndex, fhirmap.BodyFat,
	fhirmap.BodyWater, fhirmap.MuscleMass,
}

// tiles are what the screen shows of l: a tile for each parameter that the
// monitor knows of, with or without a value. Of one that is silent altogether,
// which the panel says, those that are too old have none.
func (w words) tiles(l *fhirmap.Live, c courses, alerts []fhirmap.Alert, now time.Time) []tileText {
	byType := make(map[fhirmap.Type]*fhirmap.LiveValue, len(l.Values))
	var others []fhirmap.Type
	silent := now.Sub(newest(l)) > goneAfter
	for i := range l.Values {
		t := l.Values[i].Type
		byType[t] = w.shownLive(&l.Values[i])
		if !slices.ContainsFunc(groups, func(g group) bool { return slices.Contains(g.parts, t) }) {
			others = append(others, t)
		}
	}
	slices.Sort(others)
	all := make([]tileText, 0, len(l.Values))
	add := func(g group) {
		if text, there := w.tile(g, byType, l, now); there && !(silent && text.standing == absent) {
			text.alarm = alarmOf(alerts, l, g.parts)
			text.course = c.curve(g, byType, l)
			if text.standing == sound {
				text.direction = text.course.direction()
			}
			all = append(all, text)
		}
	}
	for _, g := range groups {
		add(g)
	}
	for _, t := range others {
		add(group{parts: []fhirmap.Type{t}, cuff: slices.Contains(occasional, t)})
	}
	return all[:min(len(all), mostTiles)]
}

func (w words) tile(g group, byType map[fhirmap.Type]*fhirmap.LiveValue, l *fhirmap.Live, now time.Time) (tileText, bool) {
	parts := make([]*fhirmap.LiveValue, len(g.parts))
	var first, worst *fhirmap.LiveValue // worst: the one that says what is wrong
	for i, t := range g.parts {
		v := byType[t]
		if parts[i] = v; v == nil {
			continue
		}
		if first == nil {
			first = v
		}
		if shown(v) && (worst == nil || severity(v) > severity(worst)) {
			worst = v
		}
	}
	if first == nil {
		return tileText{}, false
	}
	text := tileText{name: w.tileName(g), unit: unitName(first.Unit), colour: lookOf(g.parts[0]).colour, occasional: g.cuff}
	age := now.Sub(asOf(l, parts))
	text.standing, text.age = g.standing(worst, age), w.brief(age)
	switch {
	case text.standing == absent:
		text.main, text.note = noValue, w.why(worst)
	case len(parts) == 3:
		text.main, text.aside = w.livePressure(parts)
	default:
		text.main = w.liveValue(parts[0])
	}
	if text.note == "" {
		if text.note = w.doubt(worst); text.note == "" {
			text.note = w.limits(first)
		}
	}
	return text, true
}

// shown tells whether v has a number that may be shown.
func shown(v *fhirmap.LiveValue) bool {
	return v != nil && v.Value != nil && v.State != fhirmap.LiveMissing
}

func severity(v *fhirmap.LiveValue) int {
	switch v.State {
	case fhirmap.LiveImplausible:
		return 2
	case fhirmap.LiveInvalid:
		return 1
	}
	return 0
}

// standing judges a tile by the worst of its values and the age of them all.
func (g group) standing(worst *fhirmap.LiveValue, age time.Duration) standing {
	switch {
	case worst == nil || !g.cuff && age > goneAfter:
		return absent
	case g.cuff && age > cuffStale, !g.cuff && age > staleAfter:
		return stale
	case severity(worst) > 0:
		return doubted
	}
	return sound
}

// asOf is when the oldest of the values that a tile shows held; of the newest
// when it shows none.
func asOf(l *fhirmap.Live, parts []*fhirmap.LiveValue) (at time.Time) {
	oldest := false
	for _, v := range parts {
		if v == nil {
			continue
		}
		switch t := heldAt(l, v); {
		case shown(v) && (!oldest || t.Before(at)):
			at, oldest = t, true
		case !oldest && t.After(at):
			at = t
		}
	}
	return at
}

func heldAt(l *fhirmap.Live, v *fhirmap.LiveValue) time.Time {
	switch {
	case !v.AsOf.IsZero():
		return v.AsOf
	case !v.Time.IsZero():
		return v.Time
	}
	return l.Time
}

// newest is when the last value of l held.
func newest(l *fhirmap.Live) (at time.Time) {
	for i := range l.Values {
		if t := heldAt(l, &l.Values[i]); t.After(at) {
			at = t
		}
	}
	return at
}

func (w words) tileName(g group) string {
	if g.name != "" {
		return w.say(g.name)
	}
	return w.vital(g.parts[0])
}

// why says what the dash of a tile means.
func (w words) why(v *fhirmap.LiveValue) string {
	if v != nil {
		return w.say("tile.gone")
	}
	return w.say("tile.missing")
}

// doubt says that a value is not simply to be believed.
func (w words) doubt(v *fhirmap.LiveValue) string {
	if v == nil {
		return ""
	}
	switch v.State {
	case fhirmap.LiveImplausible:
		return w.say("live.check")
	case fhirmap.LiveInvalid:
		return w.say("tile.doubted")
	}
	return ""
}

func (w words) liveValue(v *fhirmap.LiveValue) string {
	if !shown(v) {
		return noValue
	}
	return w.decimal(*v.Value)
}

func (w words) livePressure(parts []*fhirmap.LiveValue) (main, aside string) {
	main = w.liveValue(parts[0]) + "/" + w.liveValue(parts[1])
	if shown(parts[2]) {
		aside = "(" + w.liveValue(parts[2]) + ")"
	}
	if !shown(parts[0]) && !shown(parts[1]) {
		return aside, ""
	}
	return main, aside
}

// limits are 50–120, or the one that is set.
func (w words) limits(v *fhirmap.LiveValue) string {
	switch {
	case v.Low != nil && v.High != nil:
		return w.decimal(*v.Low) + "–" + w.decimal(*v.High)
	case v.Low != nil:
		return "≥\u00a0" + w.decimal(*v.Low)
	case v.High != nil:
		return "≤\u00a0" + w.decimal(*v.High)
	}
	return ""
}

// alarmOf is the priority of the most urgent alarm that is present about one
// of those parameters of that bed.
func alarmOf(alerts []fhirmap.Alert, l *fhirmap.Live, parts []fhirmap.Type) (p fhirmap.Priority) {
	for i := range alerts {
		a := &alerts[i]
		if a.Active() && a.Type != "" && a.Device.ID == l.Device.ID && a.Bed == l.Bed &&
			slices.Contains(parts, a.Type) && a.Priority.Rank() > p.Rank() {
			p = a.Priority
		}
	}
	return p
}
