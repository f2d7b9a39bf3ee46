package station

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// suspectSuffix ends the name of a file that says: something was found damaged,
// look at all of it at the next start.
const suspectSuffix = ".damaged"

const (
	noticeMended  = "store_mended"
	noticeDamaged = "store_damaged"
)

// A CheckFile looks at the structure of a log in a process of its own, since a
// damaged one can end the process: quickly, or thoroughly. Errors are the
// faults of localstore.CheckFile.
type CheckFile func(ctx context.Context, path string, thorough bool) error

// CheckLog is CheckFile in this process.
func CheckLog(path string, thorough bool) error { return localstore.CheckFile(path, thorough) }

// openStore opens the log of the folder. One that is damaged is made anew of
// what can be read, else the newest good backup takes its place.
func (s *Station) openStore(folder string, o *Options) error {
	path := filepath.Join(folder, StoreFile)
	suspect, err := isSuspect(folder), error(nil)
	if o.CheckFile != nil {
		err = o.CheckFile(context.Background(), path, suspect || localstore.Unclean(path))
	}
	if err == nil && suspect && o.CheckFile != nil {
		err = &fhirmap.Fault{Code: localstore.CodeCorrupt, English: "damage was found while the log was read"}
	}
	if !isCode(err, localstore.CodeCorrupt) { // what else there is, opening it will tell
		s.store, err = localstore.Open(path, localstore.Options{Logger: s.log, Keyring: o.Keyring, OnDamage: func() { s.suspect(path) }})
	}
	if !isCode(err, localstore.CodeCorrupt) || o.CheckFile == nil {
		return err
	}
	s.log.Error("the log is damaged", "error", err)
	if err := s.mend(path, o, err); err != nil {
		return err
	}
	_ = os.Remove(path + suspectSuffix)
	s.store, err = localstore.Open(path, localstore.Options{Logger: s.log, Keyring: o.Keyring, OnDamage: func() { s.suspect(path) }})
	return err
}

func isSuspect(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, StoreFile+suspectSuffix))
	return err == nil
}

// mend puts what is left of the log in its place. When nothing can, cause is the
// error, and nothing has changed.
func (s *Station) mend(path string, o *Options, cause error) error {
	ctx, r := context.Background(), restoring(o.Keyring, s.now())
	r.Logger = s.log
	if o.CheckFile(ctx, path, true) == nil {
		done, err := localstore.Salvage(ctx, path, r)
		if err == nil {
			s.mended(done, "")
			return nil
		}
		s.log.Error("the log cannot be made anew of itself", "error", err)
	}
	backups, _ := s.backups.list()
	for _, backup := range backups {
		if err := o.CheckFile(ctx, backup, true); err != nil {
			s.log.Error("a backup is damaged", "file", filepath.Base(backup), "error", err)
			continue
		}
		done, err := localstore.Restore(ctx, path, backup, r)
		if err == nil {
			s.mended(done, filepath.Base(backup))
			return nil
		}
		s.log.Error("a backup cannot take the place of the log", "file", filepath.Base(backup), "error", err)
	}
	return cause
}

// mended tells what is missing.
func (s *Station) mended(done localstore.Restored, backup string) {
	s.doubtful = true
	s.log.Error("the log was damaged; what could be read took its place", "backup", backup, "set aside", done.Aside,
		"damaged values", done.Damaged, "missing from", done.Lost, "goes on with", done.Resumes)
	f := &fhirmap.Fault{Code: noticeMended}
	switch {
	case backup != "":
		f.English = fmt.Sprintf("the log was damaged and was replaced by the backup %s: what came from number %d to %d is missing", backup, done.Lost, done.Resumes-1)
		f.French = fmt.Sprintf("Le fichier des mesures était endommagé\u202f; la sauvegarde %s l’a remplacé. "+
			"Les mesures reçues depuis manquent\u00a0: vérifiez-les dans le logiciel médical. Le fichier abîmé est gardé.", backup)
	case done.Damaged > 0:
		f.English = fmt.Sprintf("the log was damaged: %d values are lost", done.Damaged)
		f.French = fmt.Sprintf("Le fichier des mesures était endommagé\u202f; il a été réparé. Enregistrements illisibles, perdus\u00a0: %d. "+
			"Vérifiez les dernières mesures dans le logiciel médical. Le fichier abîmé est gardé.", done.Damaged)
	default:
		f.English = fmt.Sprintf("the journal was damaged: what came from number %d to %d is missing", done.Lost, done.Resumes-1)
		f.French = "Les dernières mesures avant l’arrêt n’ont pas pu être relues. " +
			"Vérifiez-les dans le logiciel médical. Le fichier abîmé est gardé."
	}
	s.Notice(f)
}

// suspect has the next start look at all of the log.
func (s *Station) suspect(path string) {
	if err := os.WriteFile(path+suspectSuffix, nil, 0o600); err != nil && !errors.Is(err, os.ErrExist) {
		s.log.Error("noting that the log is damaged", "error", err)
	}
	s.Notice(&fhirmap.Fault{
		Code: noticeDamaged, English: "a part of the log cannot be read; the next start repairs it",
		French: "Une partie des mesures enregistrées est illisible. Quittez Vitalien et relancez-le\u00a0: il répare le fichier au démarrage.",
	})
}

func isCode(err error, code string) bool { return err != nil && fhirmap.FaultOf(err).Code == code }
