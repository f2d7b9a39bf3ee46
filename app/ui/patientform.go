package ui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/fhirmap"
)

// maxTrait is how many characters a name or a number of a patient can have. See
// station.Consultation.
const maxTrait = 256

// oldest is the greatest age in years that is taken for one.
const oldest = 130

// sexes are the codes in the order of their words.
var sexes = []string{"female", "male", "other", "unknown"}

// patientForm is where a patient is typed in.
type patientForm struct {
	*fyne.Container
	words                    words
	now                      func() time.Time
	family, given, birth, id *field
	sex                      *widget.Select
}

func newPatientForm(w words, now func() time.Time, changed, submit, escape func()) *patientForm {
	f := &patientForm{words: w, now: now}
	f.family = newField("", "", w.traitProblem("patient.family.needed"))
	f.given = newField("", "", w.traitProblem("patient.given.needed"))
	f.birth = newField(w.say("patient.birth.form"), "", f.birthProblem)
	f.id = newField("", w.say("patient.id.hint"), w.traitProblem(""))
	f.sex = widget.NewSelect(strings.Split(w.say("patient.sexes"), "\n"), func(string) {})
	for _, one := range f.fields() {
		one.OnChanged = func(string) { changed() }
		one.submit, one.escape = submit, escape
		one.hint.SizeName = theme.SizeNameCaptionText
	}
	line := func(key string, input, hint fyne.CanvasObject) fyne.CanvasObject {
		return padded(0, 4, column(-6, paragraph(w.say(key)), input, hint))
	}
	f.Container = container.NewStack(newPanel(colourCard, colourLine, sizeRadius), padded(6, 8, column(0,
		container.NewGridWithColumns(2,
			line("patient.family", f.family, f.family.hint), line("patient.given", f.given, f.given.hint)),
		container.NewGridWithColumns(3,
			line("patient.birth", f.birth, f.birth.hint), line("patient.sex", framed(f.sex), column(0)), line("patient.id", f.id, f.id.hint)),
	)))
	return f
}

// framed gives a choice the look and the height of a field.
func framed(choice *widget.Select) fyne.CanvasObject {
	return container.NewStack(choice, newPanel("", theme.ColorNameInputBorder, theme.SizeNameInputRadius))
}

// forget empties the form.
func (f *patientForm) forget() {
	for _, one := range f.fields() {
		one.SetText("")
	}
	f.sex.SetSelectedIndex(len(sexes) - 1)
}

func (f *patientForm) fields() []*field { return []*field{f.family, f.given, f.birth, f.id} }

// started tells whether anything is typed.
func (f *patientForm) started() bool {
	return slices.ContainsFunc(f.fields(), func(one *field) bool { return one.Text != "" })
}

// judge says what is wrong in each field, and tells whether nothing is.
func (f *patientForm) judge() bool {
	sound := true
	for _, one := range f.fields() {
		sound = one.judge() && sound
	}
	return sound
}

// patient is who is typed in.
func (f *patientForm) patient() fhirmap.Patient {
	p := fhirmap.Patient{
		ID: strings.TrimSpace(f.id.Text), Family: strings.TrimSpace(f.family.Text), Given: strings.TrimSpace(f.given.Text),
	}
	if day, ok := typedDate(f.birth.Text); ok {
		p.BirthDate = day.Format(time.DateOnly)
	}
	if i := f.sex.SelectedIndex(); i >= 0 {
		p.Sex = sexes[i]
	}
	return p
}

// fits tells whether p can be who is being typed in.
func (f *patientForm) fits(p *fhirmap.Patient) bool {
	typed := f.patient()
	return strings.HasPrefix(plain(p.Family), plain(typed.Family)) && strings.HasPrefix(plain(p.Given), plain(typed.Given)) &&
		strings.HasPrefix(p.ID, typed.ID) && (typed.BirthDate == "" || strings.HasPrefix(typed.BirthDate, p.BirthDate))
}

// traitProblem is the check of a name or a number; needed says that it is.
func (w words) traitProblem(needed string) func(string) string {
	return func(text string) string {
		switch text = strings.TrimSpace(text); {
		case text == "" && needed != "":
			return w.say(needed)
		case utf8.RuneCountInString(text) > maxTrait:
			return w.say("name.long", "n", fmt.Sprint(maxTrait))
		case strings.ContainsFunc(text, unicode.IsControl):
			return w.say("patient.control")
		}
		return ""
	}
}

// birthProblem checks a date of birth, and has the hint say the age that it
// makes, which a typing error shows in.
func (f *patientForm) birthProblem(text string) string {
	f.birth.usual = ""
	day, ok := typedDate(text)
	today := f.now()
	years := fullYears(day, today)
	switch {
	case !ok:
		return f.words.say("patient.birth.bad")
	case day.After(today):
		return f.words.say("patient.birth.future")
	case years > oldest:
		return f.words.say("patient.birth.old", "n", fmt.Sprint(oldest))
	}
	f.birth.usual = f.words.count(years, "patient.age.baby", "patient.age.single", "patient.age.several")
	return ""
}

// fullYears are the full years between two days.
func fullYears(born, today time.Time) int {
	years := today.Year() - born.Year()
	if today.Month() < born.Month() || today.Month() == born.Month() && today.Day() < born.Day() {
		years--
	}
	return years
}

var dateForm = regexp.MustCompile(`^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$|^(\d{2})(\d{2})(\d{4})$`)

// typedDate reads a day as French people type it: 12/03/1980, 12.3.1980,
// 12031980. A year has four digits: 02/03/20 could be two persons'.
func typedDate(text string) (time.Time, bool) {
	parts := dateForm.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return time.Time{}, false
	}
	if parts[1] == "" {
		parts = parts[3:]
	}
	day, err := time.Parse("2/1/2006", strings.Join(parts[1:4], "/"))
	return day, err == nil && day.Year() > 0
}

// accents are those of French names.
var accents = strings.NewReplacer(
	"à", "a", "â", "a", "ä", "a", "á", "a", "ã", "a", "å", "a", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "í", "i",
	"ô", "o", "ö", "o", "ó", "o", "õ", "o", "ù", "u", "û", "u", "ü", "u", "ú", "u", "ÿ", "y", "ñ", "n", "œ", "oe", "æ", "ae",
	"-", " ", "’", "'",
)

// plain is a name without what people leave out when they type it.
func plain(name string) string {
	return strings.Join(strings.Fields(accents.Replace(strings.ToLower(name))), " ")
}

// sameTraits tells whether nothing that is known of both speaks against their
// being one.
func sameTraits(a, b *fhirmap.Patient) bool {
	differs := func(x, y string) bool { return x != "" && y != "" && x != y }
	return !differs(plain(a.Family), plain(b.Family)) && !differs(plain(a.Given), plain(b.Given)) &&
		!differs(a.BirthDate, b.BirthDate) && (!differs(a.Sex, b.Sex) || a.Sex == "unknown" || b.Sex == "unknown")
}
