package ui

import (
	"slices"
	"testing"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func TestStatus_TellsNoticesBehindTheLinks(t *testing.T) {
	failed := station.Link{ID: "hl7", Name: "Moniteurs", State: station.LinkFailed, Fault: &fhirmap.Fault{French: "Le port est pris."}}
	text := newWords("fr").status(station.Situation{
		Links: []station.Link{failed}, Notices: []*fhirmap.Fault{{Code: "key_in_file", French: "La clé est dans un fichier."}},
	})
	if newer := newWords("fr").status(station.Situation{Newer: "1.3.0"}); newer.links != "Version 1.3.0 disponible" || len(newer.faults) > 0 {
		t.Errorf("%+v", newer)
	}
	want := []string{"Moniteurs\u00a0: le port est pris.", "La clé est dans un fichier."}
	if !slices.Equal(text.faults, want) {
		t.Errorf("%q, want %q", text.faults, want)
	}
}
