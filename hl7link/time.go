package hl7link

import (
	"regexp"
	"strings"
	"time"
)

var (
	// iso8601 is how some senders write a time instead; nothing else can be
	// meant by it.
	iso8601  = regexp.MustCompile(`^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?|\d{8}T\d{4}(\d\d)?)`)
	toDigits = strings.NewReplacer("-", "", ":", "", "T", "", " ", "", ",", ".")
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
	if !t.IsZero() {
		return stamp{time: t}
	}
	if own, _, _ := cutOffset(text); strings.Trim(own, "0-:.,TZ ") == "" {
		return stamp{}
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
	text, east, hasOffset := cutOffset(text)
	digits, fraction, _ := strings.Cut(strings.TrimSpace(text), ".")
	if zone == nil {
		zone = time.UTC
	}
	in := zone
	if hasOffset {
		in = time.UTC
	}
	t, ok := ofDigits(digits, fraction, in)
	if !ok || east < -12*3600 || east > 14*3600 { // no place on Earth
		return time.Time{}
	}
	if !hasOffset {
		return t
	}
	t = t.Add(-time.Duration(east) * time.Second)
	if _, here := t.In(zone).Zone(); here == east {
		return t.In(zone)
	}
	return t.In(time.FixedZone("", east))
}

// cutOffset cuts ±ZZ, ±ZZZZ or ±ZZ:ZZ off the end of text, in seconds east of
// Greenwich.
func cutOffset(text string) (own string, east int, found bool) {
	sign := strings.LastIndexAny(text, "+-")
	if sign < 0 {
		return text, 0, false
	}
	digits := text[sign+1:]
	if len(digits) == 5 && digits[2] == ':' {
		digits = digits[:2] + digits[3:]
	}
	if len(digits) != 2 && len(digits) != 4 {
		return text, 0, false
	}
	n, ok := number(digits + "00"[:4-len(digits)])
	if !ok || n%100 > 60 {
		return text, 0, false
	}
	east = (n/100*60 + n%100) * 60
	if text[sign] == '-' {
		east = -east
	}
	return text[:sign], east, true
}

// ofDigits reads YYYYMMDDHH[MM[SS]] and the fraction of a second.
func ofDigits(digits, fraction string, zone *time.Location) (time.Time, bool) {
	n := len(digits)
	if n != 10 && n != 12 && n != 14 || fraction != "" && (n != 14 || len(fraction) > 9) {
		return time.Time{}, false
	}
	date, dateOK := number(digits[:8])
	clock, clockOK := number(digits[8:] + "0000"[:14-n])
	nanoseconds, fractionOK := number(fraction + "000000000"[:9-len(fraction)])
	year, month, day := date/10000, date/100%100, date%100
	hour, minute, second := clock/10000, clock/100%100, clock%100
	if !dateOK || !clockOK || !fractionOK || year < 1900 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	if leap := month == 2 && day == 29 && year%4 == 0 && (year%100 != 0 || year%400 == 0); !leap && (day < 1 || day > daysOf[month-1]) {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds, zone), true
}

var daysOf = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// number reads decimal digits alone.
func number(digits string) (n int, ok bool) {
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		n = 10*n + int(digits[i]-'0')
	}
	return n, true
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
