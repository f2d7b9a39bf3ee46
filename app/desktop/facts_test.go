package desktop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSystem_WithoutTheNameOfTheComputer(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if text := System(); len(text) < 10 || strings.Contains(text, host) {
		t.Errorf("%q on %q", text, host)
	}
}

func TestFree(t *testing.T) {
	if free, err := Free(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d, %v", free, err)
	}
	if _, err := Free(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a folder that is not there has room")
	}
}

func TestOutbox(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for _, name := range []string{"", "Bureau", "Downloads"} {
		want := filepath.Join(home, name)
		if err := os.MkdirAll(want, 0o700); err != nil {
			t.Fatal(err)
		}
		if got, err := Outbox(); err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}
