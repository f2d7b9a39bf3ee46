package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

func TestMonitors_Texts(t *testing.T) {
	w := newWords("fr")
	byAddress := map[string]monitorText{}
	for _, m := range placedOf(station.Situation{Monitors: everyMonitor(), Peers: peers()}) {
		byAddress[m.Address] = w.monitor(&m, testNow)
	}
	for address, want := range map[string]monitorText{
		"192.168.1.43:4601": {"Lit 7 · uMEC 10", "192.168.1.43:4601 · Réanimation", "s’annonce sur le réseau", "", "", "", colourAmber},
		"192.168.1.44:4601": {"192.168.1.44:4601", "", "s’annonce sur le réseau", "", "", "", colourAmber},
		"192.168.1.45:4601": {"Lit 9 · iMEC 8", "192.168.1.45:4601", "sans annonce réseau depuis 14:00", "", "", "", colourMuted},
		"192.168.1.40:4601": {
			"Lit 1 · BeneView T8", "192.168.1.40:4601 · Réanimation", "connecté depuis 11:05", "",
			"dernier message il y a 2\u00a0s · 12\u202f345\u00a0messages · 2\u00a0refusés", "", colourGood,
		},
		"192.168.1.41:4601": {
			"Lit 2 · uMEC 10", "192.168.1.41:4601", "hors ligne depuis le 19/11/2026 à 08:05", "sans annonce réseau",
			"dernier message il y a 1\u00a0j · 1\u00a0message", "", colourMuted,
		},
		"moniteur-3.local:4601": {
			"moniteur-3.local:4601", "", "en échec depuis 14:04", "", "aucun message reçu", everyMonitor()[4].Fault.French, colourTrouble,
		},
		"192.168.1.46:4601": {
			"Lit 3 · iMEC 12", "192.168.1.46:4601 · inscrit dans config.toml", "connecté depuis 13:05", "",
			"dernier message à l’instant · 3\u202f600\u00a0messages", "", colourGood,
		},
		"192.168.1.90": {
			"Comen NC5", "192.168.1.90", "connecté depuis 13:55", "",
			"dernier message il y a 4\u00a0min · 3\u00a0messages · 1\u00a0refusé", "", colourGood,
		},
	} {
		if got := byAddress[address]; got != want {
			t.Errorf("%s:\n%+v\n%+v", address, got, want)
		}
	}
}

func TestAddressProblem(t *testing.T) {
	w := newWords("fr")
	for _, good := range []string{
		"192.168.1.40:4601", " 192.168.1.40:4601 ", "192.168.1.40", "moniteur-3", "moniteur.local:4601", "[fe80::1%eth0]:4601",
		"[2001:db8::1]:4601", "2001:db8::1", "[2001:db8::1]", "m.example.:1", "localhost:65535",
	} {
		if problem := w.addressProblem(good); problem != "" {
			t.Errorf("%q: %s", good, problem)
		}
	}
	for bad, key := range map[string]string{
		"": "add.host", " ": "add.host", "192.168.1": "add.host", "192.168.1.400": "add.host", "1234": "add.host", ":4601": "add.host",
		"192.168.1.40:": "add.number", "192.168.1.40:0": "add.number", "192.168.1.40:65536": "add.number", "m:port": "add.number",
		"192.168.1.40:-1": "add.number", "m:4601:1": "add.host", "http://m": "add.number", "m/n:4601": "add.host", "-m:1": "add.host",
		"m..n:1": "add.host", "moniteur é:1": "add.host", "0.0.0.0:4601": "add.host", "224.0.0.1": "add.host", "[::]:4601": "add.host",
		"192.168.1.40:46 01": "add.number", "a b": "add.host",
	} {
		if got := w.addressProblem(bad); got != w.say(key) {
			t.Errorf("%q: %q, want %s", bad, got, key)
		}
	}
}

// A page has one first button: to accept a monitor, where one alone waits.
func TestMonitors_OneFirstButton(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageMonitors)
	rows := func(monitors []station.Monitor) map[string]*monitorRow {
		d.show(view{situation: station.Situation{Monitors: monitors}})
		return d.screen.monitors.sections[placeWaiting].rows
	}
	if one := rows(everyMonitor()[:1]); len(one) != 1 || one["192.168.1.43:4601"].action.Importance != widget.HighImportance {
		t.Errorf("%d wait, and none comes first", len(one))
	}
	several := rows(everyMonitor())
	if len(several) != 3 {
		t.Fatalf("%d wait", len(several))
	}
	for address, row := range several {
		if row.action.Importance != widget.MediumImportance {
			t.Errorf("%s comes first among several", address)
		}
	}
}

func TestMonitors_AcceptedAndForgotten(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageMonitors)
	d.show(view{situation: station.Situation{Monitors: everyMonitor(), Peers: peers()}})
	p := d.screen.monitors
	if got := d.screen.rail.entries[pageMonitors].AccessibilityLabel(); got != "Moniteurs 2" {
		t.Errorf("the rail says %q", got)
	}
	test.Tap(p.sections[placeWaiting].rows["192.168.1.43:4601"].action)
	if got := await(t, d.core.asked); got != "accept 192.168.1.43:4601" {
		t.Errorf("asked to %q", got)
	}
	forget := p.sections[placeAccepted].rows["192.168.1.40:4601"].action
	test.Tap(forget)
	d.press(fyne.KeyEscape)
	if d.dialogs.open != nil || len(d.core.asked) != 0 {
		t.Fatal("Escape forgot it")
	}
	test.Tap(forget)
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "forget 192.168.1.40:4601" {
		t.Errorf("asked to %q", got)
	}
	if p.sections[placeAccepted].rows["192.168.1.46:4601"].action != nil || p.sections[placePeer].rows["192.168.1.90"].action != nil {
		t.Error("what cannot be forgotten has a button")
	}
	d.show(view{})
	if !p.empty.Visible() || p.sections[placeAccepted].Visible() || d.screen.rail.entries[pageMonitors].badge.Visible() {
		t.Error("monitors are shown that are gone")
	}
}

func TestMonitors_QuestionAboutOneThatIsGoneIsWithdrawn(t *testing.T) {
	d := newDriven(t)
	d.front()
	accepted := view{situation: station.Situation{Monitors: everyMonitor()}}
	d.show(accepted)
	d.confirmForget("192.168.1.40:4601", "Lit 1")
	d.show(accepted)
	if d.dialogs.open == nil {
		t.Fatal("withdrawn although nothing has changed")
	}
	d.show(view{})
	if d.dialogs.open != nil {
		t.Error("still asks")
	}
}

func TestMonitors_AddedByAddress(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageMonitors)
	test.Tap(d.screen.monitors.add)
	address, typing := d.frame.Canvas().Focused().(*field)
	if !typing {
		t.Fatalf("the keyboard is on %T", d.frame.Canvas().Focused())
	}
	d.press(fyne.KeyReturn)
	if d.dialogs.open == nil || len(d.core.asked) != 0 {
		t.Fatal("an empty address was taken")
	}
	test.Type(address, "192.168.1.4000")
	if address.hint.Text != d.words.say("add.host") {
		t.Errorf("the hint is %q", address.hint.Text)
	}
	d.press(fyne.KeyReturn)
	if d.dialogs.open == nil || len(d.core.asked) != 0 {
		t.Fatal("a wrong address was taken")
	}
	d.press(fyne.KeyBackspace)
	d.press(fyne.KeyBackspace)
	if address.hint.Text != d.words.say("add.hint") {
		t.Errorf("the hint is %q", address.hint.Text)
	}
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "accept 192.168.1.40" || d.dialogs.open != nil {
		t.Errorf("asked to %q", got)
	}
	test.Tap(d.screen.monitors.add)
	d.press(fyne.KeyEscape)
	if d.dialogs.open != nil || len(d.core.asked) != 0 {
		t.Error("Escape does not close it, or adds")
	}
}

// What a person types survives what arrives meanwhile.
func TestMonitors_TypingIsNotDisturbed(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.addMonitor()
	address := d.frame.Canvas().Focused().(*field)
	test.Type(address, "192.")
	d.show(view{recent: everyType(), situation: station.Situation{Monitors: everyMonitor(), Alerts: everyAlert(), Origins: []string{"https://a.example"}}})
	if d.frame.Canvas().Focused() != address || address.Text != "192." {
		t.Error("the keyboard or the text is gone")
	}
	d.press(fyne.KeyEscape)
	if d.dialogs.current.id != "https://a.example" {
		t.Error("what waited is not asked afterwards")
	}
}
