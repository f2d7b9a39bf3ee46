package station

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// names are those of the backups of d.
func (d *desk) backedUp() (names []string) {
	paths, _ := d.backups.list()
	for _, path := range slices.Backward(paths) {
		names = append(names, filepath.Base(path))
	}
	return names
}

func TestBackUp_KeepsTheLast(t *testing.T) {
	d := newDesk(t)
	d.backups.Keep = 3
	if err := os.MkdirAll(d.backups.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(d.backups.Dir, "vitalien-notes.db")
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		d.record(report(of(eloise(), pulse("72"))))
		if _, err := d.BackUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.backupIsDue() {
			t.Error("one was made just now")
		}
		d.clock.advance(day)
		if !d.backupIsDue() {
			t.Error("a day has passed")
		}
	}
	want := []string{"vitalien-20261122-080000.db", "vitalien-20261123-080000.db", "vitalien-20261124-080000.db"}
	if got := d.backedUp(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := os.Stat(own); err != nil {
		t.Error("a file of somebody else was removed")
	}
	if until := d.backups.heldUntil(); !until.Equal(morning.Add(7 * day)) {
		t.Errorf("held until %v", until)
	}
	d.clock.advance(-30 * day)
	if !d.backupIsDue() {
		t.Error("the newest is of a time to come")
	}
	d.clock.advance(30 * day)
	done, err := d.ErasePatient(t.Context(), *eloise(), nil)
	if err != nil || !done.BackupsUntil.Equal(morning.Add(7*day)) {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestBackUp_ThatFailsIsShownUntilOneSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.record(report(pulse("72")))
		if err := os.WriteFile(d.backups.Dir, nil, 0o600); err != nil { // where the folder should be
			t.Fatal(err)
		}
		stopped := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() { d.keepBackedUp(ctx); close(stopped) }()
		noticed := func() bool {
			synctest.Wait()
			d.Station.board.mu.Lock()
			defer d.Station.board.mu.Unlock()
			return d.Station.board.noticed(noticeBackup) >= 0
		}
		time.Sleep(backupAfter)
		if !noticed() {
			t.Error("nobody is told")
		}
		if err := os.Remove(d.backups.Dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if noticed() || len(d.backedUp()) != 1 {
			t.Errorf("%q", d.backedUp())
		}
		stop()
		<-stopped
		d.Close()
	})
}

func TestRestore_OfADailyBackup(t *testing.T) {
	d := newDesk(t)
	d.record(report(of(eloise(), pulse("72"))))
	path, err := d.BackUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.record(report(pulse("73"), pulse("74")))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	done, err := Restore(t.Context(), d.folder, path, RestoreOptions{Now: d.clock.now()})
	if err != nil || done.Lost != 2 || done.Resumes != 4 {
		t.Fatal(done, err)
	}
	d.Station = nil
	d.reopen()
	if seq := d.record(report(pulse("75"))).Seq; seq != 4 {
		t.Errorf("goes on with %d", seq)
	}
	events := d.all()
	if len(events) != 3 || len(events[1].Measurements) != 0 || events[1].First != 2 || events[1].Last != 3 {
		t.Errorf("%+v", events)
	}
	if _, err := d.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := d.Compact(t.Context(), nil); err != nil {
		t.Error(err)
	}
	d.reopen()
	if c, err := d.Check(t.Context(), nil); err != nil || c.Last != 4 || c.Records != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}
