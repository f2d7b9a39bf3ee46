package station

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"vitalien/app/stethoscope"
)

// TestRecordings_DiskFull: a recording that finds no more room ends and says so,
// what came before is kept, and the next one works when there is room again.
func TestRecordings_DiskFull(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=24m"); err != nil {
		t.Skip("no file system of a known size: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	b := &booth{desk: &desk{t: t, folder: folder, clock: &clock{time: morning}}, tap: tap{make(chan []byte)}}
	s, err := Open(folder, Options{
		Logger: slog.New(slog.DiscardHandler), Now: b.clock.now,
		Stethoscope: stethoscope.Options{Source: b.tap},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Station = s
	t.Cleanup(func() { b.Close() })
	filler := filepath.Join(folder, "filler")
	first := b.hear("ekuorePro_1")
	if err := os.WriteFile(filler, make([]byte, 32<<20), 0o600); err == nil {
		t.Fatal("the disk has room")
	}
	for n := byte(2); ; n++ {
		told := news(b) // what becomes of it from here on
		if b.LastRecording().State != RecordingSound {
			break
		}
		b.clock.advance(1e9)
		select {
		case b.tap.sound <- secondOf(n):
		case <-told:
		}
	}
	b.over()
	last := b.LastRecording()
	if last.Fault == nil || last.Fault.Code != "disk_full" {
		t.Fatalf("%+v", last)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	second := b.hear("ekuorePro_1")
	b.stop()
	b.reopen()
	var have []string
	for _, r := range b.Recordings(10) {
		have = append(have, r.ID)
		if r.ID == first && (r.CutShort != "disk_full" && r.CutShort != "interrupted" || r.Samples < 8000) {
			t.Errorf("%+v", r.Recording)
		}
	}
	if len(have) != 2 || have[0] != second && have[1] != second || have[0] != first && have[1] != first {
		t.Errorf("%v of %s and %s", have, first, second)
	}
	if sound := b.soundOf(first); string(sound[:16_000]) != string(secondOf(1)) {
		t.Error("other sound")
	}
}

// news is closed when something more becomes of a recording.
func news(b *booth) <-chan struct{} {
	t := &b.recordings.told
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wake
}
