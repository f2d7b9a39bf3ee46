package hl7link

import (
	"strings"

	"vitalien/fhirmap"
)

// comenDialect is what Comen's NC5 and NC monitors say beside MDC. They measure
// neither height nor weight: both are typed at admission. Of the codes of their
// own, with the system 99COMEN, all are context, none a value to show: 2010 age,
// 2267 consciousness (ACVPU), 2269 and 2270 where temperature and pressure were
// taken, 2271 the oxygen source, 2275 the operator, 2279 pain, 2453 posture.
var comenDialect = dialect{
	name: "Comen",
	lookup: func(c coding) (term, bool) {
		found, ok := lookupMDC(c)
		found.origin = fhirmap.OriginAdmission
		return found, ok && (found.vital == fhirmap.BodyHeight || found.vital == fhirmap.BodyWeight)
	},
	spoken: func(m *Message) bool {
		header := m.Header()
		return strings.HasPrefix(header.Text(3), "NC_Monitor") || isComenSerial(header.Text(4)) || m.First("OBR").Component(4, 3) == "99COMEN"
	},
	manufacturer: "Comen",
}

// isComenSerial tells whether a facility (MSH-4) is such as KC575235977G.
func isComenSerial(facility string) bool {
	if len(facility) != 12 || facility[:2] != "KC" {
		return false
	}
	_, digits := number(facility[2:11])
	return digits
}
