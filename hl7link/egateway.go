package hl7link

import (
	"strings"

	"vitalien/fhirmap"
)

// eGatewayDialect is what Mindray's eGateway says beside MDC: codes of its own
// with the system 99MNDRY. It sends what its monitors show every few seconds.
var eGatewayDialect = dialect{
	name:   "Mindray eGateway",
	lookup: eGatewayTerms.byCode("99MNDRY"),
	spoken: func(m *Message) bool {
		return strings.HasPrefix(strings.ToUpper(m.Header().Text(3)), "MINDRAY_")
	},
	streaming: func(m *Message) bool {
		return m.Header().Text(21) == "IHE_PCD_001" && m.First("OBX").Text(11) == "R"
	},
	manufacturer: "Mindray",
}

// eGatewayTerms are rates of an arrhythmia analysis. The gateway numbers its
// other events in the same way, and differently from one edition to the next.
var eGatewayTerms = terms{
	"108": {vital: fhirmap.ECGPauseRate, unit: "/min"},
}
