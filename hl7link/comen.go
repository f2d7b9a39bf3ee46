package hl7link

import (
	"strings"
)

// comenDialect is what Comen's NC5 and NC monitors say beside MDC: codes of
// their own with the system 99COMEN. All of them are context, none a value to
// show: 2010 age, 2267 consciousness (ACVPU), 2269 and 2270 where temperature
// and pressure were taken, 2271 the oxygen source, 2275 the operator, 2279
// pain, 2453 posture.
var comenDialect = dialect{
	name:   "Comen",
	lookup: func(coding) (term, bool) { return term{}, false },
	spoken: func(m *Message) bool {
		return strings.HasPrefix(m.Header().Text(3), "NC_Monitor") || m.First("OBR").Component(4, 3) == "99COMEN"
	},
	manufacturer: "Comen",
}
