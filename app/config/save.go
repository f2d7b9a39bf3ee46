package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// saving is held by who changes the file.
var saving sync.Mutex

// Save writes to the file in folder what differs between before, which somebody
// has looked at, and after, and returns what it says then. Comments, unknown
// settings and what somebody else has changed meanwhile stay. The file is
// replaced whole or not at all. Errors are a *Problem: a setting that is not
// valid, that was changed meanwhile to something else, or that stands in a form
// which cannot be changed; a file that cannot be read or written.
func Save(folder string, before, after Config) (Config, error) {
	saving.Lock()
	defer saving.Unlock()
	path, err := filepath.EvalSymlinks(filepath.Join(folder, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(folder, FileName)
		err = writeTemplate(folder, path)
	}
	if err != nil {
		return Config{}, unwritable(err)
	}
	for { // somebody else may write between reading and replacing
		text, err := os.ReadFile(path)
		if err != nil {
			return Config{}, unwritable(err)
		}
		now, changed, err := revise(string(text), before, after)
		if err != nil || changed == string(text) {
			return now, err
		}
		replaced, err := replace(path, text, []byte(changed))
		if err != nil {
			return Config{}, unwritable(err)
		}
		if replaced {
			return now, nil
		}
	}
}

func unwritable(err error) error {
	return &Problem{
		English: "the file of settings cannot be written", Cause: err,
		French: fmt.Sprintf("Le fichier des réglages (%s) ne peut pas être écrit. Vérifiez qu’il n’est pas en lecture seule, puis recommencez.", FileName),
	}
}

// revise is text with what differs between before and after.
func revise(text string, before, after Config) (Config, string, error) {
	now, _, err := parse(text)
	if err != nil {
		return Config{}, "", &Problem{
			English: "the file of settings has a mistake", Cause: err,
			French: fmt.Sprintf("Le fichier des réglages (%s) contient une erreur\u202f: %v. Corrigez-la, puis recommencez.", FileName, err),
		}
	}
	old, wanted, present := before.Values(), after.Values(), now.Values()
	var names []string
	for name := range wanted {
		switch {
		case wanted[name] == old[name] || wanted[name] == present[name]:
		case present[name] != old[name]:
			return Config{}, "", &Problem{
				Setting: name, English: "was changed in the file meanwhile",
				French: "Ce réglage a été modifié entre-temps dans le fichier. Relisez sa nouvelle valeur, puis recommencez.",
			}
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if err := now.Set(name, wanted[name]); err != nil {
			return Config{}, "", err
		}
	}
	if err := now.Validate(); err != nil {
		return Config{}, "", err
	}
	changed, err := now.written(text, names)
	if result, _, bad := parse(changed); err != nil || bad != nil || !result.same(&now) {
		return Config{}, "", &Problem{
			English: "the file is in a form that cannot be changed here", Cause: err,
			French: fmt.Sprintf("Le fichier des réglages (%s) est écrit d’une façon que la fenêtre ne sait pas modifier. Modifiez-le avec un éditeur de texte.", FileName),
		}
	}
	return now, changed, nil
}

// written is text with the values that c has for those settings.
func (c *Config) written(text string, names []string) (changed string, err error) {
	each(reflect.ValueOf(c).Elem(), "", func(name string, v reflect.Value) bool {
		if !slices.Contains(names, name) {
			return true
		}
		var d *document
		if d, err = scan(text); err != nil {
			return false
		}
		if at := path(strings.Split(name, ".")); name != MonitorSetting || d.find(at) != nil {
			text = d.with(at, literal(v))
		} else {
			text, err = withMonitors(d, c.HL7.Monitor)
		}
		return err == nil
	})
	return text, err
}

// withMonitors is the text with one [[hl7.monitor]] for each monitor. Those that
// stay keep their place and their comments.
func withMonitors(d *document, monitors []Monitor) (text string, err error) {
	array := path{"hl7", "monitor"}
	element := func(n int, key ...string) path {
		return append(append(path{}, array...), append([]string{strconv.Itoa(n)}, key...)...)
	}
	missing := slices.Clone(monitors)
	for n := countElements(d, array) - 1; n >= 0; n-- {
		var has Config
		if has, _, err = parse(d.text); err != nil {
			return "", err
		}
		i := slices.IndexFunc(missing, func(m Monitor) bool { return m.Address == has.HL7.Monitor[n].Address })
		switch {
		case i < 0:
			text = d.withoutElement(element(n))
		case missing[i].Name != has.HL7.Monitor[n].Name:
			text = d.with(element(n, "name"), quote(missing[i].Name))
		default:
			text = d.text
		}
		if i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		if d, err = scan(text); err != nil {
			return "", err
		}
	}
	for _, m := range missing {
		lines := []string{"[[hl7.monitor]]", "address = " + quote(m.Address)}
		if m.Name != "" {
			lines = append(lines, "name = "+quote(m.Name))
		}
		if d, err = scan(d.appended(lines...)); err != nil {
			return "", err
		}
	}
	return d.text, nil
}

func countElements(d *document, array path) (n int) {
	for _, h := range d.headers {
		if len(h.path) == len(array)+1 && slices.Equal(h.path[:len(array)], array) {
			n++
		}
	}
	return n
}

// replace puts text in the place of a file, unless that says something else than
// old by now.
func replace(path string, old, text []byte) (replaced bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if info.Mode().Perm()&0o200 == 0 { // renaming would not ask
		return false, &fs.PathError{Op: "write", Path: path, Err: fs.ErrPermission}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+FileName+"-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name()) // nothing once it has its name
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		return false, err
	}
	return true, os.Rename(f.Name(), path)
}
