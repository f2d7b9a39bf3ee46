package station

import (
	"vitalien/fhirmap"
	"vitalien/localstore"
)

func keyInFileFault() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "key_in_file", English: "the system has no keyring: the key of the data stands in a file beside them",
		French: "Ce poste n’a pas de trousseau de clés\u00a0: la clé des données est dans le fichier " + localstore.KeyFile + ", à côté d’elles. " +
			"Chiffrez le disque de ce poste, car le voler suffirait à lire les données.",
	}
}
