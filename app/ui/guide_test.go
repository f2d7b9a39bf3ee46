package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const guide = "../../docs/guide-utilisateur.md"

// The guide shows the pictures that the tests hold against the window, so that
// they are always those of this version.
func TestGuide_Pictures(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`!\[([^\]]+)\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1)
	if len(shown) < 12 {
		t.Errorf("%d pictures", len(shown))
	}
	for _, picture := range shown {
		if _, err := os.Stat(filepath.Join(filepath.Dir(guide), picture[2])); err != nil {
			t.Errorf("%s: %v", picture[1], err)
		}
	}
}

// What the guide calls a page or the lowest button of one is what stands there.
func TestGuide_SpeaksOfWhatIsThere(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	w := newWords("fr")
	for _, key := range []string{"consult.assign", "consult.correct", "consult.undo", "consult.discard"} {
		if name := w.say(key); !strings.Contains(string(text), "**"+name+"**") {
			t.Errorf("%s, %q, is not in the guide", key, name)
		}
	}
	for _, key := range []string{
		"consult.undo", "consult.restore", "patient.nobody",
		"rail.consultation", "rail.devices", "rail.history", "rail.monitors", "rail.settings", "rail.software", "rail.help",
		"devices.pair", "consult.start", "history.export", "help.support.action",
		"origin.once", "origin.always", "origin.refuse",
	} {
		if name := w.say(key); !strings.Contains(string(text), "«\u00a0"+name+"\u00a0»") {
			t.Errorf("%s, %q, is not in the guide", key, name)
		}
	}
}
