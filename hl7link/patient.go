package hl7link

import (
	"net/url"
	"strings"

	"vitalien/fhirmap"
)

// identifiers are the fields of PID that identify a person (3.4.2), in the
// order in which they are believed. The kind keeps the ids of one field apart
// from those of another. Senders of versions 2.1 to 2.3 use PID-2 and PID-4.
var identifiers = []struct {
	field int
	kind  string
}{{3, ""}, {2, "external"}, {4, "alternate"}, {18, "account"}, {19, "ssn"}}

// patient reads PID. It is nil when the segment names nobody. Who is named in
// a way that identifies nobody is a Patient without an id.
func (o origin) patient(m *Message) *fhirmap.Patient {
	pid := m.First("PID")
	p := &fhirmap.Patient{BirthDate: parseDate(pid.Text(7)), Sex: gender(pid.Text(8))}
	p.Family, p.Given = personName(pid, 5)
	spelt := o.spellsName(pid, p.Family+p.Given)
	if spelt && p.Family+p.Given == "" {
		p.Family, p.Given = personName(pid, 4)
	}
	assigner, kind, id := o.identity(pid, spelt)
	if o.mindray {
		assigner, kind, id = o.mindrayIdentity(m, kind, id)
	}
	if id != "" {
		p.System, p.ID = ofKind(assigner, kind), id
	}
	named := p.Family+p.Given != ""
	if id == "" && !named && !namesSomebody(pid) {
		return nil
	}
	if !named && p.BirthDate == "1900-01-01" { // goes with a placeholder
		p.BirthDate = ""
	}
	return p
}

// identity is the first id that the segment holds, with who assigned it.
func (o origin) identity(pid Segment, alternateIsName bool) (assigner, kind, id string) {
	for _, in := range identifiers {
		if in.field == 4 && alternateIsName {
			continue
		}
		for i := range pid.fewRepetitions(in.field) {
			id := value(pid.At(in.field, i+1, 1, 1))
			if !placeholders[strings.ToUpper(id)] {
				return o.assigner(pid, in.field, i+1), in.kind, id
			}
		}
	}
	return "", "", ""
}

// spellsName tells whether PID-4 holds a name in place of an id: words without
// a digit, or anything where the eGateway leaves PID-5, name, empty.
func (o origin) spellsName(pid Segment, name string) bool {
	eGateway := strings.HasPrefix(strings.ToUpper(o.application), "MINDRAY")
	return !strings.ContainsAny(pid.Text(4)+pid.Component(4, 2), "0123456789") || eGateway && name == ""
}

// ofKind makes the assigner's system one of its ids of that kind. An OID or
// UUID with an addition would be none.
func ofKind(system, kind string) string {
	switch {
	case kind == "":
		return system
	case system == "":
		return "urn:hl7:" + kind
	}
	for _, registered := range []string{"urn:oid:", "urn:uuid:"} {
		if id, ok := strings.CutPrefix(system, registered); ok {
			system = "urn:hl7:assigner:" + id
		}
	}
	return system + "#" + kind
}

// assigner is the assigning authority, the fourth component of a CX (HD,
// 2.A.33), as a URI.
func (o origin) assigner(pid Segment, field, repetition int) string {
	name := value(pid.At(field, repetition, 4, 1))
	id, kind := value(pid.At(field, repetition, 4, 2)), pid.At(field, repetition, 4, 3)
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

// mindrayIdentity puts the number that the staff typed (OBX 2301) in place of
// the one that the monitor makes for itself (PID-3). Either is known to that
// monitor alone.
func (o origin) mindrayIdentity(m *Message, madeKind, made string) (assigner, kind, id string) {
	monitor := value(m.First("PV1").At(3, 1, 3, 3)) // its IPv4 address as a number
	if monitor == "" {
		monitor = o.peer
	}
	if monitor != "" {
		assigner = "urn:hl7:mindray:" + url.PathEscape(monitor)
	}
	if typed := mindrayText(m, "2301"); typed != "" {
		return assigner, "", typed
	}
	return assigner, madeKind, made
}

func mindrayText(m *Message, code string) string {
	for _, s := range m.Segments {
		if s.Name == "OBX" && s.Text(3) == code {
			return value(s.Text(5))
		}
	}
	return ""
}

// personName reads the first repetition of field that names somebody (XPN,
// 2.A.88): family name, given and further names.
func personName(pid Segment, field int) (family, given string) {
	for i := range pid.fewRepetitions(field) {
		family = value(pid.At(field, i+1, 1, 1))
		given = strings.TrimSpace(value(pid.At(field, i+1, 2, 1)) + " " + value(pid.At(field, i+1, 3, 1)))
		if !placeholders[strings.ToUpper(strings.TrimSpace(family+" "+given))] {
			return family, given
		}
	}
	return "", ""
}

// placeholders are what is written where there is nobody to name.
var placeholders = set("", "UNKNOWN", "UNKNOWN PATIENT", "PATIENT", "PATIENT UNKNOWN", "ANONYMOUS", "NONE",
	"N/A", "INCONNU", "PATIENT INCONNU", "INCONNU PATIENT", "ANONYME")

// namesSomebody tells whether PID holds anything else that stands for a
// person: an id or a name in an unusual place, an alias (PID-9), a driver's
// license (PID-20). What is only said about a person, such as a birth date,
// names nobody.
func namesSomebody(pid Segment) bool {
	for _, in := range []struct{ field, components int }{{2, 1}, {3, 1}, {4, 2}, {5, 4}, {9, 4}, {18, 1}, {19, 1}, {20, 1}} {
		for i := range pid.fewRepetitions(in.field) {
			var text strings.Builder
			for c := range in.components {
				for sub := range min(pid.Subcomponents(in.field, i+1, c+1), 8) {
					text.WriteString(" " + value(pid.At(in.field, i+1, c+1, sub+1)))
				}
			}
			if !placeholders[strings.ToUpper(strings.Join(strings.Fields(text.String()), " "))] {
				return true
			}
		}
	}
	return false
}
