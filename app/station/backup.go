package station

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// Backups are where copies of the log go every day, and how many are kept. The
// store's own key opens them.
type Backups struct {
	Dir  string // "": the folder "backups" within the data folder
	Keep int    // 0: 7
}

const (
	backupsFolder = "backups"
	backupsKept   = 7
	backupEvery   = 24 * time.Hour
	backupAfter   = time.Minute // at a start, which has other things to do
	backupPrefix  = "vitalien-"
	backupSuffix  = ".db"
	backupStamp   = "20060102-150405"

	noticeBackup = "backup_failed"
)

// in fills in what is not said, for a data folder.
func (b Backups) in(folder string) Backups {
	if b.Dir == "" {
		b.Dir = filepath.Join(folder, backupsFolder)
	}
	if b.Keep <= 0 {
		b.Keep = backupsKept
	}
	return b
}

// list is the backups that there are, newest first, and when each was made.
func (b Backups) list() (paths []string, made []time.Time) {
	entries, err := os.ReadDir(b.Dir)
	if err != nil {
		return nil, nil
	}
	for _, entry := range slices.Backward(entries) { // sorted by name, so by time
		text, ok := strings.CutPrefix(entry.Name(), backupPrefix)
		text, has := strings.CutSuffix(text, backupSuffix)
		at, err := time.ParseInLocation(backupStamp, text, time.UTC)
		if ok && has && err == nil {
			paths, made = append(paths, filepath.Join(b.Dir, entry.Name())), append(made, at)
		}
	}
	return paths, made
}

// A BackupState is how it stands with the daily backups.
type BackupState struct {
	Dir   string
	Last  time.Time // zero: there is none
	Count int
	Due   bool // the last one is older than a day, and there is something to keep
}

// BackupState looks into the folder of the backups.
func (s *Station) BackupState() BackupState {
	_, made := s.backups.list()
	state := BackupState{Dir: s.backups.Dir, Count: len(made), Due: s.Head() > 0 && s.backupIsDue()}
	if len(made) > 0 {
		state.Last = made[0]
	}
	return state
}

// heldUntil is when the last backup of now leaves; zero when there is none.
func (b Backups) heldUntil() time.Time {
	_, made := b.list()
	if len(made) == 0 {
		return time.Time{}
	}
	return made[0].Add(time.Duration(b.Keep) * backupEvery)
}

// BackUp copies the log to the folder of backups, reads the copy back, and
// removes the oldest ones that are too many. Errors are those of
// localstore.Snapshot.
func (s *Station) BackUp(ctx context.Context) (path string, err error) {
	if err := os.MkdirAll(s.backups.Dir, 0o700); err != nil {
		return "", backupFault(err)
	}
	path = filepath.Join(s.backups.Dir, backupPrefix+s.now().UTC().Format(backupStamp)+backupSuffix)
	if _, err := s.store.Snapshot(ctx, path); err != nil {
		return "", backupFault(err)
	}
	paths, _ := s.backups.list()
	for _, old := range paths[min(len(paths), s.backups.Keep):] {
		err = errors.Join(err, os.Remove(old))
	}
	if len(paths) >= s.backups.Keep {
		err = errors.Join(err, s.store.DropOldFormat())
	}
	if err != nil {
		return path, backupFault(err)
	}
	return path, nil
}

func backupFault(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, localstore.ErrClosed) {
		return err
	}
	return &fhirmap.Fault{
		Code: noticeBackup, English: "the daily backup could not be written", Temporary: true, Cause: err,
		French: "La sauvegarde du jour n’a pas pu être écrite. Vérifiez le dossier des sauvegardes et l’espace libre\u202f; elle sera retentée.",
	}
}

// keepBackedUp makes a backup a day, until ctx ends. A failure is shown until
// one succeeds.
func (s *Station) keepBackedUp(ctx context.Context) {
	for wait := backupAfter; ; wait = time.Hour {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if s.Head() > 0 && s.backupIsDue() {
			if path, err := s.BackUp(ctx); err == nil {
				s.log.Info("backup written and read back", "file", filepath.Base(path))
				s.Settle(noticeBackup)
			} else if ctx.Err() == nil {
				s.log.Error("no backup", "error", err)
				s.Notice(fhirmap.FaultOf(err))
			}
		}
	}
}

// backupIsDue also when the newest one is of tomorrow: a clock was wrong.
func (s *Station) backupIsDue() bool {
	_, made := s.backups.list()
	return len(made) == 0 || s.now().Sub(made[0]).Abs() >= backupEvery
}

// BackUpTo writes a backup to a file that does not exist yet, which the
// passphrase opens on any computer. Errors are the fault file_exists and those
// of localstore.Backup.
func (s *Station) BackUpTo(ctx context.Context, path, passphrase string) error {
	if _, err := os.Lstat(path); err == nil {
		return fileExists(path)
	}
	if err := s.store.Backup(ctx, path, passphrase); err != nil {
		return err
	}
	s.audit(AuditBackup, path, "")
	return nil
}

// Check reads all that the log holds. Errors are those of localstore.Check.
func (s *Station) Check(ctx context.Context, progress func(done, of uint64)) (localstore.Checked, error) {
	return s.store.Check(ctx, progress)
}

// Compact writes the log anew, without the room that was freed, under a new
// key. Errors are those of localstore.Rewrite.
func (s *Station) Compact(ctx context.Context, progress func(done, of uint64)) error {
	return s.store.Rewrite(ctx, localstore.Rewriting{Progress: progress})
}

// RestoreOptions say how a backup takes the place of the log.
type RestoreOptions struct {
	Keyring    Keyring
	Passphrase func() (string, error) // asked when it is needed
	Now        time.Time
}

// Restore puts a backup, a daily one or one with a passphrase, in the place of
// the log in the data folder, which no program may have open. What was there is
// set aside. Errors are those of localstore.Restore.
func Restore(ctx context.Context, folder, from string, o RestoreOptions) (localstore.Restored, error) {
	r := restoring(o.Keyring, o.Now)
	r.Passphrase = o.Passphrase
	return localstore.Restore(ctx, filepath.Join(folder, StoreFile), from, r)
}

// restoring is how a log is restored: nothing stands under the numbers that are
// lost.
func restoring(ring Keyring, now time.Time) localstore.Restoring {
	return localstore.Restoring{Keyring: ring, Now: now, Filler: func(count int) (localstore.Entry, error) {
		e := entry{Received: now}
		data, err := e.encode()
		return localstore.Entry{Kind: kindErased, Count: count, Data: data}, err
	}}
}

func fileExists(path string) error {
	return &fhirmap.Fault{
		Code: "file_exists", English: fmt.Sprintf("%s exists", path),
		French: "Ce fichier existe déjà. Choisissez un autre nom, ou supprimez-le d’abord.",
	}
}
