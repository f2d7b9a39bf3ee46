package localstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	bolterrors "go.etcd.io/bbolt/errors"

	"vitalien/fhirmap"
)

// The codes of the faults of this package.
const (
	CodeLocked   = "store_locked"    // another process holds the file
	CodeCorrupt  = "store_corrupt"   // the file is damaged, or is no store
	CodeNewer    = "store_newer"     // a newer version of the program wrote it
	CodeDenied   = "store_denied"    // no permission for the file or its folder
	CodeReadOnly = "store_read_only" // the disk cannot be written to
	CodeDiskFull = "disk_full"       // no space left, or a quota or size limit reached
	CodeFailed   = "store_failed"    // any other failure of the disk
	CodeClosed   = "store_closed"    // the store has been closed
	CodeInvalid  = "store_invalid"   // what the caller passed cannot be stored
	CodeKey      = "store_key"       // the master key is lost, or is another

	CodeGone       = "gone"             // the log was cut behind what is asked for
	CodePassphrase = "store_passphrase" // that of a backup is another
)

// ErrClosed is what every call gives once the store has been closed.
var ErrClosed error = &fhirmap.Fault{
	Code:    CodeClosed,
	French:  "Vitalien est en train de se fermer\u00a0: la mesure n’a pas été enregistrée. Relancez Vitalien, puis recommencez.",
	English: "the store is closed",
}

func lockedFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeLocked,
		French: "Vitalien est déjà ouvert sur ce poste pour ce dossier de données. " +
			"Utilisez la fenêtre déjà ouverte (icône près de l’horloge), ou quittez-la puis relancez Vitalien.",
		English: "another process has the store open", Temporary: true, Cause: cause,
	}
}

func corruptFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeCorrupt,
		French: "Le fichier des mesures est endommagé. Ne le supprimez pas\u00a0: " +
			"quittez Vitalien, restaurez la dernière sauvegarde ou contactez le support.",
		English: "the store is damaged", Cause: cause,
	}
}

func newerFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeNewer,
		French: "Les données ont été enregistrées par une version plus récente de Vitalien. " +
			"Installez la dernière version, puis relancez Vitalien\u00a0; vos données sont intactes.",
		English: "the store was made by a newer version", Cause: cause,
	}
}

func deniedFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeDenied,
		French: "Vitalien n’a pas le droit d’écrire dans son dossier de données. " +
			"Vérifiez les droits de ce dossier, ou demandez à votre administrateur, puis relancez Vitalien.",
		English: "no permission to open the store", Cause: cause,
	}
}

func readOnlyFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeReadOnly,
		French: "Le disque du dossier de données est en lecture seule\u00a0: rien ne peut y être enregistré. " +
			"Choisissez un autre dossier ou faites vérifier le disque, puis relancez Vitalien.",
		English: "the disk of the store is read-only", Cause: cause,
	}
}

func diskFullFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeDiskFull,
		French: "Le disque est plein\u00a0: la mesure n’a pas été enregistrée. " +
			"Libérez de l’espace sur le disque, puis recommencez\u00a0; il est inutile de relancer Vitalien.",
		English: "no space left for the store", Temporary: true, Cause: cause,
	}
}

func failedFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeFailed,
		French: "Le fichier des mesures n’a pas pu être lu ou écrit. Recommencez\u00a0; " +
			"si l’erreur se répète, faites vérifier le disque et contactez le support.",
		English: "the store could not be read or written", Temporary: true, Cause: cause,
	}
}

func keyFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeKey,
		French: "La clé de chiffrement des données est absente ou n’est pas la bonne\u00a0: rien ne peut être lu sans elle. " +
			"Ouvrez la session Windows, macOS ou Linux habituelle, remettez le fichier " + KeyFile + " d’origine dans le dossier de données, " +
			"ou restaurez une sauvegarde avec sa phrase de passe («\u00a0vitalien store restore\u00a0»).",
		English: "the master key of the store is lost, or is another", Cause: cause,
	}
}

func goneFault(first uint64) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code:    CodeGone,
		French:  fmt.Sprintf("Ces mesures ont dépassé leur durée de conservation\u00a0: la plus ancienne porte le numéro %d.", first),
		English: fmt.Sprintf("the log begins with number %d: what was before is past its retention", first),
	}
}

func passphraseFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code:    CodePassphrase,
		French:  "La phrase de passe n’ouvre pas cette sauvegarde. Vérifiez-la (majuscules, espaces, accents), puis recommencez.",
		English: "the passphrase does not open the backup", Cause: cause,
	}
}

// ringFault is for a keyring that is locked or does not answer: the key may well
// be in it.
func ringFault(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeKey,
		French: "Le trousseau de clés de votre session n’a pas donné la clé de chiffrement des données. " +
			"Déverrouillez-le, ou ouvrez votre session habituelle, puis relancez Vitalien.",
		English: "the keyring does not give the master key of the store", Temporary: true, Cause: cause,
	}
}

func invalidFault(english string) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: CodeInvalid,
		French: "Ces données ne peuvent pas être enregistrées\u00a0: elles dépassent les limites prévues. " +
			"Signalez-le au support.",
		English: english,
	}
}

// faultFor gives err of the file system or of bbolt its Fault. A Fault stays
// what it is, whatever wraps it.
func faultFor(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fhirmap.Fault](err); ok {
		return err
	}
	switch {
	case isAny(err, bolterrors.ErrTimeout):
		return lockedFault(err)
	case isAny(err, bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum):
		return corruptFault(err)
	case DiskFull(err):
		return diskFullFault(err)
	case isAny(err, readOnlyErrors...):
		return readOnlyFault(err)
	case errors.Is(err, fs.ErrPermission):
		return deniedFault(err)
	}
	return failedFault(err)
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func codeIs(err error, code string) bool {
	return err != nil && fhirmap.FaultOf(err).Code == code
}

// DiskFull tells whether err says that the disk, or the user's share of it, is
// full. It looks at the text as well: bbolt formats the errors of growing and
// mapping the file with %s, which loses the error itself.
func DiskFull(err error) bool {
	for _, full := range diskFullErrors {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}
