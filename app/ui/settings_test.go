package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"vitalien/app/config"
	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

func (c *fakeCore) Expired(context.Context) (station.Expired, error) {
	return station.Expired{}, c.fault
}

func (c *fakeCore) ExpiredDetail(context.Context) (int, error) { return 0, c.fault }

func (c *fakeCore) FindErasable(_ context.Context, id string) (fhirmap.Patient, error) {
	c.asked <- "find " + id
	return *eloise, c.fault
}

func (c *fakeCore) ErasePatient(ctx context.Context, who fhirmap.Patient, progress func(done, of uint64)) (station.Erased, error) {
	c.asked <- "erase " + who.ID
	for done := range uint64(4) {
		progress(done, 4)
	}
	if c.fault == nil {
		c.fault = ctx.Err()
	}
	return station.Erased{Measurements: 12, BackupsUntil: testNow.AddDate(0, 0, 7)}, c.fault
}

func (c *fakeCore) BackUp(ctx context.Context) (string, error) {
	c.asked <- "back up"
	if c.wait != nil {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return "/d/backups/vitalien-20261120-130512.db", c.fault
}

func (c *fakeCore) BackUpTo(_ context.Context, path, passphrase string) error {
	return c.ask("back up to "+path, passphrase)
}

func (c *fakeCore) BackupState() station.BackupState {
	return station.BackupState{Dir: "/srv/sauvegardes", Last: testNow.Add(-3 * time.Hour), Count: 7}
}

// fakeSettings is a config.toml in memory.
type fakeSettings struct {
	mu           sync.Mutex
	file, flags  map[string]string
	running      map[string]string
	broken       error
	saves        chan map[string]string // what differed
	autostart    bool
	autostartErr error
}

func newFakeSettings() *fakeSettings {
	values := map[string]string{
		"lang": "fr", "listen": "localhost:63336", "require_token": "false",
		"update.url": "", "update.key": "", "hl7.listen": "0.0.0.0:2575", "hl7.allow": "192.168.1.0/24", "hl7.tls_cert": "", "hl7.tls_key": "", "hl7.tls_ca": "",
		"hl7.record_every": "1m", "hl7.discover": "true", "hl7.monitor": "192.168.1.40:4601 Lit 3\n192.168.1.41:4601",
		"bluetooth.enabled": "true", "retention.observations": "10y", "retention.live": "30d", "retention.quarantine": "30d",
		"stethoscope.source": "tcp", "stethoscope.address": "192.168.1.1:5004", "stethoscope.rate": "8000", "stethoscope.channels": "1",
		"stethoscope.encoding": "s16le", "stethoscope.wifi": "true", "stethoscope.max": "2m",
		"backup.dir": "", "backup.keep": "7", "window.theme": "system", "window.text": "normal", "window.glucose": "g/L",
	}
	return &fakeSettings{file: values, running: maps.Clone(values), flags: map[string]string{}, saves: make(chan map[string]string, 8)}
}

func (f *fakeSettings) Read() (file, running, flags map[string]string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.file), f.running, f.flags, f.broken
}

func (f *fakeSettings) Check(values map[string]string) map[string]*fhirmap.Fault {
	faults := map[string]*fhirmap.Fault{}
	form := &fhirmap.Fault{Code: "bad_config", French: "Indiquez une adresse et un port, par exemple 0.0.0.0:2575.", English: "HOST:PORT"}
	if !strings.Contains(values["listen"], ":") {
		faults["listen"] = form
	}
	if text := values["hl7.listen"]; text != "" && !strings.Contains(text, ":") {
		faults["hl7.listen"] = form
	}
	if values["hl7.record_every"] == "bientôt" {
		faults["hl7.record_every"] = &fhirmap.Fault{French: "Indiquez une durée, par exemple 60 s, 30 jours ou 10 ans.", English: "no duration"}
	}
	return faults
}

func (f *fakeSettings) Save(before, after map[string]string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	changes := map[string]string{}
	for name, value := range after {
		if before[name] != value {
			changes[name], f.file[name] = value, value
		}
	}
	f.saves <- changes
	return nil
}

func (f *fakeSettings) Enabled() (bool, error) { return f.autostart, f.autostartErr }

func (f *fakeSettings) Enable(on bool) error {
	f.saves <- map[string]string{"autostart": fmt.Sprint(on)}
	return f.autostartErr
}

func idleSettings() actions {
	do := idle()
	do.settings.restart = func() {}
	return do
}

// stated puts the page on a group, with what the file says.
func stated(group int, change func(*fakeSettings, *settingsPage)) func(*screen) {
	return func(s *screen) {
		f := newFakeSettings()
		s.settings.file = f
		s.settings.choose(group)
		s.settings.showAutostart(true)
		if change != nil {
			change(f, s.settings)
			if s.settings.model.file != nil || f.broken != nil {
				return
			}
		}
		s.settings.show(f.file, f.running, f.flags, "")
	}
}

func settingsScenes() map[string]scene {
	shown := func(p *settingsPage, f *fakeSettings) { p.show(f.file, f.running, f.flags, "") }
	states := map[string]func(*screen){
		"general":   stated(groupGeneral, nil),
		"monitors":  stated(1, nil),
		"bluetooth": stated(2, nil),
		"sound":     stated(3, nil),
		"server":    stated(6, nil),
		"unread": stated(groupGeneral, func(f *fakeSettings, p *settingsPage) {
			f.broken = errors.New("x")
			p.show(nil, nil, nil, "Le fichier des réglages (config.toml) contient une erreur\u202f: ligne 12, une valeur est attendue. Corrigez-la, puis recommencez.")
		}),
		"wrong": stated(1, func(f *fakeSettings, p *settingsPage) {
			shown(p, f)
			p.groups[1].rows[2].field.SetText("bientôt")
			p.groups[1].rows[0].field.SetText("2600")
		}),
		"flag": stated(1, func(f *fakeSettings, p *settingsPage) {
			f.flags["hl7.listen"] = "--hl7-listen 127.0.0.1:2600"
			shown(p, f)
		}),
		"changed": stated(6, func(f *fakeSettings, p *settingsPage) {
			shown(p, f)
			p.groups[6].rows[0].field.SetText("localhost:63400")
			p.groups[6].rows[1].segments.choose("true")
		}),
		"restart": stated(6, func(f *fakeSettings, p *settingsPage) {
			before := maps.Clone(f.file)
			shown(p, f)
			f.file["listen"], f.file["require_token"], f.file["backup.keep"] = "localhost:63400", "true", "12"
			p.saved(before, f.file)
		}),
		"monitors-whole": stated(1, nil),
		"general-whole":  stated(groupGeneral, nil),
		"keep": stated(groupRetention, func(f *fakeSettings, p *settingsPage) {
			p.keeping.show(station.Expired{
				First: 1, Last: 1234, Entries: 1234, Since: testNow.AddDate(-10, -1, 0), Until: testNow.AddDate(-10, 0, 0),
			}, 412)
		}),
		"keep-erasing": stated(groupRetention, func(f *fakeSettings, p *settingsPage) {
			p.keeping.show(station.Expired{}, 0)
			p.job.begin(p.words.say("keep.erasing"), func() {})
			p.job.progress(45, 100)
		}),
		"keep-erased": stated(groupRetention, func(f *fakeSettings, p *settingsPage) {
			p.keeping.show(station.Expired{}, 0)
			p.job.begin("", func() {})
			p.job.finish(p.words.erased(station.Erased{
				Measurements: 128, Recordings: 2, Consultations: 6, Alerts: 4, BackupsUntil: testNow.AddDate(0, 0, 7),
			}))
		}),
		"backup": stated(groupBackup, func(f *fakeSettings, p *settingsPage) {
			p.backups.show(station.BackupState{Dir: "/home/cabinet/.local/share/vitalien/backups", Last: testNow.Add(-11 * time.Hour), Count: 7})
		}),
		"backup-none": stated(groupBackup, func(f *fakeSettings, p *settingsPage) {
			p.backups.show(station.BackupState{Dir: "/home/cabinet/.local/share/vitalien/backups"})
		}),
		"overfull": stated(1, func(f *fakeSettings, p *settingsPage) {
			for i := range 40 {
				f.file["hl7.monitor"] += fmt.Sprintf("\nmoniteur-%d.salle-de-reveil.hopital.example.fr:4601 Salle de réveil n° %d, côté fenêtre", i, i)
			}
			f.file["hl7.allow"] = strings.Repeat("192.168.100.0/24, ", 20) + "10.0.0.0/8"
			shown(p, f)
		}),
		"large-text": stated(groupGeneral, func(f *fakeSettings, p *settingsPage) {
			f.file["window.text"] = "large"
			shown(p, f)
		}),
	}
	all := map[string]scene{}
	for name, prepare := range states {
		all["settings-"+name] = scene{page: pageSettings, prepare: prepare, view: view{situation: station.Situation{Links: soundLinks()}}}
	}
	return all
}

func TestScreen_Settings(t *testing.T) {
	for name, scene := range settingsScenes() {
		for form, variant := range forms {
			size := fyne.NewSize(usualWidth, usualHeight)
			if form == "dark" {
				size = fyne.NewSize(leastWidth, leastHeight)
			}
			if strings.HasSuffix(name, "-whole") {
				size.Height = 1540 // all of the page, down to its end
			}
			file := fmt.Sprintf("%s-%s-%.0fx%.0f", name, form, size.Width, size.Height)
			t.Run(file, func(t *testing.T) {
				look := forced{variant: variant}
				if name == "settings-large-text" {
					look.scale = textScales["large"]
				}
				test.NewTempApp(t).Settings().SetTheme(look)
				s := newScreen(newWords("fr"), testOptions(), idleSettings())
				w := test.NewTempWindow(t, s.Container)
				w.SetPadded(false)
				w.Resize(size)
				scene.stand(s)
				if needed := s.MinSize(); needed.Width > leastWidth || needed.Height > leastHeight {
					t.Errorf("needs %v, more than the least window", needed)
				}
				test.AssertRendersToImage(t, file+".png", w.Canvas())
			})
		}
	}
}

// Whoever adds a setting adds it here.
func TestSettings_HaveAllOfConfig(t *testing.T) {
	c := config.Default()
	missing := c.Values()
	for _, g := range settingGroups {
		for _, s := range g.settings {
			if _, known := missing[s.name]; !known {
				t.Errorf("%s is no setting, or is there twice", s.name)
			}
			delete(missing, s.name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("not on the page: %v", missing)
	}
}

func TestScreen_SettingsShowNoKey(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	raw := regexp.MustCompile(`>[^<]*(\{[a-z]+\}|\b(set|keep|rail)\.[a-z.]+)[^<]*<`)
	for _, language := range assets.Languages {
		for name, scene := range settingsScenes() {
			s := newScreen(newWords(language), testOptions(), idleSettings())
			w := test.NewTempWindow(t, s.Container)
			w.Resize(fyne.NewSize(usualWidth, usualHeight))
			scene.stand(s)
			if found := raw.FindString(test.RenderToMarkup(w.Canvas())); found != "" {
				t.Errorf("%s, %s: %s", language, name, found)
			}
		}
	}
}

func TestQuestions_Settings(t *testing.T) {
	w := newWords("fr")
	for name, q := range map[string]question{
		"restart":    w.restartQuestion(true, func() {}),
		"erase":      w.eraseQuestion(func(string) {}),
		"erase-sure": w.eraseConfirmation(eloise, func() {}),
		"backup-to":  w.backUpQuestion(testNow, func(string, string) {}),
	} {
		t.Run(name, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(forced{variant: theme.VariantLight})
			if name == "backup-to" {
				q.fields[0].holding("/home/cabinet/vitalien-2026-11-20.sauvegarde")
			}
			window := test.NewTempWindow(t, newPanel(theme.ColorNameBackground, "", ""))
			window.Resize(fyne.NewSize(560, 520))
			if !newDialogs(window.Canvas(), func() {}, func() {}).ask(q) {
				t.Fatal("not asked")
			}
			test.AssertRendersToImage(t, "question-"+name+"-light.png", window.Canvas())
		})
	}
}
