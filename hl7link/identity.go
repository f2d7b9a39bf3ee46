package hl7link

import (
	"net/url"
	"regexp"
	"strings"

	"vitalien/fhirmap"
)

var (
	oid   = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)
	eui64 = regexp.MustCompile(`^[0-9A-F]{16}$`)
)

// origin is what a message says of where it comes from.
type origin struct {
	peer         string
	application  string // MSH-3
	facility     string // MSH-4
	manufacturer string
	mindray      bool
}

// system names the source that assigns ids when the message names no
// assigner; empty when nothing is known of it.
func (o origin) system() string {
	switch {
	case o.application != "" || o.facility != "":
		return "urn:hl7:sender:" + url.PathEscape(o.application) + ":" + url.PathEscape(o.facility)
	case o.peer != "":
		return "urn:hl7:peer:" + url.PathEscape(o.peer)
	}
	return ""
}

// gender maps PID-8 (HL7 table 0001) as the v2-to-FHIR concept map does.
func gender(code string) string {
	switch strings.ToUpper(code) {
	case "M":
		return "male"
	case "F":
		return "female"
	case "O", "A", "N":
		return "other"
	case "U":
		return "unknown"
	}
	return ""
}

// value is text without the HL7 null and outer blanks.
func value(text string) string {
	text = strings.TrimSpace(text)
	if text == `""` {
		return ""
	}
	return text
}

// bed reads PV1-3 (PL: unit^room^bed). Monitors of the Mindray family put
// department&bed&… into the third component.
func (o origin) bed(m *Message) string {
	if o.mindray {
		if typed := mindrayText(m, "2308"); typed != "" {
			return typed
		}
	}
	pv1 := m.First("PV1")
	if pv1.Subcomponents(3, 1, 3) > 1 {
		return value(pv1.At(3, 1, 3, 2))
	}
	if bed := value(pv1.Component(3, 3)); bed != "" {
		return bed
	}
	return value(pv1.Component(3, 2))
}

// device is the sender: known by MSH-3 and MSH-4, or else by its address and
// the bed.
func (o origin) device(bed string) fhirmap.Device {
	d := fhirmap.Device{Type: fhirmap.PatientMonitor, Manufacturer: o.manufacturer}
	if o.application == "" && o.facility == "" {
		d.ID, d.Name = fhirmap.DeviceID("hl7", "peer", o.peer, bed), o.peer
	} else {
		d.ID, d.Name = fhirmap.DeviceID("hl7", o.application, o.facility), o.facility
	}
	switch {
	case bed != "":
		d.Name = bedName(bed)
	case d.Name == "":
		d.Name = o.application
	}
	return d
}

// bedName says that a bed is one, unless its own name does.
func bedName(bed string) string {
	if first, _, _ := strings.Cut(strings.ToLower(bed), " "); first == "lit" {
		return bed
	}
	return "Lit " + bed
}

// obxDevice reads OBX-18 (EI: identifier^namespace^universal id^type).
func obxDevice(s Segment, sender fhirmap.Device) (fhirmap.Device, bool) {
	id, namespace := value(s.Component(18, 1)), value(s.Component(18, 2))
	universal := value(s.Component(18, 3))
	if id == "" && universal == "" {
		return sender, false
	}
	d := sender
	for _, candidate := range []string{universal, id} {
		candidate = strings.ToUpper(strings.NewReplacer("-", "", ":", "").Replace(candidate))
		if eui64.MatchString(candidate) {
			d.EUI64 = candidate
			d.ID = fhirmap.DeviceID("hl7", "eui64", candidate)
			return d, true
		}
	}
	d.Serial = id
	d.ID = fhirmap.DeviceID("hl7", "obx18", id, namespace, universal)
	return d, true
}
