package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2/lang"

	"vitalien/assets"
	"vitalien/fhirmap"
)

// words are the texts of the window in one language.
type words struct {
	language string
	texts    map[string]string
	glucose  *glucoseUnit
}

// newWords falls back to French, the language of the product, for a language
// that has no texts.
func newWords(language string) words {
	if !slices.Contains(assets.Languages, language) {
		language = assets.Languages[0]
	}
	texts, err := assets.Texts(language)
	if err != nil {
		panic("ui: embedded texts: " + err.Error())
	}
	return words{language, texts, &glucoseUnit{}}
}

// say is the text under key. The pairs are the names and values of its
// placeholders: say("age.seconds", "n", "4").
func (w words) say(key string, pairs ...string) string {
	text, ok := w.texts[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// count is one of three texts, or two when there is none for zero.
func (w words) count(n int, none, single, several string) string {
	switch {
	case n == 0 && none != "":
		return w.say(none)
	case n == 1:
		return w.say(single)
	default:
		return w.say(several, "n", fmt.Sprint(n))
	}
}

// vital is what the language calls a vital sign.
func (w words) vital(t fhirmap.Type) string {
	v, ok := fhirmap.Lookup(t)
	switch {
	case t == fhirmap.ArterialPressure: // shorter than the vocabulary has it
		return w.say("live.arterial")
	case !ok:
		return w.parameter(t)
	case w.language == "en":
		return v.English
	default:
		return v.French
	}
}

// parameter is what the language calls what monitors show beside the vital
// signs; the name on the wire for what is not known.
func (w words) parameter(t fhirmap.Type) string {
	p, ok := fhirmap.LookupParameter(t)
	switch {
	case !ok:
		return string(t)
	case w.language == "en":
		return p.English
	default:
		return p.French
	}
}

// fault is what a person is told of an error.
func (w words) fault(f *fhirmap.Fault) string {
	if w.language == "en" {
		return f.English
	}
	return f.French
}

// names begin with a capital wherever they stand.
var names = []string{"Vitalien", "Bluetooth", "Windows"}

// inSentence is a text as it stands behind a colon: its first letter is small,
// but in a name and in an abbreviation.
func inSentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	second, _ := utf8.DecodeRuneInString(text[size:])
	if text == "" || unicode.IsUpper(second) || slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(text, name) }) {
		return text
	}
	return string(unicode.ToLower(first)) + text[size:]
}

// teachToolkit gives the toolkit its own strings in this language, whatever
// the language of the system.
func (w words) teachToolkit() error {
	own := map[string]string{}
	for key, text := range w.texts {
		if !strings.Contains(key, ".") {
			own[key] = text
		}
	}
	content, err := json.Marshal(own)
	if err != nil {
		return err
	}
	return lang.AddTranslationsForLocale(content, lang.SystemLocale())
}
