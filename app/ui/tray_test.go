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
				last:  "Dernière mesure" + nb + ": Tension artérielle, 14:04", end: "Terminer la consultation",
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
			trayText{state: "En échec" + nb + ": Récepteur HL7", last: "Aucune mesure reçue", trouble: true},
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
		for _, item := range trayItems(w, text, trayActions{note("open"), note("page"), note("end"), note("quit")}) {
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
	if got := labels(trayText{state: "S", last: "L"}); got != "S|L|-|Ouvrir Vitalien|Page pour l’éditeur du logiciel|-|Quitter" {
		t.Error(got)
	}
	if got := labels(trayText{state: "S", last: "L", end: "E"}); got != "S|L|-|Ouvrir Vitalien|E|Page pour l’éditeur du logiciel|-|Quitter" {
		t.Error(got)
	}
	if got := strings.Join(did, " "); got != "open page quit open end page quit" {
		t.Errorf("actions: %s", got)
	}
}
