package ui

import (
	"fmt"
	"image/color"
	"maps"
	"regexp"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

var testNow = time.Date(2026, 11, 20, 14, 5, 12, 0, time.UTC)

var eloise = &fhirmap.Patient{
	System: "urn:ehr", ID: "1", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1980-03-12", Sex: "female",
}

// forced is the theme in one of its forms, whatever the system's.
type forced struct {
	calm
	variant fyne.ThemeVariant
}

func (f forced) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return f.calm.Color(name, f.variant)
}

var forms = map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark}

func testOptions() Options {
	return Options{
		Core: newFakeCore(), Settings: newFakeSettings(), Language: "fr", Address: "http://127.0.0.1:63336", Listener: "192.168.1.20:2575",
		Version: "1.2.3", Speaker: &fakeSpeaker{}, Now: func() time.Time { return testNow }, Demonstrate: func() error { return nil },
	}
}

// recorded numbers measurements, the first the newest, a minute apart.
func recorded(measurements ...fhirmap.Measurement) []fhirmap.Recorded {
	var all []fhirmap.Recorded
	for i, m := range measurements {
		m.Time = testNow.Add(-4*time.Second - time.Duration(i*i)*13*time.Second)
		if m.Device.Name == "" {
			m.Device.Name = "Lit 3"
		}
		all = append(all, fhirmap.Recorded{
			Measurement: m, Log: "log", Seq: uint64(len(measurements) - i),
			Received: testNow, Subject: eloise,
		})
	}
	return all
}

func everyType() []fhirmap.Recorded {
	mmHg, bpm := fhirmap.MillimetreOfMercury, fhirmap.BeatsPerMinute
	all := recorded(
		of(fhirmap.BloodPressure, value(fhirmap.Systolic, "128", mmHg), value(fhirmap.Diastolic, "82", mmHg),
			value(fhirmap.Mean, "97", mmHg), value(fhirmap.HeartRate, "72", bpm)),
		of(fhirmap.OxygenSaturation, value(fhirmap.OxygenSaturation, "98", fhirmap.Percent), value(fhirmap.HeartRate, "71", bpm)),
		of(fhirmap.HeartRate, value(fhirmap.HeartRate, "319", bpm)),
		of(fhirmap.RespiratoryRate, value(fhirmap.RespiratoryRate, "16", fhirmap.BreathsPerMinute)),
		of(fhirmap.BodyTemperature, value(fhirmap.BodyTemperature, "37.20", fhirmap.Celsius)),
		of(fhirmap.BloodGlucose, value(fhirmap.BloodGlucose, "5.4", fhirmap.MillimolePerLitre)),
		of(fhirmap.BodyWeight, value(fhirmap.BodyWeight, "61.40", fhirmap.Kilogram)),
		of(fhirmap.BodyHeight, value(fhirmap.BodyHeight, "168", fhirmap.Centimetre)),
		of(fhirmap.BodyMassIndex, value(fhirmap.BodyMassIndex, "21.8", fhirmap.KilogramPerSquare)),
		of(fhirmap.ArterialPressure, value(fhirmap.ArterialSystolic, "131", mmHg), value(fhirmap.ArterialDiastolic, "79", mmHg),
			value(fhirmap.ArterialMean, "96", mmHg)),
		of(fhirmap.BodyFat, value(fhirmap.BodyFat, "27.5", fhirmap.Percent)),
		of(fhirmap.BodyWater, value(fhirmap.BodyWater, "52.1", fhirmap.Percent)),
		of(fhirmap.MuscleMass, value(fhirmap.MuscleMass, "41.3", fhirmap.Kilogram)),
	)
	all[0].Test = true
	all[1].Status = fhirmap.StatusPreliminary
	all[2].Implausible = true
	all[4].Subject = nil
	all[7].Origin = fhirmap.OriginAdmission
	return all
}

// overfull is what no layout expects: long names, wide values, many cards.
func overfull() []fhirmap.Recorded {
	mmHg := fhirmap.MillimetreOfMercury
	long := &fhirmap.Patient{
		ID: "1", Family: "de La Rochefoucauld-Montmorency d’Aubigné", Given: "Marie-Antoinette Éléonore",
	}
	var measurements []fhirmap.Measurement
	for range 20 {
		measurements = append(measurements,
			of(fhirmap.BloodPressure, value(fhirmap.Systolic, "1128.25", mmHg), value(fhirmap.Diastolic, "182.75", mmHg),
				value(fhirmap.Mean, "197.50", mmHg), value(fhirmap.HeartRate, "172.25", fhirmap.BeatsPerMinute)),
			of(fhirmap.OxygenSaturation, missing(fhirmap.OxygenSaturation, fhirmap.Percent, fhirmap.AbsentNegativeInfinity),
				value(fhirmap.HeartRate, "71", fhirmap.BeatsPerMinute)))
	}
	for i := range measurements {
		measurements[i].Bed = "Salle de réveil n° 12"
		measurements[i].Device.Name = "Moniteur multiparamétrique du service de chirurgie ambulatoire"
		measurements[i].Test = true
	}
	all := recorded(measurements...)
	for i := range all {
		all[i].Subject, all[i].Implausible = long, true
	}
	return all
}

// flagged are measurements of which one device says how well it measured.
func flagged() []fhirmap.Recorded {
	all := everyType()[:5]
	all[1].Quality = []fhirmap.Quality{fhirmap.SignalLowPerfusion, fhirmap.BatteryLow}
	return all
}

func consultation(p *fhirmap.Patient) *station.Consultation {
	return &station.Consultation{ID: "c", Patient: p, Start: testNow.Add(-20 * time.Minute)}
}

func soundLinks() []station.Link {
	return []station.Link{
		{ID: "server", Name: "Serveur local", State: station.LinkConnected, Where: "127.0.0.1:63336"},
		{ID: "hl7", Name: "Récepteur HL7", State: station.LinkConnected, Where: "192.168.1.20:2575", Peers: 2},
	}
}

func brokenLinks() []station.Link {
	return []station.Link{{
		ID: "hl7", Name: "Récepteur HL7", State: station.LinkFailed, Where: "192.168.1.20:2575",
		Fault: &fhirmap.Fault{
			Code:    "port",
			French:  "Le port 2575 est déjà utilisé par un autre programme. Fermez ce programme ou choisissez un autre port.",
			English: "port in use",
		},
	}}
}

// A scene is a state of the window, with master images in testdata: light and
// large, dark and small, and the other two for the usual state.
type scene struct {
	view    view
	options func(*Options)
	page    int
	prepare func(*screen) // what a person did before; nil: nothing
}

// stand has a screen show the scene.
func (c scene) stand(s *screen) {
	s.siren.hear(c.view.situation.Alerts)
	s.open(c.page)
	if c.prepare != nil {
		c.prepare(s)
	}
	s.update(c.view)
}

func scenes() map[string]scene {
	many := overfull()
	all := map[string]scene{
		"empty": {view: view{situation: station.Situation{Links: soundLinks()[1:]}}},
		"empty-no-listener": {
			view:    view{situation: station.Situation{Links: brokenLinks()}},
			options: func(o *Options) { o.Listener = "" },
		},
		"live": {view: view{recent: everyType(), situation: station.Situation{
			Clients: 2, Consultation: consultation(eloise), Links: soundLinks(), Demo: true,
		}}},
		"overfull": {view: view{recent: many, situation: station.Situation{
			Clients: 12, Consultation: consultation(many[0].Subject), Links: append(soundLinks(), brokenLinks()...),
		}}},
		"flagged": {view: view{recent: flagged(), situation: station.Situation{Clients: 1, Consultation: consultation(eloise)}}},
		"nobody": {view: view{
			recent: everyType()[3:6], situation: station.Situation{Clients: 1, Consultation: consultation(nil)},
		}},
		"beds": {view: view{recent: everyType()[:6], live: threeBeds(), courses: coursed(threeBeds()), situation: station.Situation{
			Clients: 1, Links: soundLinks(), Alerts: everyAlert()[1:2],
		}}},
		"beds-overfull":         {view: view{recent: many, live: wideBeds(), situation: station.Situation{Alerts: longAlerts()}}},
		"ward":                  {view: wardView(16)},
		"ward-two":              {view: wardView(2)},
		"bed-alone":             {view: view{recent: everyType()[:3], live: threeBeds()[1:2], courses: coursed(threeBeds())}},
		"bed-large":             {view: view{live: threeBeds(), courses: coursed(threeBeds()), situation: station.Situation{Alerts: everyAlert()[1:2]}}, prepare: enlarged(threeBeds())},
		"bed-large-overfull":    {view: view{live: wideBeds(), courses: coursed(wideBeds()), situation: station.Situation{Alerts: longAlerts()}}, prepare: enlarged(wideBeds())},
		"alarm-high":            {view: view{live: threeBeds(), situation: station.Situation{Alerts: everyAlert()}}},
		"alarm-medium":          {view: view{live: threeBeds()[:1], situation: station.Situation{Alerts: everyAlert()[1:2]}}},
		"alarm-low":             {view: view{live: threeBeds()[:1], situation: station.Situation{Alerts: everyAlert()[2:3]}}},
		"alarm-over":            {view: view{live: threeBeds()[:1], situation: station.Situation{Alerts: everyAlert()[3:]}}},
		"alarms":                {view: view{situation: station.Situation{Alerts: everyAlert()}}, page: pageAlarms},
		"alarms-none":           {view: view{}, page: pageAlarms},
		"alarms-long":           {view: view{situation: station.Situation{Alerts: longAlerts()}}, page: pageAlarms},
		"monitors":              {view: view{situation: station.Situation{Monitors: everyMonitor(), Links: soundLinks()}}, page: pageMonitors},
		"monitors-peers":        {view: view{situation: station.Situation{Monitors: everyMonitor()[3:4], Peers: peers()}}, page: pageMonitors},
		"monitors-none":         {view: view{}, page: pageMonitors},
		"monitors-long":         {view: view{situation: station.Situation{Monitors: longMonitors()}}, page: pageMonitors},
		"devices":               {view: view{situation: station.Situation{Devices: everyDevice(), Bluetooth: ready(), Links: soundLinks()}}, page: pageDevices},
		"devices-none":          {view: view{situation: station.Situation{Bluetooth: ready()}}, page: pageDevices},
		"devices-trouble":       {view: view{situation: station.Situation{Devices: everyDevice()[1:2], Bluetooth: noAdapter()}}, page: pageDevices},
		"devices-long":          {view: view{situation: station.Situation{Devices: longDevices(), Bluetooth: station.Bluetooth{State: station.BluetoothStarting}}}, page: pageDevices},
		"stethoscope":           {view: auscultated(station.RecordingStatus{}), page: pageStethoscope},
		"stethoscope-recording": {view: recordingNow(), page: pageStethoscope},
		"stethoscope-failed":    {view: failedRecording(), page: pageStethoscope},
		"help":                  {view: view{situation: station.Situation{Links: soundLinks()}}, page: pageHelp},
	}
	maps.Copy(all, wizardScenes())
	maps.Copy(all, consultationScenes())
	maps.Copy(all, welcomeScenes())
	return all
}

func TestScreen_Masters(t *testing.T) {
	for name, scene := range scenes() {
		for form, variant := range forms {
			for _, size := range []fyne.Size{{Width: usualWidth, Height: usualHeight}, {Width: leastWidth, Height: leastHeight}} {
				if (form == "light") != (size.Width == usualWidth) && name != "live" {
					continue
				}
				file := fmt.Sprintf("%s-%s-%.0fx%.0f", name, form, size.Width, size.Height)
				t.Run(file, func(t *testing.T) {
					test.NewTempApp(t).Settings().SetTheme(forced{variant: variant})
					o := testOptions()
					if scene.options != nil {
						scene.options(&o)
					}
					do := idle()
					var keyboard fyne.Canvas
					do.attend = func(to fyne.Focusable) {
						if to == nil {
							keyboard.Unfocus()
						} else {
							keyboard.Focus(to)
						}
					}
					s := newScreen(newWords("fr"), o, do)
					w := test.NewTempWindow(t, s.Container)
					w.SetPadded(false)
					w.Resize(size)
					keyboard = w.Canvas()
					scene.stand(s)
					if needed := s.MinSize(); needed.Width > leastWidth || needed.Height > leastHeight {
						t.Errorf("needs %v, more than the least window", needed)
					}
					test.AssertRendersToImage(t, file+".png", w.Canvas())
				})
			}
		}
	}
}

func TestQuestions_Masters(t *testing.T) {
	w := newWords("fr")
	for name, q := range map[string]question{
		"origin":      w.originQuestion("https://logiciel.cabinet-medical-des-lilas.example.fr:8443", func(station.Answer) {}),
		"origin-null": w.originQuestion("null", func(station.Answer) {}),
		"proposal":    w.proposalQuestion(station.Consultation{Patient: eloise}, func() {}),
		"end":         w.endQuestion("c", func() {}),
		"close":       w.closeQuestion(func() {}, func() {}),
		"forget":      w.forgetQuestion("192.168.1.40:4601", "Lit 3 · BeneView T8", func() {}),
		"add":         w.addQuestion(func(string) {}),
		"rename":      w.renameQuestion(everyDevice()[1], func(string, string) {}),
		"abandon":     w.abandonQuestion(func() {}),
		"unpair":      w.unpairQuestion(everyDevice()[1], "Tensiomètre Omron · Cabinet 1", func() {}),
		"stethoscope": w.stethoscopeQuestion(func(string) {}),
		"demonstrate": w.demonstrationNotice(),
		"support":     w.supportNotice("/home/docteur/Téléchargements/vitalien-assistance-2026-11-28-101500.zip"),
		"fault": w.faultNotice(&fhirmap.Fault{
			Code: "disk_full", French: "Le disque est plein. Libérez de l’espace, puis recommencez.", English: "disk full",
		}),
	} {
		for form, variant := range forms {
			if form == "dark" && name != "origin" {
				continue // the form differs in colour only
			}
			file := "question-" + name + "-" + form
			t.Run(file, func(t *testing.T) {
				test.NewTempApp(t).Settings().SetTheme(forced{variant: variant})
				window := test.NewTempWindow(t, newPanel(theme.ColorNameBackground, "", ""))
				window.Resize(fyne.NewSize(560, 440))
				if !newDialogs(window.Canvas(), func() {}, func() {}).ask(q) {
					t.Fatal("not asked")
				}
				test.AssertRendersToImage(t, file+".png", window.Canvas())
			})
		}
	}
}

func TestScreen_FollowsAChangeOfTheSystemsForm(t *testing.T) {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(forced{variant: theme.VariantLight})
	s := newScreen(newWords("fr"), testOptions(), actions{})
	w := test.NewTempWindow(t, s.Container)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(usualWidth, usualHeight))
	s.update(scenes()["live"].view)
	a.Settings().SetTheme(forced{variant: theme.VariantDark})
	test.AssertRendersToImage(t, "live-dark-1100x720.png", w.Canvas())
}

// What is shown first and what comes later must look the same.
func TestScreen_LooksTheSameAfterOtherContent(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(forced{variant: theme.VariantLight})
	s := newScreen(newWords("fr"), testOptions(), actions{})
	w := test.NewTempWindow(t, s.Container)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(leastWidth, leastHeight))
	for _, before := range []string{"empty-no-listener", "overfull", "nobody", "live"} {
		s.update(scenes()[before].view)
	}
	w.Resize(fyne.NewSize(usualWidth, usualHeight))
	test.AssertRendersToImage(t, "live-light-1100x720.png", w.Canvas())
}

func TestScreen_NoKeyOrPlaceholderIsShown(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	raw := regexp.MustCompile(`>[^<]*(\{[a-z]+\}|\b(rail|band|live|empty|status|help|age|absent|tile|brief|alarm|monitors|add|forget|devices|kind|name|rename|unpair|pair|signal|measure|ritual|abandon|steth|consult|correct|patient|welcome|suspend|quit)\.[a-z.]+)[^<]*<`)
	for _, language := range assets.Languages {
		for name, scene := range scenes() {
			s := newScreen(newWords(language), testOptions(), idle())
			w := test.NewTempWindow(t, s.Container)
			w.Resize(fyne.NewSize(usualWidth, usualHeight))
			scene.stand(s)
			if found := raw.FindString(test.RenderToMarkup(w.Canvas())); found != "" {
				t.Errorf("%s, %s: %s", language, name, found)
			}
		}
	}
}
