package ui

import (
	"slices"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Display is how the window shows things, which changes nothing of what is
// stored or sent. The zero value follows the system, in the normal size, and
// shows a blood glucose in the unit that it was measured in.
type Display struct {
	Theme   string // "light", "dark"; else the system's form
	Text    string // "small", "large"; else the normal size
	Glucose string // "g/L", "mg/dL", "mmol/L"; else the unit it was measured in
}

// value is a setting of the window, by its name in config.toml.
func (d Display) value(name string) string { return *d.field(name) }

// with is d with another value of a setting.
func (d Display) with(name, value string) Display {
	*d.field(name) = value
	return d
}

func (d *Display) field(name string) *string {
	switch name {
	case "window.theme":
		return &d.Theme
	case "window.text":
		return &d.Text
	default:
		return &d.Glucose
	}
}

// textScales are the sizes of text by name.
var textScales = map[string]float32{"small": 0.87, "large": 1.2}

// theme is ours in the form and size of d.
func (d Display) theme() calm {
	c := calm{scale: textScales[d.Text]}
	switch d.Theme {
	case "light":
		c.form = new(theme.VariantLight)
	case "dark":
		c.form = new(theme.VariantDark)
	}
	return c
}

// A glucoseUnit is the unit in which a blood glucose is shown. All words of a
// window share one, so that a change shows everywhere.
type glucoseUnit struct{ ucum atomic.Pointer[string] }

func (g *glucoseUnit) set(ucum string) { g.ucum.Store(&ucum) }

func (g *glucoseUnit) get() string {
	if ucum := g.ucum.Load(); ucum != nil {
		return *ucum
	}
	return ""
}

// shown is a reading in the unit that people have chosen for it.
func (w words) shown(r *fhirmap.Reading) *fhirmap.Reading {
	if r == nil || r.Type != fhirmap.BloodGlucose {
		return r
	}
	s := *r
	s.Value, s.Low, s.High, s.Unit = w.inChosenUnit(r.Value, r.Low, r.High, r.Unit)
	return &s
}

// shownLive is the same for a live value.
func (w words) shownLive(v *fhirmap.LiveValue) *fhirmap.LiveValue {
	if v.Type != fhirmap.BloodGlucose {
		return v
	}
	s := *v
	s.Value, s.Low, s.High, s.Unit = w.inChosenUnit(v.Value, v.Low, v.High, v.Unit)
	return &s
}

// shownTrend is the same for a trend.
func (w words) shownTrend(t *station.Trend) *station.Trend {
	if t.Type != fhirmap.BloodGlucose || t.Unit == (fhirmap.Unit{}) {
		return t
	}
	s := *t
	s.Points = slices.Clone(t.Points)
	_, _, _, s.Unit = w.inChosenUnit(nil, nil, nil, t.Unit)
	for i := range s.Points {
		p := &s.Points[i]
		p.High, p.Low, p.Mean, _ = w.inChosenUnit(p.High, p.Low, p.Mean, t.Unit)
	}
	return &s
}

// inChosenUnit converts a blood glucose and its limits, which have one unit.
func (w words) inChosenUnit(value, low, high *fhirmap.Decimal, from fhirmap.Unit) (v, l, h *fhirmap.Decimal, unit fhirmap.Unit) {
	_, unit = fhirmap.GlucoseIn(fhirmap.Decimal{}, from, w.glucose.get())
	if unit.UCUM != "" {
		unit.Label = unit.UCUM // with the capital L of French reports
	}
	convert := func(d *fhirmap.Decimal) *fhirmap.Decimal {
		if d == nil {
			return nil
		}
		converted, into := fhirmap.GlucoseIn(*d, from, unit.UCUM)
		if into.UCUM != unit.UCUM {
			return nil
		}
		return &converted
	}
	return convert(value), convert(low), convert(high), unit
}

// sized is a size of text of the theme in the size that people have chosen.
func (c calm) sized(name fyne.ThemeSizeName, length float32) float32 {
	if _, text := textSizes[name]; text && c.scale > 0 {
		return length * c.scale
	}
	return length
}

// textSizes are those of the sizes that are of text, or of drawings beside it.
var textSizes = map[fyne.ThemeSizeName]struct{}{
	theme.SizeNameText: {}, theme.SizeNameCaptionText: {}, theme.SizeNameSubHeadingText: {}, theme.SizeNameHeadingText: {},
	theme.SizeNameInlineIcon: {}, sizeHuge: {}, sizeFigure: {}, sizeAside: {}, sizeTile: {}, sizeBeside: {}, sizeMark: {},
}
