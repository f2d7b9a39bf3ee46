package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitalien/app/station"
)

// kept is a data folder with ten messages, closed, and with a backup of them if
// it is to have one.
func kept(t *testing.T, backup bool) (folder string) {
	t.Helper()
	folder = t.TempDir()
	p := launch(t, folder)
	device := dial(t, p.mllp)
	for i := range 10 {
		send(t, device, oru("M"+string(rune('0'+i)), 60+i))
	}
	p.stop(t)
	if backup {
		s, err := station.Open(folder, station.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.BackUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// cutLog leaves half of the log.
func cutLog(t *testing.T, folder string) {
	t.Helper()
	path := filepath.Join(folder, station.StoreFile)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A log that would end the process is found by a child; the backup takes its
// place, and whoever asks is told.
func TestMend_OfALogThatIsCut(t *testing.T) {
	folder := kept(t, true)
	cutLog(t, folder)
	p := launch(t, folder)
	response, err := http.Get(p.url + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var status struct{ Notices []string }
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil || !slices.Contains(status.Notices, "store_mended") {
		t.Errorf("%+v, %v", status, err)
	}
	send(t, dial(t, p.mllp), oru("later", 70))
	p.stop(t)
	s, err := station.Open(folder, station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if c, err := s.Check(t.Context(), nil); err != nil || c.Records < 11 {
		t.Errorf("%+v, %v", c, err)
	}
}

// Without a backup the program says what is wrong, each time, and changes
// nothing.
func TestMend_WithoutABackup(t *testing.T) {
	folder := kept(t, false)
	cutLog(t, folder)
	before, err := os.ReadFile(filepath.Join(folder, station.StoreFile))
	if err != nil {
		t.Fatal(err)
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		command := commandOf(t, path, folder)
		var said bytes.Buffer
		command.Stderr = &said
		if out, err := command.Output(); err == nil || len(out) > 0 || !strings.Contains(said.String(), "store_corrupt") || !strings.Contains(said.String(), "endommagé") {
			t.Errorf("%s, %s, %v", out, &said, err)
		}
	}
	if after, err := os.ReadFile(filepath.Join(folder, station.StoreFile)); err != nil || !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}
