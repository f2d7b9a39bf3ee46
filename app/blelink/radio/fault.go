package radio

import (
	"fmt"

	"vitalien/fhirmap"
)

// companyID is how advertisements name a maker.
func companyID(id uint16) string { return fmt.Sprintf("%04x", id) }

func noAdapter() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_absent", English: "there is no Bluetooth adapter", Temporary: true,
		French: "Cet ordinateur n’a pas d’adaptateur Bluetooth. Branchez une clé Bluetooth (4.0 ou plus récente)\u202f: elle sera reconnue d’elle-même.",
	}
}

func adapterOff(blocked bool) *fhirmap.Fault {
	if blocked {
		return &fhirmap.Fault{
			Code: "bluetooth_off", English: "Bluetooth is blocked (rfkill)", Temporary: true,
			French: "Le Bluetooth est bloqué, par le mode avion ou par un interrupteur. Quittez le mode avion, puis réessayez.",
		}
	}
	return &fhirmap.Fault{
		Code: "bluetooth_off", English: "the Bluetooth adapter is off", Temporary: true,
		French: "Le Bluetooth de cet ordinateur est éteint. Allumez-le dans les réglages du système, puis réessayez.",
	}
}

func busy(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_busy", English: "another program holds the Bluetooth adapter", Temporary: true, Cause: cause,
		French: "Un autre logiciel utilise l’adaptateur Bluetooth. Fermez les logiciels d’appareils médicaux (VitalZen, Omron Connect, Kligo…), puis réessayez.",
	}
}

func denied(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_denied", English: "the system refuses access to Bluetooth", Cause: cause,
		French: "Le système refuse l’accès au Bluetooth. Demandez à votre informaticien d’autoriser Vitalien à utiliser le Bluetooth.",
	}
}

func failed(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_failed", English: "the Bluetooth adapter failed", Temporary: true, Cause: cause,
		French: "L’adaptateur Bluetooth ne répond pas. Éteignez puis rallumez le Bluetooth, ou rebranchez la clé, puis réessayez.",
	}
}

func unreachable(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "device_unreachable", English: "the device cannot be reached", Temporary: true, Cause: cause,
		French: "L’appareil ne répond pas. Approchez-le de l’ordinateur, vérifiez qu’il est allumé et qu’aucun téléphone n’y est connecté, puis réessayez.",
	}
}

func unsupported(uuid string) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "device_unsupported", English: "the device has no characteristic " + uuid,
		French: "Cet appareil n’offre pas la mesure attendue. Vérifiez le modèle choisi.",
	}
}

func refusedPairing(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "pairing_refused", English: "the device refused to pair", Temporary: true, Cause: cause,
		French: "L’appareil a refusé le jumelage. Remettez-le en mode jumelage, vérifiez le code s’il en affiche un, puis réessayez.",
	}
}

func pairingTimeout(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "pairing_timeout", English: "pairing took too long", Temporary: true, Cause: cause,
		French: "Le jumelage n’a pas abouti à temps. Remettez l’appareil en mode jumelage, puis réessayez.",
	}
}

func pairingStopped(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "pairing_cancelled", English: "pairing was cancelled", Temporary: true, Cause: cause,
		French: "Le jumelage a été annulé.",
	}
}
