package ui

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"vitalien/app/station"
)

// An auditKind is a kind of entries of the journal that people look for.
type auditKind int

// The kinds, in the order in which they can be chosen.
const (
	auditAll auditKind = iota
	auditGranted
	auditRefused
	auditGiven
	auditChanged
	auditKinds
)

// kindsOfAudit is which actions are of which kind, beside all.
var kindsOfAudit = map[station.Action]auditKind{
	station.AuditOriginAllowed: auditGranted,
	station.AuditOriginOnce:    auditGranted,
	station.AuditOriginRevoked: auditGranted,
	station.AuditTokenCreated:  auditGranted,
	station.AuditTokenRevoked:  auditGranted,
	station.AuditOriginRefused: auditRefused,
	station.AuditAccessRefused: auditRefused,
	station.AuditExported:      auditGiven,
	station.AuditQuarantine:    auditGiven,
	station.AuditBackup:        auditGiven,
	station.AuditErased:        auditChanged,
	station.AuditAssigned:      auditChanged,
	station.AuditDiscarded:     auditChanged,
	station.AuditUndone:        auditChanged,
}

// sentences are the keys of what the journal says of an action. A placeholder
// {subject} or {detail} is what the entry has there.
var sentences = map[station.Action]string{
	station.AuditOriginAllowed: "audit.allowed",
	station.AuditOriginOnce:    "audit.once",
	station.AuditOriginRefused: "audit.refused",
	station.AuditOriginRevoked: "audit.revoked",
	station.AuditTokenCreated:  "audit.token.created",
	station.AuditTokenRevoked:  "audit.token.revoked",
	station.AuditExported:      "audit.exported",
	station.AuditQuarantine:    "audit.quarantine",
	station.AuditAccessRefused: "audit.denied",
	station.AuditBackup:        "audit.backup",
	station.AuditErased:        "audit.erased",
	station.AuditAssigned:      "audit.assigned",
	station.AuditDiscarded:     "audit.discarded",
	station.AuditUndone:        "audit.undone",
}

// refusals are the keys of why the server refuses somebody, by how it notes it.
var refusals = map[string]string{
	"the clinician has refused this page":                             "audit.why.person",
	"this server answers to localhost with its own port only":         "audit.why.host",
	"JSONP is not served":                                             "audit.why.jsonp",
	"requests of other sites are served only with an approved Origin": "audit.why.site",
	"the Origin of this request is not that of a web page":            "audit.why.page",
	"a token is required: vitalien tokens create NAME":                "audit.why.token",
	"a Socket.IO client without a token that is valid":                "audit.why.token",
	"a link to the page that is not valid, or no longer":              "audit.why.link",
}

// exported is how an export is noted: format, patient and number.
var exported = regexp.MustCompile(`^([a-z-]+), patient "(.*)", ([0-9]+) measurements$`)

func (k auditKind) wants(e *station.AuditEntry) bool {
	return k == auditAll || kindsOfAudit[e.Action] == k
}

func (w words) auditKind(k auditKind) string {
	switch k {
	case auditGranted:
		return w.say("journal.granted")
	case auditRefused:
		return w.say("journal.refused")
	case auditGiven:
		return w.say("journal.given")
	case auditChanged:
		return w.say("journal.changed")
	}
	return w.say("journal.all")
}

// audited is a sentence that says what was done. The rest of it stands below, as
// it was noted.
func (w words) audited(e *station.AuditEntry) (sentence, detail string) {
	key, known := sentences[e.Action]
	if !known {
		return w.say("audit.unknown", "action", string(e.Action), "subject", e.Subject), e.Detail
	}
	subject := e.Subject
	switch e.Action {
	case station.AuditAccessRefused:
		if subject == "" {
			subject = w.say("software.local")
		}
		return w.say(key, "subject", w.origin(subject)), w.refusal(e.Detail)
	case station.AuditExported:
		return w.say(key, "subject", subject), w.export(e.Detail)
	case station.AuditOriginAllowed, station.AuditOriginOnce, station.AuditOriginRefused, station.AuditOriginRevoked:
		subject = w.origin(subject)
	case station.AuditAssigned, station.AuditDiscarded, station.AuditUndone:
		if n, err := strconv.ParseUint(subject, 10, 64); err == nil {
			subject = w.number(n)
		}
	case station.AuditQuarantine, station.AuditErased:
		return w.say(key, "subject", subject, "n", leading(e.Detail)), ""
	}
	return w.say(key, "subject", subject), e.Detail
}

// refusal is why somebody was refused; as it was noted where there are no words.
func (w words) refusal(noted string) string {
	if key, known := refusals[noted]; known {
		return w.say(key)
	}
	return noted
}

func (w words) export(noted string) string {
	parts := exported.FindStringSubmatch(noted)
	if parts == nil {
		return noted
	}
	patient := w.say("audit.export.all")
	if parts[2] != "" {
		patient = w.say("audit.export.patient", "id", parts[2])
	}
	return w.say("audit.export", "format", parts[1], "patient", patient, "n", parts[3])
}

// leading is the number at the start of a text: 12 of "12 messages".
func leading(text string) string {
	number, _, _ := strings.Cut(text, " ")
	return number
}

// auditTime is when it was: always with its day, which the journal is about.
func auditTime(t, now time.Time) string { return t.In(now.Location()).Format(dateLayout + " 15:04") }
