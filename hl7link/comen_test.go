package hl7link

import (
	"strings"
	"testing"

	"vitalien/fhirmap"
)

// Height and weight of a Comen monitor were typed, those of other senders of MDC
// may have been measured.
func TestComen_HeightAndWeightAreTyped(t *testing.T) {
	message := oru(
		"OBX|1|NM|188740^MDC_LEN_BODY_ACTUAL^MDC||170|263441^MDC_DIM_CENTI_M^MDC|||||F",
		"OBX|2|NM|188736^MDC_MASS_BODY_ACTUAL^MDC||70.5|263875^MDC_DIM_KILO_G^MDC|||||F",
		"OBX|3|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|262688^MDC_DIM_PERCENT^MDC|||||F",
	)
	for facility, typed := range map[string]fhirmap.Origin{
		"FAC": "", "KC57523597": "", "KC57523597AG": "", "KC575235977G": fhirmap.OriginAdmission,
	} {
		reports, err := Decode([]byte(strings.Replace(message, "|FAC|", "|"+facility+"|", 1)), paris)
		if err != nil || len(reports[0].Measurements) != 3 {
			t.Fatalf("%s: %+v, %v", facility, reports, err)
		}
		for i, want := range []fhirmap.Origin{typed, typed, ""} {
			if m := reports[0].Measurements[i]; m.Origin != want || m.Readings[0].MDC == (fhirmap.Code{}) {
				t.Errorf("%s: %+v", facility, m)
			}
		}
	}
}
