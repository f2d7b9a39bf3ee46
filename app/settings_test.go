package main

import (
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/app/desktop"
	"vitalien/fhirmap"
)

// changed is values with another one.
func changed(values map[string]string, name, value string) map[string]string {
	after := maps.Clone(values)
	after[name] = value
	return after
}

func TestSettings_SaveWhatTheNextStartReads(t *testing.T) {
	folder := t.TempDir()
	a := start(t, cli.Flags{DataDir: folder})
	s := a.settings()
	file, running, flags, err := s.Read()
	if err != nil || !maps.Equal(file, running) || flags["listen"] != "--listen localhost:0" || flags["hl7.listen"] == "" {
		t.Fatalf("%v, %v", flags, err)
	}
	if err := s.Save(file, changed(file, "hl7.record_every", "5s")); err != nil {
		t.Fatal(err)
	}
	after, running, _, err := s.Read()
	if err != nil || after["hl7.record_every"] != "5s" || running["hl7.record_every"] != "1m" {
		t.Errorf("%v, %v, %v", after, running, err)
	}
	if c, _, err := config.Load(folder); err != nil || c.Values()["hl7.record_every"] != "5s" {
		t.Errorf("%v, %v", c, err)
	}
}

// What would keep the program from starting again is not written.
func TestSettings_WhatCannotWorkIsNotSaved(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &settings{folder: t.TempDir(), running: config.Default()}
	before := s.running.Values()
	for name, c := range map[string]struct {
		values map[string]string
		code   string
	}{
		"a port that is taken":          {changed(before, "listen", taken.Addr().String()), "port_taken"},
		"a monitors' port of another":   {changed(before, "hl7.listen", taken.Addr().String()), "port_taken"},
		"a certificate that is none":    {changed(changed(before, "hl7.tls_cert", file), "hl7.tls_key", file), "bad_config"},
		"a folder that is a file":       {changed(before, "backup.dir", filepath.Join(file, "backups")), "bad_folder"},
		"a number that is none":         {changed(before, "backup.keep", "many"), "bad_config"},
		"an address of other computers": {changed(before, "listen", "0.0.0.0:63337"), "bad_config"},
	} {
		f := fhirmap.FaultOf(s.Save(before, c.values))
		if f == nil || f.Code != c.code || f.French == "" {
			t.Errorf("%s: %+v", name, f)
		}
		if now, _, _, err := s.Read(); err != nil || !maps.Equal(now, before) {
			t.Errorf("%s: the file says %v, %v", name, now, err)
		}
	}
}

func TestSettings_CheckSaysInFrenchWhatConfigSays(t *testing.T) {
	s := &settings{running: config.Default()}
	values := s.running.Values()
	if faults := s.Check(values); len(faults) != 0 {
		t.Errorf("the defaults: %v", faults)
	}
	for name, text := range map[string]string{
		"listen": "localhost", "hl7.listen": "2575", "hl7.allow": "everybody", "hl7.record_every": "soon", "retention.live": "-1d",
		"hl7.tls_cert": "a.pem", "hl7.tls_ca": "a.pem", "hl7.monitor": "Lit 3", "stethoscope.source": "tcp", "stethoscope.max": "1h",
		"stethoscope.rate": "fast", "stethoscope.encoding": "mp3", "backup.keep": "0", "window.glucose": "g", "lang": "de",
	} {
		faults := s.Check(changed(values, name, text))
		if len(faults) == 0 {
			t.Errorf("%s = %q passes", name, text)
		}
		for about, f := range faults {
			if about == "" || f.French == "" || f.English == "" || strings.HasPrefix(f.French, "hl7") {
				t.Errorf("%s = %q: %q: %+v", name, text, about, f)
			}
		}
	}
}

func TestSettings_ABrokenFileIsSaidInFrench(t *testing.T) {
	folder := t.TempDir()
	os.WriteFile(filepath.Join(folder, config.FileName), []byte("lang = \n"), 0o600)
	s := &settings{folder: folder, running: config.Default()}
	if _, _, _, err := s.Read(); err == nil || fhirmap.FaultOf(err).Code != "bad_config" || fhirmap.FaultOf(err).French == "" {
		t.Errorf("%v", err)
	}
}

// Who asks for it gets the same data, with the new settings, from a program that
// its supervisor has started again.
func TestApp_EndsSoThatItIsStartedAgain(t *testing.T) {
	a, err := New(cli.Flags{DataDir: t.TempDir(), Headless: true, Listen: "localhost:0"}, &strings.Builder{}, testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.again.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if exit, ok := a.Run(ctx).(cli.Exit); !ok || exit.Status != desktop.Again {
		t.Errorf("ended with %v", exit)
	}
}
