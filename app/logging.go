package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// newLogger writes structured lines to w. What could name a person never gets
// there: redaction happens here, whatever the caller passes.
func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: redact}))
}

const redacted = "[redacted]"

// personal are the keys whose values are never written.
var personal = map[string]bool{
	"patient": true, "family": true, "given": true, "birthdate": true, "subject": true, "mrn": true,
	"value": true, "values": true, "text": true, "body": true, "payload": true, "token": true, "secret": true,
}

// marks begin what a message of a device or a resource would look like in an
// error text.
var marks = []string{"PID|", "MSH|", "OBX|", "NK1|", "PV1|", `"resourceType"`, `"family"`, `"birthDate"`}

func redact(_ []string, a slog.Attr) slog.Attr {
	if personal[strings.ToLower(a.Key)] {
		return slog.String(a.Key, redacted)
	}
	var text string
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		text = fmt.Sprint(a.Value.Any())
	default:
		return a
	}
	for _, mark := range marks {
		if at := strings.Index(text, mark); at >= 0 {
			text = text[:at] + redacted
		}
	}
	a.Value = slog.StringValue(text)
	return a
}
