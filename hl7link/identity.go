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

// system names the source that assigns ids when the message names no assigner.
func (o origin) system() string {
	if o.application == "" && o.facility == "" {
		return "urn:hl7:peer:" + url.PathEscape(o.peer)
	}
	return "urn:hl7:sender:" + url.PathEscape(o.application) + ":" + url.PathEscape(o.facility)
}

// patient reads PID. It is nil when the segment names nobody.
func (o origin) patient(m *Message) *fhirmap.Patient {
	pid := m.First("PID")
	p := &fhirmap.Patient{BirthDate: parseDate(pid.Text(7)), Sex: gender(pid.Text(8))}
	for i := range pid.fewRepetitions(3) {
		if id := value(pid.At(3, i+1, 1, 1)); id != "" {
			p.ID, p.System = id, o.assigner(pid, i+1)
			break
		}
	}
	if o.mindray {
		o.mindrayPatient(m, p)
	}
	p.Family, p.Given = personName(pid)
	if p.Family == "" && p.Given == "" && strings.HasPrefix(strings.ToUpper(o.application), "MINDRAY") {
		p.Family = value(pid.Text(4)) // the eGateway puts the name there and leaves PID-5 empty
	}
	if placeholder(p.Family, p.Given) {
		p.Family, p.Given = "", ""
		if p.BirthDate == "1900-01-01" {
			p.BirthDate = ""
		}
	}
	if p.ID == "" && p.Family == "" && p.Given == "" {
		return nil
	}
	return p
}

// assigner is the assigning authority, PID-3.4 (HD, 2.A.33), as a URI.
func (o origin) assigner(pid Segment, repetition int) string {
	name := value(pid.At(3, repetition, 4, 1))
	id, kind := value(pid.At(3, repetition, 4, 2)), pid.At(3, repetition, 4, 3)
	switch {
	case oid.MatchString(id):
		return "urn:oid:" + id
	case oid.MatchString(name):
		return "urn:oid:" + name
	case id != "" && kind == "UUID":
		return "urn:uuid:" + strings.ToLower(id)
	case id != "":
		return "urn:hl7:assigner:" + url.PathEscape(id)
	case name != "":
		return "urn:hl7:assigner:" + url.PathEscape(name)
	}
	return o.system()
}

// mindrayPatient puts the number that the staff typed (OBX 2301) in place of
// the one that the monitor makes for itself. Either is known to that monitor
// alone.
func (o origin) mindrayPatient(m *Message, p *fhirmap.Patient) {
	monitor := value(m.First("PV1").At(3, 1, 3, 3)) // its IPv4 address as a number
	if monitor == "" {
		monitor = o.peer
	}
	system := "urn:hl7:mindray:" + url.PathEscape(monitor)
	if typed := mindrayText(m, "2301"); typed != "" {
		p.ID, p.System = typed, system
	} else if p.ID != "" {
		p.System = system
	}
}

func mindrayText(m *Message, code string) string {
	for _, s := range m.Segments {
		if s.Name == "OBX" && s.Text(3) == code {
			return value(s.Text(5))
		}
	}
	return ""
}

// personName reads PID-5 (XPN, 2.A.88): family name, given and further names.
func personName(pid Segment) (family, given string) {
	family = value(pid.At(5, 1, 1, 1))
	given = strings.TrimSpace(value(pid.At(5, 1, 2, 1)) + " " + value(pid.At(5, 1, 3, 1)))
	return family, given
}

var placeholders = set("UNKNOWN", "UNKNOWN PATIENT", "PATIENT", "PATIENT UNKNOWN", "ANONYMOUS", "NONE",
	"N/A", "INCONNU", "PATIENT INCONNU", "INCONNU PATIENT", "ANONYME")

func placeholder(family, given string) bool {
	return placeholders[strings.ToUpper(strings.TrimSpace(family+" "+given))]
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
		d.Name = "Lit " + bed
	case d.Name == "":
		d.Name = o.application
	}
	return d
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
