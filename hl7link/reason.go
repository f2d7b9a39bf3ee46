package hl7link

import (
	"regexp"
	"strings"
)

// frenchReasons are the texts of this package's Reasons, for people.
var frenchReasons = map[string]string{
	"no MSH segment":                                "aucun segment MSH",
	"too many fields":                               "trop de champs",
	"MSH-2 is empty":                                "MSH-2 est vide",
	"no message in the frame":                       "le cadre ne contient aucun message",
	"message without its end":                       "le message n’a pas de fin",
	"unsupported version":                           "cette version de HL7 n’est pas reconnue",
	"no message type":                               "le type du message manque",
	"unsupported event":                             "cet événement n’est pas reconnu",
	"unsupported message type":                      "ce type de message n’est pas reconnu",
	"no patients to look up here":                   "aucun patient ne peut être cherché ici",
	"no query definition":                           "la question n’est pas définie (QRD)",
	"no alert event":                                "aucune alarme n’est décrite",
	"too many observations":                         "trop de valeurs dans un seul message",
	"no parameter that is known here":               "aucune constante connue",
	"value is too long":                             "la valeur est trop longue",
	"patient's texts are too long":                  "l’identité du patient est trop longue",
	"value of a vital sign is no number":            "la valeur de la constante n’est pas un nombre",
	"unknown unit of a vital sign":                  "l’unité de la constante est inconnue",
	"unit of a vital sign is missing":               "l’unité de la constante manque",
	"unit cannot be that of this vital sign":        "l’unité ne convient pas à la constante",
	"unknown result status":                         "l’état du résultat est inconnu",
	"time of a measurement cannot be read":          "l’heure de la mesure est illisible",
	"codings of a vital sign contradict each other": "les codes de la constante se contredisent",
	"MSH-1 and MSH-2 declare no usable delimiters":  "MSH-1 et MSH-2 ne donnent pas de séparateurs utilisables",
	"no message of the Realtime Result Interface":   "ce n’est pas un message de l’interface temps réel Mindray",
	"internal error":                                "erreur interne de Vitalien",
	"answer not sent":                               "la réponse n’a pas pu être envoyée",
	errNoise.Error():                                "ce qui est envoyé n’est pas du HL7",
	errBusy.Error():                                 "trop de longs messages à la fois\u00a0: à renvoyer",
	errUnended.Error():                              "le message n’a pas été terminé à temps",
	ErrFrameTooLong.Error():                         "le message est trop long",
}

// frenchBeginnings are those of texts that end in what varies: how long, a code.
var frenchBeginnings = map[string]string{
	ErrFrameTooLong.Error() + " of ": "message plus long que la limite, en octets\u00a0: ",
	"not stored: ":                   "non enregistré\u00a0: ",
	"not recorded: ":                 "non enregistré\u00a0: ",
}

// located is where in a message something is: OBX[3]-5.
var located = regexp.MustCompile(`^([A-Z][A-Z0-9]{2}\[\d+\]-\d+): `)

// FrenchReasons gives each of the reasons in the Reason of an Exchange or of a
// Rejected in French, for people, with its place in the message: (OBX[3]-5). Codes
// stay as they are, as does English text that this version does not know.
func FrenchReasons(reason string) []string {
	var all []string
	for one := range strings.SplitSeq(reason, "; ") {
		place := ""
		if found := located.FindStringSubmatch(one); found != nil {
			place, one = " ("+found[1]+")", one[len(found[0]):]
		}
		if one != "" {
			all = append(all, frenchReason(one)+place)
		}
	}
	return all
}

func frenchReason(text string) string {
	if french := frenchReasons[text]; french != "" {
		return french
	}
	for english, french := range frenchBeginnings {
		if rest, found := strings.CutPrefix(text, english); found {
			return french + strings.TrimSuffix(rest, " bytes")
		}
	}
	return text
}
