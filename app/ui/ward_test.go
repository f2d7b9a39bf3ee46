package ui

import (
	"fmt"
	"strings"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// liveOf is a live value with its limits as decimals; an empty one is none.
func liveOf(t fhirmap.Type, number string, u fhirmap.Unit, state fhirmap.LiveState, limits ...string) fhirmap.LiveValue {
	v := fhirmap.LiveValue{Type: t, Unit: u, State: state}
	set := func(to **fhirmap.Decimal, text string) {
		if text != "" {
			d := fhirmap.MustDecimal(text)
			*to = &d
		}
	}
	set(&v.Value, number)
	if len(limits) == 2 {
		set(&v.Low, limits[0])
		set(&v.High, limits[1])
	}
	return v
}

func bedLive(bed, device string, age time.Duration, values ...fhirmap.LiveValue) fhirmap.Live {
	return fhirmap.Live{
		Device: fhirmap.Device{ID: device, Name: device}, Bed: bed, Time: testNow.Add(-age), Values: values,
	}
}

const valid, invalid, absentValue, implausible = fhirmap.LiveValid, fhirmap.LiveInvalid, fhirmap.LiveMissing, fhirmap.LiveImplausible

func threeBeds() []fhirmap.Live {
	bpm, mmHg := fhirmap.BeatsPerMinute, fhirmap.MillimetreOfMercury
	first := bedLive("1", "BeneView T8", 2*time.Second,
		liveOf(fhirmap.HeartRate, "72", bpm, valid, "50", "120"),
		liveOf(fhirmap.OxygenSaturation, "86", fhirmap.Percent, valid, "90", "100"),
		liveOf(fhirmap.Systolic, "128", mmHg, valid, "90", "160"),
		liveOf(fhirmap.Diastolic, "82", mmHg, valid, "50", "90"),
		liveOf(fhirmap.Mean, "97", mmHg, valid),
		liveOf(fhirmap.RespiratoryRate, "16", fhirmap.BreathsPerMinute, valid, "8", "30"),
		liveOf(fhirmap.BodyTemperature, "37.2", fhirmap.Celsius, valid, "", "38.5"),
		liveOf(fhirmap.PulseRate, "71", bpm, valid),
		liveOf(fhirmap.PerfusionIndex, "3.4", fhirmap.Percent, valid),
		liveOf(fhirmap.PrematureBeats, "0", bpm, valid),
	)
	first.Patient = eloise
	second := bedLive("2", "uMEC 10", time.Second,
		liveOf(fhirmap.HeartRate, "319", bpm, implausible, "50", "120"),
		liveOf(fhirmap.OxygenSaturation, "91", fhirmap.Percent, invalid, "90", "100"),
		liveOf(fhirmap.Systolic, "", mmHg, absentValue),
		liveOf(fhirmap.Diastolic, "", mmHg, absentValue),
		liveOf(fhirmap.RespiratoryRate, "", fhirmap.BreathsPerMinute, absentValue, "8", "30"),
		liveOf(fhirmap.ArterialSystolic, "131", mmHg, valid, "90", "160"),
		liveOf(fhirmap.ArterialDiastolic, "79", mmHg, valid),
		liveOf(fhirmap.ArterialMean, "96", mmHg, valid),
	)
	second.Patient = &fhirmap.Patient{Family: "Martin", Given: "Paul"}
	third := bedLive("10", "uMEC 10", 40*time.Second,
		liveOf(fhirmap.HeartRate, "64", bpm, valid, "50", "120"),
		liveOf(fhirmap.OxygenSaturation, "97", fhirmap.Percent, valid, "90", "100"),
		liveOf(fhirmap.Systolic, "118", mmHg, valid, "90", "160"),
		liveOf(fhirmap.Diastolic, "74", mmHg, valid, "50", "90"),
	)
	return []fhirmap.Live{third, first, second}
}

// wideBeds have more parameters, longer names and wider values than fit.
func wideBeds() []fhirmap.Live {
	var values []fhirmap.LiveValue
	for _, v := range fhirmap.Vitals() {
		if len(v.Units) > 0 {
			values = append(values, liveOf(v.Type, "1234.567", v.Units[0], valid, "-1000.25", "2000.75"))
		}
	}
	for _, t := range []fhirmap.Type{fhirmap.STSegmentAVR, fhirmap.AirwayRate, fhirmap.PulsePressureVar, fhirmap.CentralVenous, "of_no_name_that_we_know"} {
		values = append(values, liveOf(t, "-0.25", fhirmap.Millivolt, valid))
	}
	var all []fhirmap.Live
	for i := range maxBeds + 2 {
		l := bedLive("Salle de surveillance post-interventionnelle n° "+strings.Repeat("1", i%5+1),
			"Moniteur multiparamétrique du service de chirurgie ambulatoire", 10*time.Minute, values...)
		l.Patient = &fhirmap.Patient{
			ID: "1", Family: "de La Rochefoucauld-Montmorency d’Aubigné", Given: "Marie-Antoinette Éléonore",
		}
		l.Device.ID += strings.Repeat("x", i)
		all = append(all, l)
	}
	return all
}

// everyAlert has one of each priority, and one that is over.
func everyAlert() []fhirmap.Alert {
	at := func(age time.Duration) time.Time { return testNow.Add(-age) }
	device := func(name string) fhirmap.Device { return fhirmap.Device{ID: name, Name: name} }
	return []fhirmap.Alert{
		{
			ID: "a", Kind: fhirmap.Physiological, Text: "Asystolie", Priority: fhirmap.PriorityHigh, Type: fhirmap.HeartRate,
			Device: device("uMEC 10"), Bed: "2", Start: at(35 * time.Second),
		},
		{
			ID: "b", Kind: fhirmap.Physiological, Text: "SpO₂ basse 86 % < 90", Priority: fhirmap.PriorityMedium,
			Type: fhirmap.OxygenSaturation, Device: device("BeneView T8"), Bed: "1", Patient: eloise, Start: at(4 * time.Minute),
		},
		{
			ID: "c", Kind: fhirmap.Technical, Text: "Capteur SpO₂ débranché", Priority: fhirmap.PriorityLow,
			Device: device("BeneView T8"), Bed: "1", Start: at(2 * time.Hour),
		},
		{
			ID: "d", Kind: fhirmap.Physiological, Code: "10023", Priority: fhirmap.PriorityHigh,
			Device: device("uMEC 10"), Bed: "10", Start: at(20 * time.Minute), End: at(18 * time.Minute),
		},
		{
			ID: "e", Kind: fhirmap.Physiological, Text: "FC haute", Priority: fhirmap.PriorityHigh,
			Device: device("uMEC 10"), Bed: "10", Start: at(time.Hour), Acknowledged: at(50 * time.Minute),
		},
	}
}

func longAlerts() []fhirmap.Alert {
	var all []fhirmap.Alert
	for i := range maxAlarms + 2 {
		all = append(all, fhirmap.Alert{
			ID: strings.Repeat("x", i+1), Kind: fhirmap.Technical, Priority: fhirmap.PriorityMedium,
			Text:   strings.Repeat("Défaillance du module de pression invasive, vérifiez le câble ", 3),
			Device: fhirmap.Device{ID: "m", Name: "Moniteur multiparamétrique du service de chirurgie ambulatoire"},
			Bed:    "Salle de réveil n° 12", Start: testNow.Add(-time.Duration(i) * time.Hour),
			Patient: &fhirmap.Patient{ID: "1", Family: "de La Rochefoucauld-Montmorency d’Aubigné", Given: "Marie-Antoinette"},
		})
	}
	return all
}

// everyMonitor has one of each state and section.
func everyMonitor() []station.Monitor {
	at := func(age time.Duration) time.Time { return testNow.Add(-age) }
	return []station.Monitor{
		{Address: "192.168.1.43:4601", Name: "uMEC 10", Bed: "7", Department: "Réanimation", Discovered: true},
		{Address: "192.168.1.44:4601", Discovered: true},
		{
			Address: "192.168.1.40:4601", Name: "BeneView T8", Bed: "1", Department: "Réanimation", Accepted: true, Discovered: true,
			State: station.LinkConnected, Since: at(3 * time.Hour), LastMessage: at(2 * time.Second), Messages: 12345, Rejected: 2,
		},
		{
			Address: "192.168.1.41:4601", Name: "uMEC 10", Bed: "2", Accepted: true,
			State: station.LinkOffline, Since: at(30 * time.Hour), LastMessage: at(30 * time.Hour), Messages: 1,
		},
		{
			Address: "moniteur-3.local:4601", Accepted: true, Discovered: true, State: station.LinkFailed, Since: at(time.Minute),
			Fault: &fhirmap.Fault{
				Code: "refused", English: "connection refused",
				French: "Le moniteur refuse la connexion. Vérifiez dans ses réglages réseau que l’envoi des résultats est activé et que le port est le bon.",
			},
		},
		{Address: "192.168.1.45:4601", Name: "iMEC 8", Bed: "9", State: station.LinkOffline, Since: at(5 * time.Minute)},
		{
			Address: "192.168.1.46:4601", Name: "iMEC 12", Bed: "3", Accepted: true, Configured: true, Discovered: true,
			State: station.LinkConnected, Since: at(time.Hour), LastMessage: at(time.Second), Messages: 3600,
		},
	}
}

func peers() []station.Peer {
	return []station.Peer{{
		Address: "192.168.1.90", Name: "Comen NC5", State: station.LinkConnected, Since: testNow.Add(-10 * time.Minute),
		LastMessage: testNow.Add(-4 * time.Minute), Messages: 3, Rejected: 1,
	}}
}

func longMonitors() []station.Monitor {
	var all []station.Monitor
	for i := range 12 {
		all = append(all, station.Monitor{
			Address: strings.Repeat("moniteur-du-service-de-chirurgie.", 3) + strings.Repeat("x", i) + ".example:4601",
			Name:    "Moniteur multiparamétrique du service de chirurgie ambulatoire et de surveillance continue", Bed: "Salle de réveil n° 12",
			Department: "Service de chirurgie ambulatoire et d’anesthésie", Accepted: i%3 == 0, Discovered: i%3 == 1,
			State: station.LinkFailed, Since: testNow.Add(-1000 * time.Hour), LastMessage: testNow.Add(-999 * time.Hour),
			Messages: 12345678901, Rejected: 987654321, Fault: brokenLinks()[0].Fault,
		})
	}
	return all
}

// wardView is a ward of so many beds, of which some have an alarm, a sensor that
// is off, or a monitor that is silent.
func wardView(beds int) view {
	v := view{recent: everyType()[:3]}
	for i := range beds {
		l := threeBeds()[i%3]
		l.Bed, l.Device.ID, l.Device.Name = fmt.Sprint(i+1), fmt.Sprint("m", i), ""
		if l.Patient == nil {
			l.Patient = &fhirmap.Patient{System: "urn:ehr", ID: fmt.Sprint(i), Family: "Moreau", Given: "Jean"}
		}
		v.live = append(v.live, l)
	}
	v.courses = coursed(v.live)
	alert := everyAlert()[1]
	alert.Device, alert.Bed = v.live[min(1, beds-1)].Device, v.live[min(1, beds-1)].Bed
	v.situation.Alerts = []fhirmap.Alert{alert}
	return v
}

// enlarged is a click on the first bed.
func enlarged(live []fhirmap.Live) func(*screen) {
	return func(s *screen) { s.live.large.show(keyOfBed(&inOrder(live)[0])) }
}
