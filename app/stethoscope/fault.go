package stethoscope

import "vitalien/fhirmap"

func noStethoscope() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "no_stethoscope", English: "no stethoscope is set up: [stethoscope] in the settings file",
		French: "Aucun stéthoscope n’est configuré. Indiquez sa source de son dans la section [stethoscope] des réglages.",
	}
}

func alreadyRecording() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "already_recording", English: "a recording is under way: one at a time", Temporary: true,
		French: "Un enregistrement est déjà en cours. Arrêtez-le avant d’en commencer un autre.",
	}
}

func notRecording() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "not_recording", English: "no recording is under way",
		French: "Aucun enregistrement n’est en cours.",
	}
}

// stoppedEarly answers who waits for a recording that somebody stopped before
// any sound came.
func stoppedEarly() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "not_recording", English: "the recording was stopped before any sound came",
		French: "L’enregistrement a été arrêté avant l’arrivée du premier son.",
	}
}

// noSound: the source does not answer, sends nothing, or nothing but silence.
func noSound(english string, cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: codeNoSound, English: english, Cause: cause, Temporary: true,
		French: "Aucun son\u00a0: vérifiez le contact, et que le stéthoscope est allumé et à portée.",
	}
}

func wrongRate(english string) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: codeWrongRate, English: english,
		French: "Le son n’arrive pas à la cadence réglée\u00a0: il serait entendu trop vite ou trop lentement. " +
			"Corrigez «\u00a0rate\u00a0» et «\u00a0channels\u00a0» dans la section [stethoscope] des réglages.",
	}
}

const (
	codeNoSound   = "no_sound"
	codeWrongRate = "wrong_rate"
)

func wifiRefused(english string, cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "wifi_refused", English: english, Cause: cause, Temporary: true,
		French: "Le réseau Wi-Fi du stéthoscope n’a pas pu être rejoint. Vérifiez qu’il est allumé et proche, puis recommencez.",
	}
}
