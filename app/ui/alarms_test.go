package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func TestByUrgency(t *testing.T) {
	order := ""
	for _, a := range byUrgency(everyAlert()) {
		order += a.ID
	}
	// High, medium, low, what is over; what is acknowledged last.
	if order != "abcde" {
		t.Errorf("order %s", order)
	}
	if got := waiting(everyAlert()); got != 4 {
		t.Errorf("%d wait, want 4", got)
	}
}

func TestAlarm_Texts(t *testing.T) {
	w := newWords("fr")
	for i, want := range []struct{ title, detail string }{
		{"Lit 2 · Asystolie", "depuis 35\u00a0s · Priorité haute · uMEC 10"},
		{"Lit 1 · SpO₂ basse 86 % < 90", "LEFÈVRE Éloïse · depuis 4\u00a0min · Priorité moyenne · BeneView T8"},
		{"Lit 1 · Capteur SpO₂ débranché", "depuis 2\u00a0h · Priorité basse · technique · BeneView T8"},
		{"Lit 10 · Alarme 10023", "a duré 2\u00a0min · terminée à 13:47:12 · Priorité haute · uMEC 10"},
		{"Lit 10 · FC haute", "depuis 1\u00a0h · acquittée à 13:15:12 · Priorité haute · uMEC 10"},
	} {
		a := everyAlert()[i]
		if got := w.alarm(&a, testNow); got.title != want.title || got.details[0] != want.detail {
			t.Errorf("%q\n%q", got.title, got.details[0])
		}
	}
	wordless := fhirmap.Alert{ID: "w", Type: fhirmap.HeartRate, Device: fhirmap.Device{Name: "Moniteur"}, Start: testNow.Add(time.Minute), Test: true}
	if got := w.alarm(&wordless, testNow); got.title != "Moniteur · Pouls" || got.details[0] != "Simulé · depuis 1\u00a0s · Priorité inconnue" {
		t.Errorf("%q, %q", got.title, got.details[0])
	}
}

// lampOver is what the mark of the band shows over the next beats: * lit, - not,
// ? where flash is wrong about what it has changed.
func (b *alarmBand) lampOver(beats int) string {
	shown := ""
	for range beats {
		before := b.lamp.fill
		if before == lookOfAlarm(b.shown.Priority).strong {
			shown += "*"
		} else {
			shown += "-"
		}
		if b.flash() != (b.lamp.fill != before) {
			shown += "?"
		}
	}
	return shown
}

// 12 beats are 4 s: 6 flashes of a high alarm (1.5 Hz), 2 of a medium one.
func TestAlarmBand_FlashesAsThePriorityAsks(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	acknowledged := everyAlert()[0]
	acknowledged.Acknowledged = testNow
	for name, c := range map[string]struct {
		alert fhirmap.Alert
		want  string
	}{
		"high":         {everyAlert()[0], "*-*-*-*-*-*-"},
		"medium":       {everyAlert()[1], "***---***---"},
		"low":          {everyAlert()[2], "************"},
		"over":         {everyAlert()[3], "------------"},
		"acknowledged": {acknowledged, "------------"},
	} {
		b := newAlarmBand(newWords("fr"), func() time.Time { return testNow }, newSiren(nil, newFakeCore(), time.Now), func(string) {}, func() {}, func() {})
		b.update([]fhirmap.Alert{c.alert})
		if !b.Visible() {
			t.Fatalf("%s: hidden", name)
		}
		steady := name != "high" && name != "medium"
		if b.flashing.Load() == steady {
			t.Errorf("%s: asks for beats: %v", name, steady)
		}
		if got := b.lampOver(12); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if !b.update(nil) || b.Visible() || b.flashing.Load() {
			t.Errorf("%s: still there when it is gone", name)
		}
	}
}

func TestAlarms_AcknowledgedFromBandAndPage(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.show(view{situation: station.Situation{Alerts: everyAlert()}})
	for page := pageLive; page <= pageHelp; page++ {
		d.screen.open(page)
		if !d.screen.alarm.Visible() {
			t.Errorf("the band is hidden on page %d", page)
		}
	}
	if got := d.screen.alarm.others.Text; got != "+\u00a04 autres" {
		t.Errorf("%q", got)
	}
	test.Tap(d.screen.alarm.confirm)
	if got := await(t, d.core.asked); got != "acknowledge a" {
		t.Errorf("asked to %q", got)
	}
	test.Tap(d.screen.alarm.others)
	if d.screen.front != pageAlarms {
		t.Fatal("the page of alarms is not in front")
	}
	test.Tap(d.screen.alarms.rows["c"].confirm)
	if got := await(t, d.core.asked); got != "acknowledge c" {
		t.Errorf("asked to %q", got)
	}
	if d.screen.alarms.rows["e"].confirm.Visible() {
		t.Error("what is acknowledged can be acknowledged again")
	}
	d.show(view{})
	if d.screen.alarm.Visible() || !d.screen.alarms.empty.Visible() || d.screen.alarms.list.Visible() {
		t.Error("alarms are shown that are gone")
	}
}

func TestAlarms_RowsStayWithTheirAlarm(t *testing.T) {
	d := newDriven(t)
	d.front()
	d.screen.open(pageAlarms)
	d.show(view{situation: station.Situation{Alerts: everyAlert()[1:3]}})
	kept := d.screen.alarms.rows["c"]
	d.show(view{situation: station.Situation{Alerts: everyAlert()}})
	if d.screen.alarms.rows["c"] != kept || len(d.screen.alarms.list.Objects) != 5 {
		t.Error("a row was made anew, or one is missing")
	}
	d.show(view{situation: station.Situation{Alerts: longAlerts()}})
	if len(d.screen.alarms.list.Objects) != maxAlarms || d.screen.alarms.more.text != "2 autres alarmes ne sont pas affichées" || !d.screen.alarms.more.Visible() {
		t.Errorf("%d rows, then %q", len(d.screen.alarms.list.Objects), d.screen.alarms.more.text)
	}
}

func TestTray_TellsOfAlarmsWithoutNamingAnybody(t *testing.T) {
	text := newWords("fr").tray(station.Situation{Alerts: everyAlert()}, nil, testNow)
	if text.sign != signAlarm || text.state != "4 alarmes à acquitter · Aucun logiciel médical connecté" {
		t.Errorf("%+v", text)
	}
}
