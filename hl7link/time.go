package hl7link

import (
	"regexp"
	"strings"
	"time"
)

// timeLayouts are the forms of TS and DTM (2.A.22) by their number of digits.
var timeLayouts = map[int]string{10: "2006010215", 12: "200601021504", 14: "20060102150405"}

var (
	// iso8601 is how some senders write a time instead; nothing else can be
	// meant by it.
	iso8601  = regexp.MustCompile(`^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?|\d{8}T\d{4}(\d\d)?)`)
	toDigits = strings.NewReplacer("-", "", ":", "", "T", "", " ", "", ",", ".")
	offsets  = regexp.MustCompile(`([+-]\d\d)(?::?(\d\d))?$`)
)

// A stamp is a time as a device wrote it.
type stamp struct {
	time time.Time
	// unread is the text of a time that cannot be read, or that is only a
	// date. The time is zero then, and also when the text is void.
	unread string
}

// given tells whether the device wrote anything at all.
func (s stamp) given() bool { return s.unread != "" || !s.time.IsZero() }

// readTime reads a time of measurement, in zone when the text has none of its
// own. Nothing, and the zeros that monitors write when they have none, are
// void.
func readTime(text string, zone *time.Location) stamp {
	text = value(text)
	t := parseTime(text, zone)
	if !t.IsZero() || strings.Trim(offsets.ReplaceAllString(text, ""), "0-:.,TZ ") == "" {
		return stamp{time: t}
	}
	return stamp{unread: text}
}

// parseTime reads YYYYMMDDHH[MM[SS[.S+]]][±ZZZZ] (2.A.22), its ISO 8601
// forms, and offsets with a colon or without minutes. It is zero for anything
// else: a date is no time of measurement.
func parseTime(text string, zone *time.Location) time.Time {
	text = strings.TrimSpace(text)
	if len(text) > 8 && (text[4] == '-' || text[8] == 'T') {
		if iso := iso8601.FindString(text); iso != "" {
			text = toDigits.Replace(iso) + text[len(iso):]
		}
	}
	if utc, found := strings.CutSuffix(text, "Z"); found {
		text = utc + "+0000"
	}
	offset := ""
	if found := offsets.FindStringSubmatch(text); found != nil {
		text, offset = strings.TrimSpace(strings.TrimSuffix(text, found[0])), found[1]+(found[2] + "00")[:2]
	}
	digits, fraction, _ := strings.Cut(text, ".")
	layout, known := timeLayouts[len(digits)]
	if !known || fraction != "" && (len(digits) != 14 || len(fraction) > 9) {
		return time.Time{}
	}
	if fraction != "" {
		layout, digits = layout+".", digits+"."+fraction
		layout += strings.Repeat("0", len(fraction))
	}
	if offset != "" {
		layout, digits = layout+"-0700", digits+offset
	}
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(layout, digits, zone)
	if err != nil || t.Year() < 1900 {
		return time.Time{}
	}
	if _, seconds := t.Zone(); seconds < -12*3600 || seconds > 14*3600 { // no place on Earth
		return time.Time{}
	}
	return t
}

// parseDate gives the date in text as FHIR writes it: YYYY, YYYY-MM or
// YYYY-MM-DD; empty when it is none.
func parseDate(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 8 {
		text = text[:8]
	}
	for _, form := range []struct{ from, to string }{
		{"20060102", "2006-01-02"}, {"200601", "2006-01"}, {"2006", "2006"},
	} {
		if len(form.from) != len(text) {
			continue
		}
		if t, err := time.Parse(form.from, text); err == nil && t.Year() >= 1800 {
			return t.Format(form.to)
		}
	}
	return ""
}
