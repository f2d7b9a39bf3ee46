package station

import (
	"time"

	"vitalien/app/blelink"
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

// DecodeBLE is what the frames of one exchange say, unstored and unjudged. name
// is the UUID of a characteristic or the name of a maker's format, model that of
// the device, which some formats need. Times are in zone; a measurement without
// a time gets now. Errors: ErrFormat, and malformed frames.
func DecodeBLE(name, model string, frames [][]byte, now time.Time, zone *time.Location) ([]fhirmap.Recorded, error) {
	device := fhirmap.Device{ID: fhirmap.DeviceID("ble", model), Name: model}
	measurements, err := blelink.Decode(name, model, frames, blelink.Context{Device: device, Received: now, Zone: zone})
	if err != nil {
		return nil, err
	}
	var list []fhirmap.Recorded
	for _, m := range measurements {
		list = append(list, fhirmap.Recorded{Measurement: m, Received: now})
	}
	return list, nil
}

// ErrFormat says that DecodeBLE knows no such characteristic or format.
var ErrFormat = blelink.ErrFormat

// FormatsBLE are the names that DecodeBLE knows, each with what it is.
func FormatsBLE() (list [][2]string) {
	for _, f := range blelink.Formats() {
		list = append(list, [2]string{f.Name, f.Title})
	}
	return list
}
