package ui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// idle are actions with a core behind them that does nothing.
func idle() actions {
	return actions{
		errand: func(_ string, _ func(context.Context, DeviceCore) error, done func(error)) { done(nil) },
		access: accessActions{look: func(func(station.Access)) {}, journal: func(auditKind, int, func(journal, error)) {}},
		host:   func(func(host)) {}, focus: func(fyne.Focusable) {}, attend: func(fyne.Focusable) {},
	}
}

const cuff = "AA:BB:CC:00:00:01"

// heard are devices in range of a person who pairs a cuff.
func heard() []station.Heard {
	return []station.Heard{
		{Address: cuff, Name: "BLEsmart_00000116AABBCC000001", Driver: "omron-hem-9210t", RSSI: -51},
		{Address: "AA:BB:CC:00:00:02", Name: "UA-651BLE_000002", Driver: "and-ua-651ble", RSSI: -69, Paired: "b"},
		{Address: "AA:BB:CC:00:00:03", Name: "Nonin3230_502516043", Driver: "nonin-3230", RSSI: -80},
		{Address: "AA:BB:CC:00:00:04", RSSI: -93},
		{Address: "AA:BB:CC:00:00:05", Name: "Casque de l’accueil"},
	}
}

func manyHeard() []station.Heard {
	var all []station.Heard
	for i := range 40 {
		h := station.Heard{Address: fmt.Sprintf("AA:BB:CC:00:01:%02X", i), RSSI: -40 - i, Name: "Appareil de diffusion d’ambiance musicale de la salle d’attente du premier étage"}
		if i%10 == 0 {
			h.Driver = "omron-hem-9210t"
		}
		all = append(all, h)
	}
	return all
}

// pairingOf is the pairing of a cuff at a step.
func pairingOf(step station.PairingStep) *station.Pairing {
	p := &station.Pairing{Step: step, Type: fhirmap.BloodPressureMonitor, Driver: "omron-hem-9210t", Heard: heard()}
	if step != station.PairingSearching {
		p.Address, p.Name = cuff, p.Heard[0].Name
	}
	if step == station.PairingMeasuring {
		p.Device = "new"
	}
	return p
}

func asking(q station.PairingQuestion) *station.Pairing {
	p := pairingOf(station.PairingBonding)
	p.Question = &q
	return p
}

func measured(m fhirmap.Measurement, at time.Time) *station.Pairing {
	p := pairingOf(station.PairingMeasuring)
	m.Time = at
	p.Measured = &m
	return p
}

func measuring(values ...fhirmap.LiveValue) *station.Pairing {
	p := pairingOf(station.PairingMeasuring)
	p.Live = &fhirmap.Live{Values: values}
	return p
}

// fingered is the pairing of an oximeter that measures.
func fingered(values ...fhirmap.LiveValue) *station.Pairing {
	p := measuring(values...)
	p.Type, p.Driver = fhirmap.PulseOxymeter, "nonin-3230"
	return p
}

func failed(f *fhirmap.Fault) *station.Pairing {
	p := pairingOf(station.PairingFailed)
	p.Fault = f
	return p
}

func unanswered() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "pairing_refused", English: "pairing refused",
		French: "Le tensiomètre a refusé le jumelage. Il a sans doute quitté le mode jumelage, ou connaît encore un autre téléphone. Remettez-le en mode jumelage, puis réessayez.",
	}
}

// wizardScenes are all the stages of the wizard.
func wizardScenes() map[string]scene {
	mmHg := fhirmap.MillimetreOfMercury
	pressure := of(fhirmap.BloodPressure, value(fhirmap.Systolic, "128", mmHg), value(fhirmap.Diastolic, "82", mmHg),
		value(fhirmap.Mean, "97", mmHg), value(fhirmap.HeartRate, "72", fhirmap.BeatsPerMinute))
	pressure.Quality = []fhirmap.Quality{fhirmap.BodyMovement, fhirmap.CuffLoose}
	wide := of(fhirmap.BloodPressure, value(fhirmap.Systolic, "1128.25", mmHg), value(fhirmap.Diastolic, "182.75", mmHg), value(fhirmap.Mean, "197.50", mmHg))
	devices := everyDevice()
	at := func(p *station.Pairing) view {
		return view{situation: station.Situation{Pairing: p, Devices: devices, Bluetooth: ready()}}
	}
	scenes := map[string]scene{
		"pair-kind":  {view: at(nil), prepare: (*screen).pair},
		"pair-model": {view: at(nil), prepare: func(s *screen) { prepared(s, fhirmap.BloodPressureMonitor, 0) }},
		"pair-model-trouble": {
			view:    view{situation: station.Situation{Bluetooth: noAdapter()}},
			prepare: func(s *screen) { prepared(s, fhirmap.Glucometer, 0) },
		},
		"pair-model-only":  {view: at(nil), prepare: func(s *screen) { prepared(s, fhirmap.Thermometer, 0) }},
		"pair-model-other": {view: at(nil), prepare: func(s *screen) { prepared(s, fhirmap.PulseOxymeter, 2) }},
	}
	for name, p := range map[string]*station.Pairing{
		"search":         pairingOf(station.PairingSearching),
		"search-none":    {Step: station.PairingSearching, Type: fhirmap.BloodPressureMonitor, Driver: "omron-hem-9210t"},
		"search-long":    {Step: station.PairingSearching, Type: fhirmap.BloodPressureMonitor, Driver: "omron-hem-9210t", Heard: manyHeard()},
		"connect":        pairingOf(station.PairingConnecting),
		"bond":           pairingOf(station.PairingBonding),
		"passkey":        asking(station.PairingQuestion{Kind: station.QuestionPasskey}),
		"confirm":        asking(station.PairingQuestion{Kind: station.QuestionConfirm, Passkey: "042917"}),
		"display":        asking(station.PairingQuestion{Kind: station.QuestionDisplay, Passkey: "042917"}),
		"system":         asking(station.PairingQuestion{Kind: station.QuestionSystem}),
		"measure-wait":   pairingOf(station.PairingMeasuring),
		"measure-live":   fingered(liveValue(fhirmap.OxygenSaturation, "97", fhirmap.Percent), liveValue(fhirmap.PulseRate, "71", fhirmap.BeatsPerMinute)),
		"measure":        measured(pressure, testNow),
		"measure-stored": measured(wide, testNow.Add(-50*time.Hour)),
		"fault":          failed(unanswered()),
	} {
		scenes["pair-"+name] = scene{view: at(p), prepare: func(s *screen) {
			prepared(s, p.Type, 0)
			s.devices.wizard.search()
		}}
	}
	scenes["pair-fault-adapter"] = scene{
		view:    view{situation: station.Situation{Pairing: failed(noAdapter().Fault), Bluetooth: noAdapter()}},
		prepare: searching,
	}
	scenes["pair-ended"] = scene{view: at(nil), prepare: func(s *screen) {
		searching(s)
		s.update(at(pairingOf(station.PairingSearching)))
	}}
	scenes["pair-name"] = scene{view: at(measured(pressure, testNow)), prepare: named}
	scenes["pair-done"] = scene{view: at(nil), prepare: func(s *screen) {
		named(s)
		w := s.devices.wizard
		w.name.place.SetText("Cabinet 2")
		w.driver, w.chosen = w.deviceDriver(), stageDone
	}}
	return scenes
}

// prepared has the wizard at the ritual of a model.
func prepared(s *screen, t fhirmap.DeviceType, model int) {
	s.pair()
	s.devices.wizard.chooseKind(t)
	s.devices.wizard.models.mark(model)
}

// searching has the wizard look for the cuff.
func searching(s *screen) {
	prepared(s, fhirmap.BloodPressureMonitor, 0)
	s.devices.wizard.search()
}

// named has the wizard ask for the name of the cuff.
func named(s *screen) {
	searching(s)
	p := pairingOf(station.PairingMeasuring)
	s.update(view{situation: station.Situation{Pairing: p, Devices: everyDevice(), Bluetooth: ready()}})
	s.devices.wizard.onward()
}

func liveValue(t fhirmap.Type, number string, u fhirmap.Unit) fhirmap.LiveValue {
	r := value(t, number, u)
	return fhirmap.LiveValue{Type: t, Value: r.Value, Unit: u, State: fhirmap.LiveValid}
}
