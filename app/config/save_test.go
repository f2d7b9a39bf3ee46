package config

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// A maker writes valid files of settings in all the ways that people do, and
// changes of them.
type maker struct {
	*rand.Rand
	comments int
}

func (m *maker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m *maker) some() bool { return m.IntN(2) == 0 }

// comment is one that is in the file once, with what could be taken for TOML.
func (m *maker) comment() string {
	m.comments++
	return fmt.Sprintf("#<%d> %s", m.comments, m.one("é « x » = 1", `a = "b`, "[hl7]", "'''", "]"))
}

func (m *maker) maybe(text string) string {
	if m.some() {
		return text
	}
	return ""
}

// pair is key = value with blanks and perhaps comments.
func (m *maker) pair(key, value string) string {
	line := m.one("", "", "  ", "\t") + key + m.one(" = ", "=", "  =\t") + value
	if m.IntN(3) == 0 {
		line += m.one(" ", "") + m.comment()
	}
	if m.IntN(4) == 0 {
		line = m.comment() + "\n" + line
	}
	return line + m.one("\n", "\n", "\n\n")
}

func (m *maker) text(of ...string) string {
	s := m.one(of...)
	return m.one(quote(s), "'"+s+"'", `"""`+s+`"""`, `'''`+s+`'''`)
}

// file is a whole file.
func (m *maker) file() string {
	keyed := func(table, key, value string) string {
		return m.maybe(m.pair(m.one(key, quote(key), "'"+key+"'"), value))
	}
	root := []string{
		keyed("", "lang", m.text("fr", "en")), keyed("", "listen", m.text("localhost:1", "127.0.0.1:63336")),
		keyed("", "require_token", m.one("true", "false")), m.maybe(m.pair("future", `"""`+"\nlisten = \"no\" # none\n"+`"""`)),
	}
	dotted := m.IntN(4) == 0
	hl7 := []string{
		keyed("hl7", "listen", m.text("", "0.0.0.0:2575")), keyed("hl7", "discover", m.one("true", "false")),
		keyed("hl7", "allow", m.one(`["10.0.0.0/8"]`, "[]", "[ '::1', # one\n \""+"10.0.0.1\", ]", "[\n"+m.comment()+"\n\"10.1.0.0/16\",\n]")),
		keyed("hl7", "record_every", m.text("60s", "5s")), m.maybe(m.pair("unknown", "[1, [2, {a = 'x'}]]")),
	}
	if dotted {
		for _, line := range hl7 {
			if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") && line != "" {
				root = append(root, "hl7."+strings.TrimLeft(line, " \t"))
			}
		}
		hl7 = nil
	}
	m.Shuffle(len(root), func(i, j int) { root[i], root[j] = root[j], root[i] })
	tables := []string{
		m.maybe("[retention]" + m.maybe(m.comment()) + "\n" + keyed("retention", "live", m.text("30d", "7d"))),
		m.maybe(" [ backup ]\n" + keyed("backup", "keep", m.one("7", "0x05", "1_0"))),
		m.maybe("[window] " + m.comment() + "\n" + keyed("window", "theme", m.text("dark", "light")) + m.comment() + "\n"),
		m.maybe("[unknown.table]\n" + m.pair("listen", "'x'")),
	}
	if len(hl7) > 0 {
		block := "[hl7]\n" + strings.Join(hl7, "")
		for n := range m.IntN(3) {
			block += "[[hl7.monitor]]" + m.maybe(m.comment()) + "\n" + m.pair("address", quote(fmt.Sprintf("m%d:4601", n))) + keyed("", "name", m.text("Lit 3"))
		}
		tables = append(tables, block)
	}
	m.Shuffle(len(tables), func(i, j int) { tables[i], tables[j] = tables[j], tables[i] })
	all := m.maybe("\ufeff") + m.maybe(m.comment()+"\n") + strings.Join(root, "") + strings.Join(tables, "")
	if m.IntN(3) == 0 {
		all = strings.TrimRight(all, "\n")
	}
	if m.IntN(4) == 0 {
		all = strings.ReplaceAll(all, "\n", "\r\n")
	}
	return all
}

// change sets some settings to other good values.
func (m *maker) change(c *Config) {
	for name, values := range map[string][]string{
		"lang": {"en", "fr"}, "listen": {"localhost:7"}, "require_token": {"true", "false"}, "hl7.listen": {"", "[::]:2"},
		"hl7.allow": {"", "10.2.0.0/16, fd00::/8"}, "hl7.record_every": {"10s", "1h"}, "hl7.discover": {"false"},
		"hl7.monitor":    {"", "m0:4601 Salle \"2\"", "m1:4601 Lit 3\nnew:4601 Bloc é", "new:1\nm0:4601\nm1:4601 \\"},
		"retention.live": {"3d", "1y"}, "stethoscope.max": {"90s"}, "stethoscope.rate": {"44100"},
		"backup.keep": {"2", "12"}, "backup.dir": {`C:\Sauvegardes\é "a" #1`, "/srv/b"}, "window.theme": {"dark", "system"}, "window.glucose": {"mmol/L"},
		"bluetooth.enabled": {"false"}, "stethoscope.wifi": {"false"}, "window.text": {"large"},
	} {
		if m.IntN(4) == 0 {
			if err := c.Set(name, m.one(values...)); err != nil {
				panic(err)
			}
		}
	}
}

// What was written says what was wanted, and everything else as before: every
// comment, every unknown setting, every line that says nothing that was changed.
func TestRevise_ChangesWhatIsAskedAndKeepsTheRest(t *testing.T) {
	for seed := range uint64(400) {
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 8))}
		text := m.file()
		before, unknown, err := parse(text)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, text)
		}
		after := before
		after.HL7.Allow, after.HL7.Monitor = slices.Clone(before.HL7.Allow), slices.Clone(before.HL7.Monitor)
		m.change(&after)
		_, changed, err := revise(text, before, after)
		if err != nil {
			t.Fatalf("seed %d: %v in\n%s", seed, err, text)
		}
		got, stillUnknown, err := parse(changed)
		if err != nil || !got.same(&after) {
			t.Fatalf("seed %d: %v: %v, want %v; of\n%s\ncame\n%s", seed, err, got.Values(), after.Values(), text, changed)
		}
		if strings.Join(unknown, "\n") != strings.Join(stillUnknown, "\n") {
			t.Errorf("seed %d: unknown settings were %v, are %v", seed, unknown, stillUnknown)
		}
		for n := range m.comments {
			if mark := fmt.Sprintf("#<%d> ", n+1); strings.Count(changed, mark) != strings.Count(text, mark) {
				t.Errorf("seed %d: comment %s of\n%s\nis not in\n%s", seed, mark, text, changed)
			}
		}
		if before.same(&after) && changed != text {
			t.Errorf("seed %d: changed for nothing", seed)
		}
		if strings.Contains(text, "\r\n") && strings.Contains(strings.ReplaceAll(changed, "\r\n", ""), "\n") {
			t.Errorf("seed %d: another kind of line", seed)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("[hl7] # x\r\nlisten = ''\r\n", "hl7.listen", ":1")
	f.Add("a.b = 1\nhl7 = {listen = \"\"}", "hl7.listen", "x:1")
	f.Add("hl7.allow = [ # x\n] # y\n[[hl7.monitor]]", "hl7.allow", "::1")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		before, _, err := parse(text)
		if err != nil {
			return
		}
		after := before
		if after.Set(name, value) != nil {
			return
		}
		if _, changed, err := revise(text, before, after); err == nil {
			if got, _, err := parse(changed); err != nil || !got.same(&after) {
				t.Errorf("%q: %v", changed, err)
			}
		}
	})
}

func TestSave_ReplacesTheFileOfTheUser(t *testing.T) {
	folder := t.TempDir()
	before, _, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	after := before
	after.HL7.Listen, after.Window.Theme = "0.0.0.0:2575", "dark"
	if _, err := Save(folder, before, after); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(filepath.Join(folder, FileName))
	want := strings.Replace(strings.Replace(template, `[hl7]
# Adresse où les moniteurs envoient leurs messages HL7 v2 (MLLP).
# Vide : pas d’écoute. Exemple : "0.0.0.0:2575".
# Address where monitors send HL7 v2 messages (MLLP). Empty: no listener.
listen = ""`, `[hl7]
# Adresse où les moniteurs envoient leurs messages HL7 v2 (MLLP).
# Vide : pas d’écoute. Exemple : "0.0.0.0:2575".
# Address where monitors send HL7 v2 messages (MLLP). Empty: no listener.
listen = "0.0.0.0:2575"`, 1), `theme = "system"`, `theme = "dark"`, 1)
	if string(text) != want {
		t.Errorf("written:\n%s", text)
	}
	entries, _ := os.ReadDir(folder)
	info, _ := os.Stat(filepath.Join(folder, FileName))
	if len(entries) != 1 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v", entries, info.Mode())
	}
}

func TestSave_WhatSomebodyElseHasChangedStays(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, FileName)
	before, _, _ := Load(folder)
	elsewhere := strings.NewReplacer("keep = 7", "keep = 30 # un mois", `lang = "fr"`, `lang = "en"`).Replace(template)
	if err := os.WriteFile(file, []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	after := before
	after.Retention.Live = Duration(7 * day)
	now, err := Save(folder, before, after)
	if err != nil || now.Backup.Keep != 30 || now.Lang != "en" || now.Retention.Live != Duration(7*day) {
		t.Fatalf("%+v, %v", now, err)
	}
	text, _ := os.ReadFile(file)
	if want := strings.Replace(elsewhere, `live = "30d"`, `live = "7d"`, 1); string(text) != want {
		t.Errorf("written:\n%s", text)
	}
	after.Backup.Keep = 3 // which both have changed
	_, err = Save(folder, before, after)
	if p, ours := err.(*Problem); !ours || p.Setting != "backup.keep" {
		t.Errorf("conflict: %v", err)
	}
	if still, _ := os.ReadFile(file); string(still) != string(text) {
		t.Error("a conflict changed the file")
	}
}

func TestSave_RefusesAndLeavesTheFile(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		set  func(*Config)
	}{
		"read-only":        {template, 0o400, func(c *Config) { c.Lang = "en" }},
		"invalid":          {template, 0o600, func(c *Config) { c.Listen = "0.0.0.0:1" }},
		"broken meanwhile": {"lang = ", 0o600, func(c *Config) { c.Lang = "en" }},
		"inline table":     {"hl7 = { listen = \":1\" }\n", 0o600, func(c *Config) { c.HL7.Discover = false }},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file := filepath.Join(folder, FileName)
			if err := os.WriteFile(file, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
			before := Default()
			after := before
			c.set(&after)
			_, err := Save(folder, before, after)
			if p, ours := err.(*Problem); !ours || p.French == "" || p.English == "" {
				t.Errorf("%v", err)
			}
			if text, _ := os.ReadFile(file); string(text) != c.text {
				t.Errorf("the file became %q", text)
			}
			if entries, _ := os.ReadDir(folder); len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestSave_FollowsALink(t *testing.T) {
	folder, real := t.TempDir(), filepath.Join(t.TempDir(), "real.toml")
	if err := os.WriteFile(real, []byte("lang = 'fr'\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(folder, FileName)); err != nil {
		t.Skip(err)
	}
	before, _, _ := Load(folder)
	after := before
	after.Lang = "en"
	if _, err := Save(folder, before, after); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(real)
	info, _ := os.Lstat(filepath.Join(folder, FileName))
	if string(text) != "lang = \"en\"\n" || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%q, %v", text, info.Mode())
	}
}

func TestReplace_NotWhatHasChangedSinceItWasRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), FileName)
	os.WriteFile(file, []byte("new"), 0o600)
	if replaced, err := replace(file, []byte("old"), []byte("mine")); replaced || err != nil {
		t.Errorf("%v, %v", replaced, err)
	}
	if text, _ := os.ReadFile(file); string(text) != "new" {
		t.Errorf("%q", text)
	}
}

func TestValues_SetReadsThemBack(t *testing.T) {
	c := Default()
	c.HL7.Allow, c.HL7.Monitor = []string{"10.0.0.0/8", "::1"}, []Monitor{{"m:1", "Lit 3"}, {"n:1", ""}}
	values := c.Values()
	var again Config
	for name, text := range values {
		if err := again.Set(name, text); err != nil {
			t.Errorf("%s = %q: %v", name, text, err)
		}
	}
	if !again.same(&c) || values["hl7.monitor"] != "m:1 Lit 3\nn:1" || values["hl7.allow"] != "10.0.0.0/8, ::1" {
		t.Errorf("%v", values)
	}
	for name, text := range map[string]string{"backup.keep": "seven", "retention.live": "soon", "frobnicate": ""} {
		p, ours := again.Set(name, text).(*Problem)
		if !ours || p.Setting != name || p.French == "" {
			t.Errorf("%s: %v", name, p)
		}
	}
}

// Every setting has a place in the template: who opens the file sees it.
func TestTemplate_HasEverySetting(t *testing.T) {
	var c map[string]any
	meta, err := toml.Decode(template, &c)
	if err != nil {
		t.Fatal(err)
	}
	d := Default()
	for name := range d.Values() {
		if name != MonitorSetting && !meta.IsDefined(strings.Split(name, ".")...) {
			t.Errorf("%s is not in the template", name)
		}
	}
}

func TestDuration_StringIsReadBack(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10y": 3650 * day, "30d": 30 * day, "12h": 12 * time.Hour, "2m": 2 * time.Minute, "90s": 90 * time.Second, "0s": 0, "1.5s": 1500 * time.Millisecond,
	} {
		d := Duration(want)
		var again Duration
		if err := again.UnmarshalText([]byte(d.String())); err != nil || d.String() != text || again != d {
			t.Errorf("%v is %q, read as %v, %v", want, d, again, err)
		}
	}
}
