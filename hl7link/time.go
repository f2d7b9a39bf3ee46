package hl7link

import (
	"strings"
	"time"
)

// timeLayouts are the forms of TS and DTM (2.A.22) by their number of digits.
var timeLayouts = map[int]string{10: "2006010215", 12: "200601021504", 14: "20060102150405"}

// parseTime reads YYYYMMDDHH[MM[SS[.S+]]][±ZZZZ] (2.A.22), in zone when the
// text has none of its own. It is zero for anything else: a date is no time of
// measurement, and zeros are how monitors write that they have none.
func parseTime(text string, zone *time.Location) time.Time {
	text = strings.TrimSpace(text)
	offset := ""
	if i := strings.LastIndexAny(text, "+-"); i > 0 {
		text, offset = text[:i], text[i:]
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
