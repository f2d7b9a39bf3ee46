package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vitalien/app/station"
)

// dateForms are the precisions of a date in a search (search.html, 3.1.1.5.7),
// each with the end of the piece of time that it means.
var dateForms = []struct {
	form string
	end  func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	{"2006-01-02T15:04:05.999999999", func(t time.Time) time.Time { return t.Add(time.Millisecond) }},
}

// A moment is a condition on a time: within the span, or not.
type moment struct {
	station.Span
	not bool
}

func (m moment) holds(at time.Time) bool { return m.Holds(at) != m.not }

// readMoment reads a date of a search with its prefix. One without an offset is
// that of this computer, zone.
func readMoment(text string, zone *time.Location, now time.Time) (moment, error) {
	prefix := "eq"
	if len(text) > 2 && text[0] >= 'a' && text[0] <= 'z' {
		prefix, text = text[:2], text[2:]
	}
	text = strings.ReplaceAll(text, " ", "+") // an undone "+" of the query
	from, to, err := readPeriod(text, zone)
	if err != nil {
		return moment{}, err
	}
	switch prefix {
	case "eq":
		return moment{Span: station.Span{From: from, To: to}}, nil
	case "ne":
		return moment{station.Span{From: from, To: to}, true}, nil
	case "gt", "sa":
		return moment{Span: station.Span{From: to}}, nil
	case "lt", "eb":
		return moment{Span: station.Span{To: from}}, nil
	case "ge":
		return moment{Span: station.Span{From: from}}, nil
	case "le":
		return moment{Span: station.Span{To: to}}, nil
	case "ap": // a tenth of the distance to now (search.html, 3.1.1.5.6)
		about := now.Sub(from).Abs() / 10
		return moment{Span: station.Span{From: from.Add(-about), To: to.Add(about)}}, nil
	}
	return moment{}, badSearch(fmt.Sprintf("no prefix %q: there are eq, ne, gt, lt, ge, le, sa, eb, ap", prefix))
}

func momentsOf(values []string, zone *time.Location, now time.Time) (all []moment, err error) {
	for _, text := range values {
		m, err := readMoment(text, zone, now)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func anyOf(all []moment, at time.Time) bool {
	return slices.ContainsFunc(all, func(m moment) bool { return m.holds(at) })
}

func readPeriod(text string, zone *time.Location) (from, to time.Time, err error) {
	for _, d := range dateForms {
		if from, err = time.ParseInLocation(d.form, text, zone); err == nil {
			return from, d.end(from), nil
		}
		if !strings.Contains(d.form, "T") {
			continue
		}
		if from, err = time.Parse(d.form+"Z07:00", text); err == nil {
			return from, d.end(from), nil
		}
	}
	return from, to, badSearch(fmt.Sprintf("no date %.40q: it is written as 2026-11-20 or 2026-11-20T10:15:00+01:00", text))
}
