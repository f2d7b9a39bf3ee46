package ui

import (
	"strings"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func TestTray(t *testing.T) {
	now := time.Date(2026, 11, 20, 14, 5, 12, 0, time.UTC)
	patient := &fhirmap.Patient{ID: "1", Family: "Lefèvre", Given: "Éloïse"}
	pressure := &fhirmap.Recorded{
		Measurement: of(fhirmap.BloodPressure, value(fhirmap.Systolic, "128", fhirmap.MillimetreOfMercury)),
		Received:    now.Add(-time.Minute), Subject: patient,
	}
	consultation := &station.Consultation{ID: "c", Patient: patient, Start: now}
	failed := station.Link{ID: "hl7", Name: "Récepteur HL7", State: station.LinkFailed}
	sound := station.Link{ID: "hl7", Name: "Récepteur HL7", State: station.LinkConnected}
	for name, test := range map[string]struct {
		situation station.Situation
		last      *fhirmap.Recorded
		want      trayText
	}{
		"nothing yet": {
			station.Situation{},
			nil,
			trayText{state: "Aucun logiciel médical connecté", last: "Aucune mesure reçue"},
		},
		"Bluetooth": {
			station.Situation{Bluetooth: ready()},
			nil,
			trayText{state: "Aucun logiciel médical connecté", last: "Aucune mesure reçue", rest: "Suspendre le Bluetooth 30" + nb + "min…"},
		},
		"Bluetooth suspended": {
			station.Situation{Bluetooth: station.Bluetooth{State: station.BluetoothReady, Suspended: now.Add(30 * time.Minute)}},
			nil,
			trayText{
				state: "Aucun logiciel médical connecté · Bluetooth suspendu jusqu’à 14:35", last: "Aucune mesure reçue",
				rest: "Reprendre le Bluetooth", rests: true,
			},
		},
		"an alarm goes before a failure": {
			station.Situation{Links: []station.Link{failed}, Alerts: everyAlert()[:1]},
			nil,
			trayText{state: newWords("fr").say("tray.alarms.single") + " · En échec" + nb + ": Récepteur HL7", last: "Aucune mesure reçue", sign: signAlarm},
		},
		"a newer version": {
			station.Situation{Newer: "1.3.0"},
			nil,
			trayText{state: "Aucun logiciel médical connecté", last: "Aucune mesure reçue", newer: "Version 1.3.0 disponible"},
		},
		"all is well": {
			station.Situation{Clients: 2, Links: []station.Link{sound}},
			pressure,
			trayText{state: "2" + nb + "logiciels médicaux connectés", last: "Dernière mesure" + nb + ": Tension artérielle, 14:04"},
		},
		"a consultation": {
			station.Situation{Clients: 1, Consultation: consultation},
			pressure,
			trayText{
				state: "1" + nb + "logiciel médical connecté · Consultation en cours",
				last:  "Dernière mesure" + nb + ": Tension artérielle, 14:04", end: "Terminer la consultation…",
			},
		},
		"demonstration": {
			station.Situation{Demo: true},
			nil,
			trayText{state: "Démonstration · Aucun logiciel médical connecté", last: "Aucune mesure reçue"},
		},
		"a link in failure": {
			station.Situation{Clients: 2, Links: []station.Link{sound, failed}},
			nil,
			trayText{state: "En échec" + nb + ": Récepteur HL7", last: "Aucune mesure reçue", sign: signTrouble},
		},
	} {
		got := newWords("fr").tray(test.situation, test.last, now)
		if got != test.want {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, test.want)
		}
		for _, private := range []string{"LEFÈVRE", "Éloïse", "128"} {
			if strings.Contains(got.state+got.last+got.end, private) {
				t.Errorf("%s: the tray tells %q", name, private)
			}
		}
	}
}

func TestTrayItems(t *testing.T) {
	w := newWords("fr")
	var did []string
	note := func(what string) func() { return func() { did = append(did, what) } }
	labels := func(text trayText) string {
		var all []string
		for _, item := range trayItems(w, text, trayActions{
			note("open"), note("page"), note("start"), note("end"), note("suspend"), note("resume"), note("quit"),
		}) {
			switch {
			case item.IsSeparator:
				all = append(all, "-")
			default:
				all = append(all, item.Label)
				if item.Action != nil {
					item.Action()
				}
			}
		}
		return strings.Join(all, "|")
	}
	if got := labels(trayText{state: "S", last: "L", rest: "R"}); got != "S|L|-|Ouvrir Vitalien|Commencer une consultation…|R|Page pour l’éditeur du logiciel|-|Quitter" {
		t.Error(got)
	}
	if got := labels(trayText{state: "S", last: "L", end: "E", rest: "R", rests: true}); got != "S|L|-|Ouvrir Vitalien|E|R|Page pour l’éditeur du logiciel|-|Quitter" {
		t.Error(got)
	}
	if got := strings.Join(did, " "); got != "open start suspend page quit open end resume page quit" {
		t.Errorf("actions: %s", got)
	}
}
