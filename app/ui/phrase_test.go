package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"vitalien/fhirmap"
)

func TestPhrase_IsWhole(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	long := "DE LA ROCHEFOUCAULD-MONTMORENCY D’AUBIGNÉ Marie-Antoinette"
	for name, c := range map[string]struct {
		forms []string
		room  string // as wide as
		want  []string
	}{
		"one line":    {[]string{long}, long, []string{long}},
		"a short one": {[]string{long + " · depuis 4 min", long}, long, []string{long}},
		"the first that fits": {
			[]string{"a · b · c", "a · b", "a"}, "a · b", []string{"a · b"},
		},
		"several lines": {
			[]string{long + " · depuis 4 min", long}, "MONTMORENCY D’AUBIGNÉ",
			[]string{"DE LA ROCHEFOUCAULD-", "MONTMORENCY D’AUBIGNÉ", "Marie-Antoinette"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPhrase(colourText, sizeText)
			p.show(colourText, c.forms...)
			p.Resize(fyne.NewSize(p.measure(c.room), 20))
			if got := p.fold(); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if height, line := p.MinSize().Height, newLabel("0", colourText, sizeText).MinSize().Height; height != line*float32(len(c.want)) {
				t.Errorf("%v high, a line %v", height, line)
			}
		})
	}
}

// However little room there is, the name that a band is about is all there.
func TestBands_NameIsWhole(t *testing.T) {
	for scale, text := range map[string]string{"normal": "", "large": "large"} {
		test.NewTempApp(t).Settings().SetTheme(Display{Text: text}.theme())
		s := newScreen(newWords("fr"), testOptions(), idle())
		w := test.NewTempWindow(t, s.Container)
		w.SetPadded(false)
		w.Resize(fyne.NewSize(leastWidth, leastHeight))
		v := scenes()["overfull"].view
		v.situation.Alerts = longAlerts()[:1]
		s.update(v)
		if got, want := unfolded(s.band.title.fold()), v.situation.Consultation.Patient.Name(); got != want {
			t.Errorf("%s: %q, want %q", scale, got, want)
		}
		if got, want := unfolded(s.alarm.detail.fold()), v.situation.Alerts[0].Patient.Name(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", scale, got, want)
		}
		if got := s.status.links.fold(); strings.Contains(strings.Join(got, ""), "…") {
			t.Errorf("%s: %q", scale, got)
		}
	}
}

func TestInSentence(t *testing.T) {
	for text, want := range map[string]string{
		"Le port est pris.": "le port est pris.", "Étalonnage en cours.": "étalonnage en cours.", "HL7 est fermé.": "HL7 est fermé.",
		"Vitalien est fermé.": "Vitalien est fermé.", "Bluetooth est coupé.": "Bluetooth est coupé.", "": "", "« A »": "« A »",
	} {
		if got := inSentence(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestDecimal_MinusOfPrint(t *testing.T) {
	for language, want := range map[string][2]string{"fr": {"\u22120,50", "-0,50"}, "en": {"\u22120.50", "-0.50"}} {
		w, d := newWords(language), fhirmap.MustDecimal("-0.50")
		if got := [2]string{w.decimal(d), w.plain(d)}; got != want {
			t.Errorf("%s: %q, want %q", language, got, want)
		}
	}
}
