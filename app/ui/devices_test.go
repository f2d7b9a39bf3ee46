package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// testModels are one of each kind that the registry may hold.
func testModels() []station.Model {
	return []station.Model{
		{ID: "omron-hem-9210t", Maker: "Omron", Name: "HEM-9210T", Type: fhirmap.BloodPressureMonitor},
		{ID: "and-ua-651ble", Maker: "A&D", Name: "UA-651BLE", Type: fhirmap.BloodPressureMonitor},
		{ID: "blood-pressure", Type: fhirmap.BloodPressureMonitor},
		{ID: "nonin-3230", Maker: "Nonin", Name: "3230", Type: fhirmap.PulseOxymeter, Tried: true},
		{ID: "jumper-jpd-500f", Maker: "Jumper", Name: "JPD-500F", Type: fhirmap.PulseOxymeter},
		{ID: "pulse-oximeter", Type: fhirmap.PulseOxymeter},
		{ID: "thermometer", Type: fhirmap.Thermometer},
		{ID: "weight-scale", Type: fhirmap.WeightScale},
		{ID: "fora-diamond-mini", Maker: "FORA", Name: "Diamond Mini", Type: fhirmap.Glucometer},
		{ID: "accu-chek", Maker: "Roche", Name: "Accu-Chek Guide", Type: fhirmap.Glucometer},
		{ID: "glucometer", Type: fhirmap.Glucometer},
		{ID: "heart-rate", Type: fhirmap.HeartRateMonitor},
	}
}

func everyDevice() []station.Device {
	return []station.Device{
		{
			ID: "a", Type: fhirmap.PulseOxymeter, Model: "nonin-3230", Name: "Oxymètre", Place: "Salle de soins",
			State: station.LinkConnected, Since: testNow.Add(-90 * time.Second), LastSeen: testNow, Battery: 15,
		},
		{
			ID: "b", Type: fhirmap.BloodPressureMonitor, Model: "omron-hem-9210t", Name: "Tensiomètre Omron", Place: "Cabinet 1",
			State: station.LinkAsleep, Since: testNow.Add(-40 * time.Minute), LastSeen: testNow.Add(-40 * time.Minute), Battery: 80,
		},
		{
			ID: "c", Type: fhirmap.Glucometer, Model: "accu-chek", Name: "Accu-Chek de l’accueil",
			State: station.LinkFailed, Since: testNow.Add(-time.Minute), LastSeen: testNow.Add(-26 * time.Hour), Battery: -1,
			Fault: &fhirmap.Fault{
				Code: "bluetooth_bond", English: "bond lost",
				French: "L’appareil ne reconnaît plus ce poste. Il a sans doute été jumelé à un autre : oubliez-le ici, puis jumelez-le de nouveau.",
			},
		},
		{
			ID: "d", Type: fhirmap.WeightScale, Model: "of another version", State: station.LinkOffline,
			Since: testNow.Add(-30 * time.Hour), Battery: -1,
		},
	}
}

func longDevices() []station.Device {
	var all []station.Device
	for i := range 12 {
		d := everyDevice()[i%4]
		d.ID = fmt.Sprint(i)
		d.Name = "Tensiomètre du docteur de La Rochefoucauld-Montmorency d’Aubigné, premier étage"
		d.Place = "Salle d’attente du service de chirurgie ambulatoire et de réanimation polyvalente"
		all = append(all, d)
	}
	return all
}

func noAdapter() station.Bluetooth {
	return station.Bluetooth{State: station.BluetoothFailed, Fault: &fhirmap.Fault{
		Code: "bluetooth_absent", English: "no adapter",
		French: "Ce poste n’a pas d’adaptateur Bluetooth. Branchez un adaptateur USB Bluetooth 4.0 ou plus récent : Vitalien le détecte aussitôt.",
	}}
}

func ready() station.Bluetooth { return station.Bluetooth{State: station.BluetoothReady} }

func TestDevices_Texts(t *testing.T) {
	w, all := newWords("fr"), everyDevice()
	for i, want := range []deviceText{
		{
			drawing: "nonin-3230", name: "Oxymètre", model: "Salle de soins · Oxymètre de pouls · Nonin 3230", state: "connecté depuis 14:03",
			seen: "vu à l’instant", battery: "pile faible, à changer\u00a0: 15\u00a0% ·", low: true, colour: colourGood,
		},
		{
			drawing: "omron-hem-9210t", name: "Tensiomètre Omron", model: "Cabinet 1 · Tensiomètre · Omron HEM-9210T", state: "en veille depuis 13:25",
			seen: "vu il y a 40\u00a0min", battery: "pile 80\u00a0% ·", colour: colourMuted,
		},
		{
			drawing: "accu-chek", name: "Accu-Chek de l’accueil", model: "Lecteur de glycémie · Roche Accu-Chek Guide", state: "en échec depuis 14:04",
			seen: "vu il y a 1\u00a0j", fault: all[2].Fault.French, colour: colourTrouble,
		},
		{
			drawing: "weight-scale", name: "Balance", state: "hors ligne depuis le 19/11/2026 à 08:05",
			seen: "pas encore vu depuis le jumelage", colour: colourMuted,
		},
	} {
		if got := w.device(&all[i], testModels(), testNow); got != want {
			t.Errorf("%s:\n%+v\n%+v", all[i].ID, got, want)
		}
	}
}

func TestDevices_TroubleSaysWhatToDo(t *testing.T) {
	w := newWords("fr")
	for _, c := range []struct {
		state       station.Bluetooth
		title, text string
	}{
		{ready(), "", ""},
		{station.Bluetooth{State: station.BluetoothStarting}, "Le Bluetooth démarre…", ""},
		{station.Bluetooth{}, "Bluetooth indisponible", w.say("devices.off")},
		{station.Bluetooth{State: station.BluetoothFailed}, "Bluetooth indisponible", w.say("devices.failed")},
		{noAdapter(), "Bluetooth indisponible", noAdapter().Fault.French},
	} {
		if title, text := w.bluetooth(c.state); title != c.title || text != c.text {
			t.Errorf("%q: %q, %q", c.state.State, title, text)
		}
	}
}

func TestDevices_RenamedAndForgotten(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageDevices)
	d.show(view{situation: station.Situation{Devices: everyDevice(), Bluetooth: ready()}})
	row := d.screen.devices.rows["b"]

	test.Tap(row.rename)
	name := d.frame.Canvas().Focused().(*field)
	if name.Text != "Tensiomètre Omron" {
		t.Errorf("the name is %q", name.Text)
	}
	name.SetText(" ")
	d.press(fyne.KeyReturn)
	if d.dialogs.open == nil || len(d.core.asked) != 0 || name.hint.Text != d.words.say("name.needed") {
		t.Fatalf("an empty name was taken, the hint is %q", name.hint.Text)
	}
	name.SetText(strings.Repeat("é", maxName+1))
	d.press(fyne.KeyReturn)
	if d.dialogs.open == nil || len(d.core.asked) != 0 {
		t.Fatal("a name of 61 letters was taken")
	}
	name.SetText("Bras gauche ")
	d.frame.Canvas().FocusNext()
	place := d.frame.Canvas().Focused().(*field)
	place.SetText("Cabinet 2")
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "rename b, Bras gauche, Cabinet 2" || d.dialogs.open != nil {
		t.Errorf("asked to %q", got)
	}

	test.Tap(row.forget)
	d.press(fyne.KeyReturn)
	if d.dialogs.open != nil || len(d.core.asked) != 0 {
		t.Fatal("what has the keyboard first forgets it")
	}
	test.Tap(row.forget)
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "unpair b" {
		t.Errorf("asked to %q", got)
	}
	d.show(view{situation: station.Situation{Bluetooth: ready()}})
	if !d.screen.devices.empty.Visible() || d.screen.devices.list.Visible() {
		t.Error("devices are shown that are gone")
	}
}

func TestDevices_QuestionAboutOneThatIsGoneIsWithdrawn(t *testing.T) {
	d := newDriven(t)
	d.front()
	all := everyDevice()
	d.show(view{situation: station.Situation{Devices: all}})
	d.askRename(all[1])
	d.show(view{situation: station.Situation{Devices: all}})
	if d.dialogs.open == nil {
		t.Fatal("withdrawn although nothing has changed")
	}
	d.show(view{situation: station.Situation{Devices: all[:1]}})
	if d.dialogs.open != nil {
		t.Error("still asks")
	}
}

func TestDrawings_EveryKindHasOne(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	for kind, look := range deviceKinds {
		if newDrawing(look.drawing, 84).resource() == nil {
			t.Errorf("%s: no drawing %s", kind, look.drawing)
		}
	}
	if newDrawing("", 84).resource() != nil {
		t.Error("nothing has a drawing")
	}
}
