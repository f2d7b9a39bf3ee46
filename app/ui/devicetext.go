package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

// lowBattery is the percentage from which on a battery wants to be changed.
const lowBattery = 20

// A deviceKind is how a type of device that can be paired is called and drawn.
type deviceKind struct {
	drawing string // of any model of the type
	name    string // key of its name
	measure string // key of what to do for a measurement
}

var deviceKinds = map[fhirmap.DeviceType]deviceKind{
	fhirmap.BloodPressureMonitor: {"blood-pressure", "kind.pressure", "measure.pressure"},
	fhirmap.PulseOxymeter:        {"pulse-oximeter", "kind.oximeter", "measure.oximeter"},
	fhirmap.Thermometer:          {"thermometer", "kind.thermometer", "measure.thermometer"},
	fhirmap.WeightScale:          {"weight-scale", "kind.scale", "measure.scale"},
	fhirmap.Glucometer:           {"glucometer", "kind.glucometer", "measure.glucometer"},
	fhirmap.HeartRateMonitor:     {"heart-rate", "kind.heart", "measure.heart"},
}

// deviceType is what a type of device is called; its name on the wire when it is not
// known.
func (w words) deviceType(t fhirmap.DeviceType) string {
	if k, ok := deviceKinds[t]; ok {
		return w.say(k.name)
	}
	return string(t)
}

// models are all that can be paired, in the order of the core.
type models []station.Model

// types are those of the models, each once.
func (all models) types() (types []fhirmap.DeviceType) {
	for i := range all {
		if !slices.Contains(types, all[i].Type) {
			types = append(types, all[i].Type)
		}
	}
	return types
}

func (all models) of(t fhirmap.DeviceType) (some models) {
	for i := range all {
		if all[i].Type == t {
			some = append(some, all[i])
		}
	}
	return some
}

// find is the model of an id; nil: there is none.
func (all models) find(id string) *station.Model {
	if i := slices.IndexFunc(all, func(m station.Model) bool { return m.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// drawingOf is the drawing of a model, or of its type when it has none.
func drawingOf(model string, t fhirmap.DeviceType) string {
	if _, ok := assets.Device(model); ok {
		return model
	}
	return deviceKinds[t].drawing
}

// model names a model: «Omron HEM-9210T». It is empty for any of its type.
func (w words) model(m *station.Model) string {
	if m == nil {
		return ""
	}
	return strings.TrimSpace(m.Maker + " " + m.Name)
}

// compatible tells, for each type, which models can be paired.
func (w words) compatible(all models) (list []fyne.CanvasObject) {
	for _, t := range all.types() {
		var names []string
		for _, m := range all.of(t) {
			if name := w.model(&m); name != "" {
				names = append(names, name)
			}
		}
		names = append(names, w.say("help.devices.any"))
		list = append(list, paragraph(w.say("help.devices.of", "kind", w.deviceType(t), "models", strings.Join(names, ", "))))
	}
	return append(list, muted(w.say("help.devices.untried")))
}

// A deviceText is a paired device as the page writes it.
type deviceText struct {
	drawing string
	name    string // Tensiomètre
	model   string // Cabinet 1 · Tensiomètre · Omron HEM-9210T
	state   string // connecté depuis 14:02
	seen    string // vu il y a 2 min
	battery string // pile 80 % ·
	low     bool   // the battery
	fault   string
	colour  fyne.ThemeColorName // of the state
}

func (w words) device(d *station.Device, all models, now time.Time) deviceText {
	text := deviceText{
		drawing: drawingOf(d.Model, d.Type),
		name:    d.Name,
		state:   w.since(w.state(d.State), d.Since, now),
		colour:  colourMuted,
		seen:    w.say("devices.unseen"),
		low:     d.Battery >= 0 && d.Battery <= lowBattery,
	}
	model := w.model(all.find(d.Model))
	text.model = joined(" · ", d.Place, w.deviceType(d.Type), model)
	if d.Name == "" {
		text.name, text.model = w.deviceType(d.Type), joined(" · ", d.Place, model)
	}
	switch d.State {
	case station.LinkConnected:
		text.colour = colourGood
	case station.LinkFailed:
		text.colour = colourTrouble
	}
	if !d.LastSeen.IsZero() {
		text.seen = w.say("devices.seen", "age", w.age(d.LastSeen, now))
	}
	if d.Battery >= 0 {
		key := "devices.battery"
		if text.low {
			key = "devices.low"
		}
		text.battery = w.say(key, "n", fmt.Sprint(min(d.Battery, 100))) + " ·"
	}
	if d.Fault != nil {
		text.fault = w.fault(d.Fault)
	}
	return text
}

// bluetooth says what hinders pairing and measuring now, and what to do, if
// anything; nothing when all is well.
func (w words) bluetooth(b station.Bluetooth) (title, text string) {
	switch {
	case b.Fault != nil:
		text = w.fault(b.Fault)
	case b.State == station.BluetoothOff:
		text = w.say("devices.off")
	case b.State == station.BluetoothFailed:
		text = w.say("devices.failed")
	case b.State == station.BluetoothStarting:
		return w.say("devices.starting"), ""
	case !b.Suspended.IsZero():
		return w.suspended(b.Suspended), w.say("devices.suspended")
	default:
		return "", ""
	}
	return w.say("devices.trouble"), text
}
