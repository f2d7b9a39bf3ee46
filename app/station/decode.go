package station

import (
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

var (
	_ hl7link.Sink       = (*Station)(nil)
	_ hl7link.Directory  = (*Station)(nil)
	_ hl7link.Quarantine = (*Station)(nil)
)

// DecodeHL7 is what the HL7 v2 bytes say, unstored and unjudged: raw or MLLP
// framed, one message or many. Times without an offset are in zone; a
// measurement without a time gets now.
func DecodeHL7(data []byte, now time.Time, zone *time.Location) ([]fhirmap.Recorded, error) {
	reports, err := hl7link.Decode(data, zone)
	if err != nil {
		return nil, err
	}
	var list []fhirmap.Recorded
	for _, report := range reports {
		for _, m := range report.Measurements {
			list = append(list, fhirmap.Recorded{Measurement: m, Received: now, Subject: m.Patient})
		}
	}
	return list, nil
}
