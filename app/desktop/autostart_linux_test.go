package desktop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAutostart(t *testing.T) {
	for name, packaged := range map[string]bool{"alone": false, "with a package": true} {
		t.Run(name, func(t *testing.T) {
			user, system := t.TempDir(), t.TempDir()
			t.Setenv("XDG_CONFIG_HOME", user)
			t.Setenv("XDG_CONFIG_DIRS", system)
			if packaged {
				if err := write(filepath.Join(system, "autostart", ID+".desktop"), "[Desktop Entry]\n"); err != nil {
					t.Fatal(err)
				}
			}
			a := Autostart{}
			want := func(on bool) {
				t.Helper()
				if have, err := a.Enabled(); err != nil || have != on {
					t.Errorf("enabled: %v, %v", have, err)
				}
			}
			want(packaged)
			for _, on := range []bool{true, true, false, false, true, false} {
				if err := a.Enable(on); err != nil {
					t.Fatal(err)
				}
				want(on)
			}
			left, err := filepath.Glob(filepath.Join(user, "autostart", "*"))
			if err != nil || len(left) != map[bool]int{false: 0, true: 1}[packaged] {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestAutostart_WhatADesktopSwitchedOff(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_DIRS", t.TempDir())
	a := Autostart{}
	if err := a.Enable(true); err != nil {
		t.Fatal(err)
	}
	path, err := userEntry()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "enabled=true", "enabled=false", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if on, err := a.Enabled(); err != nil || on {
		t.Errorf("%v, %v", on, err)
	}
}

// TestAutostart_AnyPath has the desktop's own validator read the entry, and
// holds what Exec makes of odd paths.
func TestAutostart_AnyPath(t *testing.T) {
	validator, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		t.Fatal("desktop-file-validate is missing: make deps installs what the tests need")
	}
	t.Setenv("XDG_CONFIG_DIRS", t.TempDir())
	for program, line := range map[string]string{
		"/usr/bin/vitalien":   `Exec="/usr/bin/vitalien" --minimized`,
		"/opt/100 %/vitalien": `Exec="/opt/100 %%/vitalien" --minimized`,
		`/opt/a"b$c\d/v`:      `Exec="/opt/a\\"b\\$c\\\\d/v" --minimized`,
	} {
		t.Setenv("XDG_CONFIG_HOME", t.TempDir())
		if err := (Autostart{Program: program}).Enable(true); err != nil {
			t.Fatal(err)
		}
		path, err := userEntry()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), line+"\n") {
			t.Errorf("%s, %v", text, err)
		}
		if output, err := exec.CommandContext(t.Context(), validator, path).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, output)
		}
	}
}
