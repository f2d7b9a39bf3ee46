package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vitalien/assets"
)

var keyForm = regexp.MustCompile(`^[a-z]+(\.[a-z]+)+$`)

// keysInSource are the string literals of this package that look like a key
// of the texts.
func keysInSource(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && keyForm.MatchString(text) {
					keys[text] = true
				}
			}
			return true
		})
	}
	return keys
}

func TestWords_EveryKeyOfTheSourceHasATextAndIsUsed(t *testing.T) {
	texts, err := assets.Texts("fr")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for key := range texts {
		if section, _, dotted := strings.Cut(key, "."); dotted {
			sections[section] = true
		}
	}
	used := keysInSource(t)
	for key := range used {
		section, _, _ := strings.Cut(key, ".")
		if _, ok := texts[key]; !ok && sections[section] && !notKeys[key] {
			t.Errorf("%s is used and has no text", key)
		}
	}
	for key := range texts {
		if model, ritual := strings.CutPrefix(key, "ritual."); ritual {
			if _, drawn := assets.Device(model); !drawn {
				t.Errorf("%s is the ritual of what has no drawing", key)
			}
			continue
		}
		if strings.Contains(key, ".") && !used[key] {
			t.Errorf("%s has a text and is not used", key)
		}
	}
}

// notKeys are literals of that form that are something else.
var notKeys = map[string]bool{
	"tray.png": true, // names of pictures and preferences
	preferTold: true, preferGreeted: true,
}

// A button that asks something before it does what it says ends in an ellipsis,
// in every language, and no other does.
func TestWords_WhatAsksFirst(t *testing.T) {
	asks := []string{
		"band.end", "consult.start", "consult.end", "consult.change", "consult.assign", "consult.correct", "consult.discard",
		"consult.restore", "consult.undo", "tray.end", "tray.suspend", "history.change", "history.export", "devices.pair", "pair.another",
		"devices.rename", "devices.forget", "monitors.add", "monitors.forget", "monitors.traffic", "monitors.rejected", "steth.other",
		"software.create", "software.site", "software.revoke", "set.restart", "keep.erase", "keep.backup.to", "patient.next",
	}
	acts := []string{
		"consult.begin", "empty.action", "history.retry", "help.support.action", "welcome.trial.start", "monitors.accept",
		"steth.record", "steth.stop", "software.journal.open", "software.link.copy", "set.save", "set.drop", "set.undo", "keep.backup",
		"traffic.show", "traffic.again", "alarm.acknowledge", "alarm.mute", "tray.resume", "pair.search", "pair.again", "pair.finish",
	}
	for _, language := range assets.Languages {
		w := newWords(language)
		for _, key := range asks {
			if text := w.say(key); !strings.HasSuffix(text, "…") {
				t.Errorf("%s, %s: %q", language, key, text)
			}
		}
		for _, key := range acts {
			if text := w.say(key); strings.HasSuffix(text, "…") {
				t.Errorf("%s, %s: %q", language, key, text)
			}
		}
	}
}

func TestWords_Say(t *testing.T) {
	w := newWords("fr")
	if got, want := w.say("age.seconds", "n", "4"), "il y a 4\u00a0s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.say("no.such.text"); got != "no.such.text" {
		t.Errorf("an unknown key: %q", got)
	}
	if got := newWords("de").language; got != "fr" {
		t.Errorf("an unknown language gives %q", got)
	}
	if got, want := newWords("en").count(2, "", "live.new.single", "live.new.several"), "2\u00a0new measurements"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
