package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func TestPropose_APersonDecides(t *testing.T) {
	d := newDriven(t)
	d.propose(station.Consultation{ID: "C1", Patient: eloise})
	if !d.bridge.visible.Load() || focusedText(d.frame.Canvas()) != "Ne rien changer" {
		t.Fatalf("visible %v, the keyboard is on %q", d.bridge.visible.Load(), focusedText(d.frame.Canvas()))
	}
	d.press(fyne.KeyReturn)
	if d.dialogs.open != nil || len(d.core.asked) != 0 {
		t.Fatal("a refusal starts it")
	}
	d.propose(station.Consultation{ID: "C1", Patient: eloise})
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "start "+eloise.ID {
		t.Error(got)
	}
}

func TestPropose_WhatIsOpenIsNotAskedFor(t *testing.T) {
	d := newDriven(t)
	open := consultation(eloise)
	d.show(view{situation: station.Situation{Consultation: open}})
	for _, c := range []station.Consultation{{Patient: eloise}, {ID: open.ID, Patient: eloise}} {
		if d.propose(c); d.dialogs.open != nil {
			t.Errorf("asked about %+v", c)
		}
	}
	other := new(*eloise)
	other.System = "urn:elsewhere"
	for _, c := range []station.Consultation{{ID: "another", Patient: eloise}, {ID: open.ID, Patient: other}} {
		if d.propose(c); d.dialogs.open == nil {
			t.Errorf("not asked about %+v", c)
		}
		d.press(fyne.KeyEscape)
	}
}

func TestPropose_SeveralWaitInTurnAndNotForEver(t *testing.T) {
	d := newDriven(t)
	for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
		d.propose(station.Consultation{Patient: &fhirmap.Patient{System: "urn:x", ID: id}})
	}
	for range 1 + maxProposals {
		if d.dialogs.open == nil {
			t.Fatal("too few questions")
		}
		d.press(fyne.KeyEscape)
	}
	if d.dialogs.open != nil {
		t.Error("too many questions")
	}
}

func TestPropose_ARefusalOfTheStoreIsShown(t *testing.T) {
	d := newDriven(t)
	d.core.fault = &fhirmap.Fault{Code: "disk_full", French: "Le disque est plein.", English: "disk full"}
	d.propose(station.Consultation{Patient: eloise})
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	await(t, d.core.asked)
	d.take()
	if d.dialogs.open == nil || d.dialogs.current.title != "L’action n’a pas abouti" {
		t.Errorf("shown: %+v", d.dialogs.current)
	}
}
