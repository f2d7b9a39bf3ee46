package ui

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// settled is a window on the page of settings, with what the file says.
func settled(t *testing.T) (*driven, *fakeSettings) {
	d := newDriven(t)
	f := d.options.Settings.(*fakeSettings)
	d.options.Autostart = f
	d.front()
	d.screen.open(pageSettings)
	d.take() // the file
	d.take() // what is kept
	return d, f
}

func (d *driven) group(n int) *settingsBody {
	d.screen.settings.choose(n)
	if n == groupRetention || n == groupBackup { // which look again
		d.take()
		d.take()
	}
	return d.screen.settings.groups[n]
}

func TestSettings_TypedIsJudgedAndSavedWhenAsked(t *testing.T) {
	d, f := settled(t)
	p := d.screen.settings
	row := d.group(6).rows[0]
	test.Type(row.field, "x")
	row.field.SetText("localhost")
	if !p.foot.save.Disabled() || !strings.Contains(row.about.Text, "Indiquez une adresse") || row.about.Importance != widget.DangerImportance {
		t.Errorf("wrong: %q, save %v", row.about.Text, !p.foot.save.Disabled())
	}
	row.field.SetText("localhost:63400")
	if p.foot.save.Disabled() || row.about.Importance == widget.DangerImportance || len(f.saves) != 0 {
		t.Fatalf("right: %q", row.about.Text)
	}
	test.Tap(p.foot.save)
	if got := await(t, f.saves); !maps.Equal(got, map[string]string{"listen": "localhost:63400"}) {
		t.Errorf("saved %v", got)
	}
	d.take()
	if !strings.Contains(p.foot.text.Text, "Adresse du serveur local") || p.foot.save.Visible() || !p.foot.undo.Visible() {
		t.Errorf("after saving: %q", p.foot.text.Text)
	}
	test.Tap(p.foot.undo)
	if got := await(t, f.saves); !maps.Equal(got, map[string]string{"listen": "localhost:63336"}) {
		t.Errorf("taken back: %v", got)
	}
	d.take()
	if row.field.Text != "localhost:63336" || strings.Contains(p.foot.text.Text, "redémarrage") {
		t.Errorf("%q, %q", row.field.Text, p.foot.text.Text)
	}
}

func TestSettings_WhatIsTypedStaysWhenTheFileChanges(t *testing.T) {
	d, f := settled(t)
	rows := d.group(groupRetention).rows
	rows[0].field.SetText("5 ans")
	f.mu.Lock()
	f.file["retention.quarantine"] = "7d"
	f.mu.Unlock()
	d.screen.open(pageLive)
	d.screen.open(pageSettings)
	d.take()
	d.take()
	if rows[0].field.Text != "5 ans" || rows[2].field.Text != "7\u00a0jours" {
		t.Errorf("%q, %q", rows[0].field.Text, rows[2].field.Text)
	}
	d.screen.settings.save()
	if got := await(t, f.saves); !maps.Equal(got, map[string]string{"retention.observations": "5y"}) {
		t.Errorf("saved %v", got)
	}
	d.take()
	d.screen.settings.foot.drop.Tapped(nil)
	if rows[0].field.Text != "5 ans" {
		t.Errorf("dropped what was saved: %q", rows[0].field.Text)
	}
}

func TestSettings_AFailureToSaveIsSaidAndNothingIsLost(t *testing.T) {
	d, f := settled(t)
	row := d.group(6).rows[0]
	row.field.SetText("localhost:1")
	f.mu.Lock()
	f.broken = &fhirmap.Fault{Code: "bad_config", French: "Le fichier est en lecture seule.", English: "read-only"}
	f.mu.Unlock()
	test.Tap(d.screen.settings.foot.save)
	d.take()
	if d.dialogs.open == nil || d.dialogs.current.content[0].(*prose).Text != "Le fichier est en lecture seule." {
		t.Errorf("shown: %+v", d.dialogs.current)
	}
	if row.field.Text != "localhost:1" || !d.screen.settings.foot.save.Visible() {
		t.Errorf("%q", row.field.Text)
	}
}

func TestSettings_ThemeTextAndUnitTakeEffectAtOnce(t *testing.T) {
	d, f := settled(t)
	d.show(view{recent: everyType(), live: threeBeds()})
	rows := d.group(groupGeneral).rows
	rows[0].segments.choose("dark")
	if got := await(t, f.saves); got["window.theme"] != "dark" || len(got) != 1 {
		t.Errorf("saved %v", got)
	}
	d.take()
	if theme.Color(colourGround) != shades[colourGround].dark {
		t.Error("not dark")
	}
	normal := theme.Size(sizeText)
	rows[1].segments.choose("large")
	await(t, f.saves)
	d.take()
	if theme.Size(sizeText) <= normal || theme.Color(colourGround) != shades[colourGround].dark {
		t.Error("not larger, or not dark any more")
	}
	d.screen.open(pageLive)
	glucose := func() (shown string) {
		for _, c := range d.screen.live.cards {
			if c.unit.text == "g/L" || strings.HasPrefix(c.unit.text, "mmol") || strings.HasPrefix(c.unit.text, "mg") {
				shown = c.unit.text
			}
		}
		return shown
	}
	for _, unit := range []string{"mg/dL", "mmol/L", "g/L"} {
		rows[2].segments.choose(unit)
		await(t, f.saves)
		d.take()
		if got := glucose(); !strings.EqualFold(got, unit) {
			t.Errorf("a glucose is shown in %q, want %q", got, unit)
		}
	}
	if waiting := d.screen.settings.model.waiting(); len(waiting) != 0 {
		t.Errorf("a restart for %v", waiting)
	}
}

func TestSettings_DisplayThatCannotBeSavedGoesBack(t *testing.T) {
	d, f := settled(t)
	f.mu.Lock()
	f.broken = errors.New("read-only")
	f.mu.Unlock()
	d.group(groupGeneral).rows[0].segments.choose("dark")
	d.take()
	if d.options.Display.Theme == "dark" || d.dialogs.open == nil {
		t.Errorf("%+v", d.options.Display)
	}
}

func TestSettings_Autostart(t *testing.T) {
	d, f := settled(t)
	s := d.screen.settings.autostart
	if s.chosen != "false" {
		t.Fatalf("shown %q", s.chosen)
	}
	s.choose("true")
	if got := await(t, f.saves)["autostart"]; got != "true" {
		t.Errorf("enabled %q", got)
	}
	d.take()
	f.autostartErr = errors.New("for all users")
	s.choose("false")
	await(t, f.saves)
	d.take()
	if s.chosen != "true" || d.dialogs.open == nil {
		t.Errorf("shown %q after a failure", s.chosen)
	}
}

func TestSettings_RestartIsConfirmed(t *testing.T) {
	restarts := 0
	d := newDriven(t)
	d.options.Restart = func() { restarts++ }
	d.front()
	d.confirmRestart()
	d.press(fyne.KeyEscape)
	if restarts != 0 {
		t.Fatal("Escape restarted")
	}
	d.now.Stethoscope.Now.State = station.RecordingSound
	d.confirmRestart()
	if text := d.dialogs.current.content[0].(*prose).Text; !strings.Contains(text, "stéthoscope") {
		t.Errorf("a recording runs: %q", text)
	}
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if restarts != 1 {
		t.Errorf("%d restarts", restarts)
	}
}

func TestSettings_AFlagWinsAndIsNotEditable(t *testing.T) {
	d, f := settled(t)
	f.flags["hl7.listen"] = "--hl7-listen 127.0.0.1:2600"
	d.loadSettings()
	d.take()
	d.take()
	row := d.group(1).rows[0]
	d.screen.settings.judge()
	if !row.field.Disabled() || !strings.Contains(row.about.Text, "--hl7-listen 127.0.0.1:2600") {
		t.Errorf("%v, %q", row.field.Disabled(), row.about.Text)
	}
}

func TestKeeping_ErasingAPatientIsConfirmedByTheirName(t *testing.T) {
	d, _ := settled(t)
	d.askErase()
	d.dialogs.current.fields[0].SetText(" 1 ")
	d.dialogs.current.choices[1].do()
	d.dialogs.withdraw()
	if got := await(t, d.core.asked); got != "find 1" {
		t.Fatal(got)
	}
	d.take()
	q := d.dialogs.current
	if !strings.Contains(q.content[0].(*prose).Text, "LEFÈVRE Éloïse") {
		t.Errorf("asks about %+v", q)
	}
	typed := q.fields[0]
	for text, sound := range map[string]bool{"": false, "Martin": false, "lefèvre": true, " Lefèvre ": true} {
		if typed.SetText(text); (typed.check(text) == "") != sound {
			t.Errorf("%q: %v", text, typed.check(text))
		}
	}
	q.choices[1].do()
	d.dialogs.withdraw()
	if got := await(t, d.core.asked); got != "erase 1" {
		t.Fatal(got)
	}
	job := d.screen.settings.job
	for job.end != nil {
		d.take()
	}
	if !strings.Contains(job.text.Text, "Mesures\u00a0: 12\u202f;") || !strings.Contains(job.text.Text, "27/11/2026") {
		t.Errorf("said: %q", job.text.Text)
	}
}

func TestKeeping_ABackupCanBeStoppedAndOnlyOneIsMade(t *testing.T) {
	d, _ := settled(t)
	d.core.wait = make(chan struct{})
	d.backUp()
	await(t, d.core.asked)
	d.backUp()
	job := d.screen.settings.job
	test.Tap(job.cancel)
	d.take()
	if job.end != nil || job.text.Text != "Interrompu\u00a0: rien n’a été changé." || len(d.core.asked) != 0 {
		t.Errorf("%q, %d more", job.text.Text, len(d.core.asked))
	}
	d.take() // what is kept
	d.core.wait = nil
	d.core.fault = &fhirmap.Fault{Code: "backup_failed", French: "Le disque est plein.", English: "disk full"}
	d.backUp()
	await(t, d.core.asked)
	d.take()
	if d.dialogs.open == nil || job.Container.Visible() {
		t.Errorf("a failure: %+v", d.dialogs.current)
	}
}

func TestKeeping_APassphraseIsTypedTwice(t *testing.T) {
	var wrote []string
	q := newWords("fr").backUpQuestion(testNow, func(path, passphrase string) { wrote = append(wrote, path, passphrase) })
	file, phrase, again := q.fields[0], q.fields[1], q.fields[2]
	file.Text, phrase.Text, again.Text = "relative", "court", "autre"
	for _, f := range q.fields {
		if f.check(f.Text) == "" {
			t.Errorf("%q is taken", f.Text)
		}
	}
	file.Text, phrase.Text, again.Text = t.TempDir()+"/b", "cheval agrafe pile", "cheval agrafe pile"
	for _, f := range q.fields {
		if problem := f.check(f.Text); problem != "" {
			t.Errorf("%q: %s", f.Text, problem)
		}
	}
	q.choices[1].do()
	if len(wrote) != 2 || wrote[0] != file.Text || wrote[1] != phrase.Text {
		t.Errorf("%v", wrote)
	}
}

func TestDurations_AreReadAsPeopleWriteThem(t *testing.T) {
	w := newWords("fr")
	for text, value := range map[string]string{
		"10 ans": "10y", "1 an": "1y", "30 jours": "30d", "30j": "30d", "2 min": "2m", "60 s": "60s", "12\u202fh": "12h", "90s": "90s", "10y": "10y", "bientôt": "bientôt", " 5 ": "5",
	} {
		if got := durationValue(text); got != value {
			t.Errorf("%q is %q, want %q", text, got, value)
		}
	}
	for value, text := range map[string]string{"10y": "10\u00a0ans", "1d": "1\u00a0jour", "2m": "2\u00a0minutes", "1h30m0s": "1h30m0s"} {
		if got := w.durationText(value); got != text || durationValue(got) != value {
			t.Errorf("%q is %q, read as %q", value, got, durationValue(got))
		}
	}
}

// What the window shows in any size and unit says what it says in a fresh one.
func TestScreen_LargeTextLooksAsIfItHadAlwaysBeen(t *testing.T) {
	a := test.NewTempApp(t)
	large := forced{calm: calm{scale: textScales["large"]}, variant: theme.VariantLight}
	picture := func(first, then fyne.Theme) string {
		a.Settings().SetTheme(first)
		s := newScreen(newWords("fr"), testOptions(), idle())
		w := test.NewTempWindow(t, s.Container)
		w.SetPadded(false)
		w.Resize(fyne.NewSize(usualWidth, usualHeight))
		s.update(scenes()["beds"].view)
		a.Settings().SetTheme(then)
		s.update(scenes()["beds"].view)
		return test.RenderToMarkup(w.Canvas())
	}
	if changed, always := picture(forced{variant: theme.VariantLight}, large), picture(large, large); changed != always {
		t.Error("a change of the size leaves something as it was")
	}
}

func TestScreen_LargeTextFitsTheLeastWindow(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(forced{calm: calm{scale: textScales["large"]}, variant: theme.VariantLight})
	for name, scene := range scenes() {
		s := newScreen(newWords("fr"), testOptions(), idle())
		w := test.NewTempWindow(t, s.Container)
		w.SetPadded(false)
		w.Resize(fyne.NewSize(leastWidth, leastHeight))
		scene.stand(s)
		if needed := s.MinSize(); needed.Width > leastWidth || needed.Height > leastHeight {
			t.Errorf("%s needs %v", name, needed)
		}
	}
}

func TestGlucose_OfACardAndOfATileInTheChosenUnit(t *testing.T) {
	w := newWords("fr")
	m := of(fhirmap.BloodGlucose, value(fhirmap.BloodGlucose, "5.4", fhirmap.MillimolePerLitre))
	low := fhirmap.MustDecimal("3.9")
	live := fhirmap.Live{Values: []fhirmap.LiveValue{{
		Type: fhirmap.BloodGlucose, Value: m.Readings[0].Value, Unit: fhirmap.MillimolePerLitre, State: fhirmap.LiveValid, Low: &low, Time: testNow,
	}}}
	for unit, want := range map[string][3]string{
		"": {"5,4", "mmol/L", "≥\u00a03,9"}, "g/L": {"0,97", "g/L", "≥\u00a00,70"}, "mg/dL": {"97", "mg/dL", "≥\u00a070"}, "mmol/L": {"5,4", "mmol/L", "≥\u00a03,9"},
	} {
		w.glucose.set(unit)
		f, tile := w.figure(&m), w.tiles(&live, nil, nil, testNow)[0]
		if f.main != want[0] || f.unit != want[1] || tile.main != want[0] || tile.unit != want[1] || tile.note != want[2] {
			t.Errorf("%q: card %+v, tile %+v", unit, f, tile)
		}
	}
	if m.Readings[0].Value.String() != "5.4" || live.Values[0].Low.String() != "3.9" {
		t.Error("what is stored was changed")
	}
}

func TestGlucose_OfAPlotAndOfTheTableInTheChosenUnit(t *testing.T) {
	w := newWords("fr")
	five := fhirmap.MustDecimal("5.4")
	trend := station.Trend{
		Type: fhirmap.BloodGlucose, Unit: fhirmap.MillimolePerLitre, Points: []station.TrendPoint{{At: testNow, High: &five}},
	}
	found := station.Found{Recorded: fhirmap.Recorded{Measurement: of(fhirmap.BloodGlucose, value(fhirmap.BloodGlucose, "5.4", fhirmap.MillimolePerLitre))}}
	for unit, want := range map[string]string{"": "5,4\u202fmmol/L", "g/L": "0,97\u202fg/L", "mg/dL": "97\u202fmg/dL"} {
		w.glucose.set(unit)
		l := w.laneOf(&trend, nil, testNow)
		if got := joined("\u202f", w.trendValue(&l.source[0]), unitName(l.unit)); got != want || l.points[0].High != l.source[0].High.Float64() {
			t.Errorf("%q: the plot says %q at %v", unit, got, l.points[0].High)
		}
		if got := w.observed(&found); got != want {
			t.Errorf("%q: the table says %q", unit, got)
		}
	}
	if trend.Points[0].High.String() != "5.4" {
		t.Error("what was read was changed")
	}
}
