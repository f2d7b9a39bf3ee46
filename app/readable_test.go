package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// disguises are the forms in which text would be readable to whoever knows what
// to look for.
func disguises(text string) map[string]string {
	forms := map[string]string{
		"as it is": text, "in capitals": strings.ToUpper(text), "in small letters": strings.ToLower(text),
		"hexadecimal": hex.EncodeToString([]byte(text)), "percent-encoded": url.QueryEscape(text), "quoted": strings.Trim(strconv.QuoteToASCII(text), `"`),
	}
	if latin, err := charmap.ISO8859_1.NewEncoder().String(text); err == nil {
		forms["Latin-1"] = latin
	}
	var wide []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	forms["UTF-16"] = string(wide)
	for before := range 3 { // of base64 that begins earlier; its edges mix with what stands beside
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
		forms["base64, "+strconv.Itoa(before)] = encoded[(before*8+5)/6 : (before+len(text))*8/6]
	}
	return forms
}

// wantUnreadable looks for secrets in every file of folder, and in their names.
// It returns how many files there are.
func wantUnreadable(t *testing.T, folder string, secrets ...string) (files int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // a file of a moment
			return nil
		}
		files++
		content = append(append(content, '\n'), path[len(folder):]...)
		for _, secret := range secrets {
			for form, text := range disguises(secret) {
				if at := bytes.Index(content, []byte(text)); at >= 0 {
					t.Errorf("%s holds %q, %s: …%q…", path, secret, form, content[max(0, at-80):min(len(content), at+80)])
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What is looked for would be found.
func TestDisguises(t *testing.T) {
	for _, before := range []string{"", "a", "ab", "abc", "{\"family\":\""} {
		text := before + "Évêque\"}"
		for form, written := range map[string]string{
			"as it is": text, "base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64 of an URL": base64.RawURLEncoding.EncodeToString([]byte(text)),
			"Latin-1": before + "\xc9v\xeaque", "UTF-16": "\xc9\x00v\x00\xea\x00q\x00u\x00e\x00", "quoted": before + `\u00c9v\u00eaque`,
			"hexadecimal": hex.EncodeToString([]byte(text)), "percent-encoded": url.QueryEscape(text), "in capitals": "ÉVÊQUE",
		} {
			if !slices.ContainsFunc(slices.Collect(maps.Values(disguises("Évêque"))), func(d string) bool { return strings.Contains(written, d) }) {
				t.Errorf("%s is not found behind %q: %q", form, before, written)
			}
		}
	}
}

// TestDataFolder_HoldsNothingReadable: whatever the program has met of patients,
// nobody who takes the folder reads a name, a date of birth, a value or a code,
// while it runs, after a kill and after its end.
func TestDataFolder_HoldsNothingReadable(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	secrets := append([]string{wander(t, p, folder), "PatGringoire", "Gringoire", "Évêque", "8867-4", "heart_rate", "Chambre 1482", "artefact du 14"}, secrets...)
	device := dial(t, p.mllp)
	latin, err := charmap.ISO8859_1.NewEncoder().String(strings.NewReplacer("Lefèvre^Éloïse", "Gringoire^Évêque", "UNICODE UTF-8", "8859/1", "^^3", "^^Chambre 1482").Replace(oru("PatGringoire", 271828)))
	if err != nil {
		t.Fatal(err)
	}
	send(t, device, latin)
	device.Close()
	phrase := filepath.Join(t.TempDir(), "phrase")
	if err := os.WriteFile(phrase, []byte("cheval agrafe pile correct\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(words ...string) {
		t.Helper()
		if said, err := executed(t, folder, words...); err != nil {
			t.Errorf("%v: %v, %s", words, err, said)
		}
	}
	do("measurements", "discard", "1", "artefact du 14")
	do("store", "backup", filepath.Join(folder, "backup.age"), "--passphrase-file", phrase)
	if files := wantUnreadable(t, folder, secrets...); files < 6 {
		t.Errorf("%d files: the settings, the key, log, journal, backup, and what the program says", files)
	}
	p.kill()
	wantUnreadable(t, folder, secrets...)
	launch(t, folder).stop(t)
	wantUnreadable(t, folder, secrets...)
	do("patients", "delete", "PatGringoire", "--yes")
	wantUnreadable(t, folder, secrets...)
}
