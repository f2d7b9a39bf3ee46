package main

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// newLogger writes structured lines to w. What could name a person never gets
// there: redaction happens here, whatever the caller passes.
func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: redact}))
}

const redacted = "[redacted]"

// personal are the keys, and the names of groups, whose values are never
// written: in small letters, without what separates words.
var personal = map[string]bool{
	"patient": true, "patientid": true, "patientname": true, "subject": true, "mrn": true, "pid": true,
	"family": true, "familyname": true, "given": true, "givenname": true, "birthdate": true, "sex": true,
	"value": true, "values": true, "reading": true, "readings": true,
	"text": true, "body": true, "payload": true, "data": true, "bytes": true,
	"token": true, "secret": true, "password": true, "passphrase": true, "auth": true, "authorization": true, "cookie": true,
}

func isPersonal(key string) bool {
	return personal[strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(key))]
}

// mark is where something of a device's message, of a resource or a secret
// begins in a longer text: an HL7 v2 segment, a JSON member (its quotes maybe
// escaped), a credential.
var mark = regexp.MustCompile(`\b[A-Z][A-Z0-9]{2}\||\bMSH[^\w\s.,:;)-]|` +
	`"(resourceType|patient|subject|family|given|name|birthDate|identifier|value\w*|readings|component)\\*"\s*:|` +
	`(?i:\btoken=|\bbearer\s)`)

func redact(groups []string, a slog.Attr) slog.Attr {
	if isPersonal(a.Key) || slices.ContainsFunc(groups, isPersonal) {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, cut(a.Value.String()))
	case slog.KindAny:
		return slog.String(a.Key, cut(textOf(a.Value.Any())))
	}
	return a
}

func cut(text string) string {
	if at := mark.FindStringIndex(text); at != nil {
		return text[:at[0]] + redacted
	}
	return text
}

// textOf is the text of a value that has one. Of others nothing is written but
// the type, since their fields may be anything.
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "<nil>"
	case error, fmt.Stringer, []string:
		return fmt.Sprint(v)
	}
	switch kind := reflect.TypeOf(value).Kind(); {
	case kind >= reflect.Bool && kind <= reflect.Complex128, kind == reflect.String:
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("[redacted %T]", value)
}

// Lines of standard error that newLogger has not made come from the Go runtime
// when it ends the process, and from libraries.
var (
	crashBegins = regexp.MustCompile(`^(panic: |fatal error: |SIG[A-Z]+: |runtime: )`)
	crashSays   = regexp.MustCompile(`^(panic: runtime error: |panic: interface conversion: |fatal error: |SIG[A-Z]+: |\[signal |PC=|goroutine \d+ |created by |\t\S+\.(go|s):\d+|[\w./*()\[\]-]+\(.*\)$)`)
)

// keep is what is kept of a line of standard error; empty: nothing. A panic is
// kept without what it says, which could quote a message.
func (e *errorLog) keep(line string) string {
	switch {
	case strings.HasPrefix(line, "time="):
		e.crash = false
		return line // redacted when it was made
	case crashBegins.MatchString(line):
		e.crash = true
	}
	switch {
	case !e.crash:
		return cut(line)
	case crashSays.MatchString(line):
		return line
	case strings.HasPrefix(line, "panic: "):
		return "panic: " + redacted
	}
	return ""
}
