package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitalien/app/station"
)

// keptIn is a folder with the store of a ward, closed, and a file with a
// passphrase.
func keptIn(t *testing.T) (folder, passphrase string) {
	t.Helper()
	folder = t.TempDir()
	if err := ward(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	passphrase = filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(passphrase, []byte("une phrase de passe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, passphrase
}

// serve has a program answer for folder until the test ends or stop is called.
func serve(t *testing.T, folder string) (stop func()) {
	t.Helper()
	s, err := station.Open(folder, station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error { return Execute(ctx, s, words, out) })
	t.Cleanup(func() { s.Close() })
	return func() { ended(); s.Close() }
}

// TestStore_BackupAndRestore: a backup made with and without the program comes
// back, here and on another computer.
func TestStore_BackupAndRestore(t *testing.T) {
	folder, passphrase := keptIn(t)
	t.Chdir(t.TempDir())
	do := func(folder, stdin string, words ...string) run {
		return start(t, stdin, append(append([]string{"store"}, words...), "--data-dir", folder)...)
	}
	stop := serve(t, folder)
	for _, file := range []string{"running.age", "alone.age"} {
		if r := do(folder, "", "backup", file, "--passphrase-file", passphrase); r.status != Done || !strings.HasSuffix(r.stdout, file+"\n") || r.stderr != "" {
			t.Errorf("%+v", r)
		}
		do(folder, "", "backup", file, "--passphrase-file", passphrase).wantOneLine(t, Failed) // it exists
		if r := do(folder, "", "check"); r.status != Done || !strings.HasPrefix(r.stdout, "in order: 3 messages, numbers 1 to 3,") {
			t.Errorf("%+v", r)
		}
		if r := do(folder, "", "compact"); r.status != Done || r.stdout+r.stderr != "" {
			t.Errorf("%+v", r)
		}
		if file == "running.age" {
			do(folder, "", "restore", file, "--yes", "--passphrase-file", passphrase).wantOneLine(t, Failed)
			stop()
		}
	}
	elsewhere := filepath.Join(t.TempDir(), "new")
	r := do(elsewhere, "une autre phrase\n", "restore", "alone.age")
	if r.status != Failed || !strings.Contains(r.stderr, "store_passphrase") || station.Exists(elsewhere) {
		t.Errorf("%+v", r)
	}
	if r := do(elsewhere, "une phrase de passe\n", "restore", "running.age"); r.status != Done || r.stdout != "restored: 3 messages, numbers 1 to 3\n" {
		t.Errorf("%+v", r)
	}
	if r := do(elsewhere, "no\n", "restore", "alone.age"); r.status != Failed || !strings.Contains(r.stderr, "nothing was changed") {
		t.Errorf("%+v", r)
	}
	if r := do(elsewhere, "yes\nune phrase de passe\n", "restore", "alone.age"); r.status != Done || !strings.Contains(r.stdout, "set aside: ") {
		t.Errorf("%+v", r)
	}
	if r := do(elsewhere, "yes\n", "restore", "alone.age"); r.status != Failed || !strings.Contains(r.stderr, "no answer") {
		t.Errorf("%+v", r)
	}
	if r := start(t, "", "export", "--out", "out", "--data-dir", elsewhere); r.status != Done {
		t.Errorf("%+v", r)
	}
	if text, err := os.ReadFile(filepath.Join("out", "observations.ndjson")); err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("%s, %v", text, err)
	}
}

func TestStore_AsksForANewPassphraseTwice(t *testing.T) {
	folder, _ := keptIn(t)
	file := filepath.Join(t.TempDir(), "b.age")
	for typed, ok := range map[string]bool{
		"": false, "short\nshort\n": false, "une phrase assez longue\nune autre\n": false,
		"une phrase assez longue\nune phrase assez longue\n": true,
	} {
		if r := start(t, typed, "store", "backup", file, "--data-dir", folder); (r.status == Done) != ok || strings.Contains(r.stdout+r.stderr, "phrase assez") {
			t.Errorf("%q: %+v", typed, r)
		}
		if _, err := os.Stat(file); (err == nil) != ok {
			t.Errorf("%q: %v", typed, err)
		}
		os.Remove(file)
	}
}

// A question ends with Ctrl-C, although nobody answers.
func TestAsk_EndsWithItsContext(t *testing.T) {
	silent, keep := io.Pipe()
	p := Program{Stdin: silent, Stderr: io.Discard}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.ask(ctx, "?", true); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	keep.Close()
}

func TestProgress_IsPrintedOnStandardError(t *testing.T) {
	var out, progress strings.Builder
	p := Program{Stdout: &out, Stderr: &progress}
	progressOf(p.output())(Progress{1, 4})
	progressOf(p.output())(Progress{0, 0})
	if fmt.Fprint(p.output(), "result"); out.String() != "result" || progress.String() != " 25 %  1 / 4\n  0 %  0 / 0\n" {
		t.Errorf("%q %q", out.String(), progress.String())
	}
}
