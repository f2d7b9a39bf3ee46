package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Duration is a time.Duration that also knows days ("30d") and years of 365
// days ("10y").
type Duration time.Duration

const day = 24 * time.Hour

// durationUnits are those of String, the longest first.
var durationUnits = []struct {
	suffix       string
	length       time.Duration
	one, several string // in French
}{
	{"y", 365 * day, "an", "ans"}, {"d", day, "jour", "jours"}, {"h", time.Hour, "heure", "heures"},
	{"m", time.Minute, "minute", "minutes"}, {"s", time.Second, "seconde", "secondes"},
}

// UnmarshalText reads "90s", "12h", "30d" or "10y"; negative ones are refused.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	for _, unit := range durationUnits[:2] {
		number, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n > 200*365 || (unit.suffix == "y" && n > 200) {
			return noDuration(s)
		}
		*d = Duration(time.Duration(n) * unit.length)
		return nil
	}
	parsed, err := time.ParseDuration(s)
	if err != nil || parsed < 0 {
		return noDuration(s)
	}
	*d = Duration(parsed)
	return nil
}

func noDuration(text string) error {
	return &Problem{
		English: fmt.Sprintf("%q is no duration such as 60s, 30d or 10y", text),
		French:  "Indiquez une durée, par exemple 60 s, 30 jours ou 10 ans.",
	}
}

// String is d in the longest unit that says it whole: "10y", "30d", "2m".
func (d Duration) String() string {
	for _, unit := range durationUnits {
		if d > 0 && time.Duration(d)%unit.length == 0 {
			return fmt.Sprint(int64(time.Duration(d)/unit.length), unit.suffix)
		}
	}
	return time.Duration(d).String()
}

func (d Duration) french() string {
	for _, unit := range durationUnits {
		switch n := int64(time.Duration(d) / unit.length); {
		case d <= 0 || time.Duration(d)%unit.length != 0:
		case n == 1:
			return "1\u00a0" + unit.one
		default:
			return fmt.Sprintf("%d\u00a0%s", n, unit.several)
		}
	}
	return time.Duration(d).String()
}
