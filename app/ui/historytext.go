package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitalien/app/report"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// axis writes a number of an axis: 37,5.
func (w words) axis(n float64, places int) string {
	text := strconv.FormatFloat(n, 'f', places, 64)
	if text == "-0" {
		text = "0"
	}
	if w.language == "fr" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return typographic(text)
}

// fullMoment is 20/11/2026 14:05 on the clock of zone.
func fullMoment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format(dateLayout + " 15:04")
}

// between is a piece of time, by its days where these are enough.
func (w words) between(from, to time.Time, zone *time.Location) string {
	layout := dateLayout
	if to.Sub(from) < 8*24*time.Hour {
		layout += " 15:04"
	}
	return w.say("history.between", "from", from.In(zone).Format(layout), "to", to.In(zone).Format(layout))
}

// trendValue is a point with the digits that the device sent: 128/82 (97).
func (w words) trendValue(p *station.TrendPoint) string {
	text := func(d *fhirmap.Decimal) string {
		if d == nil {
			return noValue
		}
		return w.decimal(*d)
	}
	if p.Low == nil && p.Mean == nil {
		return text(p.High)
	}
	mean := ""
	if p.Mean != nil {
		mean = "(" + text(p.Mean) + ")"
	}
	return joined("\u00a0", text(p.High)+"/"+text(p.Low), mean)
}

// pointText is a point of a lane: 98 % · 20/11/2026 14:05.
func (w words) pointText(l *lane, i int, zone *time.Location) string {
	p := &l.source[i]
	value := joined("\u202f", w.trendValue(p), unitName(l.unit))
	return joined(" · ", value, p.At.In(zone).Format(dateLayout+" 15:04:05"))
}

// laneName is a vital sign with its unit.
func (w words) laneName(t fhirmap.Type, u fhirmap.Unit) string {
	return joined(" · ", w.vital(t), unitName(u))
}

// observed is the value of an Observation, with its unit.
func (w words) observed(f *station.Found) string {
	t := f.ObservationTypes()[f.Nth]
	if t == fhirmap.BloodPressure || t == fhirmap.ArterialPressure {
		figure := w.figure(&fhirmap.Measurement{Type: t, Readings: f.Readings})
		return joined("\u202f", joined("\u00a0", figure.main, figure.aside), figure.unit)
	}
	r := w.shown(f.Reading(t))
	if r == nil || r.Value == nil {
		return noValue // noted says why
	}
	return joined("\u202f", w.value(r), unitName(r.Unit))
}

// noted is why an Observation has no value, and its remarks.
func (w words) noted(f *station.Found) string {
	why := ""
	if r := f.Reading(f.ObservationTypes()[f.Nth]); r != nil && r.Value == nil {
		why = w.absence(r.Absent)
	}
	return capital(joined(" · ", why, w.remarks(f)))
}

// remarks are what a person should know of a measurement before they rely on it.
func (w words) remarks(f *station.Found) string {
	said := []string{}
	add := func(holds bool, key string, pairs ...string) {
		if holds {
			said = append(said, w.say(key, pairs...))
		}
	}
	add(f.Discarded, "history.discarded", "reason", w.reason(f.Reason))
	add(!f.Discarded && f.Version > 1, "history.corrected")
	add(f.Implausible, "live.check")
	add(f.Test, "live.simulated")
	return joined(" · ", append(said, w.standing(&f.Recorded), w.quality(&f.Measurement))...)
}

// subjectName names whose history is shown.
func (w words) subjectName(p *fhirmap.Patient) string {
	if p == nil {
		return w.say("history.nobody")
	}
	return w.person(p)
}

// newsRanges are what NEWS2 gives no points for: adults at rest (National Early
// Warning Score 2, Royal College of Physicians, London 2017, chart 1; SpO2 on
// its scale 1). Of a blood pressure it has no range for a practice, so there is
// none.
var newsRanges = map[fhirmap.Type]report.Band{
	fhirmap.RespiratoryRate:  {Low: 12, High: 20},
	fhirmap.OxygenSaturation: {Low: 96, High: 100},
	fhirmap.HeartRate:        {Low: 51, High: 90},
	fhirmap.BodyTemperature:  {Low: 36.1, High: 38.0},
}

const newsAge = 16 // years, from which on NEWS2 holds

// bandOf is the reference range of a vital sign for a patient, nil when there is
// none: their age must be known.
func bandOf(t fhirmap.Type, p *fhirmap.Patient, at time.Time) *report.Band {
	band, ok := newsRanges[t]
	if p == nil || !ok {
		return nil
	}
	born, err := time.Parse(time.DateOnly, p.BirthDate)
	if err != nil || born.AddDate(newsAge, 0, 0).After(at) {
		return nil
	}
	return &band
}

// bandRange names the source of a range, and its ends.
func (w words) bandRange(b *report.Band) string {
	places := 0
	if b.Low != math.Trunc(b.Low) || b.High != math.Trunc(b.High) {
		places = 1
	}
	return w.say("history.reference", "range", w.axis(b.Low, places)+"–"+w.axis(b.High, places))
}

// joinLanes makes one lane of those of one vital sign that are shown in one unit.
func joinLanes(lanes []*lane) []*lane {
	var list []*lane
	for _, l := range lanes {
		last := len(list) - 1
		if last < 0 || list[last].kind != l.kind || list[last].unit != l.unit {
			list = append(list, l)
			continue
		}
		into := list[last]
		into.source = slices.Concat(into.source, l.source)
		slices.SortStableFunc(into.source, func(a, b station.TrendPoint) int { return a.At.Compare(b.At) })
		into.points = slices.Concat(into.points, l.points)
		slices.SortStableFunc(into.points, func(a, b report.Point) int { return a.At.Compare(b.At) })
		into.scale()
	}
	return list
}

// laneOf makes a lane of a trend.
func (w words) laneOf(t *station.Trend, p *fhirmap.Patient, from time.Time) *lane {
	t = w.shownTrend(t)
	l := &lane{
		kind: t.Type, unit: t.Unit, name: w.laneName(t.Type, t.Unit), colour: lookOf(t.Type).colour,
		source: t.Points, points: make([]report.Point, len(t.Points)), band: bandOf(t.Type, p, from),
	}
	number := func(d *fhirmap.Decimal) float64 {
		if d == nil {
			return math.NaN()
		}
		return d.Float64()
	}
	for i := range t.Points {
		q := &t.Points[i]
		l.points[i] = report.Point{At: q.At, High: number(q.High), Low: number(q.Low), Mean: number(q.Mean)}
	}
	l.scale()
	return l
}

// plainLetters takes the accents from letters of European and Vietnamese names.
var plainLetters = func() *strings.Replacer {
	pairs := []string{"æ", "ae", "œ", "oe", "ß", "ss", "’", "'", "-", " "}
	for plain, letters := range map[string]string{
		"a": "àáâäãåāăąạảấầẩẫậắằẳẵặ", "c": "çčć", "d": "ďđ", "e": "èéêëēěęẹẻẽếềểễệ", "g": "ğ", "i": "ìíîïīıịỉĩ", "l": "ł",
		"n": "ñńň", "o": "òóôöõøōőọỏốồổỗộơớờởỡợ", "r": "ř", "s": "šśşș", "t": "ťțţ", "u": "ùúûüūůűụủũưứừửữự", "y": "ýÿỳỷỹỵ", "z": "žźż",
	} {
		for _, letter := range letters {
			pairs = append(pairs, string(letter), plain)
		}
	}
	return strings.NewReplacer(pairs...)
}()

// sought is a text as a search compares it.
func sought(text string) string { return plainLetters.Replace(strings.ToLower(text)) }

// matching are the patients that all words of a text tell of, by name, number or
// birth date, at most so many, those seen last first; and how many there are.
func matching(all []station.Version[fhirmap.Patient], text string, most int) (found []fhirmap.Patient, n int) {
	wanted := strings.Fields(sought(text))
	for _, v := range slices.Backward(all) {
		p := &v.What
		born := p.BirthDate
		if day, err := time.Parse(time.DateOnly, born); err == nil {
			born += " " + day.Format(dateLayout)
		}
		told := sought(joined(" ", p.Family, p.Given, p.ID, born))
		if slices.ContainsFunc(wanted, func(word string) bool { return !strings.Contains(told, word) }) {
			continue
		}
		if n++; len(found) < most {
			found = append(found, *p)
		}
	}
	return found, n
}

// historyDay reads a day as people write it: 20/11/2026.
func historyDay(text string, zone *time.Location) (time.Time, error) {
	return time.ParseInLocation("2/1/2006", strings.TrimSpace(text), zone)
}

// trendNote tells what the plots do not show.
func (w words) trendNote(trends []station.Trend, shown func(fhirmap.Type) bool) string {
	doubtful, foreign := 0, 0
	for i := range trends {
		t := &trends[i]
		switch {
		case !shown(t.Type):
		case t.Unit == (fhirmap.Unit{}):
			foreign += t.Count
		default:
			doubtful += t.Doubtful
		}
	}
	var notes []string
	if doubtful > 0 {
		notes = append(notes, w.count(doubtful, "", "history.doubtful.single", "history.doubtful.several"))
	}
	if foreign > 0 {
		notes = append(notes, w.count(foreign, "", "history.foreign.single", "history.foreign.several"))
	}
	return strings.Join(notes, " · ")
}

// pageText is which measurements of all the table shows.
func (w words) pageText(first, last, all int) string {
	if all == 0 {
		return ""
	}
	return w.say("history.page", "first", w.number(uint64(first)), "last", w.number(uint64(last)), "all", w.number(uint64(all)))
}

// plotLabel tells those who hear the screen what is plotted.
func (w words) plotLabel(lanes []*lane, from, to time.Time, zone *time.Location) string {
	said := make([]string, len(lanes))
	for i, l := range lanes {
		said[i] = fmt.Sprintf("%s (%d)", l.name, len(l.points))
	}
	return joined(" · ", w.say("history.plots"), strings.Join(said, ", "), w.between(from, to, zone))
}
