package station

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// look is CheckFile in this process.
func look(_ context.Context, path string, thorough bool) error { return CheckLog(path, thorough) }

// broken is a closed desk of 30 messages, with a backup of the first 20 if it is
// to have one.
func broken(t *testing.T, backup bool) *desk {
	t.Helper()
	d := newDesk(t)
	for i := range 30 {
		if i == 20 && backup {
			if _, err := d.BackUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		d.record(report(of(eloise(), pulse("72"))))
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d.Station = nil
	return d
}

// mendingOpen opens d as the program does.
func (d *desk) mendingOpen() (notices []string, err error) {
	d.Station, err = Open(d.folder, Options{Now: d.clock.now, CheckFile: look})
	if err != nil {
		d.Station = nil
		return nil, err
	}
	for _, f := range d.Situation().Notices {
		if f.Code != "key_in_file" {
			notices = append(notices, f.Code)
		}
	}
	return notices, nil
}

// withBytes changes a file of d.
func (d *desk) withBytes(name string, change func([]byte) []byte) {
	d.t.Helper()
	path := filepath.Join(d.folder, name)
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(content), 0o600)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func half(content []byte) []byte { return content[:len(content)/2] }

func TestOpen_PutsTheNewestGoodBackupInPlaceOfABrokenFile(t *testing.T) {
	d := broken(t, true)
	bad := filepath.Join(d.folder, backupsFolder, "vitalien-20301231-000000.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("broken ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	d.withBytes(StoreFile, half)
	notices, err := d.mendingOpen()
	if err != nil || !slices.Equal(notices, []string{noticeMended}) {
		t.Fatal(notices, err)
	}
	text := d.Situation().Notices[0]
	if text.Code != noticeMended || !strings.Contains(text.French, "vitalien-20261120-080000.db") || !strings.Contains(text.English, "from number 21") {
		t.Errorf("%+v", text)
	}
	found := 0
	for _, e := range d.all() {
		found += len(e.Measurements)
	}
	if found != 20 {
		t.Errorf("%d measurements are there", found)
	}
	if seq := d.record(report(pulse("73"))).Seq; seq <= 30 {
		t.Errorf("the number %d is used again", seq)
	}
	if aside, _ := filepath.Glob(filepath.Join(d.folder, StoreFile+".2026*")); len(aside) == 0 {
		t.Error("the broken file is not kept")
	}
	d.Close()
	if notices, err := d.mendingOpen(); err != nil || len(notices) > 0 {
		t.Errorf("the next start: %v, %v", notices, err)
	}
	d.Close()
}

// Without a backup there is nothing to go on with, at any start.
func TestOpen_RefusesABrokenFileWithoutABackup(t *testing.T) {
	d := broken(t, false)
	d.withBytes(StoreFile, half)
	for range 3 {
		_, err := d.mendingOpen()
		wantFault(t, err, localstore.CodeCorrupt)
	}
	if aside, _ := filepath.Glob(filepath.Join(d.folder, StoreFile+".2026*")); len(aside) > 0 {
		t.Errorf("%v", aside)
	}
}

// flipValue changes the value of record 15, wherever a page has it: behind its
// key, a sealed value begins with its version and the id of its key.
func flipValue(content []byte) []byte {
	begin := append(binary.BigEndian.AppendUint64(nil, 15), 3, 0, 0, 0, 1)
	for at := 0; ; {
		found := bytes.Index(content[at:], begin)
		if found < 0 {
			return content
		}
		at += found + len(begin)
		content[at+30] ^= 1
	}
}

// A value that cannot be opened is lost alone: no backup is needed.
func TestOpen_LosesADamagedValueAlone(t *testing.T) {
	d := broken(t, false)
	d.withBytes(StoreFile, flipValue)
	notices, err := d.mendingOpen()
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	again, err := d.mendingOpen() // what was found while reading is mended now
	if err != nil {
		t.Fatal(err)
	}
	if len(notices)+len(again) == 0 {
		t.Error("nobody is told")
	}
	if _, err := d.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	found := 0
	for _, e := range d.all() {
		found += len(e.Measurements)
	}
	if found != 29 {
		t.Errorf("%d of 30 measurements are there, want 29", found)
	}
	d.Close()
}

// What the journal of a killed program held is missed, and nothing else.
func TestOpen_SetsADamagedJournalAside(t *testing.T) {
	d := broken(t, false)
	d.reopen()
	d.record(report(pulse("72")))
	d.record(report(pulse("73")))
	log, err := os.ReadFile(filepath.Join(d.folder, StoreFile))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := os.ReadFile(filepath.Join(d.folder, StoreFile+".journal"))
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	journal[7] = 1 // a form that the program of this log never wrote
	binary.LittleEndian.PutUint32(journal[76:], crc32.Checksum(journal[:76], crc32.MakeTable(crc32.Castagnoli)))
	d.withBytes(StoreFile, func([]byte) []byte { return log })
	d.withBytes(StoreFile+".journal", func([]byte) []byte { return journal })
	notices, err := d.mendingOpen()
	if err != nil || !slices.Equal(notices, []string{noticeMended}) {
		t.Fatal(notices, err)
	}
	found := 0
	for _, e := range d.all() {
		found += len(e.Measurements)
	}
	if seq := d.record(report(pulse("74"))).Seq; found != 30 || seq != 33 {
		t.Errorf("%d are there, it goes on with %d", found, seq)
	}
	d.Close()
}

func TestOpen_FindsWhatReadingHasFound(t *testing.T) {
	d := broken(t, false)
	if err := os.WriteFile(filepath.Join(d.folder, StoreFile+suspectSuffix), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.mendingOpen(); err != nil {
		t.Fatal(err)
	}
	if isSuspect(d.folder) {
		t.Error("the note is left")
	}
	d.suspect(filepath.Join(d.folder, StoreFile))
	if !isSuspect(d.folder) || !slices.ContainsFunc(d.Situation().Notices, func(f *fhirmap.Fault) bool { return f.Code == noticeDamaged }) {
		t.Error("nobody is told")
	}
	d.Close()
}

func TestClock_ThatJumpsBack(t *testing.T) {
	d := newDesk(t)
	notices := func() (list []string) {
		for _, f := range d.Situation().Notices {
			list = append(list, f.Code)
		}
		return list
	}
	first := d.record(report(pulse("72"))).Seq
	d.clock.advance(-365 * day)
	d.watchClock()
	if !slices.Contains(notices(), noticeClock) {
		t.Error("nobody is told")
	}
	second := d.record(report(pulse("73"))).Seq
	d.reopen()
	third := d.record(report(pulse("74"))).Seq
	if first != 1 || second != 2 || third != 3 {
		t.Error("the order is another:", first, second, third)
	}
	if recent := d.Recent(3); len(recent) != 3 || recent[0].Seq != 3 || recent[2].Seq != 1 {
		t.Errorf("%+v", recent)
	}
	d.clock.advance(365*day + 5*clockTolerance)
	d.watchClock()
	if slices.Contains(notices(), noticeClock) {
		t.Error("the clock is right again")
	}
}
