package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vitalien/fhirmap"
)

const (
	noValue    = "—"
	clockSkew  = 2 * time.Minute // a device's clock may be ahead by that much unnoticed
	justNow    = 2 * time.Second
	dateLayout = "02/01/2006"
)

// A figure is a measurement as a card writes it: 128/82 (97), mmHg, Pouls 72.
type figure struct {
	main, aside, unit, second string
}

// decimal writes a number with the precision it has: -37.20 is −37,20.
func (w words) decimal(d fhirmap.Decimal) string { return typographic(w.plain(d)) }

// plain is the same for files, whose readers know the hyphen alone as a sign.
func (w words) plain(d fhirmap.Decimal) string {
	if w.language == "fr" {
		return strings.Replace(d.String(), ".", ",", 1)
	}
	return d.String()
}

// typographic gives a number the minus of print.
func typographic(number string) string { return strings.Replace(number, "-", "\u2212", 1) }

func (w words) value(r *fhirmap.Reading) string {
	if r == nil || r.Value == nil {
		return noValue
	}
	return w.decimal(*r.Value)
}

func (w words) figure(m *fhirmap.Measurement) figure {
	switch m.Type {
	case fhirmap.BloodPressure:
		f := w.pressure(m, fhirmap.Systolic, fhirmap.Diastolic, fhirmap.Mean)
		f.second = w.pulse(m.Reading(fhirmap.HeartRate))
		return f
	case fhirmap.ArterialPressure:
		return w.pressure(m, fhirmap.ArterialSystolic, fhirmap.ArterialDiastolic, fhirmap.ArterialMean)
	}
	main := w.shown(m.Reading(m.Type))
	f := figure{main: w.value(main), unit: w.unit(main)}
	if m.Type != fhirmap.HeartRate {
		f.second = w.pulse(m.Reading(fhirmap.HeartRate))
	}
	if main != nil {
		f.second = joined(" · ", f.second, w.absence(main.Absent))
	}
	return f
}

// pressure is written systolic/diastolic (mean). A part that is missing is a
// dash, and a mean alone stands alone in its brackets.
func (w words) pressure(m *fhirmap.Measurement, systolic, diastolic, mean fhirmap.Type) figure {
	parts := []*fhirmap.Reading{m.Reading(systolic), m.Reading(diastolic), m.Reading(mean)}
	f := figure{main: w.value(parts[0]) + "/" + w.value(parts[1])}
	if parts[2] != nil && parts[2].Value != nil {
		f.aside = "(" + w.value(parts[2]) + ")"
	}
	if f.main == noValue+"/"+noValue && f.aside != "" {
		f.main, f.aside = f.aside, ""
	}
	for _, part := range parts {
		if unit := w.unit(part); unit != "" {
			f.unit = unit
			break
		}
	}
	return f
}

func (w words) unit(r *fhirmap.Reading) string {
	if r == nil {
		return ""
	}
	return unitName(r.Unit)
}

// litres writes the litre with the capital letter of clinics and laboratories.
var litres = strings.NewReplacer("/l", "/L", "/dl", "/dL", "l/min", "L/min")

func unitName(u fhirmap.Unit) string { return litres.Replace(u.Label) }

func (w words) pulse(r *fhirmap.Reading) string {
	if r == nil || r.Value == nil {
		return ""
	}
	return w.say("live.pulse", "value", w.value(r), "unit", r.Unit.Label)
}

// quality is what the device says of how well it measured; nothing when it has
// nothing to say.
func (w words) quality(m *fhirmap.Measurement) string {
	said := make([]string, len(m.Quality))
	for i, q := range m.Quality {
		said[i] = q.French()
		if w.language == "en" || said[i] == "" {
			said[i] = strings.ReplaceAll(string(q), "-", " ")
		}
	}
	return joined(" · ", said...)
}

func (w words) absence(reason fhirmap.Absent) string {
	switch reason {
	case "":
		return ""
	case fhirmap.AbsentError:
		return w.say("absent.error")
	case fhirmap.AbsentNotANumber:
		return w.say("absent.number")
	case fhirmap.AbsentNegativeInfinity:
		return w.say("absent.low")
	case fhirmap.AbsentPositiveInfinity:
		return w.say("absent.high")
	case fhirmap.AbsentNotPerformed:
		return w.say("absent.performed")
	default:
		return w.say("absent.unknown")
	}
}

// moment is 14:05:12 today and 12/03/1980 14:05 on any other day, on the
// clock of this computer.
func moment(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(dateLayout) == now.Format(dateLayout) {
		return t.Format("15:04:05")
	}
	return t.Format(dateLayout + " 15:04")
}

// dated writes what hour or moment gives as it stands in a sentence: «le
// 12/03/1980 à 14:05»; a time of today as it is.
func (w words) dated(when string) string {
	date, clock, other := strings.Cut(when, " ")
	if !other {
		return when
	}
	return w.say("when.other", "date", date, "time", clock)
}

// at is the same behind a verb: «à 14:05» today.
func (w words) at(when string) string {
	if strings.Contains(when, " ") {
		return w.dated(when)
	}
	return w.say("when.today", "time", when)
}

// age is how long ago t was, in the one unit that says enough.
func (w words) age(t, now time.Time) string {
	elapsed := now.Sub(t)
	number := func(d time.Duration) string { return fmt.Sprint(int(elapsed / d)) }
	switch {
	case elapsed < -clockSkew:
		return w.say("age.ahead")
	case elapsed < justNow:
		return w.say("age.now")
	case elapsed < time.Minute:
		return w.say("age.seconds", "n", number(time.Second))
	case elapsed < time.Hour:
		return w.say("age.minutes", "n", number(time.Minute))
	case elapsed < 24*time.Hour:
		return w.say("age.hours", "n", number(time.Hour))
	default:
		return w.say("age.days", "n", number(24*time.Hour))
	}
}

// birth is «née le 12/03/1980», or as much of it as is known.
func (w words) birth(p *fhirmap.Patient) string {
	known := ""
	for _, form := range []struct{ in, out string }{
		{"2006-01-02", dateLayout}, {"2006-01", "01/2006"}, {"2006", "2006"},
	} {
		if t, err := time.Parse(form.in, p.BirthDate); err == nil {
			known = t.Format(form.out)
			break
		}
	}
	switch full := len(p.BirthDate) == len("2006-01-02"); {
	case known == "":
		return ""
	case full && p.Sex == "male":
		return w.say("band.born.male", "date", known)
	case full && p.Sex == "female":
		return w.say("band.born.female", "date", known)
	case full:
		return w.say("band.born", "date", known)
	case p.Sex == "male":
		return w.say("band.born.in.male", "date", known)
	case p.Sex == "female":
		return w.say("band.born.in.female", "date", known)
	default:
		return w.say("band.born.in", "date", known)
	}
}

// person names a patient, by number when there is no name. It is empty for
// nobody, which includes a name without identity.
func (w words) person(p *fhirmap.Patient) string {
	if p.Key() == "" {
		return ""
	}
	if name := p.Name(); name != "" {
		return name
	}
	return w.say("band.patient", "number", p.ID)
}

// whose says whose a measurement is, and whether it is assigned to them: a
// device may give a name without an identity.
func (w words) whose(p *fhirmap.Patient) (text string, assigned bool) {
	if person := w.person(p); person != "" {
		return person, true
	}
	if name := p.Name(); name != "" {
		return w.say("live.nameless", "name", name), false
	}
	return w.say("live.unassigned"), false
}

// source names the bed and the device of a measurement.
func (w words) source(m *fhirmap.Measurement) string { return w.place(m.Bed, &m.Device) }

func (w words) place(bed string, d *fhirmap.Device) string {
	name := d.Name
	if name == "" {
		name = strings.TrimSpace(d.Manufacturer + " " + d.Model)
	}
	return w.named(bed, name)
}

// named puts the bed before a name that does not say it.
func (w words) named(bed, name string) string {
	if bed == "" || says(name, w.bed(bed)) {
		return name
	}
	return joined(" · ", w.bed(bed), name)
}

// says tells whether phrase stands in text, not as a part of other words:
// «Lit 30» does not say «Lit 3».
func says(text, phrase string) bool {
	whole := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for at := 0; ; {
		found := strings.Index(text[at:], phrase)
		if found < 0 {
			return false
		}
		start, end := at+found, at+found+len(phrase)
		last, _ := utf8.DecodeLastRuneInString(text[:start])
		next, _ := utf8.DecodeRuneInString(text[end:])
		if (start == 0 || whole(last)) && (end == len(text) || whole(next)) {
			return true
		}
		at = end
	}
}

// bed is «Lit 3» for 3, and a name as it is.
func (w words) bed(bed string) string {
	if bed != "" && unicode.IsDigit(rune(bed[0])) {
		return w.say("live.bed", "bed", bed)
	}
	return bed
}

// brief is an age in as few letters as can be: 4 s, 12 min.
func (w words) brief(elapsed time.Duration) string {
	number := func(d time.Duration) string { return fmt.Sprint(int(elapsed / d)) }
	switch {
	case elapsed < time.Minute:
		return w.say("brief.seconds", "n", fmt.Sprint(max(int(elapsed/time.Second), 1)))
	case elapsed < time.Hour:
		return w.say("brief.minutes", "n", number(time.Minute))
	case elapsed < 24*time.Hour:
		return w.say("brief.hours", "n", number(time.Hour))
	default:
		return w.say("brief.days", "n", number(24*time.Hour))
	}
}

// number is 1 234 with the no-break spaces of the language.
func (w words) number(n uint64) string {
	digits, separator := fmt.Sprint(n), "\u202f"
	if w.language == "en" {
		separator = ","
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return digits
}

// joined puts the parts that are not empty together.
func joined(separator string, parts ...string) string {
	var present []string
	for _, part := range parts {
		if part != "" {
			present = append(present, part)
		}
	}
	return strings.Join(present, separator)
}
