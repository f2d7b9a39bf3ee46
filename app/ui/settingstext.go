package ui

import (
	"regexp"
	"strings"
)

// durationForm is a number and a unit of time, in either language.
var durationForm = regexp.MustCompile(`^\s*(\d+)\s*(\pL+)\.?\s*$`)

// durationUnits are those of config.toml, with what people write and read.
var durationUnits = []struct {
	suffix, one, several string // one and several: keys of the texts
	said                 []string
}{
	{"s", "set.second", "set.seconds", []string{"s", "sec", "seconde", "secondes", "second", "seconds"}},
	{"m", "set.minute", "set.minutes", []string{"m", "min", "mn", "minute", "minutes"}},
	{"h", "set.hour", "set.hours", []string{"h", "heure", "heures", "hour", "hours"}},
	{"d", "set.day", "set.days", []string{"d", "j", "jour", "jours", "day", "days"}},
	{"y", "set.year", "set.years", []string{"y", "a", "an", "ans", "année", "années", "year", "years"}},
}

// durationText writes «30 jours» for 30d, and what has another form as it is.
func (w words) durationText(value string) string {
	for _, u := range durationUnits {
		number, ok := strings.CutSuffix(value, u.suffix)
		switch {
		case !ok || strings.Trim(number, "0123456789") != "" || number == "":
		case number == "1":
			return w.say(u.one)
		default:
			return w.say(u.several, "n", number)
		}
	}
	return value
}

// durationValue reads what people write, as config.toml has it.
func durationValue(text string) string {
	parts := durationForm.FindStringSubmatch(strings.ReplaceAll(strings.ReplaceAll(text, "\u00a0", " "), "\u202f", " "))
	if parts == nil {
		return strings.TrimSpace(text)
	}
	for _, u := range durationUnits {
		for _, said := range u.said {
			if strings.EqualFold(said, parts[2]) {
				return parts[1] + u.suffix
			}
		}
	}
	return strings.TrimSpace(text)
}

// typed is the value of config.toml that a text stands for.
func (s *setting) typed(text string) string {
	switch s.kind {
	case asDuration:
		return durationValue(text)
	case asText:
		return strings.TrimSpace(text)
	default:
		return text
	}
}

// written is a value of config.toml as the page writes it.
func (w words) written(s *setting, value string) string {
	if s.kind == asDuration {
		return w.durationText(value)
	}
	return value
}

// settingTitles are the names of settings, as people know them.
func (w words) settingTitles(names map[string]bool) string {
	var titles []string
	for i := range settingGroups {
		for _, s := range settingGroups[i].settings {
			if names[s.name] {
				titles = append(titles, w.say(s.title))
			}
		}
	}
	return strings.Join(titles, ", ")
}
