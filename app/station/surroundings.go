package station

import (
	"fmt"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

const (
	noticeNetwork = "network_disk"
	noticeClock   = "clock_back"

	clockTolerance = 10 * time.Minute
)

// lookAround tells people what endangers the log.
func (s *Station) lookAround(folder string) {
	if s.store.KeyInFile() {
		s.Notice(keyInFileFault())
	}
	if localstore.OnNetwork(folder) {
		s.Notice(&fhirmap.Fault{
			Code: noticeNetwork, English: "the data folder is on a network disk: a cut connection can damage it",
			French: "Le dossier de données est sur un disque du réseau\u00a0: une coupure peut l’endommager. Choisissez un dossier de ce poste.",
		})
	}
}

func keyInFileFault() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "key_in_file", English: "the system has no keyring: the key of the data stands in a file beside them",
		French: "Ce poste n’a pas de trousseau de clés\u00a0: la clé des données est dans le fichier " + localstore.KeyFile + ", à côté d’elles. " +
			"Chiffrez le disque de ce poste, car le voler suffirait à lire les données.",
	}
}

// watchClock tells when the clock shows a time long before one that it has shown
// already. The log keeps its order, which is that of reception.
func (s *Station) watchClock() {
	now := s.now()
	if s.clock.Sub(now) <= clockTolerance {
		s.clock = now
		s.Settle(noticeClock)
		return
	}
	s.Notice(&fhirmap.Fault{
		Code: noticeClock, English: "the clock of this computer has been set back: it has shown " + s.clock.Format(time.RFC3339),
		French: fmt.Sprintf("L’horloge de ce poste a reculé\u00a0: elle indiquait déjà le %s. Vérifiez la date et l’heure\u202f; "+
			"les mesures restent dans leur ordre d’arrivée.", s.clock.Format("02/01/2006 à 15:04")),
	})
}
